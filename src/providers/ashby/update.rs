//! The body of `assessment.update`: how an assessment stands, in blobs of five types.

use crate::domain::id::OrderId;
use crate::domain::result::{Outcome, ResultUpdate, Score, ScoreText, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::provider::OrderStatus;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

const MINUTE: i64 = 60_000;

/// An update. A result completes the assessment, a reason cancels it.
#[derive(Serialize)]
pub struct Update {
    assessment_id: Uuid,
    timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment_status: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment_profile_url: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment_result: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_reason: Option<Blob>,
    metadata: Vec<Blob>,
}

/// A value that Ashby shows under its label. Identifiers are unique within an update.
#[derive(Serialize)]
struct Blob {
    identifier: String,
    label: String,
    r#type: BlobType,
    value: Value,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum BlobType {
    NumericScore,
    NumericDurationMinutes,
    Url,
    String,
    BooleanSuccess,
}

impl Blob {
    fn new(identifier: &str, label: &str, r#type: BlobType, value: impl Into<Value>) -> Self {
        Self {
            identifier: identifier.to_owned(),
            label: label.to_owned(),
            r#type,
            value: value.into(),
        }
    }

    fn text(identifier: &str, label: &str, value: &str) -> Self {
        Self::new(identifier, label, BlobType::String, value)
    }

    /// A number where the text spells one.
    fn score(identifier: &str, label: &str, score: &ScoreText) -> Self {
        match score.number() {
            Some(number) => Self::new(identifier, label, BlobType::NumericScore, number),
            None => Self::text(identifier, label, &score.0),
        }
    }
}

impl Update {
    /// How an order stands; none before the vendor has said anything.
    pub fn of(order: &OrderId, standing: &OrderStatus) -> Option<Self> {
        let result = standing.result.as_ref()?;
        let mut update = Self {
            assessment_id: order.uuid(),
            timestamp: standing.at.0,
            assessment_status: None,
            assessment_profile_url: result
                .result_url
                .as_deref()
                .map(|url| Blob::new("result_url", "Report", BlobType::Url, url)),
            assessment_result: None,
            cancelled_reason: None,
            metadata: metadata(result),
        };
        let status = |word: &str| Some(Blob::text("status", "Status", word));
        match standing.status {
            Status::Pending => return None,
            // The one word that Ashby knows: it stores when the candidate began.
            Status::Started | Status::InProgress => update.assessment_status = status("Started"),
            Status::Completed => {
                update.assessment_status = status("Completed");
                update.assessment_result = Some(headline(result, standing.outcome));
                update
                    .metadata
                    .extend(outcome_beside_score(result, standing.outcome));
            }
            Status::Cancelled => update.cancelled_reason = Some(reason(result, "Cancelled")),
            Status::Expired => update.cancelled_reason = Some(reason(result, "Expired")),
            Status::Rejected => update.cancelled_reason = Some(reason(result, "Rejected")),
        }
        Some(update)
    }
}

/// What the recruiter sees first: the score, else the outcome, else that it is complete.
fn headline(result: &ResultUpdate, outcome: Outcome) -> Blob {
    if let Some((score, value)) = score(result) {
        let label = score.label.as_deref().filter(|label| !label.is_empty());
        return Blob::score("score", label.unwrap_or("Score"), value);
    }
    passed(outcome).unwrap_or_else(|| Blob::text("outcome", "Outcome", "Completed"))
}

fn outcome_beside_score(result: &ResultUpdate, outcome: Outcome) -> Option<Blob> {
    score(result).and_then(|_| passed(outcome))
}

fn score(result: &ResultUpdate) -> Option<(&Score, &ScoreText)> {
    let score = result.score.as_ref()?;
    Some((score, score.value.as_ref()?))
}

fn passed(outcome: Outcome) -> Option<Blob> {
    let passed = match outcome {
        Outcome::Passed => true,
        Outcome::Failed => false,
        Outcome::None => return None,
    };
    Some(Blob::new("passed", "Passed", BlobType::BooleanSuccess, passed))
}

/// Why nothing more comes: in the vendor's words where there are any.
fn reason(result: &ResultUpdate, status: &str) -> Blob {
    let summary = result.summary.as_deref().filter(|text| !text.is_empty());
    let told = summary.map(|summary| format!("{status}: {summary}"));
    Blob::text("cancelled_reason", status, told.as_deref().unwrap_or(status))
}

/// Everything else that there is to show.
fn metadata(result: &ResultUpdate) -> Vec<Blob> {
    let mut blobs = Vec::new();
    if let Some(score) = &result.score {
        let limits = [
            ("score_min", "Lowest possible score", &score.min),
            ("score_max", "Highest possible score", &score.max),
        ];
        let known = limits
            .into_iter()
            .filter_map(|(identifier, label, limit)| Some((identifier, label, limit.as_ref()?)));
        blobs.extend(known.map(|(identifier, label, limit)| Blob::score(identifier, label, limit)));
    }
    let summary = result.summary.as_deref().filter(|text| !text.is_empty());
    blobs.extend(summary.map(|text| Blob::text("summary", "Summary", text)));
    let date = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse_rfc3339);
    let (started, submitted) = (date(&result.start_date), date(&result.submission_date));
    let dates = [
        ("started_at", "Started at", started),
        ("submitted_at", "Submitted at", submitted),
    ];
    for (identifier, label, at) in dates {
        blobs.extend(at.map(|at| Blob::text(identifier, label, &at.to_words())));
    }
    if let (Some(Timestamp(started)), Some(Timestamp(submitted))) = (started, submitted)
        && submitted >= started
    {
        let minutes = (submitted - started) / MINUTE;
        let r#type = BlobType::NumericDurationMinutes;
        blobs.push(Blob::new("duration", "Duration in minutes", r#type, minutes));
    }
    let attached = result
        .attachments
        .iter()
        .flatten()
        .filter_map(|one| one.url.as_deref());
    for (number, url) in (1..).zip(attached) {
        let (identifier, label) = (format!("attachment_{number}"), format!("Attachment {number}"));
        blobs.push(Blob::new(&identifier, &label, BlobType::Url, url));
    }
    blobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn update(report: Value) -> Value {
        let result: ResultUpdate = serde_json::from_value(report).unwrap();
        let (status, outcome) = result.interpret().unwrap();
        let standing = OrderStatus {
            status,
            outcome,
            result: Some(result),
            at: Timestamp(1_770_113_580_000),
        };
        let order = OrderId::new(crate::domain::category::Category::Assessments, Uuid::from_u128(7));
        serde_json::to_value(Update::of(&order, &standing).unwrap()).unwrap()
    }

    #[test]
    fn the_headline_is_the_score_else_the_outcome_else_that_it_is_complete() {
        let headline = |report: Value| {
            let update = update(report);
            let blob = &update["assessment_result"];
            (blob["type"].as_str().unwrap().to_owned(), blob["value"].clone())
        };
        let url = "https://v.example/r";
        assert_eq!(
            headline(json!({"result_url": url, "score": {"value": "81.5"}})),
            ("numeric_score".to_owned(), json!(81.5))
        );
        assert_eq!(
            headline(json!({"result_url": url, "score": {"value": "B+"}})),
            ("string".to_owned(), json!("B+"))
        );
        assert_eq!(
            headline(json!({"result_url": url, "result": {"value": "failed"}})),
            ("boolean_success".to_owned(), json!(false))
        );
        assert_eq!(headline(json!({"result_url": url})).1, "Completed");
    }

    #[test]
    fn what_ends_without_a_result_says_why() {
        let ended = update(json!({"result": {"value": "expired"}, "summary": "No answer in 14 days"}));
        assert_eq!(
            ended["cancelled_reason"]["value"],
            "Expired: No answer in 14 days"
        );
        assert!(ended.get("assessment_result").is_none());
        assert!(ended.get("assessment_status").is_none());
        let cancelled = update(json!({"result": {"value": "cancelled"}}));
        assert_eq!(cancelled["cancelled_reason"]["value"], "Cancelled");
    }
}
