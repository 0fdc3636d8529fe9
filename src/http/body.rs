//! Bodies: bounded in size and time, then read against the schema that the API document gives.

use super::admission::{Admission, Room};
use super::auth::{Caller, authenticate};
use super::problem::Failure;
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::exchange::Write;
use crate::json::{self, Document, Schema};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use utoipa::ToSchema;

/// The largest body that is taken.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long a body may take to arrive, and how long one that is too large is read on, so that its sender
/// gets to read the answer.
const PATIENCE: Duration = Duration::from_secs(20);

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const LONGEST_KEY: usize = 255;

/// A body, and the room that it takes.
pub struct Body {
    pub bytes: Vec<u8>,
    room: Room,
}

/// Reads a whole body.
pub async fn read(request: &HttpRequest, payload: &mut Payload) -> Result<Body, Problem> {
    let admission = request.app_data::<web::Data<Admission>>();
    let room = admission.ok_or_else(|| Problem::of(ErrorCode::Internal))?.room();
    match tokio::time::timeout(PATIENCE, collect(payload, room)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::of(ErrorCode::RequestTimeout)),
    }
}

async fn collect(payload: &mut Payload, room: Room) -> Result<Body, Problem> {
    let mut body = Body {
        bytes: Vec::new(),
        room,
    };
    let (mut too_large, mut too_much) = (false, false);
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else {
            return Err(Problem::new(
                ErrorCode::MalformedJson,
                "The body broke off. Send it again.",
            ));
        };
        let length = body.bytes.len() + chunk.len();
        too_large |= length > MAX_BODY;
        too_much |= !too_large && !body.room.grow_to(length);
        if !too_large && !too_much {
            body.bytes.extend_from_slice(&chunk);
        }
    }
    match (too_large, too_much) {
        (true, _) => Err(Problem::of(ErrorCode::PayloadTooLarge)),
        (_, true) => Err(Problem::of(ErrorCode::Overloaded)),
        _ => Ok(body),
    }
}

/// A body that a vendor sent, read; with the caller, whose key is checked before the body is looked at.
pub struct Submitted<T> {
    pub caller: Caller,
    pub write: Write,
    pub value: T,
    /// The body as it came, with the room that it takes until it is dealt with.
    pub body: Body,
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Submitted<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            // The body is read to its end whatever becomes of it: a refusal that cuts it off is not read.
            let caller = authenticate(&request).await;
            let body = read(&request, &mut payload).await;
            let (caller, body) = (caller?, body?);
            let write = write(&request, &caller, &body.bytes)?;
            let schemas = request.app_data::<web::Data<BodySchemas>>();
            let schema = schemas.and_then(|schemas| schemas.0.get(T::name().as_ref()));
            let schema = schema.ok_or_else(|| Problem::of(ErrorCode::Internal))?;
            Ok(Self {
                caller,
                write,
                value: json::read(&body.bytes, schema)?,
                body,
            })
        })
    }
}

/// A write for which a vendor sends no body.
pub struct WithoutBody {
    pub caller: Caller,
    pub write: Write,
}

impl FromRequest for WithoutBody {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = authenticate(&request).await?;
            let write = write(&request, &caller, &[])?;
            Ok(Self { caller, write })
        })
    }
}

/// The write that a request asks for, with the key by which a repetition of it is known.
fn write(request: &HttpRequest, caller: &Caller, body: &[u8]) -> Result<Write, Problem> {
    let key = request.headers().get(IDEMPOTENCY_KEY).map(|value| {
        let key = value.to_str().unwrap_or_default();
        let is_key =
            (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_key.then_some(key).ok_or_else(|| {
            let message = format!("an idempotency key has 1 to {LONGEST_KEY} visible ASCII characters");
            let violation = Violation::new(format!("header:{IDEMPOTENCY_KEY}"), "invalid", message);
            Problem::with(ErrorCode::InvalidParameter, vec![violation])
        })
    });
    let asked = || {
        let digest = Sha256::digest(body);
        let target = request.uri().path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        format!(
            "{} {target} {} {}",
            request.method(),
            caller.account_header(),
            BASE64.encode(digest)
        )
    };
    let exchange = super::auth::exchange(request)?;
    let key = key
        .transpose()?
        .map(|key| exchange.idempotency_key(key, &asked()));
    Ok(Write {
        project: caller.project.clone(),
        key,
    })
}

/// The compiled schema of every component of the API document, by name.
pub struct BodySchemas(HashMap<String, Schema>);

impl BodySchemas {
    /// Compiles the components of `document`.
    pub fn compile(document: &serde_json::Value) -> Result<Self, String> {
        let components = document
            .pointer("/components/schemas")
            .and_then(|one| one.as_object());
        let document = Document::of(document)?;
        let compiled = components.into_iter().flatten().map(|(name, _)| {
            document
                .compile(&format!("/components/schemas/{name}"))
                .map(|schema| (name.clone(), schema))
                .map_err(|error| format!("{name}: {error}"))
        });
        compiled.collect::<Result<_, _>>().map(Self)
    }
}
