//! `assessment.update`: the partner reports.

use super::Site;
use super::memory::Ashby;
use super::update;
use crate::sandbox::ats::mint_uuid;
use crate::sandbox::inbound::{Received, Reply};
use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// What Ashby asks every caller to accept.
const ACCEPTED: [&str; 2] = ["application/json", "version=1"];

/// Everything that the partner calls.
pub fn receive(site: &Site, call: &Received<'_>) -> Reply {
    // Cloudflare stands in front of all of Ashby.
    if call.header("user-agent").is_none() {
        return Reply::text(StatusCode::FORBIDDEN, "error code: 1010");
    }
    if (call.method(), call.segments().as_slice()) != ("POST", &["assessment.update"]) {
        return Reply::text(StatusCode::NOT_FOUND, "Not Found");
    }
    let mut ashby = site.memory();
    let partner = ashby.partner.as_ref();
    if !partner.is_some_and(|partner| call.is_from(&partner.api_key, "")) {
        return Reply::text(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    if !accepts_this_version(call.header("accept").unwrap_or_default()) {
        let error = "Accept must be application/json; version=1".to_owned();
        return failure(StatusCode::BAD_REQUEST, "unsupported_version", &[error]);
    }
    if !call.says_json() {
        let error = "Content-Type must be application/json".to_owned();
        return failure(StatusCode::BAD_REQUEST, "unsupported_content_type", &[error]);
    }
    let said = serde_json::from_slice(call.body).unwrap_or_default();
    match ashby.hear(&said) {
        Ok(()) => {
            let results = json!({"assessment_id": said.get("assessment_id")});
            Reply::json(StatusCode::OK, json!({"success": true, "results": results}))
        }
        Err((code, errors)) => failure(StatusCode::OK, code, &errors),
    }
}

impl Ashby {
    fn hear(&mut self, said: &Value) -> Result<(), (&'static str, Vec<String>)> {
        let named = said.get("assessment_id").and_then(Value::as_str);
        let mut assessment = named.and_then(|id| self.assessments.get_mut(id));
        let outcome = update::read(said)
            .map_err(|errors| ("invalid_input", errors))
            .and_then(|update| match assessment.as_mut() {
                Some(assessment) => assessment
                    .apply(&update)
                    .map_err(|error| ("invalid_input", vec![error])),
                None => Err((
                    "assessment_not_found",
                    vec!["assessment_id is unknown".to_owned()],
                )),
            });
        if let Some(assessment) = assessment {
            match &outcome {
                Ok(()) => {
                    assessment.updates += 1;
                    assessment.errors.clear();
                }
                Err((_, errors)) => assessment.errors.clone_from(errors),
            }
        }
        outcome
    }
}

fn accepts_this_version(accept: &str) -> bool {
    let parts = accept.split(';').map(|part| part.trim().to_ascii_lowercase());
    parts.eq(ACCEPTED)
}

/// A refusal in Ashby's words. `errors` is deprecated there and holds only the code.
fn failure(status: StatusCode, code: &str, errors: &[String]) -> Reply {
    let info = json!({"code": code, "message": errors.join("; "), "requestId": mint_uuid()});
    Reply::json(
        status,
        json!({"success": false, "errors": [code], "errorInfo": info}),
    )
}
