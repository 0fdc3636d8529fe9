//! `send_test`: the recruiter presses send, once or again.

use super::complaint::{Complaint, complain};
use super::memory::Greenhouse;
use super::take_home_test::TakeHomeTest;
use super::{Site, answers, callback};
use crate::sandbox::caller::{Auth, Call};
use crate::sandbox::forms::{GivenId, OrderForm};
use crate::sandbox::refusal::Refusal;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

/// What only Greenhouse has. Ids are minted where they are not given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeys {
    preferred_name: Option<String>,
    sent_by: Option<String>,
    candidate_id: Option<GivenId>,
    application_id: Option<GivenId>,
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

/// A new take-home test; returns its id.
pub fn place(greenhouse: &mut Greenhouse, url: &str, mut order: OrderForm) -> Result<String, Refusal> {
    let own: OwnKeys = order.own_keys()?;
    let mut given_or_minted =
        |id: Option<GivenId>| id.map_or_else(|| greenhouse.mint_id(), GivenId::into_text);
    let candidate_id = given_or_minted(own.candidate_id);
    let application_id = given_or_minted(own.application_id);
    let id = greenhouse.mint_id();
    let partner_test_id = order.package.into_text();
    let candidate = order.candidate;
    let body = to_raw_value(&SendTest {
        partner_test_id: &partner_test_id,
        candidate: SentCandidate {
            first_name: &candidate.first_name,
            last_name: &candidate.last_name,
            preferred_name: own.preferred_name.as_deref(),
            resume_url: candidate.resume_url.as_deref(),
            phone_number: candidate.phone.as_deref(),
            email: &candidate.email,
            greenhouse_profile_url: format!("{url}/people/{candidate_id}?application_id={application_id}"),
        },
        sent_by: own.sent_by.as_deref(),
        url: format!("{url}{}", callback::path(&id)),
    });
    let body = body.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let test = TakeHomeTest::new(body, partner_test_id, candidate.email);
    greenhouse.tests.insert(id.clone(), test);
    Ok(id)
}

/// Sends a test, for the first time or again. Returns the partner's id of it.
pub async fn send(site: &Data<Site>, id: &str) -> Result<String, Refusal> {
    let (partner, body, test_id, email) = {
        let greenhouse = site.memory();
        let partner = greenhouse.partner.clone().ok_or_else(Refusal::no_partner)?;
        let test = greenhouse.tests.get(id).ok_or_else(Refusal::no_such_order)?;
        (
            partner,
            test.body.clone(),
            test.partner_test_id.clone(),
            test.candidate_email.clone(),
        )
    };
    let call = Call {
        method: Method::POST,
        url: partner.send_test_url.clone(),
        auth: Auth::Basic(&partner.api_key),
        body: Some(&body),
    };
    let answer = site.caller.call(call).await?;
    if !answer.succeeded() {
        let error = format!("send_test answered {}", answer.status);
        return Err(Refusal::by_partner(&answer, error));
    }
    match answers::send_test(&answer.body) {
        Ok(interview_id) => {
            remember(site, id, &interview_id);
            Ok(interview_id)
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
            Err(Refusal::unusable(error))
        }
    }
}

fn remember(site: &Data<Site>, id: &str, interview_id: &str) {
    let mut greenhouse = site.memory();
    let Some(test) = greenhouse.tests.get_mut(id) else {
        return;
    };
    test.partner_interview_id = Some(interview_id.to_owned());
    if std::mem::take(&mut test.owes_read) {
        callback::spawn_read(site.clone(), id.to_owned());
    }
}
