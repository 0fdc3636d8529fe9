//! What goes wrong on purpose: the callback can be made to answer something else.

use super::site::Site;
use crate::sandbox::ats::refusal;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use serde::Deserialize;

/// What a test asks to go wrong.
#[derive(Deserialize)]
pub struct Order {
    callback_status: Option<u16>,
    callback_times: Option<u32>,
}

/// What goes wrong now.
#[derive(Default)]
pub struct Faults {
    callback: Option<StatusCode>,
    /// How often still; `None` until it is put right.
    times: Option<u32>,
}

/// `PUT /control/faults`. Replaces what went wrong before; without `callback_status` all is well again, and
/// without `callback_times` it lasts until then.
pub async fn set(site: Data<Site>, order: Json<Order>) -> HttpResponse {
    let callback = order.callback_status.map(StatusCode::from_u16).transpose();
    let Ok(callback) = callback else {
        return refusal(StatusCode::BAD_REQUEST, "callback_status must be an HTTP status");
    };
    site.memory().faults = Faults {
        callback,
        times: order.callback_times,
    };
    HttpResponse::NoContent().finish()
}

impl Faults {
    /// What the callback answers this time instead of 200, counted.
    pub fn take_callback(&mut self) -> Option<StatusCode> {
        match &mut self.times {
            Some(0) => None,
            Some(times) => {
                *times -= 1;
                self.callback
            }
            None => self.callback,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_it_was_asked_for() {
        let mut faults = Faults {
            callback: Some(StatusCode::SERVICE_UNAVAILABLE),
            times: Some(2),
        };
        let taken = [(); 3].map(|()| faults.take_callback().map(|status| status.as_u16()));
        assert_eq!(taken, [Some(503), Some(503), None]);
        faults.times = None;
        let taken = [(); 3].map(|()| faults.take_callback().is_some());
        assert_eq!(taken, [true; 3]);
        assert_eq!(Faults::default().take_callback(), None);
    }
}
