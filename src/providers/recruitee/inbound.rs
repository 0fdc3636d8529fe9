//! Recruitee's requests -> inquiries.

use super::wire::{self, SendCandidate};
use crate::domain::order::{Candidate, Email, NewOrder, Phone, Repeat};
use crate::providers::provider::{Inquiry, OrderRef, Refusal, Request};
use crate::providers::wire::{Text, explain, read};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What publishing a result needs: which report to update.
#[derive(Serialize, Deserialize)]
pub struct State<'a> {
    #[serde(borrow)]
    pub report_id: Cow<'a, str>,
}

/// `POST send_candidate`. Each report is one order, for ever.
pub fn send_candidate(body: &[u8]) -> Result<Inquiry<'_>, Refusal> {
    let (sent, origin): (SendCandidate<'_>, _) = read(body, wire::SEND_CANDIDATE.as_ref())?;
    if sent.test_id.0.is_empty() || sent.report_id.0.is_empty() || sent.email.0.is_empty() {
        return Err(explain(body, wire::SEND_CANDIDATE.as_ref()));
    }
    let state = serde_json::to_vec(&State {
        report_id: sent.report_id.0.as_ref().into(),
    });
    let filled = |text: &Text<'_>| !text.0.trim().is_empty();
    let phone = sent.phone.filter(filled);
    Ok(Inquiry::PlaceOrder(Box::new(NewOrder {
        package_id: sent.test_id.0,
        package_name: sent.test_name.filter(filled).map(|name| name.0),
        repeat: Repeat::Forever(sent.report_id.0.into_owned()),
        conflict_key: None,
        state: state.ok(),
        candidate: Candidate {
            id: Some(sent.candidate_id.0),
            first_name: sent.first_name.0,
            last_name: sent.last_name.0,
            emails: vec![Email {
                email: sent.email.0,
                r#type: "NOT_SPECIFIED".into(),
            }],
            phones: phone
                .map(|phone| Phone {
                    phone_number: phone.0,
                    r#type: "NOT_SPECIFIED".into(),
                })
                .into_iter()
                .collect(),
            links: Vec::new(),
            location: None,
        },
        application_id: None,
        job_id: None,
        job: None,
        parameters: None,
        callback_url: None,
        origin,
    })))
}

/// `POST reports/{report_id}/cancel`: the URL that we put on the report. What its body says is not documented and
/// not needed.
pub fn cancel<'a>(request: &Request<'_>) -> Result<Inquiry<'a>, Refusal> {
    let report = request.segment("report_id").ok_or(Refusal::Unknown("order"))?;
    Ok(Inquiry::CancelOrder(OrderRef::Theirs(report.to_owned())))
}
