//! What a control route answers where what was asked cannot be done, or the partner would not have it.

use super::caller::Answered;
use super::journal::legible;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt;

/// A refusal with its HTTP status.
#[derive(Debug, Serialize)]
pub struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    /// What the person at the ATS reads.
    error: String,
    /// The partner's own words, where it was the partner who refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Box<RawValue>>,
}

impl Refusal {
    /// The ATS itself refuses.
    pub fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            answer: None,
        }
    }

    /// The form makes no sense to this ATS.
    pub fn bad_form(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// Nobody has entered a partner.
    pub fn no_partner() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "no partner was entered: PUT /control/partner",
        )
    }

    /// There is no order of that id.
    pub fn no_such_order() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such order")
    }

    /// The partner gave no answer, or one that is malformed by the ATS's documentation.
    pub fn unusable(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, error)
    }

    /// The partner refused: its status, and what the recruiter reads. A status that is no refusal is no answer
    /// that an ATS could use.
    pub fn by_partner(answered: &Answered, error: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(answered.status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error());
        Self {
            status: status.unwrap_or(StatusCode::BAD_GATEWAY),
            error: error.into(),
            answer: Some(legible(&answered.body)),
        }
    }

    /// The partner refused in an answer of a status that says otherwise.
    pub fn in_other_words(answered: &Answered, error: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            ..Self::by_partner(answered, error)
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.error)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(self)
    }
}
