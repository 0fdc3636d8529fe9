//! The customer's people: what they do in their simulated ATS, and what they see there.

use super::crosscheck::{Answer, client};
use super::print::Printer;
use crate::sandbox::ats::SimulatedAts;
use crate::sandbox::journal::{Direction, Exchanged};
use crate::sandbox::registry;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

/// How often the recruiter's page is looked at again...
const POLL: Duration = Duration::from_millis(20);
/// ... and for how long.
const DEADLINE: Duration = Duration::from_secs(20);

/// A simulated ATS, and how much of its journal was shown.
pub struct CustomersAts<'a> {
    /// The name that people know it by.
    pub name: &'static str,
    ats: SimulatedAts,
    http: reqwest::Client,
    printer: &'a Printer,
    shown: BTreeSet<usize>,
}

impl<'a> CustomersAts<'a> {
    /// Starts the simulation of the provider with that key on a free port.
    pub fn start(key: &str, name: &'static str, printer: &'a Printer) -> io::Result<Self> {
        let start = registry::find(key)
            .ok_or_else(|| io::Error::other(format!("there is no simulation of {key}")))?;
        Ok(Self {
            name,
            ats: start(0)?,
            http: client().map_err(io::Error::other)?,
            printer,
            shown: BTreeSet::new(),
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
        let (status, answer) = self.try_to(method, path, body).await?;
        match status {
            200..300 => Ok(answer),
            _ => Err(format!("the simulated {} answered {status}: {answer}", self.name)),
        }
    }

    /// The same where a refusal is as good an answer: its status and what it says.
    pub async fn try_to(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let mut request = self.http.request(method, format!("{}{path}", self.url()));
        if let Some(body) = body {
            request = request.json(body);
        }
        let Answer { status, body } = Answer::to(request).await?;
        Ok((status, serde_json::from_str(&body).unwrap_or_default()))
    }

    /// Shows what the ATS and Crosscheck have said to each other and was not shown yet, and returns it.
    pub async fn show_exchanges(&mut self) -> Result<Vec<Exchanged>, String> {
        self.show(|_| true).await
    }

    /// The same, of the ATS's calls alone. What Crosscheck says of its own accord may come before or after them;
    /// it is left for the step that it belongs to.
    pub async fn show_calls(&mut self) -> Result<Vec<Exchanged>, String> {
        self.show(|exchanged| exchanged.direction == Direction::ToPartner)
            .await
    }

    async fn show(&mut self, wanted: fn(&Exchanged) -> bool) -> Result<Vec<Exchanged>, String> {
        let request = self.http.get(format!("{}/control/exchanges", self.url()));
        let answer = Answer::to(request).await?;
        let all: Vec<Exchanged> = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        let mut fresh = Vec::new();
        for (place, exchanged) in all.into_iter().enumerate() {
            if wanted(&exchanged) && self.shown.insert(place) {
                self.printer.exchanged(self.name, &exchanged);
                fresh.push(exchanged);
            }
        }
        Ok(fresh)
    }

    /// The recruiter's page about an order, once it is as `is_there` wants it. `awaited` says in words what that is.
    pub async fn wait_until(
        &self,
        id: &str,
        awaited: &str,
        is_there: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let path = format!("/control/orders/{id}");
        let look = async {
            loop {
                let view = self.act(Method::GET, &path, None).await?;
                if is_there(&view) {
                    return Ok(view);
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let seen = tokio::time::timeout(DEADLINE, look).await;
        seen.unwrap_or_else(|_| {
            let (name, waited) = (self.name, DEADLINE.as_secs());
            Err(format!(
                "{name} did not have {awaited} on the recruiter's page after {waited} s"
            ))
        })
    }

    /// The same, once the order stands at `status`.
    pub async fn wait_for_status(&self, id: &str, status: &str) -> Result<Value, String> {
        let stands = |view: &Value| view.get("status").and_then(Value::as_str) == Some(status);
        self.wait_until(id, &format!("the status {status:?}"), stands)
            .await
    }

    /// The same, once Crosscheck has said something of the order for the `times`th time.
    pub async fn wait_for_update(&self, id: &str, times: u64) -> Result<Value, String> {
        let told = |view: &Value| view.get("updates").and_then(Value::as_u64) >= Some(times);
        self.wait_until(id, &format!("update {times} of Crosscheck's"), told)
            .await
    }
}
