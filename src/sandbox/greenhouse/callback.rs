//! The callback: the partner says that a test has news, and Greenhouse then reads `test_status`.

use super::Site;
use super::answers::{self, TestStatus};
use super::complaint::{Complaint, complain};
use super::partner::Partner;
use crate::sandbox::caller::{Auth, Call};
use crate::sandbox::inbound::{Received, Reply};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use reqwest::Method;

const PATH: &str = "/integrations/testing_partners/take_home_tests/";

/// The path of one test's callback.
pub fn path(id: &str) -> String {
    format!("{PATH}{id}")
}

/// `PATCH` on a take-home test. The body, if there is any, says nothing.
pub fn receive(site: &Data<Site>, call: &Received<'_>) -> Reply {
    let id = match (call.method(), call.segments().as_slice()) {
        ("PATCH", ["integrations", "testing_partners", "take_home_tests", id]) => *id,
        _ => return Reply::bare(StatusCode::NOT_FOUND),
    };
    let mut greenhouse = site.memory();
    let known = greenhouse.partner.as_ref();
    if !known.is_some_and(|partner| partner.recognises(call)) {
        return Reply::bare(StatusCode::UNAUTHORIZED);
    }
    let Some(test) = greenhouse.tests.get_mut(id) else {
        return Reply::bare(StatusCode::NOT_FOUND);
    };
    test.callbacks += 1;
    spawn_read(site.clone(), id.to_owned());
    Reply::bare(StatusCode::OK)
}

/// Reads `test_status` in its own time, as Greenhouse does: the callback is answered without it.
pub fn spawn_read(site: Data<Site>, id: String) {
    actix_web::rt::spawn(async move {
        let begun = begin(&site, &id);
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

fn begin(site: &Site, id: &str) -> Option<Read> {
    let mut greenhouse = site.memory();
    let partner = greenhouse.partner.clone()?;
    let test = greenhouse.tests.get_mut(id)?;
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
            auth: Auth::Basic(&self.partner.api_key),
            body: None,
        };
        let answer = site.caller.call(call).await;
        let answer = answer.map_err(|refusal| vec![refusal.to_string()])?;
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
