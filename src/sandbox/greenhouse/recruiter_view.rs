//! What the recruiter sees of a take-home test.

use super::site::Site;
use super::take_home_test::TakeHomeTest;
use crate::sandbox::ats::refusal;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Serialize;
use serde_json::{Map, Number, Value};

/// A test on the recruiter's page, and beneath it what has happened.
#[derive(Serialize)]
struct View<'a> {
    id: u64,
    /// `to_be_sent`, `sent` or `received`.
    state: &'static str,
    partner_test_id: &'a str,
    partner_interview_id: Option<&'a str>,
    status: Option<&'a str>,
    score: Option<&'a Number>,
    profile_url: Option<&'a str>,
    metadata: Option<&'a Map<String, Value>>,
    callbacks: u64,
    status_reads: u64,
    /// What was wrong with the last answer to `test_status`.
    errors: &'a [String],
}

/// `GET /control/tests/{id}`.
pub async fn show(site: Data<Site>, id: Path<String>) -> HttpResponse {
    match site.memory().find(&id) {
        Some((id, test)) => HttpResponse::Ok().json(view(id, test)),
        None => refusal(StatusCode::NOT_FOUND, "there is no such take-home test"),
    }
}

fn view(id: u64, test: &TakeHomeTest) -> View<'_> {
    let status = test.status();
    View {
        id,
        state: test.state(),
        partner_test_id: &test.partner_test_id,
        partner_interview_id: test.partner_interview_id.as_deref(),
        status: status.map(|status| status.partner_status.as_str()),
        score: status.and_then(|status| status.partner_score.as_ref()),
        profile_url: status.and_then(|status| status.partner_profile_url.as_deref()),
        metadata: status.and_then(|status| status.metadata.as_ref()),
        callbacks: test.callbacks,
        status_reads: test.reads_ended,
        errors: &test.errors,
    }
}
