//! How a simulated ATS calls its partner: with one deadline, and every call in the journal.

use super::journal::{Direction, Exchanged, Journal, legible};
use super::refusal::Refusal;
use actix_web::web::Data;
use reqwest::{Method, Url, redirect};
use serde_json::value::RawValue;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// Calls the partner.
pub struct Caller {
    http: reqwest::Client,
    journal: Data<Journal>,
}

/// A call to make.
pub struct Call<'a> {
    /// GET, POST, ...
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Who calls.
    pub auth: Auth<'a>,
    /// The JSON body, where there is one.
    pub body: Option<&'a RawValue>,
}

/// How the ATS says who calls.
#[derive(Clone, Copy)]
pub enum Auth<'a> {
    /// HTTP Basic with the token as user name and an empty password.
    Basic(&'a str),
    /// The token as it is.
    Bearer(&'a str),
}

/// What came back.
pub struct Answered {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answered {
    /// Whether the status is any 2xx.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Caller {
    /// A caller that writes into `journal`.
    pub fn new(journal: Data<Journal>) -> Result<Self, reqwest::Error> {
        // Fails only where a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .timeout(DEADLINE)
        };
        // A system without CA certificates still speaks http, which is all that a partner on loopback needs.
        let http = builder()
            .build()
            .or_else(|_| builder().tls_certs_only([]).build())?;
        Ok(Self { http, journal })
    }

    /// Makes a call. A refusal says why no answer came; a status is an answer, whichever it is.
    pub async fn call(&self, call: Call<'_>) -> Result<Answered, Refusal> {
        let query = call.url.query().map(|query| format!("?{query}"));
        let url = format!("{}{}", call.url.path(), query.unwrap_or_default());
        let method = call.method.as_str().to_owned();
        let request = self.http.request(call.method, call.url);
        let mut request = match call.auth {
            Auth::Basic(token) => request.basic_auth(token, Some("")),
            Auth::Bearer(token) => request.bearer_auth(token),
        };
        if let Some(body) = call.body {
            request = request
                .header("content-type", "application/json")
                .body(body.get().to_owned());
        }
        let answered = answer(request).await;
        let (status, response, error) = match &answered {
            Ok(answer) => (Some(answer.status), legible(&answer.body), None),
            Err(error) => (None, RawValue::NULL.to_owned(), Some(error.clone())),
        };
        self.journal.record(Exchanged {
            direction: Direction::ToPartner,
            method,
            url,
            status,
            request: call.body.unwrap_or(RawValue::NULL).to_owned(),
            response,
            error,
        });
        answered.map_err(Refusal::unusable)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answered, String> {
    let response = request.send().await.map_err(describe)?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(describe)?.to_vec();
    Ok(Answered { status, body })
}

/// The innermost cause says most: "connection refused".
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("the partner could not be called: {cause}")
}
