//! `response_error`: Greenhouse tells the partner that an answer of its was malformed.

use super::Site;
use super::partner::Partner;
use crate::sandbox::caller::{Auth, Call};
use reqwest::Method;
use serde::Serialize;
use serde_json::value::to_raw_value;

/// What was wrong with which call. What is not known is left out.
#[derive(Serialize)]
pub struct Complaint<'a> {
    /// `list_tests`, `send_test` or `test_status`.
    pub api_call: &'a str,
    /// Everything that is wrong.
    pub errors: &'a [String],
    /// The test that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_test_id: Option<&'a str>,
    /// The test that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_interview_id: Option<&'a str>,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate_email: Option<&'a str>,
}

/// Sends it. Nobody waits for what the partner says to it; the journal has it.
pub async fn complain(site: &Site, partner: &Partner, complaint: &Complaint<'_>) {
    let Ok(body) = to_raw_value(complaint) else {
        return;
    };
    let call = Call {
        method: Method::POST,
        url: partner.response_error_url.clone(),
        auth: Auth::Basic(&partner.api_key),
        body: Some(&body),
    };
    let _ = site.caller.call(call).await;
}
