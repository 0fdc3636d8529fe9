//! The request log: what an ATS asked, what it got, and what was wrong.

use super::context::{Exchange, defect};
use super::customer::Customer;
use crate::crypto::Place;
use crate::domain::id::{AccountId, ProjectId, RequestLogId};
use crate::domain::problem::{Problem, Violation};
use crate::domain::timestamp::Timestamp;
use crate::providers::descriptor::Operation;
use crate::providers::provider::{Answer, Provider, Refusal};
use crate::store::Page;
use crate::store::request_logs::{self, RequestLogRow};
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
    /// GET, POST, ...
    pub method: String,
    /// Without the query.
    pub path: String,
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
        let id = RequestLogId::new(self.ambient.uuid());
        let place = Place {
            project: customer.project.as_str(),
            table: "request_logs",
            column: "detail",
            row: id.as_str(),
        };
        let detail = (note.problem.is_some() || note.reported.is_some()).then(|| Detail {
            message: note.problem.map(|problem| problem.message.as_str()),
            errors: note
                .problem
                .map(|problem| problem.violations.as_slice())
                .unwrap_or_default(),
            reported: note.reported,
        });
        let detail = detail.and_then(|detail| serde_json::to_vec(&detail).ok());
        RequestLogRow {
            project_id: customer.project.as_str().to_owned(),
            account_id: customer.account.id.clone(),
            provider: customer.account.provider.clone(),
            operation: call.operation.name.to_owned(),
            method: call.method.clone(),
            path: call.path.clone(),
            status: i64::from(status),
            error_code: note.problem.map(|problem| problem.code.as_str().to_owned()),
            order_id: note.order.map(str::to_owned),
            detail_sealed: detail.map(|detail| self.vault.seal(place, &detail)),
            duration_ms: self.ambient.now().0.saturating_sub(call.began.0),
            created_at: call.began.0,
            id: id.as_str().to_owned(),
        }
    }

    /// Writes an entry. The answer that it is about does not depend on it.
    pub(super) async fn log(&self, entry: RequestLogRow) {
        let written = self.store.write(move |db| request_logs::insert(db, &entry));
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a request log entry was not written"),
            Err(_) => tracing::warn!("a request log entry is written late"),
        }
    }

    /// A page of a project's entries, newest first.
    pub async fn list_logs(
        &self,
        project: &ProjectId,
        account: Option<AccountId>,
        page: Page,
    ) -> Result<Vec<ShownLog>, Problem> {
        let project = project.clone();
        let rows = self
            .store
            .read(move |db| request_logs::list(db, &project, account.as_ref(), &page))
            .await?;
        rows.into_iter().map(|row| self.show_log(row)).collect()
    }

    /// One entry.
    pub async fn get_log(&self, project: &ProjectId, id: &str) -> Result<ShownLog, Problem> {
        let unknown = || Problem::not_found("request log entry");
        let (id, project) = (RequestLogId::parse(id).ok_or_else(unknown)?, project.clone());
        let row = self
            .store
            .read(move |db| request_logs::find(db, &project, &id).map_err(Problem::from))
            .await?;
        self.show_log(row.ok_or_else(unknown)?)
    }

    fn show_log(&self, row: RequestLogRow) -> Result<ShownLog, Problem> {
        let place = Place {
            project: &row.project_id,
            table: "request_logs",
            column: "detail",
            row: &row.id,
        };
        let detail = row
            .detail_sealed
            .as_ref()
            .map(|sealed| self.vault.open(place, sealed))
            .transpose()?;
        let detail = detail
            .map(|bytes| serde_json::from_slice(&bytes).map_err(|error| defect(&error)))
            .transpose()?;
        Ok(ShownLog { row, detail })
    }
}
