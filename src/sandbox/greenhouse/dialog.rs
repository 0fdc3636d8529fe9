//! The "send test" dialog: the recruiter opens it, and Greenhouse asks the partner what there is.

use super::complaint::{Complaint, complain};
use super::{Site, answers};
use crate::sandbox::caller::{Auth, Call};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::view::Dialog;
use reqwest::Method;
use serde_json::Map;

/// Opens it.
pub async fn open(site: &Site) -> Result<Dialog, Refusal> {
    let partner = site.memory().partner.clone();
    let partner = partner.ok_or_else(Refusal::no_partner)?;
    let call = Call {
        method: Method::GET,
        url: partner.list_tests_url.clone(),
        auth: Auth::Basic(&partner.api_key),
        body: None,
    };
    let answer = site.caller.call(call).await?;
    if !answer.succeeded() {
        let error = format!("list_tests answered {}", answer.status);
        return Err(Refusal::by_partner(&answer, error));
    }
    match answers::list_tests(&answer.body) {
        Ok(packages) => Ok(Dialog {
            packages,
            more: Map::new(),
        }),
        Err(errors) => {
            let complaint = Complaint {
                api_call: "list_tests",
                errors: &errors,
                partner_test_id: None,
                partner_interview_id: None,
                candidate_email: None,
            };
            complain(site, &partner, &complaint).await;
            let error = format!("list_tests answered something malformed: {}", errors.join("; "));
            Err(Refusal::unusable(error))
        }
    }
}
