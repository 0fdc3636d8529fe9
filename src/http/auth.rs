//! Who calls: a vendor by its API key, as HTTP Basic user name or as Bearer token.

use super::problem::Failure;
use super::rate_limit;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::scope::Scope;
use crate::exchange::Exchange;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use std::future::Future;
use std::pin::Pin;
use zeroize::Zeroizing;

/// A vendor whose key was checked: it is valid, has not called too often, and may do what the request asks for.
#[derive(Clone, Debug)]
pub struct Caller {
    pub project: ProjectId,
    /// What `x-account-id` says.
    account: Option<String>,
}

impl Caller {
    /// What `x-account-id` says; empty where it is not sent.
    pub fn account_header(&self) -> &str {
        self.account.as_deref().unwrap_or_default()
    }

    /// The account that is meant: the header has to name one, whose integration is enabled.
    pub async fn required_account(&self, exchange: &Exchange) -> Result<AccountId, Problem> {
        let header = self.account_header();
        if header.is_empty() {
            let message = "this operation is about one account: send its id as the header x-account-id \
                           (GET /accounts lists them)";
            let violation = Violation::new("header:x-account-id", "required", message);
            return Err(Problem::with(ErrorCode::InvalidParameter, vec![violation]));
        }
        let (account, is_enabled) = exchange.find_account(&self.project, header).await?;
        match is_enabled {
            true => Ok(account),
            false => Err(Problem::of(ErrorCode::IntegrationDisabled)),
        }
    }

    /// The account that is meant, where the header names one of this project's.
    pub async fn account(&self, exchange: &Exchange) -> Result<Option<AccountId>, Problem> {
        let Some(header) = &self.account else {
            return Ok(None);
        };
        let (account, _) = exchange.find_account(&self.project, header).await?;
        Ok(Some(account))
    }
}

/// Checks the key of a request.
pub async fn authenticate(request: &HttpRequest) -> Result<Caller, Problem> {
    let unauthorized = || Problem::of(ErrorCode::Unauthorized);
    let exchange = exchange(request)?;
    let key = presented_key(request).ok_or_else(unauthorized)?;
    let grant = exchange.authenticate(&key).await?;
    // For the request log: whose call it is, whatever comes of it.
    request.extensions_mut().insert(grant.project.clone());
    rate_limit::count(request, &grant.key, exchange.now())?;
    allow(grant.scope, needed(request))?;
    // A header that is no text names no account; taken for absent it would mean the whole project.
    let account = request.headers().get("x-account-id");
    Ok(Caller {
        project: grant.project,
        account: account.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
    })
}

/// What a key must allow for a request. A route that is added needs no word of its own for it.
fn needed(request: &HttpRequest) -> Scope {
    let is_about_keys = request
        .match_pattern()
        .is_some_and(|route| route.starts_with("/keys"));
    match *request.method() {
        _ if is_about_keys => Scope::Admin,
        Method::GET => Scope::Read,
        _ => Scope::Write,
    }
}

fn allow(granted: Scope, needed: Scope) -> Result<(), Problem> {
    if granted >= needed {
        return Ok(());
    }
    let message = format!(
        "This needs a key with the scope {needed}; the one that was sent has {granted}. Use another, or have one made \
         with an admin key: POST /keys."
    );
    Err(Problem::new(ErrorCode::InsufficientScope, message))
}

/// The exchange of the running server.
pub fn exchange(request: &HttpRequest) -> Result<web::Data<Exchange>, Problem> {
    request
        .app_data::<web::Data<Exchange>>()
        .cloned()
        .ok_or_else(|| Problem::of(ErrorCode::Internal))
}

/// The key that came with a request, as HTTP Basic user name or as Bearer token.
pub fn presented_key(request: &HttpRequest) -> Option<Zeroizing<String>> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = header.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Zeroizing::new(credentials.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(BASE64.decode(credentials).ok()?);
    let user = decoded.split(|byte| *byte == b':').next()?;
    std::str::from_utf8(user)
        .ok()
        .map(|key| Zeroizing::new(key.to_owned()))
}

impl FromRequest for Caller {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(authenticate(&request).await?) })
    }
}
