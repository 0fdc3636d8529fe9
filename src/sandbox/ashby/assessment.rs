//! One assessment that a partner has started: how it stands, by the updates that were accepted.

use super::update::{Blob, Update};
use crate::sandbox::view::Shown;

/// What Ashby takes for the beginning.
const STARTED: &str = "Started";

/// Who is assessed by what: an application, and the assessment's type.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Ashby's id of the application.
    pub application_id: String,
    /// The partner's id of what was chosen.
    pub assessment_type_id: String,
}

/// A started assessment.
pub struct Assessment {
    /// Of whom, by what.
    pub subject: Subject,
    /// Whether a result was accepted.
    pub complete: bool,
    /// Whether the partner or the user has cancelled it.
    pub cancelled: bool,
    /// How it stands, in the partner's words.
    pub status: Option<String>,
    /// When it was begun, in milliseconds since the Unix epoch.
    pub started_at: Option<i64>,
    /// How many calls of the partner's were accepted, repeats included.
    pub updates: u64,
    /// What was wrong with the last one.
    pub errors: Vec<String>,
    last: Option<Update>,
}

impl Assessment {
    /// One of which nothing is known yet.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            complete: false,
            cancelled: false,
            status: None,
            started_at: None,
            updates: 0,
            errors: Vec::new(),
            last: None,
        }
    }

    /// Whether there is nothing more to come.
    pub fn ended(&self) -> bool {
        self.complete || self.cancelled
    }

    /// Takes an update, or says why it comes too late. The very same one again changes nothing.
    pub fn apply(&mut self, update: &Update) -> Result<(), String> {
        if let Some(last) = &self.last {
            if last.said == update.said {
                return Ok(());
            }
            if update.timestamp <= last.timestamp {
                return Err("timestamp must be later than that of the update before".to_owned());
            }
        }
        if self.ended() {
            return Err("the assessment has ended".to_owned());
        }
        if let Some(status) = update.status.as_ref().and_then(|blob| blob.value.as_str()) {
            if status == STARTED {
                self.started_at.get_or_insert(update.timestamp);
            }
            self.status = Some(status.to_owned());
        }
        self.complete = update.result.is_some();
        self.cancelled = update.cancelled_reason.is_some();
        self.last = Some(update.clone());
        Ok(())
    }

    /// Whether an update says what has been overtaken, or said, already.
    pub fn is_past(&self, update: &Update) -> bool {
        let last = self.last.as_ref();
        last.is_some_and(|last| update.timestamp <= last.timestamp)
    }

    /// Every label of the last update with what stands beside it.
    pub fn shown(&self) -> Shown {
        let mut shown = Shown::default();
        if let Some(update) = &self.last {
            let single = [
                &update.status,
                &update.profile_url,
                &update.result,
                &update.cancelled_reason,
            ];
            let all = single.into_iter().flatten().chain(&update.metadata);
            for Blob { label, value, .. } in all {
                shown.add(label, value.clone());
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::super::update;
    use super::*;
    use serde_json::{Value, json};

    fn blob(identifier: &str, value: &str) -> Value {
        let kind = if value.starts_with("https:") {
            "url"
        } else {
            "string"
        };
        json!({"identifier": identifier, "label": identifier, "type": kind, "value": value})
    }

    fn saying(minute: i64, more: &Value) -> Update {
        let mut body = json!({
            "assessment_id": "0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902",
            "timestamp": 1_790_000_000_000_i64 + minute * 60_000,
        });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        update::read(&body).unwrap()
    }

    fn fresh() -> Assessment {
        Assessment::new(Subject {
            application_id: "a".to_owned(),
            assessment_type_id: "t".to_owned(),
        })
    }

    #[test]
    fn a_later_update_counts_and_the_same_again_is_no_mistake() {
        let mut assessment = fresh();
        let started = saying(1, &json!({"assessment_status": blob("status", "Started")}));
        assert_eq!(assessment.apply(&started), Ok(()));
        assert_eq!(assessment.apply(&started), Ok(()));
        let same_moment = saying(1, &json!({"assessment_status": blob("status", "Paused")}));
        assert!(assessment.apply(&same_moment).is_err());
        let earlier = saying(0, &json!({"assessment_status": blob("status", "Paused")}));
        assert!(assessment.apply(&earlier).is_err());
        assert_eq!(assessment.status.as_deref(), Some("Started"));
        let again = saying(2, &json!({"assessment_status": blob("status", "Started")}));
        assert_eq!(assessment.apply(&again), Ok(()));
        assert!(assessment.apply(&started).is_err());
        assert_eq!(assessment.started_at, Some(started.timestamp));
    }

    #[test]
    fn a_result_ends_it_and_only_the_same_may_follow() {
        let mut assessment = fresh();
        let complete = saying(
            1,
            &json!({
                "assessment_status": blob("status", "Done"),
                "assessment_profile_url": blob("page", "https://v.example/p"),
                "assessment_result": blob("result", "strong"),
            }),
        );
        assert_eq!(assessment.apply(&complete), Ok(()));
        assert!(assessment.complete && !assessment.cancelled);
        let shown = serde_json::to_value(assessment.shown()).unwrap();
        assert_eq!(
            shown,
            json!({"status": "Done", "page": "https://v.example/p", "result": "strong"})
        );
        let later = saying(2, &json!({"cancelled_reason": blob("why", "late")}));
        assert_eq!(
            assessment.apply(&later),
            Err("the assessment has ended".to_owned())
        );
        assert_eq!(assessment.apply(&complete), Ok(()));
    }

    #[test]
    fn a_cancellation_keeps_the_status_that_it_does_not_name() {
        let mut assessment = fresh();
        let invited = saying(1, &json!({"assessment_status": blob("status", "Invited")}));
        let cancelled = saying(2, &json!({"cancelled_reason": blob("why", "withdrawn")}));
        assert_eq!(assessment.apply(&invited), Ok(()));
        assert_eq!(assessment.apply(&cancelled), Ok(()));
        assert!(assessment.cancelled && assessment.ended());
        assert_eq!(assessment.status.as_deref(), Some("Invited"));
    }
}
