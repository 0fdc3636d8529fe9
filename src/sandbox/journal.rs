//! The journal of a simulated ATS: every HTTP message to and from its partner, without the credentials.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::{Mutex, PoisonError};

/// Who spoke first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The ATS called its partner.
    ToPartner,
    /// The partner called the ATS.
    FromPartner,
}

/// A request and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exchanged {
    /// Who called.
    pub direction: Direction,
    /// GET, POST, ...
    pub method: String,
    /// Path and query.
    pub url: String,
    /// The status of the answer; null where none came.
    pub status: Option<u16>,
    /// The body that was sent: JSON as it was, other text as a string, null where there was none.
    pub request: Box<RawValue>,
    /// The body that came back, likewise.
    pub response: Box<RawValue>,
    /// Why no answer came.
    pub error: Option<String>,
}

/// Everything that was said, in the order in which it was answered.
#[derive(Default)]
pub struct Journal(Mutex<Vec<Exchanged>>);

impl Journal {
    /// Writes down one exchange.
    pub fn record(&self, exchanged: Exchanged) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchanged);
    }

    fn read(&self) -> Vec<Exchanged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `GET /control/exchanges`.
pub(super) async fn show(journal: Data<Journal>) -> HttpResponse {
    HttpResponse::Ok().json(journal.read())
}

/// A body as the journal shows it.
pub(super) fn legible(body: &[u8]) -> Box<RawValue> {
    if body.is_empty() {
        return RawValue::NULL.to_owned();
    }
    serde_json::from_slice(body)
        .or_else(|_| to_raw_value(&String::from_utf8_lossy(body)))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_as_it_was_whatever_it_was() {
        assert_eq!(legible(b"").get(), "null");
        assert_eq!(legible(br#"{"b": 1, "a": 2}"#).get(), r#"{"b": 1, "a": 2}"#);
        assert_eq!(legible(b"<h1>Bad \"gateway\"").get(), r#""<h1>Bad \"gateway\"""#);
        assert_eq!(legible(b"\xff").get(), "\"\u{fffd}\"");
    }
}
