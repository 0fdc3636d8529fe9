//! What can go wrong, as a caller is told it: one closed catalogue of codes, and the body that carries one.
//!
//! To add a code: one entry in the table below. Its status, its text in the API document and its wire name
//! follow from there.

use super::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! catalogue {
    ($($code:ident = $status:literal, $name:tt, $meaning:literal;)*) => {
        /// Why a request was refused. Closed: every `errorCode` that we send is one of these.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        pub enum ErrorCode {
            $(#[doc = $meaning] #[serde(rename = $name)] $code,)*
        }

        impl ErrorCode {
            /// The whole catalogue.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The HTTP status that goes with the code.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }

            /// The wire name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// What it means and what to do about it.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning,)* }
            }
        }
    };
}

catalogue! {
    MalformedJson = 400, "malformed_json", "The body is not JSON that we can read: broken syntax, not UTF-8, a NUL character, or nested too deep. Send well-formed JSON.";
    InvalidBody = 400, "invalid_body", "A field of the body is missing or of the wrong type. Each entry of errors[] names one by its JSON pointer.";
    InvalidParameter = 400, "invalid_parameter", "A query parameter or header has a value that it cannot have. errors[] names it.";
    Unauthorized = 401, "unauthorized", "No valid key was sent. Use HTTP Basic with the key as user name, or (vendor API) a Bearer token.";
    InsufficientScope = 403, "insufficient_scope", "The key is valid and may not do that: its scope is too narrow. The message names the scope that is needed.";
    NotFound = 404, "not_found", "There is no such thing for this key: the id or path is unknown, or belongs to another project or account.";
    MethodNotAllowed = 405, "method_not_allowed", "This path exists, with another method. The message names it.";
    RequestTimeout = 408, "request_timeout", "The body did not arrive in time. Send it again.";
    ResultAlreadyFinal = 409, "result_already_final", "The order has a final result already and this one differs. The first one stands.";
    OrderOpen = 409, "order_open", "This candidate is being assessed with this package already. Wait for the result, or cancel that order first.";
    OrderFinished = 409, "order_finished", "The order has its final result already, so it can no longer be cancelled.";
    OrderCancelled = 409, "order_cancelled", "The order was cancelled in the ATS. Nothing more can be reported of it.";
    NoResultLink = 409, "no_result_link", "The order has no result with a URL yet. Ask again once it is complete.";
    InFlight = 409, "in_flight", "It is being sent right now. Look again in a few seconds.";
    Superseded = 409, "superseded", "A newer revision of this result exists; only the newest may be pushed.";
    PackageExists = 409, "package_exists", "A package of this id is in the list already. Change it with PATCH, or choose another id.";
    IntegrationInUse = 409, "integration_in_use", "Accounts are linked through this integration, so it cannot be deleted.";
    LastAdminKey = 409, "last_admin_key", "It is the last key of the project that is valid and has the scope admin. Make another one first, or rotate it.";
    KeyEnded = 409, "key_ended", "The key was revoked or has expired, so it cannot be rotated. Make a new one with POST /keys.";
    IntegrationDisabled = 412, "integration_disabled", "The integration through which this account is linked is disabled. Enable it with PATCH /integrations/{id}.";
    PayloadTooLarge = 413, "payload_too_large", "The body is larger than 1 MiB.";
    InvalidValue = 422, "invalid_value", "The body was understood, but a value breaks a rule. errors[] names the field and the rule.";
    IdempotencyKeyReused = 422, "idempotency_key_reused", "The Idempotency-Key came with another request in the last 24 hours. Repeat that request exactly, or use a new key.";
    ResultIncomplete = 422, "result_incomplete", "The ATS needs a field that is missing or that it cannot show as sent. errors[] names it; GET /connectors/meta/{provider} describes all.";
    TargetNotAllowed = 422, "target_not_allowed", "The URL is not one that we may call: https on port 443 to a public address, unless CROSSCHECK_ALLOWED_TARGETS names its network.";
    IntegrationAmbiguous = 422, "integration_ambiguous", "Several integrations fit. Send integration_id.";
    RateLimited = 429, "rate_limited", "More requests came with this key than RateLimit-Limit allows. Try again after Retry-After seconds.";
    NotCapable = 501, "not_capable", "This provider does not have that capability.";
    AtsFailed = 502, "ats_failed", "The ATS refused our call or could not be reached. The message says which.";
    PackageListFailed = 502, "package_list_failed", "The vendor's package list could not be fetched, and there is no earlier list to serve.";
    Overloaded = 503, "overloaded", "More requests are waiting than can be served. Try again after Retry-After seconds.";
    StorageUnavailable = 503, "storage_unavailable", "The database did not take the request, or did not say so in time. Send it again after Retry-After seconds, a write with the same Idempotency-Key: it may have been stored.";
    Internal = 500, "internal", "A defect of ours. The server's log has the details; nothing was stored.";
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Violation {
    /// Where it is: a JSON pointer into the body (`/score/value`, empty for the whole body), or
    /// `?name` for a query parameter and `header:name` for a header.
    #[schema(example = "/result_url")]
    pub pointer: String,
    /// The rule that is broken.
    #[schema(example = "required")]
    pub code: String,
    /// The rule in words, with the next step. Never contains a value that was sent.
    #[schema(
        example = "result_url is required once the result is complete: send the https URL of the report"
    )]
    pub message: String,
}

impl Violation {
    /// A violation at `pointer` of the rule `code`.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

/// The JSON pointer of `key` in the object at `parent` (RFC 6901).
pub fn pointer_to(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A refusal, before it is rendered for somebody.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Problem {
    /// What kind of problem.
    pub code: ErrorCode,
    /// For the caller, with the next step.
    pub message: String,
    /// The single things that are wrong.
    pub violations: Vec<Violation>,
}

impl Problem {
    /// A problem with its own message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            violations: Vec::new(),
        }
    }

    /// A problem that the catalogue's text says fully.
    pub fn of(code: ErrorCode) -> Self {
        Self::new(code, code.meaning())
    }

    /// A problem with `violations`, of which the first becomes the message.
    pub fn with(code: ErrorCode, violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [] => code.meaning().to_owned(),
            [only] => only.message.clone(),
            [first, rest @ ..] => format!("{} (and {} more, see errors[])", first.message, rest.len()),
        };
        Self {
            code,
            message,
            violations,
        }
    }

    /// The thing named `what` does not exist for this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            format!("There is no such {what} for this key. Check the id."),
        )
    }

    /// The message, and beneath it everything that is wrong: for a terminal.
    pub fn in_full(&self) -> String {
        let told = self
            .violations
            .iter()
            .map(|one| format!("\n  {}: {}", one.pointer, one.message));
        self.message.clone() + &told.collect::<String>()
    }

    /// After how many seconds a second try makes sense.
    pub fn retry_after(&self) -> Option<u32> {
        matches!(self.code.status(), 408 | 503).then_some(1)
    }

    /// The body that tells it.
    pub fn body(&self, at: Timestamp) -> ProblemBody {
        ProblemBody {
            status_code: self.code.status(),
            message: self.message.clone(),
            timestamp: at.to_string(),
            error_code: self.code,
            errors: self.violations.clone(),
        }
    }
}

/// The body of every error: StackOne's three keys, then ours.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub struct ProblemBody {
    /// The HTTP status again.
    #[schema(example = 422)]
    pub status_code: u16,
    /// What went wrong and what to do next.
    pub message: String,
    /// When, ISO 8601.
    #[schema(format = DateTime, example = "2026-02-03T10:13:00.000Z")]
    pub timestamp: String,
    /// The kind of problem, from a closed catalogue.
    pub error_code: ErrorCode,
    /// The single things that are wrong; empty where the message says it all.
    pub errors: Vec<Violation>,
}
