//! Answers -> Greenhouse's responses; revisions -> the callback that we owe; its response -> a verdict.

use super::inbound::State;
use crate::domain::package::Offer;
use crate::domain::result::{ResultUpdate, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::authorization::basic_header;
use crate::providers::provider::{
    Answer, Call, CallResponse, Credentials, OrderStatus, PublishedOrder, Refusal, Response, Unpublishable,
    Verdict,
};
use serde::Serialize;
use serde_json::{Map, Number, Value, json};

pub fn answer(outcome: Result<&Answer, &Refusal>, at: Timestamp) -> Response {
    match outcome {
        Ok(Answer::Offers(offers)) => {
            let tests: Vec<Value> = offers
                .iter()
                .map(|Offer { package, .. }| {
                    json!({"partner_test_id": package.id, "partner_test_name": package.name})
                })
                .collect();
            Response::json(200, &tests)
        }
        Ok(Answer::Placed { order, .. }) => {
            Response::json(200, &json!({"partner_interview_id": order.as_str()}))
        }
        Ok(Answer::Status(status)) => Response::json(200, &TestStatus::of(status)),
        Ok(Answer::Noted) => Response::json(200, &json!({"status": 200})),
        // Greenhouse has no endpoint for the others.
        Ok(Answer::Parameters(_) | Answer::Cancelled { .. } | Answer::ResultLink { .. }) => {
            Response::refuse(&Refusal::Unknown("endpoint"), at)
        }
        Err(refusal) => Response::refuse(refusal, at),
    }
}

/// The body of `GET test_status`: "up to four keys".
#[derive(Serialize)]
struct TestStatus<'a> {
    /// `complete`, exactly, is the one value that Greenhouse knows.
    partner_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_profile_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_score: Option<Number>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
}

impl<'a> TestStatus<'a> {
    fn of(order: &'a OrderStatus) -> Self {
        let partner_status = match order.status {
            Status::Completed => "complete",
            other => other.as_str(),
        };
        let result = order.result.as_ref();
        Self {
            partner_status,
            partner_profile_url: result.and_then(|result| result.result_url.as_deref()),
            partner_score: result
                .and_then(|result| result.score.as_ref()?.value.as_ref())
                .and_then(|value| value.number()),
            metadata: result.map(metadata).unwrap_or_default(),
        }
    }
}

/// Flat, primitive values under the labels that the recruiter reads.
fn metadata(result: &ResultUpdate) -> Map<String, Value> {
    let date = |text: &Option<String>| {
        text.as_deref()
            .and_then(Timestamp::parse_rfc3339)
            .map(|at| Value::String(at.to_words()))
    };
    let shown = [
        ("Started At", date(&result.start_date)),
        ("Completed At", date(&result.submission_date)),
        ("Notes", result.summary.clone().map(Value::String)),
    ];
    shown
        .into_iter()
        .filter_map(|(label, value)| Some((label.to_owned(), value?)))
        .collect()
}

/// One PATCH without a body: Greenhouse then reads `test_status`.
pub fn publish(order: &PublishedOrder<'_>, credentials: &Credentials) -> Result<Vec<Call>, Unpublishable> {
    let Some(state) = order.state else {
        return Ok(Vec::new());
    };
    let state: State<'_> =
        serde_json::from_slice(state).map_err(|_| Unpublishable::State("greenhouse callback"))?;
    let (user, password) = match &credentials.partner {
        Some((user, password)) => (user.as_str(), password.as_str()),
        None => (credentials.trigger_token.as_str(), ""),
    };
    Ok(vec![Call {
        method: "PATCH",
        url: state.callback_url.into_owned(),
        headers: vec![("authorization".into(), basic_header(user, password))],
        body: None,
    }])
}

/// The contract promises "only the HTTP status code". A candidate who was hired or rejected meanwhile can
/// no longer be updated; that and an unknown test are for good.
pub fn judge(response: &CallResponse) -> Verdict {
    match response.status {
        200..=299 => Verdict::Done,
        404 | 410 => Verdict::Rejected(format!(
            "Greenhouse answered {}: the test is unknown there, or its candidate is no longer active",
            response.status
        )),
        _ => Verdict::Retry(response.retry_after),
    }
}
