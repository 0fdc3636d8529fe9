//! Greenhouse's requests -> inquiries.

use super::profile_url;
use super::wire::{self, ResponseError, SendTest};
use crate::domain::order::{Candidate, Email, NewOrder, Phone, Repeat};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::providers::provider::{ErrorReport, Inquiry, OrderRef, Refusal, Request};
use crate::providers::wire::{Id, Text, explain, has_web_scheme, read};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What publishing a result needs: where to knock.
#[derive(Serialize, Deserialize)]
pub struct State<'a> {
    #[serde(borrow)]
    pub callback_url: Cow<'a, str>,
}

/// `POST send_test`.
pub fn send_test(body: &[u8]) -> Result<Inquiry<'_>, Refusal> {
    let (sent, origin): (SendTest<'_>, _) = read(body, wire::SEND_TEST.as_ref())?;
    if sent.partner_test_id.0.is_empty() || !has_web_scheme(&sent.url.0) {
        return Err(explain(body, wire::SEND_TEST.as_ref()));
    }
    let state = serde_json::to_vec(&State {
        callback_url: sent.url.0.as_ref().into(),
    })
    .ok();
    let candidate = sent.candidate;
    let profile = candidate.greenhouse_profile_url.0;
    let candidate_id = explicit([sent.candidate_id, candidate.candidate_id, candidate.id])
        .or_else(|| profile_url::candidate_id(&profile).map(|id| Cow::Owned(id.to_owned())));
    let application_id = explicit([
        sent.application_id,
        candidate.application_id,
        sent.application.and_then(|application| application.id),
    ])
    .or_else(|| profile_url::application_id(&profile).map(|id| Cow::Owned(id.to_owned())));
    let filled = |text: &Text<'_>| !text.0.trim().is_empty();
    let phones = candidate.phone_number.filter(filled).map(|phone| Phone {
        phone_number: phone.0,
        r#type: "NOT_SPECIFIED".into(),
    });
    let resume = candidate.resume_url.filter(filled).map(|resume| resume.0);
    Ok(Inquiry::PlaceOrder(Box::new(NewOrder {
        package_id: sent.partner_test_id.0,
        package_name: None,
        repeat: Repeat::Forever(sent.url.0.as_ref().to_owned()),
        conflict_key: None,
        state,
        candidate: Candidate {
            id: candidate_id,
            first_name: candidate.first_name.0,
            last_name: candidate.last_name.0,
            emails: vec![Email {
                email: candidate.email.0,
                r#type: "PERSONAL".into(),
            }],
            phones: phones.into_iter().collect(),
            links: resume.into_iter().chain([profile]).collect(),
            location: None,
        },
        application_id,
        job_id: None,
        job: None,
        parameters: None,
        callback_url: Some(sent.url.0),
        origin,
    })))
}

/// `GET test_status?partner_interview_id=...`.
pub fn test_status<'a>(request: &Request<'_>) -> Result<Inquiry<'a>, Refusal> {
    match request.parameter("partner_interview_id") {
        Some(order) => Ok(Inquiry::ReadStatus(OrderRef::Ours(order.to_owned()))),
        None => {
            let message = "partner_interview_id is required: send the id that send_test answered";
            let violation = Violation::new("?partner_interview_id", "required", message);
            Err(Problem::with(ErrorCode::InvalidParameter, vec![violation]).into())
        }
    }
}

/// `POST response_error`.
pub fn response_error(body: &[u8]) -> Result<Inquiry<'_>, Refusal> {
    let (report, origin): (ResponseError<'_>, _) = read(body, wire::RESPONSE_ERROR.as_ref())?;
    Ok(Inquiry::ReportError(ErrorReport {
        operation: report.api_call.0.into_owned(),
        errors: report
            .errors
            .into_iter()
            .map(|error| error.0.into_owned())
            .collect(),
        order: report.partner_interview_id.map(|id| id.0.into_owned()),
        origin,
    }))
}

/// The first id that was sent at all, an empty one not counting.
fn explicit<const N: usize>(places: [Option<Id<'_>>; N]) -> Option<Cow<'_, str>> {
    places
        .into_iter()
        .flatten()
        .map(|id| id.0)
        .find(|id| !id.is_empty())
}
