//! How many requests an API key may make: so many in a window, which begins with the first request after the one
//! before ended. Each process counts for itself.

use crate::config::Rate;
use crate::domain::id::ApiKeyId;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// So many windows are kept before those that ended are forgotten.
const KEPT: usize = 1024;

/// The windows of all keys.
pub struct RateLimit {
    rate: Rate,
    windows: Mutex<HashMap<ApiKeyId, Window>>,
}

/// What a key has used of its requests.
struct Window {
    began: Timestamp,
    used: u32,
}

impl Window {
    /// How many milliseconds it still lasts; none where it has ended. It may have begun a moment later than `now`, for
    /// a request that was read beside this one; a clock that was set far back ends it.
    fn rest(&self, rate: Rate, now: Timestamp) -> Option<i64> {
        let gone = now.0.saturating_sub(self.began.0);
        let lasts = (-rate.window_ms..rate.window_ms).contains(&gone);
        lasts.then(|| rate.window_ms - gone)
    }
}

/// How a key stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    limit: u32,
    remaining: u32,
    /// In so many seconds the window has ended.
    reset: i64,
    /// Whether the request was one too many.
    is_over: bool,
}

impl RateLimit {
    /// No key has made a request yet.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            windows: Mutex::default(),
        }
    }

    fn count(&self, key: &ApiKeyId, now: Timestamp) -> Standing {
        let Rate { requests, window_ms } = self.rate;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEPT && !windows.contains_key(key) {
            windows.retain(|_, window| window.rest(self.rate, now).is_some());
        }
        let window = windows
            .entry(key.clone())
            .or_insert(Window { began: now, used: 0 });
        let rest = window.rest(self.rate, now).unwrap_or_else(|| {
            *window = Window { began: now, used: 0 };
            window_ms
        });
        let is_over = window.used >= requests;
        window.used = window.used.saturating_add(1).min(requests);
        Standing {
            limit: requests,
            remaining: requests - window.used,
            reset: (rest + 999) / 1000,
            is_over,
        }
    }
}

/// Counts a request of `key`'s; refuses it where it is one too many.
pub fn count(request: &HttpRequest, key: &ApiKeyId, now: Timestamp) -> Result<(), Problem> {
    let Some(limit) = request.app_data::<web::Data<RateLimit>>() else {
        return Ok(());
    };
    let standing = limit.count(key, now);
    request.extensions_mut().insert(standing);
    match standing.is_over {
        true => Err(Problem::of(ErrorCode::RateLimited)),
        false => Ok(()),
    }
}

/// Middleware: says in each answer to a request that was counted how its key stands.
pub async fn tell(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let standing = response.request().extensions().get::<Standing>().copied();
    let Some(standing) = standing else {
        return Ok(response);
    };
    let is_refused = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    headers.insert(LIMIT, standing.limit.into());
    headers.insert(REMAINING, standing.remaining.into());
    headers.insert(RESET, HeaderValue::from(standing.reset));
    if is_refused {
        headers.insert(RETRY_AFTER, HeaderValue::from(standing.reset));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(number: u128) -> ApiKeyId {
        ApiKeyId::new(Uuid::from_u128(number))
    }

    fn of(requests: u32) -> RateLimit {
        RateLimit::new(Rate {
            requests,
            window_ms: 60_000,
        })
    }

    fn standing(remaining: u32, reset: i64, is_over: bool) -> Standing {
        Standing {
            limit: 2,
            remaining,
            reset,
            is_over,
        }
    }

    #[test]
    fn a_window_has_as_many_requests_as_the_rate_says_and_the_next_begins_when_it_has_ended() {
        let (limit, key) = (of(2), key(1));
        let at = |ms: i64| limit.count(&key, Timestamp(1_000_000 + ms));
        assert_eq!(at(0), standing(1, 60, false));
        assert_eq!(at(1), standing(0, 60, false));
        assert_eq!(at(59_000), standing(0, 1, true));
        assert_eq!(
            at(59_999),
            standing(0, 1, true),
            "who waits a second is not refused"
        );
        assert_eq!(at(60_000), standing(1, 60, false));
        assert_eq!(at(59_999), standing(0, 61, false), "read beside the one before");
        assert_eq!(at(-1), standing(1, 60, false), "the clock was set back");
    }

    #[test]
    fn keys_are_counted_apart_and_forgotten_once_their_window_has_ended() {
        let limit = of(2);
        for number in 0..2000 {
            let now = Timestamp(i64::try_from(number).unwrap() * 100);
            assert_eq!(limit.count(&key(number), now), standing(1, 60, false));
        }
        assert!(limit.windows.lock().unwrap().len() <= KEPT);
    }
}
