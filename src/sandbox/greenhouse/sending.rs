//! `send_test`: the recruiter presses send, once or again.

use super::answers;
use super::callback;
use super::complaint::{Complaint, complain};
use super::site::Site;
use super::take_home_test::TakeHomeTest;
use crate::sandbox::ats::refusal;
use crate::sandbox::caller::{Answered, Call};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Json, Path};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::to_raw_value;

/// What the recruiter has chosen. Ids are minted where they are not given.
#[derive(Deserialize)]
pub struct Choice {
    partner_test_id: String,
    candidate: Candidate,
    sent_by: Option<String>,
    candidate_id: Option<Id>,
    application_id: Option<Id>,
}

#[derive(Deserialize)]
struct Candidate {
    first_name: String,
    last_name: String,
    preferred_name: Option<String>,
    resume_url: Option<String>,
    phone_number: Option<String>,
    email: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

/// The body of `send_test`. What is absent is null, not left out.
#[derive(Serialize)]
struct SendTest<'a> {
    partner_test_id: &'a str,
    candidate: SentCandidate<'a>,
    sent_by: Option<&'a str>,
    url: String,
}

#[derive(Serialize)]
struct SentCandidate<'a> {
    first_name: &'a str,
    last_name: &'a str,
    preferred_name: Option<&'a str>,
    resume_url: Option<&'a str>,
    phone_number: Option<&'a str>,
    email: &'a str,
    greenhouse_profile_url: String,
}

/// `POST /control/tests`.
pub async fn send(site: Data<Site>, choice: Json<Choice>) -> HttpResponse {
    let choice = choice.into_inner();
    let (id, candidate_id, application_id) = {
        let mut memory = site.memory();
        let mut given_or_minted =
            |id: Option<Id>| id.map_or_else(|| memory.mint_id().to_string(), Id::into_text);
        let candidate_id = given_or_minted(choice.candidate_id);
        let application_id = given_or_minted(choice.application_id);
        (memory.mint_id(), candidate_id, application_id)
    };
    let candidate = &choice.candidate;
    let body = to_raw_value(&SendTest {
        partner_test_id: &choice.partner_test_id,
        candidate: SentCandidate {
            first_name: &candidate.first_name,
            last_name: &candidate.last_name,
            preferred_name: candidate.preferred_name.as_deref(),
            resume_url: candidate.resume_url.as_deref(),
            phone_number: candidate.phone_number.as_deref(),
            email: &candidate.email,
            greenhouse_profile_url: format!(
                "{}/people/{candidate_id}?application_id={application_id}",
                site.url
            ),
        },
        sent_by: choice.sent_by.as_deref(),
        url: format!("{}{}", site.url, callback::path(id)),
    });
    let body = match body {
        Ok(body) => body,
        Err(error) => return refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let test = TakeHomeTest::new(body, choice.partner_test_id, choice.candidate.email);
    site.memory().tests.insert(id, test);
    deliver(site, id).await
}

/// `POST /control/tests/{id}/resend`: the same body again.
pub async fn resend(site: Data<Site>, id: Path<String>) -> HttpResponse {
    let known = site.memory().find(&id).map(|(id, _)| id);
    match known {
        Some(id) => deliver(site, id).await,
        None => refusal(StatusCode::NOT_FOUND, "there is no such take-home test"),
    }
}

/// Sends a test and answers what the partner made of it. Whatever that is, `Location` names the test.
async fn deliver(site: Data<Site>, id: u64) -> HttpResponse {
    let mut answer = attempt(&site, id).await;
    if let Ok(location) = format!("/control/tests/{id}").parse() {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

async fn attempt(site: &Data<Site>, id: u64) -> HttpResponse {
    let found = {
        let memory = site.memory();
        memory.partner.clone().zip(memory.tests.get(&id).map(|test| {
            (
                test.body.clone(),
                test.partner_test_id.clone(),
                test.candidate_email.clone(),
            )
        }))
    };
    let Some((partner, (body, test_id, email))) = found else {
        return refusal(
            StatusCode::CONFLICT,
            "no partner was entered: PUT /control/partner",
        );
    };
    let call = Call {
        method: Method::POST,
        url: partner.send_test_url.clone(),
        user: &partner.api_key,
        body: Some(&body),
    };
    let answer = match site.caller.call(call).await {
        Ok(answer) if answer.succeeded() => answer,
        Ok(answer) => return pass_on(answer),
        Err(error) => return refusal(StatusCode::BAD_GATEWAY, &error),
    };
    match answers::send_test(&answer.body) {
        Ok(interview_id) => {
            remember(site, id, &interview_id);
            HttpResponse::Ok().json(json!({"id": id, "partner_interview_id": interview_id}))
        }
        Err(errors) => {
            let complaint = Complaint {
                api_call: "send_test",
                errors: &errors,
                partner_test_id: Some(&test_id),
                partner_interview_id: None,
                candidate_email: Some(&email),
            };
            complain(site, &partner, &complaint).await;
            let error = format!("send_test answered something malformed: {}", errors.join("; "));
            refusal(StatusCode::BAD_GATEWAY, &error)
        }
    }
}

fn remember(site: &Data<Site>, id: u64, interview_id: &str) {
    let mut memory = site.memory();
    let Some(test) = memory.tests.get_mut(&id) else {
        return;
    };
    test.partner_interview_id = Some(interview_id.to_owned());
    if std::mem::take(&mut test.owes_read) {
        callback::spawn_read(site.clone(), id);
    }
}

/// The partner's own status and body.
fn pass_on(answer: Answered) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    HttpResponse::build(status)
        .content_type("application/json")
        .body(answer.body)
}
