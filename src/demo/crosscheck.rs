//! The vendor's calls to Crosscheck's REST API; each is shown.

use super::Demo;
use super::print::{Message, Printer};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// Crosscheck's API with the vendor's key.
pub struct Api<'a> {
    http: reqwest::Client,
    base: &'a str,
    key: &'a str,
    printer: &'a Printer,
}

impl<'a> Api<'a> {
    /// The API of the Crosscheck that `demo` names.
    pub fn new(demo: &'a Demo, printer: &'a Printer) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: client()?,
            base: demo.crosscheck_url.trim_end_matches('/'),
            key: &demo.api_key,
            printer,
        })
    }

    /// Calls, shows both messages, and returns the answer where its status is the one that is claimed.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        claimed: u16,
    ) -> Result<Value, String> {
        let answer = self.send(&method, path, body).await?;
        self.show(&method, path, body, &answer);
        answer.read(&method, path, claimed)
    }

    /// The same for a question whose answer would only repeat what was shown.
    pub async fn call_in_brief(&self, method: Method, path: &str, claimed: u16) -> Result<Value, String> {
        let answer = self.send(&method, path, None).await?;
        let brief = Answer {
            body: String::new(),
            ..answer
        };
        self.show(&method, path, None, &brief);
        answer.read(&method, path, claimed)
    }

    /// The same call for somebody at a shell. `more` follows the URL.
    pub fn as_command(&self, path: &str, more: &str) -> String {
        format!("curl -su '{}:' {}{path}{more}", self.key, self.base)
    }

    async fn send(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, String> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base))
            .basic_auth(self.key, Some(""));
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::to(request).await
    }

    fn show(&self, method: &Method, path: &str, body: Option<&Value>, answer: &Answer) {
        self.printer.message(&Message {
            from: "vendor",
            to: "Crosscheck",
            method: method.as_str(),
            path,
            headers: &[],
            request: &body.map(Value::to_string).unwrap_or_default(),
            status: Some(answer.status),
            response: &answer.body,
        });
    }
}

/// What came back.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: String,
}

impl Answer {
    /// Sends a request and waits for its answer.
    pub async fn to(request: reqwest::RequestBuilder) -> Result<Self, String> {
        let response = request.send().await.map_err(describe)?;
        Ok(Self {
            status: response.status().as_u16(),
            body: response.text().await.map_err(describe)?,
        })
    }

    fn read(&self, method: &Method, path: &str, claimed: u16) -> Result<Value, String> {
        if self.status != claimed {
            let status = self.status;
            return Err(format!("{method} {path} answered {status} instead of {claimed}"));
        }
        serde_json::from_str(&self.body)
            .map_err(|_| format!("{method} {path} answered something that is no JSON"))
    }
}

/// A client for loopback over plain http: no proxy, no certificates, one deadline.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Fails only where a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(DEADLINE)
        .build()
}

/// The error with its innermost cause, which says most: "connection refused".
fn describe(error: reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("{error}: {cause}")
}
