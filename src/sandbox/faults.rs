//! What goes wrong on purpose: the partner's calls can be made to get another answer than the ATS's.

use super::inbound::Reply;
use actix_web::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};

/// What is to go wrong. Empty: nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultForm {
    status: Option<u16>,
    times: Option<u32>,
    body: Option<Value>,
}

/// What goes wrong now.
#[derive(Default)]
pub struct Faults(Mutex<Option<Fault>>);

struct Fault {
    reply: Reply,
    /// How often still; `None` until it is put right.
    times: Option<u32>,
}

impl Faults {
    /// Replaces what went wrong before. An error says what is not a fault.
    pub fn set(&self, form: FaultForm) -> Result<(), String> {
        let reply = match (form.status, form.body) {
            (None, None) => None,
            (status, body) => Some(Reply::of(answerable(status.unwrap_or(200))?, body)),
        };
        let times = form.times;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = reply.map(|reply| Fault { reply, times });
        Ok(())
    }

    /// What the partner gets this time instead of the ATS's answer, counted.
    pub fn take(&self) -> Option<Reply> {
        let mut fault = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = fault.as_mut()?;
        if let Some(times) = &mut fault.times {
            *times = times.checked_sub(1)?;
        }
        Some(fault.reply.clone())
    }
}

fn answerable(status: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| "status must be an HTTP status, 200 to 599".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(faults: &Faults, form: Value) -> Result<(), String> {
        faults.set(serde_json::from_value(form).unwrap())
    }

    fn taken(faults: &Faults) -> [Option<u16>; 3] {
        [(); 3].map(|()| faults.take().map(|reply| reply.status.as_u16()))
    }

    #[test]
    fn a_fault_happens_as_often_as_it_was_asked_for() {
        let faults = Faults::default();
        assert_eq!(taken(&faults), [None; 3]);
        set(&faults, json!({"status": 503, "times": 2})).unwrap();
        assert_eq!(taken(&faults), [Some(503), Some(503), None]);
        set(&faults, json!({"status": 401})).unwrap();
        assert_eq!(taken(&faults), [Some(401); 3]);
        set(&faults, json!({"body": {"success": false}})).unwrap();
        assert_eq!(taken(&faults), [Some(200); 3]);
        set(&faults, json!({})).unwrap();
        assert_eq!(taken(&faults), [None; 3]);
    }

    #[test]
    fn what_is_no_status_is_refused_and_changes_nothing() {
        let faults = Faults::default();
        set(&faults, json!({"status": 500})).unwrap();
        for status in [42, 101, 600] {
            assert!(set(&faults, json!({"status": status})).is_err());
        }
        assert_eq!(taken(&faults), [Some(500); 3]);
    }
}
