//! Results: the vendor reports, the ATS reads. Each report is a revision; a final one stands.

use super::context::{Exchange, defect};
use super::events::{News, prepare, publish};
use super::intake::Customer;
use super::orders::open_record;
use super::request_logs::{AtsCall, Note};
use crate::crypto::Place;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, OrderId, ProjectId, PushId, RevisionId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::result::{Outcome, ResultUpdate, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::descriptor::{FieldKind, Requirement, ResultField};
use crate::providers::provider::{Answer, OrderStatus, Refusal};
use crate::providers::registry;
use crate::store::jobs::{self, JobKind, JobRow};
use crate::store::orders::{self, OrderRow, RevisionRow};
use crate::store::{Db, StoreError};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// The newest result of an order.
pub struct ShownResult {
    /// Id of the revision.
    pub id: String,
    /// 1, 2, ...
    pub number: i64,
    /// What the vendor reported.
    pub result: ResultUpdate,
    /// Where the order stands with it.
    pub status: Status,
    /// How it ended with it.
    pub outcome: Outcome,
    /// When it was reported.
    pub created_at: Timestamp,
}

/// Which order a vendor means.
pub struct OrderOf<'a> {
    /// Whose.
    pub project: &'a ProjectId,
    /// As the path says.
    pub category: Category,
    /// As the header says, where it says anything.
    pub account: Option<&'a AccountId>,
    /// As the path says.
    pub id: &'a str,
}

impl Exchange {
    /// Takes a report. Returns what of it the ATS cannot show.
    pub async fn report_result(
        &self,
        order: OrderOf<'_>,
        update: ResultUpdate,
    ) -> Result<Vec<Violation>, Problem> {
        let (order, _) = self.find_order(order).await?;
        let through = order.clone();
        let (account, _) = self
            .store
            .read(move |db| orders::placed_through(db, &through).map_err(Problem::from))
            .await?;
        let provider = registry::find(&account.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
        let (status, outcome) = update
            .interpret()
            .map_err(|broken| Problem::with(ErrorCode::InvalidValue, broken))?;
        let fields = provider.descriptor().result_fields;
        let body = serde_json::to_value(&update).map_err(|error| defect(&error))?;
        let missing = missing_fields(fields, &body, status);
        if !missing.is_empty() {
            return Err(Problem::with(ErrorCode::ResultIncomplete, missing));
        }
        let revision = self.draft(&order, &body, status, outcome)?;
        self.store_revision(order, revision).await?;
        Ok(unshown_fields(fields, &body, provider.descriptor().name))
    }

    fn draft(
        &self,
        order: &OrderRow,
        body: &Value,
        status: Status,
        outcome: Outcome,
    ) -> Result<RevisionRow, Problem> {
        let id = RevisionId::new(self.ambient.uuid());
        // Keys of a `Value` are sorted, so equal reports are equal texts.
        let text = serde_json::to_string(body).map_err(|error| defect(&error))?;
        let place = Place {
            project: &order.project_id,
            table: "revisions",
            column: "body",
            row: id.as_str(),
        };
        Ok(RevisionRow {
            body_sealed: self.vault.seal(place, text.as_bytes()),
            body_hash: self.vault.lookup("result", &text),
            id: id.as_str().to_owned(),
            project_id: order.project_id.clone(),
            order_id: order.id.clone(),
            number: 0,
            status: status.as_str().to_owned(),
            outcome: outcome.as_str().to_owned(),
            created_at: self.ambient.now().0,
        })
    }

    /// Stores a revision and the push that it owes; the same report again changes nothing.
    async fn store_revision(&self, order: OrderRow, mut revision: RevisionRow) -> Result<(), Problem> {
        let push = PushId::new(self.ambient.uuid());
        let stored = self.store.write(move |db| {
            let newest = orders::newest_revision(db, &order.project_id, &order.id)?;
            if let Some(newest) = &newest {
                if newest.body_hash == revision.body_hash {
                    return Ok(());
                }
                if newest.status()?.is_final() {
                    return Err(Problem::of(ErrorCode::ResultAlreadyFinal));
                }
                revision.number = newest.number;
                revision.created_at = revision.created_at.max(newest.created_at + 1);
            }
            revision.number += 1;
            orders::revise(db, &revision)?;
            if order.state_sealed.is_some() {
                queue_push(db, &revision, &push)?;
            }
            Ok::<_, Problem>(())
        });
        stored.await?;
        self.wake.wake();
        Ok(())
    }

    /// The newest result of an order.
    pub async fn get_result(&self, order: OrderOf<'_>) -> Result<ShownResult, Problem> {
        let (order, _) = self.find_order(order).await?;
        let (project, id) = (order.project_id, order.id);
        let newest = self
            .store
            .read(move |db| orders::newest_revision(db, &project, &id));
        let newest = newest.await?.ok_or_else(|| {
            Problem::new(
                ErrorCode::NotFound,
                "This order has no result yet. Report one with PATCH.",
            )
        })?;
        Ok(ShownResult {
            result: self.open_result(&newest)?,
            status: newest.status()?,
            outcome: newest.outcome()?,
            created_at: Timestamp(newest.created_at),
            id: newest.id,
            number: newest.number,
        })
    }

    fn open_result(&self, revision: &RevisionRow) -> Result<ResultUpdate, Problem> {
        let place = Place {
            project: &revision.project_id,
            table: "revisions",
            column: "body",
            row: &revision.id,
        };
        let body = self.vault.open(place, &revision.body_sealed)?;
        serde_json::from_slice(&body).map_err(|error| defect(&error))
    }

    /// What the ATS reads: the newest committed revision, whether or not a push has arrived.
    pub(super) async fn read_status(
        &self,
        customer: &Customer,
        call: &AtsCall,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let Some(order) = self.own_order(customer, Some(id)).await? else {
            return Err(Refusal::Unknown("order"));
        };
        let (project, order_id) = (order.project_id.clone(), order.id.clone());
        let newest = self
            .store
            .read(move |db| orders::newest_revision(db, &project, &order_id).map_err(Problem::from))
            .await?;
        let answer = match &newest {
            None => OrderStatus {
                status: Status::Pending,
                outcome: Outcome::None,
                result: None,
            },
            Some(newest) => OrderStatus {
                status: newest.status().map_err(Problem::from)?,
                outcome: newest.outcome().map_err(Problem::from)?,
                result: Some(self.open_result(newest)?),
            },
        };
        if answer.status.is_final()
            && order.seen_final_at.is_none()
            && let Err(problem) = self.tell_seen(&order, answer.status).await
        {
            tracing::warn!(
                code = problem.code.as_str(),
                "the vendor is not told that the result was read"
            );
        }
        let note = Note {
            order: Some(&order.id),
            ..Note::default()
        };
        self.log(self.log_entry(customer, call, 200, note)).await;
        Ok(Answer::Status(Box::new(answer)))
    }

    /// The first time the ATS reads a final status, the vendor gets `record.modified`.
    async fn tell_seen(&self, order: &OrderRow, status: Status) -> Result<(), Problem> {
        let (project, id) = (ProjectId::parse(&order.project_id), OrderId::parse(&order.id));
        let (Some(project), Some(id)) = (project, id) else {
            return Err(Problem::of(ErrorCode::Internal));
        };
        let found = self.store.read(move |db| orders::find(db, &project, &id)).await?;
        let Some((order, event_sealed)) = found else {
            return Ok(());
        };
        let at = self.ambient.now();
        let bytes = open_record(&self.vault, &order, &event_sealed)?;
        let mut record = bytes.record()?;
        record.status = Cow::Borrowed(status.in_events());
        let category = Category::parse(&order.category).ok_or_else(|| Problem::of(ErrorCode::Internal))?;
        let news = News {
            project: &order.project_id,
            event_type: EventType::RecordModified,
            record_id: &order.id,
            account: Some(&order.account_id),
            category: Some(category),
            data_key: category.record_key(),
            data: record,
            at,
        };
        let event = prepare(&self.vault, self.ambient.as_ref(), news).map_err(|error| defect(&error))?;
        let ambient = Arc::clone(&self.ambient);
        let (project, id) = (order.project_id.clone(), order.id.clone());
        let told = self.store.write(move |db| {
            if orders::mark_final_seen(db, &project, &id, at)? {
                publish(db, ambient.as_ref(), &event)?;
            }
            Ok::<_, Problem>(())
        });
        told.await?;
        self.wake.wake();
        Ok(())
    }
}

fn queue_push(db: &mut Db<'_>, revision: &RevisionRow, push: &PushId) -> Result<(), StoreError> {
    let at = Timestamp(revision.created_at);
    jobs::supersede_pushes(db, &revision.project_id, &revision.order_id, at)?;
    let job = JobRow::new(
        JobKind::Push,
        push.as_str(),
        &revision.project_id,
        &revision.id,
        &revision.order_id,
        at,
    );
    jobs::insert(db, &job)
}

/// What the ATS needs and does not get.
fn missing_fields(fields: &[ResultField], body: &Value, status: Status) -> Vec<Violation> {
    fields
        .iter()
        .filter_map(|field| missing(field, body, status))
        .collect()
}

fn missing(field: &ResultField, body: &Value, status: Status) -> Option<Violation> {
    let pointer = format!("/{}", field.name.replace('.', "/"));
    let required = field.required == Requirement::WhenComplete && status == Status::Completed;
    match (body.pointer(&pointer), field.kind) {
        (None, _) if required => {
            let message = format!(
                "{} is required once the result is complete: {}",
                field.name, field.description
            );
            Some(Violation::new(pointer, "required", message))
        }
        (Some(value), FieldKind::Number) => {
            let text = crate::domain::result::ScoreText(value.as_str().unwrap_or_default().to_owned());
            text.number().is_none().then(|| {
                let message = format!("{} must be a number here, such as 81 or \"81.5\"", field.name);
                Violation::new(pointer, "number", message)
            })
        }
        _ => None,
    }
}

/// What the ATS takes no notice of: kept, and told to the vendor.
fn unshown_fields(fields: &[ResultField], body: &Value, ats: &str) -> Vec<Violation> {
    let mut unshown = Vec::new();
    for name in leaves(body) {
        let pointer = format!("/{}", name.replace('.', "/"));
        match fields.iter().find(|field| field.name == name) {
            None => {
                let message = format!("{ats} has no place for {name}; it is kept here");
                unshown.push(Violation::new(pointer, "not_shown", message));
            }
            Some(field) => {
                let value = body.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
                if field.not_told_apart.contains(&value) {
                    let message =
                        format!("{ats} shows only that the test is complete; say the outcome in summary");
                    unshown.push(Violation::new(pointer, "not_told_apart", message));
                }
            }
        }
    }
    unshown
}

/// The dotted names of what a report holds: fields, and fields of its objects.
fn leaves(body: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(object) if key != "passthrough" => {
                names.extend(object.keys().map(|inner| format!("{key}.{inner}")));
            }
            _ => names.push(key.clone()),
        }
    }
    names
}
