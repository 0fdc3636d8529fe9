//! The partner as an entity of Recruitee's, and how it is read from the body of the partner API.

use crate::sandbox::forms::web_url;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a partner does. The labels differ, the protocol does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tests.
    #[default]
    Assessment,
    /// Background checks.
    BackgroundCheck,
    /// Reference checks.
    ReferenceCheck,
}

/// What the partner wants to know of a candidate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// `first_name`, `email`, ...
    pub kind: String,
    /// The key under which it is sent.
    pub name: String,
    /// Whether the recruiter has to give it.
    pub required: bool,
}

/// A partner.
#[derive(Clone)]
pub struct Partner {
    /// Its name in URLs.
    pub codename: String,
    /// Its name for people.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// For people.
    pub description: Option<String>,
    /// `tests`, `send_candidate` and whatever else it has.
    pub urls: BTreeMap<String, String>,
    /// What is sent of a candidate.
    pub inputs: Vec<Input>,
    /// With which it calls.
    pub secret: String,
}

impl Partner {
    /// What a partner is asked for where it has not said so.
    pub fn usual_inputs() -> Vec<Input> {
        ["first_name", "last_name", "email"]
            .map(|kind| Input {
                kind: kind.to_owned(),
                name: kind.to_owned(),
                required: true,
            })
            .to_vec()
    }

    /// As the API shows it.
    pub fn shown(&self, company_id: u64) -> Value {
        json!({
            "codename": self.codename,
            "company_id": company_id,
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
            "urls": self.urls,
            "inputs": self.inputs,
            "secret": self.secret,
        })
    }

    /// Takes what the body of a PATCH says, or says everything that is wrong with it.
    pub fn change(&mut self, body: &Value) -> Result<(), String> {
        let draft = Draft::read(body)?;
        self.name = draft.name.unwrap_or_else(|| self.name.clone());
        self.kind = draft.kind.unwrap_or(self.kind);
        self.description = draft.description.or_else(|| self.description.clone());
        self.urls = draft.urls.unwrap_or_else(|| self.urls.clone());
        self.inputs = draft.inputs.unwrap_or_else(|| self.inputs.clone());
        Ok(())
    }

    /// A new one from the body of a POST.
    pub fn create(codename: &str, secret: String, body: &Value) -> Result<Self, String> {
        let draft = Draft::read(body)?;
        let missing = |key: &str| format!("{key} is missing");
        Ok(Self {
            codename: codename.to_owned(),
            name: draft.name.ok_or_else(|| missing("name"))?,
            kind: draft.kind.ok_or_else(|| missing("kind"))?,
            description: draft.description,
            urls: draft.urls.ok_or_else(|| missing("urls"))?,
            inputs: draft.inputs.ok_or_else(|| missing("inputs"))?,
            secret,
        })
    }
}

/// What a body says of a partner.
#[derive(Default)]
struct Draft {
    name: Option<String>,
    kind: Option<Kind>,
    description: Option<String>,
    urls: Option<BTreeMap<String, String>>,
    inputs: Option<Vec<Input>>,
}

impl Draft {
    fn read(body: &Value) -> Result<Self, String> {
        let body = body.as_object().ok_or("the body must be a JSON object")?;
        let mut draft = Self::default();
        let mut errors = Vec::new();
        for (key, value) in body {
            if let Err(error) = draft.take(key, value) {
                errors.push(error);
            }
        }
        if errors.is_empty() {
            Ok(draft)
        } else {
            Err(errors.join("; "))
        }
    }

    fn take(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let text = || {
            let text = value.as_str().filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| format!("{key} must be a text"));
            text.map(str::to_owned)
        };
        match key {
            "name" => self.name = Some(text()?),
            "description" => self.description = Some(text()?),
            "kind" => {
                let kind = serde_json::from_value(value.clone());
                let known = "kind must be assessment, background_check or reference_check";
                self.kind = Some(kind.map_err(|_| known)?);
            }
            "urls" => self.urls = Some(read_urls(value.as_object().ok_or("urls must be an object")?)?),
            "inputs" => {
                let inputs: Result<Vec<Input>, _> = serde_json::from_value(value.clone());
                let inputs = inputs.map_err(|error| format!("inputs: {error}"))?;
                self.inputs = Some(inputs);
            }
            _ => return Err(format!("{key} is not a key of a partner")),
        }
        Ok(())
    }
}

fn read_urls(urls: &Map<String, Value>) -> Result<BTreeMap<String, String>, String> {
    for needed in ["tests", "send_candidate"] {
        if !urls.contains_key(needed) {
            return Err(format!("urls.{needed} is missing"));
        }
    }
    let read = |(key, value): (&String, &Value)| {
        let url = web_url(&format!("urls.{key}"), value.as_str().unwrap_or_default())?;
        Ok((key.clone(), url.into()))
    };
    urls.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(key: &str, value: &Value) -> Value {
        let mut body = json!({
            "name": "Acme Checks",
            "kind": "background_check",
            "urls": {"tests": "https://acme.example/t", "send_candidate": "https://acme.example/s"},
            "inputs": [{"kind": "email", "name": "email", "required": true}],
        });
        body[key] = value.clone();
        let body = body.as_object().unwrap().clone();
        body.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    #[test]
    fn everything_but_the_description_is_needed() {
        let create = |body: &Value| Partner::create("acme", "s".to_owned(), body);
        let mut partner = create(&with("x", &Value::Null)).unwrap();
        assert_eq!(
            (partner.kind, partner.description.as_ref()),
            (Kind::BackgroundCheck, None)
        );
        for key in ["name", "kind", "urls", "inputs"] {
            let error = create(&with(key, &Value::Null)).err().unwrap();
            assert_eq!(error, format!("{key} is missing"));
        }
        partner.change(&json!({"description": "Since 1999"})).unwrap();
        assert_eq!(partner.description.as_deref(), Some("Since 1999"));
        assert_eq!(partner.name, "Acme Checks");
    }

    #[test]
    fn what_is_not_a_partner_is_named() {
        for (key, value, named) in [
            ("name", json!(""), "name"),
            ("kind", json!("drug_test"), "kind"),
            (
                "urls",
                json!({"tests": "https://acme.example/t"}),
                "urls.send_candidate",
            ),
            (
                "urls",
                json!({"tests": "/t", "send_candidate": "https://acme.example/s"}),
                "urls.tests",
            ),
            ("inputs", json!([{"kind": "email"}]), "inputs"),
            ("webhook", json!("x"), "webhook"),
        ] {
            let error = Partner::create("acme", "s".to_owned(), &with(key, &value))
                .err()
                .unwrap();
            assert!(error.contains(named), "{error}");
        }
    }
}
