//! The seam between the unified model and an ATS's wire, two-phased and without I/O:
//! request -> inquiry, answer -> response; and for what we owe the ATS: order and revision -> calls,
//! response -> verdict. The caller owns HTTP, storage and retries.

use super::descriptor::{Descriptor, Operation};
use super::links::Links;
use super::set_up::SetUp;
use super::wire::Schemas;
use crate::domain::category::Category;
use crate::domain::id::OrderId;
use crate::domain::order::NewOrder;
use crate::domain::package::{Offer, Parameter};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::result::{Outcome, ResultUpdate, Status};
use crate::domain::timestamp::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;
use zeroize::Zeroizing;

/// One ATS.
pub trait Provider: Send + Sync {
    /// What it says of itself.
    fn descriptor(&self) -> &'static Descriptor;

    /// Whose call this says it is.
    fn claim(&self, request: &Request<'_>) -> Result<Claim, Refusal> {
        self.descriptor().token_in.claim(request)
    }

    /// What the ATS asks, borrowing from the request.
    fn read<'a>(&self, operation: &Operation, request: &'a Request<'_>) -> Result<Inquiry<'a>, Refusal>;

    /// The answer (or refusal) in the ATS's words. `operation` is absent where none was recognised.
    fn answer(
        &self,
        operation: Option<&Operation>,
        outcome: Result<&Answer, &Refusal>,
        at: Timestamp,
    ) -> Response;

    /// The calls that we owe the ATS for a revision, or (where the descriptor says `told_of_placement`) for the
    /// placement; often one, sometimes none.
    fn publish(
        &self,
        order: &PublishedOrder<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<Call>, Unpublishable>;

    /// What the ATS's response to a call means.
    fn judge(&self, call: &Call, response: &CallResponse) -> Verdict;

    /// The JSON Schemas of its wire, by file name, for tests and documents.
    fn schemas(&self) -> Schemas;

    /// How the vendor registers with the ATS by API, where that is possible.
    fn set_up(&self) -> Option<&dyn SetUp> {
        None
    }
}

/// A call of the ATS's, as values.
pub struct Request<'a> {
    /// What stands for each `{name}` of the operation's path, decoded.
    pub path: Vec<(&'static str, Cow<'a, str>)>,
    /// The decoded query parameters.
    pub query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The headers that are text.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The first query parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_ref())
    }

    /// What stands in the path for `{name}`.
    pub fn segment(&self, name: &str) -> Option<&str> {
        self.path
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.as_ref())
    }
}

/// How a call identifies its account.
pub enum Claim {
    /// By the trigger token that the customer gave the ATS: one of these, where the ATS may put it in several
    /// places.
    Tokens(Vec<Zeroizing<String>>),
}

/// What an ATS asks.
#[derive(Debug)]
pub enum Inquiry<'a> {
    /// Which packages can be ordered?
    ListPackages,
    /// What may the recruiter fill in when ordering?
    ListParameters,
    /// Send this candidate this package.
    PlaceOrder(Box<NewOrder<'a>>),
    /// How does that order stand?
    ReadStatus(OrderRef),
    /// Stop: the user called that order off.
    CancelOrder(OrderRef),
    /// Where can the recruiter see that order's result?
    ReadResultLink(OrderRef),
    /// One of your answers was wrong.
    ReportError(ErrorReport<'a>),
}

/// Which order an ATS means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// By our id of it, as the ATS repeats it: the outside form or the UUID.
    Ours(String),
    /// By the ATS's own id of it, which was the order's repeat key.
    Theirs(String),
}

/// What an ATS found wrong with an answer of ours.
#[derive(Debug)]
pub struct ErrorReport<'a> {
    /// Which of our endpoints it was.
    pub operation: String,
    /// What was wrong, in the ATS's words.
    pub errors: Vec<String>,
    /// Our id of the order, where it is about one.
    pub order: Option<String>,
    /// The payload exactly as received.
    pub origin: &'a RawValue,
}

/// What we answer.
#[derive(Debug)]
pub enum Answer {
    /// The packages that can be ordered.
    Offers(Vec<Offer>),
    /// What the recruiter may fill in; each id once.
    Parameters(Vec<Parameter>),
    /// The order stands.
    Placed {
        /// Our id of it.
        order: OrderId,
        /// Whether it stood before.
        repeated: bool,
        /// How it stands, where the vendor has reported already.
        first: Option<Box<OrderStatus>>,
    },
    /// How the order stands.
    Status(Box<OrderStatus>),
    /// The order is off.
    Cancelled {
        /// Our id of it.
        order: OrderId,
        /// How it stands now.
        status: Box<OrderStatus>,
    },
    /// Where the recruiter can see the result.
    ResultLink {
        /// The URL.
        url: String,
        /// How long the ATS may keep it before it asks again.
        ttl: Duration,
    },
    /// We have stored it.
    Noted,
}

/// How an order stands: the newest revision.
#[derive(Clone, Debug)]
pub struct OrderStatus {
    /// The status.
    pub status: Status,
    /// The outcome.
    pub outcome: Outcome,
    /// The newest report of the vendor's; none before the first.
    pub result: Option<ResultUpdate>,
    /// When that was; later than the placement, and strictly increasing within an order.
    pub at: Timestamp,
}

/// Why we do not do what was asked. Most come from outside the translator, which only words them.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// No credential, or none that we know.
    Unauthenticated,
    /// No such endpoint, order, or account.
    Unknown(&'static str),
    /// The method does not fit the endpoint; this one does.
    WrongMethod(&'static str),
    /// Anything else, for which the catalogue has a code.
    Problem(Problem),
}

impl Refusal {
    /// The same as a problem of the catalogue.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Unauthenticated => Problem::new(
                ErrorCode::Unauthorized,
                "No trigger token that we know was sent. Enter the secretKey that the vendor gave the customer.",
            ),
            Self::Unknown(what) => Problem::not_found(what),
            Self::WrongMethod(method) => Problem::new(
                ErrorCode::MethodNotAllowed,
                format!("Use {method} for this path."),
            ),
            Self::Problem(problem) => problem.clone(),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// A response to the ATS.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers beyond the content type, which is JSON.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with `body` as its JSON.
    pub fn json(status: u16, body: &impl serde::Serialize) -> Self {
        // Our answers are plain structures with text keys, which always serialise.
        Self {
            status,
            headers: Vec::new(),
            body: serde_json::to_vec(body).unwrap_or_default(),
        }
    }

    /// The same with one more key at the top of its JSON object.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Ok(Value::Object(mut body)) = serde_json::from_slice(&self.body) {
            body.insert(key.to_owned(), value.into());
            self.body = Value::Object(body).to_string().into_bytes();
        }
        self
    }

    /// The refusal in the catalogue's own shape, for an ATS that looks at the status alone.
    pub fn refuse(refusal: &Refusal, at: Timestamp) -> Self {
        let problem = refusal.problem();
        let mut response = Self::json(problem.code.status(), &problem.body(at));
        if let Refusal::WrongMethod(method) = refusal {
            response.headers.push(("allow", (*method).to_owned()));
        }
        if let Some(seconds) = problem.retry_after() {
            response.headers.push(("retry-after", seconds.to_string()));
        }
        response
    }
}

/// An order, and what is to be published of it.
pub struct PublishedOrder<'a> {
    /// Our id.
    pub id: &'a OrderId,
    /// What it is.
    pub category: Category,
    /// What `read` stored when the order was placed; absent for an order placed through our API.
    pub state: Option<&'a [u8]>,
    /// The revision; none: that it was placed.
    pub revision: Option<&'a OrderStatus>,
    /// Our endpoints, for ATSs that want to be given a URL.
    pub links: &'a Links,
}

/// What authorises us at the ATS.
#[derive(Default)]
pub struct Credentials {
    /// The integration's partner user name and password.
    pub partner: Option<(String, Zeroizing<String>)>,
    /// The account's trigger token.
    pub trigger_token: Zeroizing<String>,
    /// The descriptor's credential fields that are set, or have a default.
    pub fields: BTreeMap<String, Zeroizing<String>>,
}

impl Credentials {
    /// The credential field of that name, where it has a value.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.as_str())
    }

    /// The same, for one without which no call can be made.
    pub fn need(&self, name: &'static str) -> Result<&str, Unpublishable> {
        self.field(name).ok_or(Unpublishable::Missing(name))
    }
}

/// A call that we owe an ATS.
#[derive(Debug)]
pub struct Call {
    /// PATCH, POST, ...
    pub method: &'static str,
    /// Absolute.
    pub url: String,
    /// Headers, credentials among them. A name may be a configured one.
    pub headers: Vec<(Cow<'static, str>, Zeroizing<String>)>,
    /// JSON, where there is a body.
    pub body: Option<Vec<u8>>,
}

/// What came back.
pub struct CallResponse {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, where it was sent in seconds.
    pub retry_after: Option<Duration>,
    /// At most the first 16 KiB of the body.
    pub body: Vec<u8>,
    /// Whether that is the whole body.
    pub complete: bool,
}

impl CallResponse {
    /// Whether the ATS answered without a body.
    pub fn is_silent(&self) -> bool {
        self.complete && self.body.iter().all(u8::is_ascii_whitespace)
    }
}

/// What a response means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The ATS has it.
    Done,
    /// Not now; try again, not before this has passed.
    Retry(Option<Duration>),
    /// Never: for this reason.
    Rejected(String),
}

/// Why no call could be made.
#[derive(Debug, thiserror::Error)]
pub enum Unpublishable {
    /// A defect of what was stored, never of what the vendor sent.
    #[error("the stored state of the order does not read as this provider's: {0}")]
    State(&'static str),
    /// A credential field has no value yet.
    #[error(
        "the credential {0} is missing: set it in the integration or the account (GET /connectors/meta says whose it is)"
    )]
    Missing(&'static str),
}
