//! The partner's calls about its reports and its secret, and where all its calls go.

use super::management;
use super::memory::Recruitee;
use crate::sandbox::ats::mint_uuid;
use crate::sandbox::inbound::{Received, Reply};
use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// The header in which the partner's secret is.
const SECRET: &str = "rt-partner-secret";

/// Everything that the partner calls.
pub fn receive(recruitee: &mut Recruitee, call: &Received<'_>) -> Reply {
    match (call.method(), call.segments().as_slice()) {
        ("PATCH", ["api", "p", codename, "reports", id]) => report(recruitee, call, codename, id),
        ("POST", ["api", "p", codename, "partner", "regenerate-secret"]) => {
            regenerate_secret(recruitee, call, codename)
        }
        (_, ["api", "p", codename, "c", company, "partner"]) => {
            management::partner(recruitee, call, codename, company)
        }
        _ => refused(StatusCode::NOT_FOUND, "not found"),
    }
}

/// The body of a call, or the refusal of one that is no JSON.
pub fn read_json(call: &Received<'_>) -> Result<Value, Reply> {
    if !call.says_json() {
        let reason = "Content-Type must be application/json";
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
    }
    serde_json::from_slice(call.body).map_err(|_| refused(StatusCode::BAD_REQUEST, "the body is not JSON"))
}

/// A refusal in Recruitee's words.
pub fn refused(status: StatusCode, reason: &str) -> Reply {
    Reply::json(status, json!({"error": reason}))
}

fn report(recruitee: &mut Recruitee, call: &Received<'_>, codename: &str, id: &str) -> Reply {
    let kind = match &recruitee.partner {
        Some(partner) if opens(recruitee, call, codename) => partner.kind,
        _ => return refused(StatusCode::UNAUTHORIZED, "the partner secret is invalid"),
    };
    let Some(report) = recruitee.reports.get_mut(id) else {
        return refused(StatusCode::NOT_FOUND, "there is no such report");
    };
    let changed = read_json(call).and_then(|body| {
        let changed = report.change(kind, &body);
        changed.map_err(|reason| refused(StatusCode::UNPROCESSABLE_ENTITY, &reason))
    });
    match changed {
        Ok(()) => {
            let report = report.shown_to_partner(id);
            Reply::json(StatusCode::OK, json!({"report": report}))
        }
        Err(refusal) => refusal,
    }
}

fn regenerate_secret(recruitee: &mut Recruitee, call: &Received<'_>, codename: &str) -> Reply {
    if !opens(recruitee, call, codename) {
        return refused(StatusCode::UNAUTHORIZED, "the partner secret is invalid");
    }
    let secret = mint_uuid();
    if let Some(partner) = &mut recruitee.partner {
        partner.secret.clone_from(&secret);
    }
    Reply::json(StatusCode::OK, json!({"secret": secret})).confidential()
}

/// Whether the call has the secret of the partner that it names.
fn opens(recruitee: &Recruitee, call: &Received<'_>, codename: &str) -> bool {
    recruitee.partner.as_ref().is_some_and(|partner| {
        partner.codename == codename && call.header(SECRET) == Some(partner.secret.as_str())
    })
}
