//! The partner API: the vendor creates, reads and changes its partner, with a personal API token.

use super::memory::{COMPANY, Recruitee};
use super::partner::Partner;
use super::receiving::{read_json, refused};
use crate::sandbox::ats::mint_uuid;
use crate::sandbox::inbound::{Received, Reply};
use actix_web::http::StatusCode;

/// `POST`, `GET` and `PATCH` on the partner.
pub fn partner(recruitee: &mut Recruitee, call: &Received<'_>, codename: &str, company: &str) -> Reply {
    if call.bearer() != Some(recruitee.personal_token.as_str()) {
        return refused(StatusCode::UNAUTHORIZED, "the API token is invalid");
    }
    if company != COMPANY.to_string() {
        return refused(StatusCode::NOT_FOUND, "there is no such company");
    }
    let outcome = match call.method() {
        "POST" => create(recruitee, call, codename),
        "GET" => known(recruitee, codename).map(|_| StatusCode::OK),
        "PATCH" => change(recruitee, call, codename),
        _ => Err(refused(StatusCode::METHOD_NOT_ALLOWED, "POST, GET or PATCH")),
    };
    let shown = outcome.and_then(|status| Ok((status, known(recruitee, codename)?.shown(COMPANY))));
    match shown {
        // The secret is in it.
        Ok((status, partner)) => Reply::json(status, partner).confidential(),
        Err(refusal) => refusal,
    }
}

fn create(recruitee: &mut Recruitee, call: &Received<'_>, codename: &str) -> Result<StatusCode, Reply> {
    // One that was only entered gives way to the one that speaks for itself.
    if recruitee.created {
        return Err(unprocessable("the company has a partner already"));
    }
    let body = read_json(call)?;
    let created = Partner::create(codename, mint_uuid(), &body);
    recruitee.partner = Some(created.map_err(|reason| unprocessable(&reason))?);
    recruitee.created = true;
    Ok(StatusCode::CREATED)
}

fn change(recruitee: &mut Recruitee, call: &Received<'_>, codename: &str) -> Result<StatusCode, Reply> {
    let body = read_json(call)?;
    let changed = known(recruitee, codename)?.change(&body);
    changed.map_err(|reason| unprocessable(&reason))?;
    Ok(StatusCode::OK)
}

fn known<'a>(recruitee: &'a mut Recruitee, codename: &str) -> Result<&'a mut Partner, Reply> {
    let partner = recruitee.partner.as_mut();
    partner
        .filter(|partner| partner.codename == codename)
        .ok_or_else(|| refused(StatusCode::NOT_FOUND, "there is no such partner"))
}

fn unprocessable(reason: &str) -> Reply {
    refused(StatusCode::UNPROCESSABLE_ENTITY, reason)
}
