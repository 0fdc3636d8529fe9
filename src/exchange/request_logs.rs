//! The request log: who asked what of whom, what came of it, and what was wrong.

use super::context::{Exchange, defect};
use super::customer::Customer;
use crate::crypto::Place;
use crate::domain::id::{ProjectId, RequestLogId};
use crate::domain::problem::{Problem, Violation};
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::outbox::client::{CallError, Incoming, origin};
use crate::providers::descriptor::Operation;
use crate::providers::provider::{Answer, Provider, Refusal};
use crate::store::request_logs::{self, Direction, Filter, Part, RequestLogRow};
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// How long an answer that is ready waits for its log entry to be durable.
const PATIENCE: Duration = Duration::from_secs(1);

/// A call of an ATS's that is being served.
#[derive(Clone)]
pub struct AtsCall {
    /// Who words the answer.
    pub provider: &'static dyn Provider,
    /// Which endpoint it is.
    pub operation: &'static Operation,
    /// What it is known by.
    pub request_id: RequestId,
    /// When it came.
    pub began: Timestamp,
}

impl AtsCall {
    /// The status with which the provider answers.
    pub(super) fn status(&self, outcome: Result<&Answer, &Refusal>) -> u16 {
        self.provider
            .answer(Some(self.operation), outcome, self.began)
            .status
    }
}

/// What an entry says beside its outcome.
#[derive(Default)]
pub(super) struct Note<'a> {
    pub order: Option<&'a str>,
    pub problem: Option<&'a Problem>,
    /// What the ATS reported, where it did.
    pub reported: Option<Box<RawValue>>,
}

/// An entry with its detail opened.
pub struct ShownLog {
    /// The row.
    pub row: RequestLogRow,
    /// Its place in the list.
    pub place: String,
    /// What was wrong; what the ATS reported stands in it as it was sent.
    pub detail: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Violation],
    #[serde(skip_serializing_if = "Option::is_none")]
    reported: Option<Box<RawValue>>,
}

impl Exchange {
    /// The entry of a call that was answered with `status`.
    pub(super) fn log_entry(
        &self,
        customer: &Customer,
        call: &AtsCall,
        status: u16,
        note: Note<'_>,
    ) -> RequestLogRow {
        let (project, operation) = (customer.project.as_str(), call.operation);
        let provider = call.provider.descriptor().key;
        let entry = self.entry(
            project,
            (Direction::AtsToUs, &call.request_id),
            operation.name,
            call.began,
        );
        RequestLogRow {
            account_id: Some(customer.account.id.clone()),
            provider: Some(customer.account.provider.clone()),
            method: Some(operation.method.to_owned()),
            path: Some(format!("/external-trigger/{provider}/{}", operation.path)),
            status: Some(i64::from(status)),
            error_code: note.problem.map(|problem| problem.code.as_str().to_owned()),
            order_id: note.order.map(str::to_owned),
            detail_sealed: self.sealed_detail(&entry, note.problem, note.reported),
            duration_ms: self.ambient.now().0.saturating_sub(call.began.0),
            ..entry
        }
    }

    /// An entry that says nothing yet but who called whom for what.
    pub(super) fn entry(
        &self,
        project: &str,
        (direction, request_id): (Direction, &RequestId),
        operation: &str,
        began: Timestamp,
    ) -> RequestLogRow {
        let id = RequestLogId::new(self.ambient.uuid());
        RequestLogRow::new(&id, project, direction, request_id.as_str(), operation, began)
    }

    /// What was wrong, sealed for its entry, where anything was.
    pub(super) fn sealed_detail(
        &self,
        entry: &RequestLogRow,
        problem: Option<&Problem>,
        reported: Option<Box<RawValue>>,
    ) -> Option<Vec<u8>> {
        if problem.is_none() && reported.is_none() {
            return None;
        }
        let detail = Detail {
            message: problem.map(|problem| problem.message.as_str()),
            errors: problem
                .map(|problem| problem.violations.as_slice())
                .unwrap_or_default(),
            reported,
        };
        let detail = serde_json::to_vec(&detail).ok()?;
        Some(self.vault.seal(place(entry), &detail))
    }

    /// The entry of a call of ours for which somebody waits, as it is about to be made. It says that no answer came,
    /// until it is told what did.
    pub(super) fn own_call(
        &self,
        project: &str,
        (direction, request_id): (Direction, &RequestId),
        operation: &str,
        (method, url): (&str, &str),
    ) -> RequestLogRow {
        let began = self.ambient.now();
        RequestLogRow {
            method: Some(method.to_owned()),
            url: origin(url),
            error: Some("no answer in time".to_owned()),
            ..self.entry(project, (direction, request_id), operation, began)
        }
    }

    /// Tells the entry of a call of ours what came of it.
    pub(super) fn answered(&self, entry: &mut RequestLogRow, answer: &Result<Incoming, CallError>) {
        entry.duration_ms = self.ambient.now().0.saturating_sub(entry.created_at);
        (entry.status, entry.error) = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => (Some(i64::from(answer.status)), None),
            Ok(answer) => (
                Some(i64::from(answer.status)),
                Some(format!("it answered {}", answer.status)),
            ),
            Err(error) => (None, Some(error.to_string())),
        };
    }

    /// An id for a request of ours, or for one that came without.
    pub fn new_request_id(&self) -> RequestId {
        RequestId::new(self.ambient.uuid())
    }

    /// Writes entries. The answer that they are about does not depend on them.
    pub(super) async fn log(&self, entries: Vec<RequestLogRow>) {
        let written = self
            .store
            .write(move |db| request_logs::insert_all(db, &entries.iter().collect::<Vec<_>>()));
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a request log entry was not written"),
            Err(_) => tracing::warn!("a request log entry is written late"),
        }
    }

    /// A part of a project's entries.
    pub async fn list_logs(
        &self,
        project: &ProjectId,
        filter: Filter,
        part: Part,
    ) -> Result<Vec<ShownLog>, Problem> {
        let project = project.clone();
        let rows = self
            .store
            .read(move |db| request_logs::list(db, &project, &filter, &part))
            .await?;
        rows.into_iter().map(|row| self.show_log(row)).collect()
    }

    /// One entry, by its id or by its request id; of several of one request the newest.
    pub async fn get_log(&self, project: &ProjectId, id: &str) -> Result<ShownLog, Problem> {
        let unknown = || Problem::not_found("request log entry");
        let request_id = RequestId::parse(id).ok_or_else(unknown)?;
        let project = project.clone();
        let row = self
            .store
            .read(move |db| {
                let id = RequestLogId::parse(request_id.as_str());
                let row = id.map(|id| request_logs::find(db, &project, &id)).transpose()?;
                match row.flatten() {
                    Some(row) => Ok(Some(row)),
                    None => {
                        request_logs::of_request(db, &project, request_id.as_str()).map_err(Problem::from)
                    }
                }
            })
            .await?;
        self.show_log(row.ok_or_else(unknown)?)
    }

    /// The base of the URLs that ATSs and vendors call.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    fn show_log(&self, row: RequestLogRow) -> Result<ShownLog, Problem> {
        let detail = row
            .detail_sealed
            .as_ref()
            .map(|sealed| self.vault.open(place(&row), sealed))
            .transpose()?;
        let detail = detail
            .map(|bytes| serde_json::from_slice(&bytes).map_err(|error| defect(&error)))
            .transpose()?;
        Ok(ShownLog {
            place: format!("{}.{}", row.created_at, row.id),
            row,
            detail,
        })
    }
}

/// Where the detail of an entry is sealed.
fn place(row: &RequestLogRow) -> Place<'_> {
    Place {
        project: &row.project_id,
        table: "request_logs",
        column: "detail",
        row: &row.id,
    }
}
