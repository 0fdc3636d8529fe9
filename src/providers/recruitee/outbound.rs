//! Answers -> Recruitee's responses; placements and revisions -> the report's PATCH; its response -> a verdict.

use super::inbound::State;
use super::report::ReportUpdate;
use crate::domain::package::Offer;
use crate::domain::timestamp::Timestamp;
use crate::providers::links::encoded;
use crate::providers::provider::{
    Answer, Call, CallResponse, Credentials, PublishedOrder, Refusal, Response, Unpublishable, Verdict,
};
use crate::providers::wire;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

pub fn answer(outcome: Result<&Answer, &Refusal>, at: Timestamp) -> Response {
    match outcome {
        Ok(Answer::Offers(offers)) => {
            let tests = offers.iter();
            let tests: Value = tests
                .map(|Offer { package, .. }| json!({"name": package.name, "id": package.id}))
                .collect();
            Response::json(200, &tests)
        }
        Ok(Answer::Placed { order, .. }) => Response::json(200, &json!({"id": order.as_str()})),
        Ok(Answer::Cancelled { .. }) => Response::json(200, &json!({"status": "canceled"})),
        // Recruitee has no endpoint for the others.
        Ok(Answer::Status(_) | Answer::Parameters(_) | Answer::ResultLink { .. } | Answer::Noted) => {
            refuse(&Refusal::Unknown("endpoint"), at)
        }
        Err(refusal) => refuse(refusal, at),
    }
}

/// Recruitee shows `error` to the user.
fn refuse(refusal: &Refusal, at: Timestamp) -> Response {
    Response::refuse(refusal, at).with("error", refusal.problem().message)
}

/// One PATCH of the report.
pub fn publish(order: &PublishedOrder<'_>, credentials: &Credentials) -> Result<Vec<Call>, Unpublishable> {
    let Some(state) = order.state else {
        return Ok(Vec::new());
    };
    let state: State<'_> =
        serde_json::from_slice(state).map_err(|_| Unpublishable::State("recruitee report"))?;
    let Some(update) = ReportUpdate::of(order, &state.report_id, credentials) else {
        return Ok(Vec::new());
    };
    let base = credentials.need("api_url")?.trim_end_matches('/');
    let codename = encoded(credentials.need("codename")?);
    let secret = credentials.need("partner_secret")?;
    Ok(vec![Call {
        method: "PATCH",
        url: format!("{base}/p/{codename}/reports/{}", encoded(&state.report_id)),
        headers: vec![("rt-partner-secret".into(), Zeroizing::new(secret.to_owned()))],
        body: serde_json::to_vec(&update).ok(),
    }])
}

/// What is wrong with the secret, the load or the network may be mended; a report that is gone, or an update that
/// is refused, will not be.
pub fn judge(response: &CallResponse) -> Verdict {
    let body: Option<Map<String, Value>> = wire::answered(response);
    let failed = body.as_ref().is_some_and(|body| body.contains_key("error"));
    match response.status {
        200..=299 if failed => {
            Verdict::Rejected(format!("Recruitee answered {} with an error", response.status))
        }
        200..=299 if (body.is_some() && response.complete) || response.is_silent() => Verdict::Done,
        400 | 404 | 410 | 422 => Verdict::Rejected(format!("Recruitee answered {}", response.status)),
        _ => Verdict::Retry(response.retry_after),
    }
}
