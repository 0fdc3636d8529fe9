//! The one HTTP client with which we call anybody: guarded addresses, no redirects, no proxy from the
//! environment, one deadline over everything, and a bounded look at what comes back.

use super::address_guard::{AddressGuard, GuardedResolver, SystemLookup, Target};
use super::forbidden::Forbidden;
use crate::providers::descriptor::CallbackHost;
use jiff::fmt::rfc2822;
use reqwest::Method;
use reqwest::dns::Resolve;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use std::sync::Arc;
use std::time::Duration;

/// How long one call may take: connect, headers and body together.
pub const DEADLINE: Duration = Duration::from_secs(15);

/// How much of a response is read.
pub const READ_BACK: usize = 16 * 1024;

const USER_AGENT: &str = concat!("Crosscheck/", env!("CARGO_PKG_VERSION"));

/// Calls others.
#[derive(Clone)]
pub struct Client {
    guard: AddressGuard,
    /// Two, since a resolver is told a name and not what it is wanted for: the same name may lead to a public
    /// address for https on port 443, and may not for http.
    anywhere_public: reqwest::Client,
    allowed_only: reqwest::Client,
}

/// A call to make.
pub struct Outgoing<'a> {
    /// GET, POST, ...
    pub method: &'a str,
    /// Absolute.
    pub url: &'a str,
    /// The ATS's own hosts, where an ATS is called and they are known: calls may be pinned to them.
    pub hosts: &'static [CallbackHost],
    /// Headers; credentials among them are not logged.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body, JSON where there is one.
    pub body: Option<Vec<u8>>,
    /// How long it may take in all.
    pub deadline: Duration,
    /// How much of the response to read.
    pub read_back: usize,
}

/// Scheme and host of a URL: what may be told of it. The rest may hold a token.
pub fn origin(url: &str) -> Option<String> {
    let origin = url::Url::parse(url).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// What came back.
pub struct Incoming {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, where it was sent.
    pub retry_after: Option<Duration>,
    /// As much of the body as was asked for.
    pub body: Vec<u8>,
    /// Whether that was the whole body.
    pub complete: bool,
}

/// Why nothing came back. Safe to show: holds no URL and no credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The URL or its address is one that we may not call.
    #[error("not called: {0}")]
    Forbidden(#[from] Forbidden),
    /// Nothing in time.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// The connection failed.
    #[error("{0}")]
    Failed(String),
}

impl Client {
    /// A client behind `guard`.
    pub fn new(guard: AddressGuard) -> Result<Self, reqwest::Error> {
        Self::asking(guard, Arc::new(SystemLookup))
    }

    /// The same, with `lookup` to ask for the addresses of names.
    fn asking(guard: AddressGuard, lookup: Arc<dyn Resolve>) -> Result<Self, reqwest::Error> {
        // Fails only where a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = |needs_allowed: bool| {
            reqwest::Client::builder()
                .user_agent(USER_AGENT)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .dns_resolver(GuardedResolver {
                    guard: guard.clone(),
                    needs_allowed,
                    lookup: Arc::clone(&lookup),
                })
                .pool_idle_timeout(Duration::from_secs(30))
                .pool_max_idle_per_host(64)
        };
        let build = |needs_allowed: bool| {
            builder(needs_allowed).build().or_else(|_| {
                tracing::warn!(
                    "this system has no CA certificates (Debian: ca-certificates): https calls will fail"
                );
                builder(needs_allowed).tls_certs_only([]).build()
            })
        };
        Ok(Self {
            anywhere_public: build(false)?,
            allowed_only: build(true)?,
            guard,
        })
    }

    /// The guard, to check a URL when it is written.
    pub fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    /// Makes a call. A status is an answer, whichever it is.
    pub async fn call(&self, outgoing: Outgoing<'_>) -> Result<Incoming, CallError> {
        let Target { url, needs_allowed } = self.guard.check(outgoing.url, outgoing.hosts)?;
        let client = match needs_allowed {
            None => &self.anywhere_public,
            Some(_) => &self.allowed_only,
        };
        let method = Method::from_bytes(outgoing.method.as_bytes()).unwrap_or(Method::POST);
        let mut headers = HeaderMap::new();
        for (name, value) in &outgoing.headers {
            let pair = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            );
            let (Ok(name), Ok(mut value)) = pair else {
                return Err(CallError::Failed(format!(
                    "the header {name} cannot be sent as it is"
                )));
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let mut request = client.request(method, url).headers(headers);
        if let Some(body) = outgoing.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let ends = tokio::time::Instant::now() + outgoing.deadline;
        let seconds = outgoing.deadline.as_secs();
        let answer = tokio::time::timeout_at(ends, request.send()).await;
        let response = answer
            .map_err(|_| CallError::TimedOut(seconds))?
            .map_err(|error| match describe(error) {
                // The resolver knows that the name leads elsewhere, and not which rule makes that matter.
                CallError::Forbidden(forbidden) => CallError::Forbidden(needs_allowed.unwrap_or(forbidden)),
                other => other,
            })?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        let read = tokio::time::timeout_at(ends, read_some(response, outgoing.read_back, &mut body)).await;
        Ok(Incoming {
            status,
            retry_after,
            body,
            complete: read.unwrap_or(false),
        })
    }
}

/// How long the answer asks us to wait: in seconds, or until a date, counted from the answer's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let hint = text(RETRY_AFTER)?;
    if let Ok(seconds) = hint.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let wait = date(hint)?.duration_since(date(text(DATE)?)?);
    Duration::try_from(wait).ok()
}

/// Reads up to `limit` bytes; true where that was all.
async fn read_some(mut response: reqwest::Response, limit: usize, body: &mut Vec<u8>) -> bool {
    loop {
        match response.chunk().await {
            Ok(None) => return true,
            Ok(Some(chunk)) => {
                let room = limit.saturating_sub(body.len());
                body.extend(chunk.iter().take(room));
                if chunk.len() > room {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
}

/// The innermost cause, which says most: "connection refused", "certificate expired".
fn describe(error: reqwest::Error) -> CallError {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        if let Some(forbidden) = deeper.downcast_ref::<Forbidden>() {
            return CallError::Forbidden(*forbidden);
        }
        cause = deeper;
    }
    CallError::Failed(format!("the call failed: {cause}"))
}

#[cfg(test)]
mod tests;
