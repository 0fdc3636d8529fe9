//! The "send test" dialog: the recruiter opens it, and Greenhouse asks the partner what there is.

use super::answers;
use super::complaint::{Complaint, complain};
use super::site::Site;
use crate::sandbox::ats::refusal;
use crate::sandbox::caller::Call;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use reqwest::Method;
use serde_json::json;

/// `POST /control/dialog`.
pub async fn open(site: Data<Site>) -> HttpResponse {
    let Some(partner) = site.memory().partner.clone() else {
        return refusal(
            StatusCode::CONFLICT,
            "no partner was entered: PUT /control/partner",
        );
    };
    let call = Call {
        method: Method::GET,
        url: partner.list_tests_url.clone(),
        user: &partner.api_key,
        body: None,
    };
    let answer = match site.caller.call(call).await {
        Ok(answer) => answer,
        Err(error) => return refusal(StatusCode::BAD_GATEWAY, &error),
    };
    if !answer.succeeded() {
        let error = format!("list_tests answered {}", answer.status);
        return refusal(StatusCode::BAD_GATEWAY, &error);
    }
    match answers::list_tests(&answer.body) {
        Ok(tests) => HttpResponse::Ok().json(json!({"tests": tests})),
        Err(errors) => {
            let complaint = Complaint {
                api_call: "list_tests",
                errors: &errors,
                partner_test_id: None,
                partner_interview_id: None,
                candidate_email: None,
            };
            complain(&site, &partner, &complaint).await;
            let error = format!("list_tests answered something malformed: {}", errors.join("; "));
            refusal(StatusCode::BAD_GATEWAY, &error)
        }
    }
}
