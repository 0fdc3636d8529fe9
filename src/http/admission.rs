//! How much is taken in at once. Past it a caller is told to come back, before memory grows: a request that waits in
//! a bounded queue costs what its body costs, so bodies are bounded too.

use super::problem::Failure;
use crate::domain::problem::{ErrorCode, Problem};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many requests are answered at once.
const REQUESTS: usize = 1024;
/// How many bytes their larger bodies have together.
const BYTES: usize = 64 * 1024 * 1024;
/// A body of so many bytes is not counted; more than `REQUESTS` of them there never are.
const SMALL: usize = 16 * 1024;

/// What is left to take in.
#[derive(Clone)]
pub struct Admission {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Admission {
    /// Nothing has been taken in yet.
    pub fn new() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(REQUESTS)),
            bytes: Arc::new(Semaphore::new(BYTES)),
        }
    }

    /// Room for a body that is about to be read.
    pub fn room(&self) -> Room {
        Room {
            bytes: Arc::clone(&self.bytes),
            taken: None,
        }
    }
}

/// The room that a body takes, until this is dropped.
pub struct Room {
    bytes: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Makes it large enough for so many bytes. False where there is no more room.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let taken = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if bytes <= SMALL || bytes <= taken {
            return true;
        }
        let more = u32::try_from(bytes - taken).unwrap_or(u32::MAX);
        match (
            Arc::clone(&self.bytes).try_acquire_many_owned(more),
            &mut self.taken,
        ) {
            (Ok(more), Some(taken)) => taken.merge(more),
            (Ok(more), none) => *none = Some(more),
            (Err(_), _) => return false,
        }
        true
    }
}

/// Middleware: no more requests at once than there is room for. Whether the process lives can always be asked.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let admission = request.app_data::<web::Data<Admission>>().cloned();
    let place = admission.map(|admission| Arc::clone(&admission.requests).try_acquire_owned());
    if matches!(place, Some(Err(_))) && request.path() != "/health/live" {
        let refused = Failure(Problem::of(ErrorCode::Overloaded)).error_response();
        return Ok(request.into_response(refused).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}
