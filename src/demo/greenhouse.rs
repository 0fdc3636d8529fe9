//! The customer's people: what they do in the simulated Greenhouse, and what they see there.

use super::crosscheck::{Answer, client};
use super::print::Printer;
use crate::sandbox::ats::SimulatedAts;
use crate::sandbox::journal::Exchanged;
use crate::sandbox::registry;
use reqwest::Method;
use serde_json::Value;
use std::io;
use std::time::Duration;

/// How often the recruiter's page is looked at again...
const POLL: Duration = Duration::from_millis(20);
/// ... and for how long.
const DEADLINE: Duration = Duration::from_secs(20);

/// A simulated Greenhouse, and how much of its journal was shown.
pub struct SimulatedGreenhouse<'a> {
    ats: SimulatedAts,
    http: reqwest::Client,
    printer: &'a Printer,
    shown: usize,
}

impl<'a> SimulatedGreenhouse<'a> {
    /// Starts it on a free port.
    pub fn start(printer: &'a Printer) -> io::Result<Self> {
        let start = registry::find("greenhouse")
            .ok_or_else(|| io::Error::other("there is no simulation of greenhouse"))?;
        Ok(Self {
            ats: start(0)?,
            http: client().map_err(io::Error::other)?,
            printer,
            shown: 0,
        })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.ats.url
    }

    /// Stops it.
    pub async fn stop(self) {
        self.ats.stop().await;
    }

    /// Does something that a person would do. A refusal fails with its text.
    pub async fn act(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let mut request = self.http.request(method, format!("{}{path}", self.url()));
        if let Some(body) = body {
            request = request.json(body);
        }
        let Answer { status, body } = Answer::to(request).await?;
        match status {
            200..300 => Ok(serde_json::from_str(&body).unwrap_or_default()),
            _ => Err(format!("the simulated Greenhouse answered {status}: {body}")),
        }
    }

    /// Shows what Greenhouse and Crosscheck have said to each other since it was shown last, and returns it.
    pub async fn show_exchanges(&mut self) -> Result<Vec<Exchanged>, String> {
        let request = self.http.get(format!("{}/control/exchanges", self.url()));
        let answer = Answer::to(request).await?;
        let all: Vec<Exchanged> = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        let fresh: Vec<Exchanged> = all.into_iter().skip(self.shown).collect();
        self.shown += fresh.len();
        for exchanged in &fresh {
            self.printer.exchanged(exchanged);
        }
        Ok(fresh)
    }

    /// What the recruiter sees of a test, once its partner status is `status`.
    pub async fn wait_for_status(&self, test: &str, status: &str) -> Result<Value, String> {
        let path = format!("/control/orders/{test}");
        let look = async {
            loop {
                let view = self.act(Method::GET, &path, None).await?;
                if view.get("status").and_then(Value::as_str) == Some(status) {
                    return Ok(view);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let seen = tokio::time::timeout(DEADLINE, look).await;
        seen.unwrap_or_else(|_| {
            Err(format!(
                "Greenhouse had not read the status {status:?} after {} s",
                DEADLINE.as_secs()
            ))
        })
    }
}
