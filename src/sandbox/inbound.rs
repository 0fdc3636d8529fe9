//! The partner's calls: everything that is no control route. A fault answers before the ATS does, and every call
//! is in the journal, also one that leads nowhere.

use super::ats::{Ats, Site};
use super::journal::{Direction, Exchanged, Journal, legible};
use super::refusal::Refusal;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// A call of the partner's.
pub struct Received<'a> {
    request: &'a HttpRequest,
    /// The whole body.
    pub body: &'a [u8],
}

impl Received<'_> {
    /// GET, POST, ...
    pub fn method(&self) -> &str {
        self.request.method().as_str()
    }

    /// The parts of the path.
    pub fn segments(&self) -> Vec<&str> {
        let path = self.request.path();
        path.strip_prefix('/').unwrap_or(path).split('/').collect()
    }

    /// A header that is legible and not empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        let value = self.request.headers().get(name)?.to_str().ok()?.trim();
        Some(value).filter(|value| !value.is_empty())
    }

    /// Whether HTTP Basic says this user and this password.
    pub fn is_from(&self, user: &str, password: &str) -> bool {
        self.credentials("basic")
            .and_then(|encoded| BASE64.decode(encoded).ok())
            .is_some_and(|sent| sent == format!("{user}:{password}").as_bytes())
    }

    /// The bearer token.
    pub fn bearer(&self) -> Option<&str> {
        self.credentials("bearer")
    }

    /// Whether the body is announced as JSON.
    pub fn says_json(&self) -> bool {
        self.header(CONTENT_TYPE.as_str())
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/json"))
    }

    fn credentials(&self, scheme: &str) -> Option<&str> {
        let (said, credentials) = self.header(AUTHORIZATION.as_str())?.split_once(' ')?;
        said.eq_ignore_ascii_case(scheme).then_some(credentials.trim())
    }
}

/// What the partner gets.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    body: Body,
    confidential: bool,
}

#[derive(Clone)]
enum Body {
    Nothing,
    Json(Value),
    Text(&'static str),
}

impl Reply {
    /// A status without a body.
    pub fn bare(status: StatusCode) -> Self {
        Self::of(status, None)
    }

    /// A status with JSON.
    pub fn json(status: StatusCode, body: Value) -> Self {
        Self::of(status, Some(body))
    }

    /// A status with something that is no JSON.
    pub fn text(status: StatusCode, text: &'static str) -> Self {
        Self {
            body: Body::Text(text),
            ..Self::bare(status)
        }
    }

    /// Either.
    pub fn of(status: StatusCode, body: Option<Value>) -> Self {
        Self {
            status,
            body: body.map_or(Body::Nothing, Body::Json),
            confidential: false,
        }
    }

    /// The same, with a body that holds a credential: the journal does not show it.
    pub fn confidential(self) -> Self {
        Self {
            confidential: true,
            ..self
        }
    }

    fn in_journal(&self) -> Box<RawValue> {
        match &self.body {
            _ if self.confidential => legible(b"(not written down: it holds a credential)"),
            Body::Nothing => RawValue::NULL.to_owned(),
            Body::Json(value) => to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            Body::Text(text) => legible(text.as_bytes()),
        }
    }

    fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        match self.body {
            Body::Nothing => response.finish(),
            Body::Json(value) => response.json(value),
            Body::Text(text) => response.content_type("text/plain; charset=utf-8").body(text),
        }
    }
}

/// Everything that is no control route.
pub async fn answer<A: Ats>(
    site: Data<Site<A>>,
    journal: Data<Journal>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    if request.path().starts_with("/control/") {
        let refusal = Refusal::new(StatusCode::NOT_FOUND, "there is no such control route");
        return refusal.error_response();
    }
    let call = Received {
        request: &request,
        body: &body,
    };
    let reply = site.faults.take().unwrap_or_else(|| A::receive(&site, &call));
    journal.record(Exchanged {
        direction: Direction::FromPartner,
        method: request.method().to_string(),
        url: request.uri().to_string(),
        status: Some(reply.status.as_u16()),
        request: legible(&body),
        response: reply.in_journal(),
        error: None,
    });
    reply.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn heard<T>(headers: &[(&str, &str)], read: impl FnOnce(&Received<'_>) -> T) -> T {
        let mut request = TestRequest::with_uri("/a/b.c/?d=e");
        for header in headers {
            request = request.append_header(*header);
        }
        let request = request.to_http_request();
        read(&Received {
            request: &request,
            body: b"",
        })
    }

    fn basic(user: &str, password: &str) -> (&'static str, String) {
        (
            "authorization",
            format!("Basic {}", BASE64.encode(format!("{user}:{password}"))),
        )
    }

    #[test]
    fn basic_credentials_are_believed_only_where_both_are_right() {
        let is_from = |authorization: &str, user: &str, password: &str| {
            heard(&[("authorization", authorization)], |call| {
                call.is_from(user, password)
            })
        };
        let (_, key) = basic("key", "");
        assert!(is_from(&key, "key", ""));
        assert!(is_from(&key.replace("Basic", "basic"), "key", ""));
        assert!(!is_from(&key, "ke", "y"));
        assert!(!is_from(&key.replace("Basic", "Bearer"), "key", ""));
        assert!(is_from(&basic("vendor", "p:w").1, "vendor", "p:w"));
        for other in [
            basic("key", "x").1,
            basic("", "key").1,
            String::new(),
            "Basic key:".to_owned(),
        ] {
            assert!(!is_from(&other, "key", ""), "{other}");
        }
    }

    #[test]
    fn path_and_headers_are_read_as_they_are() {
        let headers = [
            ("authorization", "bearer t-1"),
            ("x-empty", " "),
            ("content-type", "Application/JSON;charset=utf-8"),
        ];
        heard(&headers, |call| {
            assert_eq!(call.segments(), ["a", "b.c", ""]);
            assert_eq!(call.bearer(), Some("t-1"));
            assert_eq!(call.header("x-empty"), None);
            assert!(call.says_json());
        });
        heard(&[("content-type", "text/json")], |call| {
            assert!(!call.says_json());
            assert_eq!(call.bearer(), None);
        });
    }
}
