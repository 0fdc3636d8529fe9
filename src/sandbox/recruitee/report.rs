//! One report: what was sent, and what the partner has said of it since.

use super::partner::Kind;
use crate::sandbox::forms::web_url;
use crate::sandbox::view::{Shown, View};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How a report stands until the partner says otherwise.
const SENT: &str = "sent";
const COMPLETED: &str = "completed";
const FAILED: &str = "failed";
const CANCELED: &str = "canceled";

/// The one URL that is no link to read but an address to call.
const CANCEL: &str = "cancel";

/// A report.
pub struct Report {
    /// The body of `send_candidate`, the same whenever it is sent.
    pub body: Box<RawValue>,
    /// Recruitee's id of the candidate.
    pub candidate_id: u64,
    /// Whether the partner has taken it.
    pub sent: bool,
    status: Option<String>,
    score: Option<String>,
    completed_at: Option<String>,
    subtitle: Option<String>,
    properties: Vec<(String, Value)>,
    urls: BTreeMap<String, String>,
    updates: u64,
    errors: Vec<String>,
}

impl Report {
    /// One that is yet to be sent.
    pub fn new(body: Box<RawValue>, candidate_id: u64) -> Self {
        Self {
            body,
            candidate_id,
            sent: false,
            status: None,
            score: None,
            completed_at: None,
            subtitle: None,
            properties: Vec::new(),
            urls: BTreeMap::new(),
            updates: 0,
            errors: Vec::new(),
        }
    }

    /// What is to be called when the user cancels, where the partner has said so.
    pub fn cancel_url(&self) -> Option<&str> {
        self.urls.get(CANCEL).map(String::as_str)
    }

    /// Whether the partner or the user has brought it to an end.
    pub fn ended(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status != SENT)
    }

    /// The partner has agreed to the user's cancelling.
    pub fn cancel(&mut self) {
        self.status = Some(CANCELED.to_owned());
    }

    /// Takes what the body of a PATCH says of a report of that kind, all of it or nothing.
    pub fn change(&mut self, kind: Kind, body: &Value) -> Result<(), String> {
        let changed = Change::read(kind, body).and_then(|change| {
            // What overtakes on the way is not to undo what was final.
            if change.status.as_deref() == Some(SENT) && self.ended() {
                return Err(vec![
                    "status: the report has ended and cannot be sent again".to_owned(),
                ]);
            }
            Ok(change)
        });
        match changed {
            Ok(change) => {
                self.take(change);
                Ok(())
            }
            Err(errors) => {
                let told = errors.join("; ");
                self.errors = errors;
                Err(told)
            }
        }
    }

    fn take(&mut self, change: Change) {
        let replace = |old: &mut Option<String>, new: Option<String>| {
            if new.is_some() {
                *old = new;
            }
        };
        replace(&mut self.status, change.status);
        replace(&mut self.score, change.score);
        replace(&mut self.completed_at, change.completed_at);
        replace(&mut self.subtitle, change.subtitle);
        if let Some(properties) = change.properties {
            self.properties = properties;
        }
        if let Some(urls) = change.urls {
            self.urls = urls;
        }
        self.updates += 1;
        self.errors.clear();
    }

    /// As the API shows it.
    pub fn shown_to_partner(&self, id: &str) -> Value {
        json!({
            "id": id,
            "candidate_id": self.candidate_id,
            "status": self.status.as_deref().unwrap_or(SENT),
            "score": self.score,
            "completed_at": self.completed_at,
            "subtitle": self.subtitle,
            "urls": self.urls,
        })
    }

    /// As the recruiter sees it. Recruitee's own keys in it: `candidate_id`.
    pub fn view(&self, id: &str) -> View {
        let mut shown = Shown::default();
        for (label, value) in [
            ("Score", &self.score),
            ("Completed at", &self.completed_at),
            ("Subtitle", &self.subtitle),
        ] {
            if let Some(value) = value {
                shown.add(label, value.as_str());
            }
        }
        for (name, value) in &self.properties {
            shown.add(name, value.clone());
        }
        for (key, url) in self.urls.iter().filter(|(key, _)| *key != CANCEL) {
            shown.add(&label(key), url.as_str());
        }
        let status = self.status.clone().or_else(|| self.sent.then(|| SENT.to_owned()));
        View {
            id: id.to_owned(),
            order: None,
            complete: matches!(status.as_deref(), Some(COMPLETED | FAILED)),
            cancelled: status.as_deref() == Some(CANCELED),
            status,
            shown,
            updates: self.updates,
            errors: self.errors.clone(),
            more: Map::from_iter([("candidate_id".to_owned(), json!(self.candidate_id))]),
        }
    }
}

/// A key as a recruiter reads it: `full_report` is "Full report".
fn label(key: &str) -> String {
    let words = key.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// What a body says.
#[derive(Default)]
struct Change {
    status: Option<String>,
    score: Option<String>,
    completed_at: Option<String>,
    subtitle: Option<String>,
    properties: Option<Vec<(String, Value)>>,
    urls: Option<BTreeMap<String, String>>,
}

impl Change {
    fn read(kind: Kind, body: &Value) -> Result<Self, Vec<String>> {
        let Some(body) = body.as_object() else {
            return Err(vec!["the body must be a JSON object".to_owned()]);
        };
        if body.is_empty() {
            return Err(vec!["the body says nothing".to_owned()]);
        }
        let mut change = Self::default();
        let mut errors = Vec::new();
        for (key, value) in body {
            if let Err(error) = change.take(kind, key, value) {
                errors.push(format!("{key} {error}"));
            }
        }
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }

    fn take(&mut self, kind: Kind, key: &str, value: &Value) -> Result<(), String> {
        if matches!(key, "subtitle" | "properties") && kind != Kind::Assessment {
            return Err("is for assessments only".to_owned());
        }
        let text = || value.as_str().map(str::to_owned).ok_or("must be a text");
        match key {
            "status" => {
                let status = text()?;
                if ![SENT, COMPLETED, FAILED, CANCELED].contains(&status.as_str()) {
                    return Err("must be sent, completed, failed or canceled".to_owned());
                }
                self.status = Some(status);
            }
            "score" => self.score = Some(text()?),
            "subtitle" => self.subtitle = Some(text()?),
            "completed_at" => {
                let at = text()?;
                if !is_rfc3339(&at) {
                    return Err("must be a moment by RFC 3339".to_owned());
                }
                self.completed_at = Some(at);
            }
            "properties" => self.properties = Some(read_properties(value)?),
            "urls" => {
                let urls = value.as_object().ok_or("must be an object")?;
                let read = |(key, url): (&String, &Value)| {
                    let url = web_url(&format!("/{key}"), url.as_str().unwrap_or_default())?;
                    Ok::<_, String>((key.clone(), url.into()))
                };
                self.urls = Some(urls.iter().map(read).collect::<Result<_, _>>()?);
            }
            _ => return Err("is not a key of a report".to_owned()),
        }
        Ok(())
    }
}

/// The parser takes other spellings too: without seconds, with a blank, with half an offset.
fn is_rfc3339(text: &str) -> bool {
    let to_the_second = text.get(10..11) == Some("T") && text.get(16..17) == Some(":");
    let offset = text.get(19..).and_then(|rest| rest.find(['Z', '+', '-']));
    let offset = offset.and_then(|at| text.get(at + 19..)).unwrap_or_default();
    let whole_offset = offset == "Z" || (offset.len() == 6 && offset.get(3..4) == Some(":"));
    to_the_second && whole_offset && text.parse::<jiff::Timestamp>().is_ok()
}

/// A list of names with values, or an object.
fn read_properties(value: &Value) -> Result<Vec<(String, Value)>, String> {
    let property = |name: &str, value: &Value| {
        let presentable = value.is_string() || value.is_number() || value.is_boolean();
        if name.is_empty() || !presentable {
            return Err("must be names with texts, numbers or booleans".to_owned());
        }
        Ok((name.to_owned(), value.clone()))
    };
    match value {
        Value::Object(properties) => properties
            .iter()
            .map(|(name, value)| property(name, value))
            .collect(),
        Value::Array(properties) => properties
            .iter()
            .map(|entry| {
                let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
                property(name, entry.get("value").unwrap_or(&Value::Null))
            })
            .collect(),
        _ => Err("must be a list or an object".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report::new(RawValue::NULL.to_owned(), 5)
    }

    fn shown(report: &Report) -> Value {
        serde_json::to_value(report.view("r").shown).unwrap()
    }

    #[test]
    fn what_the_partner_says_adds_up() {
        let mut report = report();
        assert_eq!(report.view("r").status, None);
        report.sent = true;
        assert_eq!(report.view("r").status.as_deref(), Some("sent"));
        for body in [
            json!({"urls": {"cancel": "https://v.example/c", "full_report": "https://v.example/r"}}),
            json!({"status": "completed", "score": "7/9", "completed_at": "2026-04-09T07:15:00.5+02:00"}),
            json!({"subtitle": "Good", "properties": [{"name": "Pace", "value": 3}, {"name": "Score", "value": "B"}]}),
        ] {
            assert_eq!(report.change(Kind::Assessment, &body), Ok(()));
        }
        assert_eq!(
            shown(&report),
            json!({
                "Score": "7/9",
                "Completed at": "2026-04-09T07:15:00.5+02:00",
                "Subtitle": "Good",
                "Pace": 3,
                "Score (2)": "B",
                "Full report": "https://v.example/r",
            })
        );
        let view = report.view("r");
        assert!(view.complete && !view.cancelled && view.updates == 3);
        assert_eq!(report.cancel_url(), Some("https://v.example/c"));
        assert_eq!(
            report.change(Kind::Assessment, &json!({"properties": {"Pace": true}})),
            Ok(())
        );
        assert_eq!(shown(&report)["Pace"], true);
        assert!(shown(&report).get("Score (2)").is_none());
        assert!(
            report
                .change(Kind::Assessment, &json!({"status": "sent"}))
                .is_err()
        );
    }

    #[test]
    fn every_rule_that_a_report_breaks_is_named_and_nothing_of_it_is_taken() {
        for (key, value, error) in [
            ("status", json!("cancelled"), "must be sent, completed"),
            ("status", json!(null), "must be a text"),
            ("score", json!(76), "must be a text"),
            ("completed_at", json!("9 April 2026"), "must be a moment"),
            ("completed_at", json!("2026-04-09"), "must be a moment"),
            ("completed_at", json!(1_790_000_000), "must be a text"),
            ("subtitle", json!(1), "must be a text"),
            ("properties", json!("x"), "must be a list"),
            ("properties", json!([{"value": 1}]), "must be names"),
            ("properties", json!({"Pace": null}), "must be names"),
            ("properties", json!({"Pace": {"a": 1}}), "must be names"),
            ("urls", json!([]), "must be an object"),
            ("urls", json!({"report": "/r/1"}), "/report must be"),
            ("urls", json!({"report": null}), "/report must be"),
            ("result", json!("x"), "is not a key"),
        ] {
            let mut report = report();
            let mut body = json!({"score": "5"});
            body[key] = value;
            let told = report.change(Kind::Assessment, &body).unwrap_err();
            assert!(
                told.starts_with(&format!("{key} ")) && told.contains(error),
                "{body}: {told}"
            );
            let view = report.view("r");
            assert_eq!(
                (view.errors.len(), view.updates, shown(&report)),
                (1, 0, json!({})),
                "{body}"
            );
        }
        for nothing in [json!({}), json!([]), json!(null)] {
            assert!(report().change(Kind::Assessment, &nothing).is_err());
        }
    }

    #[test]
    fn a_moment_has_seconds_and_an_offset() {
        for good in [
            "2026-04-09T07:15:00Z",
            "2026-04-09T07:15:00.123456Z",
            "2026-04-09T07:15:00-05:30",
        ] {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "2026-04-09T07:15Z",
            "2026-04-09 07:15:00Z",
            "2026-04-09T07:15:00",
            "2026-04-09T07:15:00+02",
            "2026-04-09T07:15:00+0200",
            "2026-04-09T27:15:00Z",
            "2026-04-09T07:15:00Z[UTC]",
            "",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }

    #[test]
    fn a_check_has_neither_subtitle_nor_properties() {
        for kind in [Kind::BackgroundCheck, Kind::ReferenceCheck] {
            for body in [json!({"subtitle": "x"}), json!({"properties": []})] {
                assert!(report().change(kind, &body).is_err());
            }
            assert_eq!(report().change(kind, &json!({"status": "failed"})), Ok(()));
        }
    }
}
