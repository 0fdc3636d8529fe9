//! `assessment.start` and `assessment.cancel`: what the recruiter does.

use super::assessment::Subject;
use super::memory::{Ashby, Order};
use super::partner::Partner;
use super::{Site, answers};
use crate::sandbox::ats::mint_uuid;
use crate::sandbox::forms::OrderForm;
use crate::sandbox::refusal::Refusal;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};

/// What only Ashby has. What is not given is minted, or as it is at this customer's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeys {
    candidate_id: Option<String>,
    application_id: Option<String>,
    job_name: Option<String>,
    hiring_team: Option<Vec<TeamMember>>,
    /// The answers to the custom fields, by the fields' ids.
    additional_fields: Option<Map<String, Value>>,
}

/// The body of `assessment.start`.
#[derive(Serialize)]
struct Start {
    assessment_type_id: String,
    candidate: SentCandidate,
    application: SentApplication,
    job: SentJob,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_fields: Option<Map<String, Value>>,
}

#[derive(Serialize)]
struct SentCandidate {
    ashby_id: String,
    first_name: String,
    last_name: String,
    email: String,
    ashby_profile_url: String,
}

#[derive(Serialize)]
struct SentApplication {
    ashby_id: String,
    status: &'static str,
}

#[derive(Serialize)]
struct SentJob {
    ashby_id: String,
    name: String,
    req_id: &'static str,
    ashby_job_url: String,
    #[serde(rename = "hiringTeam")]
    hiring_team: Vec<TeamMember>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TeamMember {
    #[serde(default = "mint_uuid")]
    user_id: String,
    first_name: String,
    last_name: String,
    email: String,
    role: String,
}

/// A new order; returns its id.
pub fn place(ashby: &mut Ashby, url: &str, mut order: OrderForm) -> Result<String, Refusal> {
    let own: OwnKeys = order.own_keys()?;
    let asks_fields = |partner: &Partner| partner.custom_fields_url.is_some();
    if own.additional_fields.is_some() && !ashby.partner.as_ref().is_some_and(asks_fields) {
        return Err(Refusal::bad_form(
            "additional_fields are not asked for: the partner has no custom_fields",
        ));
    }
    let candidate_id = own.candidate_id.unwrap_or_else(mint_uuid);
    let application_id = own.application_id.unwrap_or_else(mint_uuid);
    let assessment_type_id = order.package.into_text();
    let job_id = mint_uuid();
    let body = to_raw_value(&Start {
        assessment_type_id: assessment_type_id.clone(),
        candidate: SentCandidate {
            ashby_id: candidate_id.clone(),
            first_name: order.candidate.first_name,
            last_name: order.candidate.last_name,
            email: order.candidate.email,
            ashby_profile_url: format!("{url}/candidates/{candidate_id}"),
        },
        application: SentApplication {
            ashby_id: application_id.clone(),
            status: "Active",
        },
        job: SentJob {
            name: own.job_name.unwrap_or_else(|| "Data Analyst".to_owned()),
            req_id: "R-2031",
            ashby_job_url: format!("{url}/jobs/{job_id}"),
            ashby_id: job_id,
            hiring_team: own.hiring_team.unwrap_or_else(|| vec![usual_lead()]),
        },
        additional_fields: own.additional_fields,
    });
    let body = body.map_err(|error| Refusal::bad_form(error.to_string()))?;
    let id = mint_uuid();
    let order = Order {
        body,
        subject: Subject {
            application_id,
            assessment_type_id,
        },
        candidate_id,
        assessment_id: None,
    };
    ashby.orders.insert(id.clone(), order);
    Ok(id)
}

fn usual_lead() -> TeamMember {
    TeamMember {
        user_id: mint_uuid(),
        first_name: "Ines".to_owned(),
        last_name: "Falk".to_owned(),
        email: "ines.falk@customer.example".to_owned(),
        role: "Hiring Manager".to_owned(),
    }
}

/// Starts an order's assessment, for the first time or again. Returns the partner's id of it.
pub async fn start(site: &Site, id: &str) -> Result<String, Refusal> {
    let (partner, body) = {
        let ashby = site.memory();
        let partner = ashby.partner.clone().ok_or_else(Refusal::no_partner)?;
        let order = ashby.orders.get(id).ok_or_else(Refusal::no_such_order)?;
        (partner, order.body.clone())
    };
    let answer = partner.call(site, &partner.start_url, &body).await?;
    let started = answers::start(&answer)?;
    let assessment_id = started.assessment_id.clone();
    let begun = site.memory().begin(id, started);
    begun.map_err(|error| answers::malformed("assessment.start", &[error]))?;
    Ok(assessment_id)
}

/// The user cancels an order's assessment.
pub async fn cancel(site: &Site, id: &str) -> Result<(), Refusal> {
    let conflict = |error: &str| Refusal::new(StatusCode::CONFLICT, error);
    let (partner, url, assessment_id) = {
        let ashby = site.memory();
        let partner = ashby.partner.clone().ok_or_else(Refusal::no_partner)?;
        let url = partner.cancel_url.clone().ok_or_else(|| {
            let error = "the partner has no assessment.cancel";
            Refusal::new(StatusCode::NOT_IMPLEMENTED, error)
        })?;
        let order = ashby.orders.get(id).ok_or_else(Refusal::no_such_order)?;
        let started = order.assessment_id.clone();
        let assessment_id = started.ok_or_else(|| conflict("the assessment was never started"))?;
        let known = ashby.assessments.get(&assessment_id);
        if known.is_some_and(super::assessment::Assessment::ended) {
            return Err(conflict("the assessment has ended"));
        }
        (partner, url, assessment_id)
    };
    let body = to_raw_value(&json!({"assessment_id": assessment_id}));
    let body = body.map_err(|error| Refusal::bad_form(error.to_string()))?;
    let answer = partner.call(site, &url, &body).await?;
    let cancelled = answers::cancel(&answer, &assessment_id)?;
    let mut ashby = site.memory();
    let assessment = ashby.assessments.get_mut(&assessment_id);
    let assessment = assessment.ok_or_else(Refusal::no_such_order)?;
    if let Some(update) = cancelled.update {
        let applied = assessment.apply(&update);
        applied.map_err(|error| answers::malformed("assessment.cancel", &[error]))?;
    }
    assessment.cancelled = true;
    Ok(())
}
