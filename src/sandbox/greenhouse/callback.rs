//! The callback: the partner says that a test has news, and Greenhouse then reads `test_status`.

use super::answers::{self, TestStatus};
use super::complaint::{Complaint, complain};
use super::partner::Partner;
use super::site::Site;
use crate::sandbox::caller::Call;
use crate::sandbox::journal::{Direction, Exchanged, legible};
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use reqwest::Method;
use serde_json::value::RawValue;

/// The route.
pub const PATH: &str = "/integrations/testing_partners/take_home_tests/{id}";

/// The path of one test's callback.
pub fn path(id: u64) -> String {
    PATH.replace("{id}", &id.to_string())
}

/// `PATCH` on a take-home test. The body, if there is any, says nothing.
pub async fn receive(site: Data<Site>, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    let authorization = request.headers().get(AUTHORIZATION);
    let authorization = authorization
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let status = admit(&site, authorization, &id);
    site.journal.record(Exchanged {
        direction: Direction::FromPartner,
        method: Method::PATCH.to_string(),
        url: request.uri().to_string(),
        status: Some(status.as_u16()),
        request: legible(&body),
        response: RawValue::NULL.to_owned(),
        error: None,
    });
    if let (true, Ok(id)) = (status.is_success(), id.parse()) {
        spawn_read(site, id);
    }
    HttpResponse::new(status)
}

/// What the callback answers.
fn admit(site: &Site, authorization: &str, id: &str) -> StatusCode {
    let mut memory = site.memory();
    let known = memory.partner.as_ref();
    if !known.is_some_and(|partner| partner.recognises(authorization)) {
        return StatusCode::UNAUTHORIZED;
    }
    let Some((_, test)) = memory.find(id) else {
        return StatusCode::NOT_FOUND;
    };
    test.callbacks += 1;
    memory.faults.take_callback().unwrap_or(StatusCode::OK)
}

/// Reads `test_status` in its own time, as Greenhouse does: the callback is answered without it.
pub fn spawn_read(site: Data<Site>, id: u64) {
    actix_web::rt::spawn(async move {
        let begun = begin(&site, id);
        let Some(read) = begun else { return };
        let outcome = read.ask(&site).await;
        if let Some(test) = site.memory().tests.get_mut(&id) {
            test.end_read(read.number, outcome);
        }
    });
}

/// One reading of `test_status`.
struct Read {
    partner: Partner,
    number: u64,
    interview_id: String,
    test_id: String,
    email: String,
}

fn begin(site: &Site, id: u64) -> Option<Read> {
    let mut memory = site.memory();
    let partner = memory.partner.clone()?;
    let test = memory.tests.get_mut(&id)?;
    let Some(interview_id) = test.partner_interview_id.clone() else {
        test.owes_read = true;
        return None;
    };
    test.reads_begun += 1;
    Some(Read {
        partner,
        number: test.reads_begun,
        interview_id,
        test_id: test.partner_test_id.clone(),
        email: test.candidate_email.clone(),
    })
}

impl Read {
    /// What the partner says, or what is wrong with it. A malformed answer is complained of.
    async fn ask(&self, site: &Site) -> Result<TestStatus, Vec<String>> {
        let mut url = self.partner.test_status_url.clone();
        url.query_pairs_mut()
            .append_pair("partner_interview_id", &self.interview_id);
        let call = Call {
            method: Method::GET,
            url,
            user: &self.partner.api_key,
            body: None,
        };
        let answer = site.caller.call(call).await.map_err(|error| vec![error])?;
        if !answer.succeeded() {
            return Err(vec![format!("test_status answered {}", answer.status)]);
        }
        let status = answers::test_status(&answer.body);
        if let Err(errors) = &status {
            let complaint = Complaint {
                api_call: "test_status",
                errors,
                partner_test_id: Some(&self.test_id),
                partner_interview_id: Some(&self.interview_id),
                candidate_email: Some(&self.email),
            };
            complain(site, &self.partner, &complaint).await;
        }
        status
    }
}
