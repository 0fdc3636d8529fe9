//! What the recruiter does: opens the dialog, sends a candidate, cancels.

use super::Site;
use super::answers::{self, id_as_text};
use super::memory::{COMPANY, Recruitee};
use super::partner::Partner;
use super::report::Report;
use crate::sandbox::ats::mint_uuid;
use crate::sandbox::caller::{Answered, Auth, Call};
use crate::sandbox::forms::{OrderForm, web_url};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::view::Dialog;
use actix_web::http::StatusCode;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

/// What only Recruitee has. The id is minted where it is not given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnKeys {
    candidate_id: Option<u64>,
    /// What the partner's further inputs ask for, by the inputs' names.
    #[serde(default)]
    inputs: Map<String, Value>,
}

/// Opens the dialog.
pub async fn open_dialog(site: &Site) -> Result<Dialog, Refusal> {
    let (partner, token) = site.memory().linked().ok_or_else(Refusal::no_partner)?;
    let answer = call(site, Method::GET, &operation(&partner, "tests")?, &token, None).await?;
    let packages = answers::tests(&answer, &partner.name)?;
    site.memory().tests = packages
        .iter()
        .filter_map(|test| Some((id_as_text(&test.id)?, test.name.clone())))
        .collect();
    Ok(Dialog {
        packages,
        more: Map::new(),
    })
}

/// A new report; returns its id.
pub fn place(recruitee: &mut Recruitee, mut order: OrderForm) -> Result<String, Refusal> {
    let own: OwnKeys = order.own_keys()?;
    let partner = recruitee.partner.as_ref().ok_or_else(Refusal::no_partner)?;
    let candidate = &order.candidate;
    let mut body = Map::new();
    for input in &partner.inputs {
        let value = match input.kind.as_str() {
            "first_name" => Some(json!(candidate.first_name)),
            "last_name" => Some(json!(candidate.last_name)),
            "email" => Some(json!(candidate.email)),
            "phone" => candidate.phone.as_ref().map(|phone| json!(phone)),
            _ => own.inputs.get(&input.name).cloned(),
        };
        match value {
            Some(value) => {
                body.insert(input.name.clone(), value);
            }
            None if input.required => {
                let error = format!("the partner asks for {}, a {}", input.name, input.kind);
                return Err(Refusal::bad_form(error));
            }
            None => {}
        }
    }
    let test_id = order.package.into_text();
    // Somebody who orders without the dialog has seen no name.
    let test_name = recruitee.tests.get(&test_id).unwrap_or(&test_id).clone();
    let candidate_id = own.candidate_id.unwrap_or_else(|| recruitee.mint_id());
    let report_id = mint_uuid();
    body.extend([
        ("candidate_id".to_owned(), json!(candidate_id)),
        ("company_id".to_owned(), json!(COMPANY)),
        ("report_id".to_owned(), json!(report_id)),
        ("test_id".to_owned(), json!(test_id)),
        ("test_name".to_owned(), json!(test_name)),
    ]);
    let body = to_raw_value(&body).map_err(|error| Refusal::bad_form(error.to_string()))?;
    let report = Report::new(body, candidate_id);
    recruitee.reports.insert(report_id.clone(), report);
    Ok(report_id)
}

/// Sends a report's candidate, for the first time or again.
pub async fn send(site: &Site, id: &str) -> Result<(), Refusal> {
    let (partner, token, body) = {
        let recruitee = site.memory();
        let (partner, token) = recruitee.linked().ok_or_else(Refusal::no_partner)?;
        let report = recruitee.reports.get(id).ok_or_else(Refusal::no_such_order)?;
        (partner, token, report.body.clone())
    };
    let url = operation(&partner, "send_candidate")?;
    let answer = call(site, Method::POST, &url, &token, Some(&body)).await?;
    answers::accepted(&answer, &partner.name)?;
    if let Some(report) = site.memory().reports.get_mut(id) {
        report.sent = true;
    }
    Ok(())
}

/// The user cancels, where the partner has set a URL for it.
pub async fn cancel(site: &Site, id: &str) -> Result<(), Refusal> {
    let (partner, token, url, ended) = {
        let recruitee = site.memory();
        let (partner, token) = recruitee.linked().ok_or_else(Refusal::no_partner)?;
        let report = recruitee.reports.get(id).ok_or_else(Refusal::no_such_order)?;
        let url = report.cancel_url().map(str::to_owned);
        (partner, token, url, report.ended())
    };
    let Some(url) = url else {
        return Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "the report has no urls.cancel",
        ));
    };
    if ended {
        return Err(Refusal::new(StatusCode::CONFLICT, "the report has ended"));
    }
    let body = to_raw_value(&json!({"report_id": id}));
    let body = body.map_err(|error| Refusal::bad_form(error.to_string()))?;
    let answer = call(site, Method::POST, &url, &token, Some(&body)).await?;
    answers::accepted(&answer, &partner.name)?;
    if let Some(report) = site.memory().reports.get_mut(id) {
        report.cancel();
    }
    Ok(())
}

/// Where the partner has that operation.
fn operation(partner: &Partner, name: &str) -> Result<String, Refusal> {
    let url = partner.urls.get(name).cloned();
    url.ok_or_else(|| Refusal::bad_form(format!("the partner has no urls.{name}")))
}

async fn call(
    site: &Site,
    method: Method,
    url: &str,
    token: &str,
    body: Option<&RawValue>,
) -> Result<Answered, Refusal> {
    let call = Call {
        method,
        url: web_url("the URL", url).map_err(Refusal::bad_form)?,
        auth: Auth::Bearer(token),
        body,
    };
    site.caller.call(call).await
}
