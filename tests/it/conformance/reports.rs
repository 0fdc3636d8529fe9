//! Results to report: as little as an ATS needs, and everything there is, with values that are recognised again.

use super::Scene;
use crosscheck::domain::result::COMPLETE_VALUES;
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::providers::descriptor::{Requirement, ResultField};
use serde_json::{Map, Value, json};

/// Every field of a report, dotted.
pub const FIELDS: [&str; 14] = [
    "attachments",
    "candidate.id",
    "candidate.profile_url",
    "passthrough",
    "result.source_value",
    "result.value",
    "result_url",
    "score.label",
    "score.max",
    "score.min",
    "score.value",
    "start_date",
    "submission_date",
    "summary",
];

/// A value that nothing else has.
pub fn canary(field: &str) -> Value {
    let url = || format!("https://vendor.example/canary-{}", field.replace('.', "-"));
    match field {
        "result.value" => json!("completed"),
        "score.value" => json!("73.25"),
        "score.min" => json!("11.75"),
        "score.max" => json!("97.25"),
        "start_date" => json!("2031-07-19T11:12:13Z"),
        "submission_date" => json!("2032-08-21T14:15:16Z"),
        "result_url" | "candidate.profile_url" => json!(url()),
        "attachments" => json!([{"url": url()}]),
        "passthrough" => json!({"canary-passthrough-key": "canary-passthrough"}),
        _ => json!(format!("canary-{}", field.replace('.', "-"))),
    }
}

/// The forms in which an ATS may get the canary of a field. A date may also be told by what lies between it and
/// another date; that is no form of its own.
pub fn forms(field: &str) -> Vec<String> {
    let value = canary(field);
    match field {
        "attachments" => vec![value[0]["url"].as_str().unwrap().to_owned()],
        "passthrough" => vec!["canary-passthrough".to_owned()],
        "start_date" | "submission_date" => {
            let text = value.as_str().unwrap();
            let at = Timestamp::parse_rfc3339(text).unwrap();
            let day = text.split('T').next().unwrap().to_owned();
            vec![day, at.0.to_string(), at.seconds().to_string(), at.to_words()]
        }
        _ => vec![value.as_str().unwrap().to_owned()],
    }
}

/// Sets a dotted field.
pub fn set(body: &mut Value, field: &str, value: Value) {
    let mut place = body;
    for key in field.split('.') {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[key];
    }
    *place = value;
}

/// The pointer of a dotted field.
pub fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}

impl Scene {
    /// The result fields that the descriptor lists for this category.
    pub fn result_fields(&self) -> Vec<&'static ResultField> {
        self.descriptor.result_fields_of(self.category).collect()
    }

    /// A report of `value` with what the ATS needs for it, and no more.
    pub fn progress(&self, value: &str) -> Value {
        let mut body = json!({"result": {"value": value}});
        let is_complete = COMPLETE_VALUES.contains(&value);
        for field in self.result_fields() {
            if is_complete && field.required == Requirement::WhenComplete && field.name != "result.value" {
                set(&mut body, field.name, canary(field.name));
            }
        }
        body
    }

    /// A complete report with everything that there is, whether the ATS can show it or not.
    pub fn everything() -> Value {
        let mut body = Value::Null;
        for field in FIELDS {
            set(&mut body, field, canary(field));
        }
        body
    }

    /// All that the ATS was told since the journal had `before` entries: what we sent, and what we answered.
    pub async fn said_since(&self, before: usize) -> String {
        let journal = self.journal().await;
        let said = journal.iter().skip(before).map(|one| {
            use crosscheck::sandbox::journal::Direction::{FromPartner, ToPartner};
            match one.direction {
                FromPartner => format!("{} {}", one.url, one.request.get()),
                ToPartner => one.response.get().to_owned(),
            }
        });
        said.collect::<Vec<_>>().join("\n")
    }
}
