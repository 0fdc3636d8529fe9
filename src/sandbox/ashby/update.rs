//! The body of `assessment.update`, read as strictly as Ashby's documents say. What is wrong is told in words.

use reqwest::Url;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A timestamp in seconds would be a moment of January 1970 in milliseconds: no assessment is of before this one,
/// the 9th of September 2001.
const EARLIEST: i64 = 1_000_000_000_000;

const KEYS: [&str; 7] = [
    "assessment_id",
    "timestamp",
    "assessment_status",
    "assessment_profile_url",
    "assessment_result",
    "cancelled_reason",
    "metadata",
];

/// An update that is well-formed.
#[derive(Clone, Debug)]
pub struct Update {
    /// Of which assessment.
    pub assessment_id: String,
    /// When, in milliseconds since the Unix epoch.
    pub timestamp: i64,
    /// How it stands.
    pub status: Option<Blob>,
    /// The partner's page about it.
    pub profile_url: Option<Blob>,
    /// There where the assessment is complete.
    pub result: Option<Blob>,
    /// There where it is cancelled.
    pub cancelled_reason: Option<Blob>,
    /// What else there is to show.
    pub metadata: Vec<Blob>,
    /// All of it as it was said.
    pub said: Value,
}

/// A value with its label.
#[derive(Clone, Debug)]
pub struct Blob {
    /// What the recruiter reads.
    pub label: String,
    /// What stands beside it.
    pub value: Value,
    kind: String,
}

/// Reads an update, or says everything that is wrong with it.
pub fn read(said: &Value) -> Result<Update, Vec<String>> {
    let Some(body) = said.as_object() else {
        return Err(vec!["the body must be a JSON object".to_owned()]);
    };
    let mut reader = Reader::default();
    reader.known_keys("", body, &KEYS);
    let assessment_id = body.get("assessment_id").and_then(Value::as_str);
    let assessment_id = assessment_id.filter(|id| is_uuid(id));
    reader.demand(assessment_id.is_some(), || {
        "assessment_id must be a UUID".to_owned()
    });
    let timestamp = body.get("timestamp").and_then(Value::as_i64);
    let timestamp = timestamp.filter(|at| *at >= EARLIEST);
    reader.demand(timestamp.is_some(), || {
        "timestamp must be an integer, in milliseconds since the epoch".to_owned()
    });
    let status = reader.one(body, "assessment_status", Some("string"));
    let profile_url = reader.one(body, "assessment_profile_url", Some("url"));
    let result = reader.one(body, "assessment_result", None);
    let cancelled_reason = reader.one(body, "cancelled_reason", Some("string"));
    let metadata = reader.many(body, "metadata");

    let given = |key: &str| body.contains_key(key);
    reader.demand(given("assessment_status") || given("cancelled_reason"), || {
        "assessment_status is required unless cancelled_reason is given".to_owned()
    });
    reader.demand(
        !given("assessment_result") || given("assessment_profile_url"),
        || "assessment_profile_url is required where assessment_result is given".to_owned(),
    );
    reader.demand(!given("assessment_result") || !given("cancelled_reason"), || {
        "assessment_result and cancelled_reason cannot both be given".to_owned()
    });
    match (assessment_id, timestamp) {
        (Some(assessment_id), Some(timestamp)) if reader.errors.is_empty() => Ok(Update {
            assessment_id: assessment_id.to_owned(),
            timestamp,
            status,
            profile_url,
            result,
            cancelled_reason,
            metadata,
            said: said.clone(),
        }),
        _ => Err(reader.errors),
    }
}

/// Whether a text is a UUID as UUIDs are written.
pub fn is_uuid(text: &str) -> bool {
    // The parser takes other spellings as well, all of other lengths.
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

/// Reads on where something is wrong, so that everything is named.
#[derive(Default)]
struct Reader {
    errors: Vec<String>,
    identifiers: BTreeSet<String>,
}

impl Reader {
    fn demand(&mut self, met: bool, error: impl FnOnce() -> String) {
        if !met {
            self.errors.push(error());
        }
    }

    fn known_keys(&mut self, place: &str, of: &Map<String, Value>, known: &[&str]) {
        for key in of.keys().filter(|key| !known.contains(&key.as_str())) {
            self.errors
                .push(format!("{place}{key} is not a key of this request"));
        }
    }

    fn one(&mut self, body: &Map<String, Value>, key: &str, kind: Option<&str>) -> Option<Blob> {
        let blob = self.blob(key, body.get(key)?)?;
        self.demand(kind.is_none_or(|kind| kind == blob.kind), || {
            format!("{key} must be of the type {}", kind.unwrap_or_default())
        });
        Some(blob)
    }

    fn many(&mut self, body: &Map<String, Value>, key: &str) -> Vec<Blob> {
        let Some(value) = body.get(key) else {
            return Vec::new();
        };
        let Some(values) = value.as_array() else {
            self.errors.push(format!("{key} must be an array"));
            return Vec::new();
        };
        let read = |(index, value)| self.blob(&format!("{key}/{index}"), value);
        values.iter().enumerate().filter_map(read).collect()
    }

    fn blob(&mut self, place: &str, value: &Value) -> Option<Blob> {
        let Some(blob) = value.as_object() else {
            self.errors.push(format!("{place} must be an object"));
            return None;
        };
        let known = ["identifier", "label", "description", "type", "value"];
        self.known_keys(&format!("{place}/"), blob, &known);
        let identifier = self.words(place, blob, "identifier");
        let label = self.words(place, blob, "label");
        let kind = self.words(place, blob, "type");
        self.demand(blob.get("description").is_none_or(Value::is_string), || {
            format!("{place}/description must be a string")
        });
        let Some(value) = blob.get("value") else {
            self.errors.push(format!("{place}/value is missing"));
            return None;
        };
        let (identifier, label, kind) = (identifier?, label?, kind?);
        match fits(&kind, value) {
            Some(true) => {}
            Some(false) => self.errors.push(format!("{place}/value is no {kind}")),
            None => self
                .errors
                .push(format!("{place}/type is none of the documented ones")),
        }
        let is_new = self.identifiers.insert(identifier);
        self.demand(is_new, || {
            format!("{place}/identifier stands in this update twice")
        });
        Some(Blob {
            label,
            value: value.clone(),
            kind,
        })
    }

    fn words(&mut self, place: &str, blob: &Map<String, Value>, key: &str) -> Option<String> {
        let words = blob.get(key).and_then(Value::as_str);
        let words = words.filter(|words| !words.is_empty());
        self.demand(words.is_some(), || {
            format!("{place}/{key} must be a string that says something")
        });
        words.map(str::to_owned)
    }
}

/// Whether a value is of that type; none where there is no such type.
fn fits(kind: &str, value: &Value) -> Option<bool> {
    match kind {
        "numeric_score" => Some(value.is_number()),
        "numeric_duration_minutes" => Some(value.as_f64().is_some_and(|minutes| minutes >= 0.0)),
        "string" => Some(value.is_string()),
        "boolean_success" => Some(value.is_boolean()),
        "url" => Some(
            value
                .as_str()
                .and_then(|url| Url::parse(url).ok())
                .is_some_and(|url| matches!(url.scheme(), "http" | "https")),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn blob(identifier: &str, kind: &str, value: &Value) -> Value {
        json!({"identifier": identifier, "label": identifier.to_uppercase(), "type": kind, "value": value})
    }

    /// A complete update with one key changed; null takes it away.
    fn with(key: &str, value: &Value) -> Value {
        let mut body = json!({
            "assessment_id": "0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902",
            "timestamp": 1_790_000_000_000_i64,
            "assessment_status": blob("status", "string", &json!("Finished")),
            "assessment_profile_url": blob("page", "url", &json!("https://v.example/p/1")),
            "assessment_result": blob("score", "numeric_score", &json!(64.5)),
            "metadata": [blob("time", "numeric_duration_minutes", &json!(38)), blob("ok", "boolean_success", &json!(true))],
        });
        body[key] = value.clone();
        let body = body.as_object().unwrap().clone();
        body.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    #[test]
    fn a_complete_update_is_read() {
        let update = read(&with("x", &Value::Null)).unwrap();
        assert_eq!(update.metadata.len(), 2);
        assert_eq!(update.result.unwrap().value, 64.5);
        assert!(update.cancelled_reason.is_none());
    }

    #[test]
    fn a_cancellation_needs_no_status() {
        let body = json!({
            "assessment_id": "0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902",
            "timestamp": 1_790_000_000_000_i64,
            "cancelled_reason": blob("why", "string", &json!("Moved abroad")),
        });
        assert!(read(&body).unwrap().cancelled_reason.is_some());
    }

    #[test]
    fn every_rule_that_an_update_breaks_is_named() {
        let described =
            json!({"identifier": "d", "label": "D", "type": "string", "value": "v", "description": 1});
        let unnamed = json!({"identifier": "", "label": "D", "type": "string", "value": "v"});
        let valueless = json!({"identifier": "d", "label": "D", "type": "string"});
        for (key, value, error) in [
            ("assessment_id", json!("ord_7"), "assessment_id must be a UUID"),
            ("assessment_id", json!(null), "assessment_id must be a UUID"),
            (
                "timestamp",
                json!("1790000000000"),
                "timestamp must be an integer",
            ),
            (
                "timestamp",
                json!(1_790_000_000_000.5),
                "timestamp must be an integer",
            ),
            (
                "timestamp",
                json!(1_790_000_000),
                "timestamp must be an integer, in milliseconds",
            ),
            (
                "assessment_status",
                json!(null),
                "assessment_status is required unless",
            ),
            (
                "assessment_status",
                json!("Finished"),
                "assessment_status must be an object",
            ),
            (
                "assessment_status",
                blob("s", "numeric_score", &json!(1)),
                "assessment_status must be of the type string",
            ),
            (
                "assessment_profile_url",
                json!(null),
                "assessment_profile_url is required",
            ),
            (
                "assessment_profile_url",
                blob("p", "string", &json!("x")),
                "must be of the type url",
            ),
            (
                "assessment_profile_url",
                blob("p", "url", &json!("/p/1")),
                "assessment_profile_url/value is no url",
            ),
            (
                "cancelled_reason",
                blob("c", "string", &json!("x")),
                "cannot both be given",
            ),
            (
                "assessment_result",
                blob("r", "numeric_score", &json!("64")),
                "assessment_result/value is no numeric_score",
            ),
            (
                "assessment_result",
                blob("r", "boolean_success", &json!("true")),
                "is no boolean_success",
            ),
            (
                "assessment_result",
                blob("r", "string", &json!(4)),
                "is no string",
            ),
            (
                "assessment_result",
                blob("r", "percent", &json!(4)),
                "assessment_result/type is none",
            ),
            ("metadata", json!({}), "metadata must be an array"),
            (
                "metadata",
                json!([blob("m", "numeric_duration_minutes", &json!(-1))]),
                "is no numeric_duration_minutes",
            ),
            (
                "metadata",
                json!([blob("status", "string", &json!("x"))]),
                "metadata/0/identifier stands in this update twice",
            ),
            (
                "metadata",
                json!([described]),
                "metadata/0/description must be a string",
            ),
            (
                "metadata",
                json!([unnamed]),
                "metadata/0/identifier must be a string that says",
            ),
            ("metadata", json!([valueless]), "metadata/0/value is missing"),
            ("status", json!("x"), "status is not a key of this request"),
        ] {
            let errors = read(&with(key, &value)).unwrap_err();
            assert_eq!(errors.len(), 1, "{key}: {value}: {errors:?}");
            assert!(errors[0].contains(error), "{key}: {value}: {errors:?}");
        }
        assert_eq!(read(&json!([])).unwrap_err().len(), 1);
    }
}
