//! Results: the vendor reports, the ATS reads. Each report is a revision; a final one stands.

use super::context::{Exchange, defect};
use super::customer::Customer;
use super::events::publish;
use super::orders::{OrderOf, modified};
use super::request_logs::{AtsCall, Note};
use super::write::Write;
use crate::crypto::Place;
use crate::domain::category::Category;
use crate::domain::id::{OrderId, ProjectId, PushId, RevisionId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::result::{Outcome, ResultUpdate, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::descriptor::{Descriptor, FieldKind, Requirement, ResultField};
use crate::providers::provider::{Answer, OrderRef, OrderStatus, Refusal};
use crate::providers::registry;
use crate::store::events::EventRow;
use crate::store::jobs::{self, JobRow};
use crate::store::orders::{self, OrderRow, RevisionRow};
use crate::store::{Db, StoreError, pushes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long an ATS may keep the link to a result before it asks again.
const LINK_TTL: Duration = Duration::from_secs(60 * 60);

/// A report that was taken.
#[derive(Serialize, Deserialize)]
pub struct Reported {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// What of it the ATS cannot show.
    pub warnings: Vec<Violation>,
}

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

impl Exchange {
    /// Takes a report.
    pub async fn report_result(
        &self,
        write: &Write,
        order: OrderOf<'_>,
        update: ResultUpdate,
    ) -> Result<Reported, Problem> {
        let (order, _) = self.find_order(order).await?;
        let through = order.clone();
        let (account, integration) = self
            .store
            .read(move |db| orders::placed_through(db, &through).map_err(Problem::from))
            .await?;
        if !integration.enabled {
            return Err(Problem::of(ErrorCode::IntegrationDisabled));
        }
        let provider = registry::find(&account.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
        let (status, outcome) = update
            .interpret()
            .map_err(|broken| Problem::with(ErrorCode::InvalidValue, broken))?;
        let category = Category::parse(&order.category).ok_or_else(|| Problem::of(ErrorCode::Internal))?;
        let fields: Vec<_> = provider.descriptor().result_fields_of(category).collect();
        let body = serde_json::to_value(&update).map_err(|error| defect(&error))?;
        let missing = missing_fields(&fields, &body, status);
        if !missing.is_empty() {
            return Err(Problem::with(ErrorCode::ResultIncomplete, missing));
        }
        let revision = self.draft(&order, &body, status, outcome)?;
        let is_pushed = order.state_sealed.is_some();
        let mut warnings = unshown_fields(&fields, &body, provider.descriptor());
        if is_pushed {
            warnings.extend(self.missing_credentials(provider.descriptor(), &integration, &account)?);
        }
        let reported = Reported {
            at: revision.created_at,
            warnings,
        };
        let push = PushId::new(self.ambient.uuid());
        let stored = self.write_once(write, move |db| {
            store_revision(db, &order, revision, &push)?;
            Ok(reported)
        });
        let reported = stored.await?;
        self.wake.wake();
        Ok(reported)
    }

    pub(super) fn draft(
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
        order: &OrderRef,
    ) -> Result<Answer, Refusal> {
        let (order, status) = self.own_standing(customer, order).await?;
        let (reached, answer) = (status.status, Answer::Status(Box::new(status)));
        self.note_read(customer, call, &order, (reached, &answer)).await;
        Ok(answer)
    }

    /// Where the recruiter can see the newest result.
    pub(super) async fn read_result_link(
        &self,
        customer: &Customer,
        call: &AtsCall,
        order: &OrderRef,
    ) -> Result<Answer, Refusal> {
        let (order, status) = self.own_standing(customer, order).await?;
        let url = status.result.and_then(|result| result.result_url);
        let url = url.ok_or_else(|| Problem::of(ErrorCode::NoResultLink))?;
        let answer = Answer::ResultLink { url, ttl: LINK_TTL };
        self.note_read(customer, call, &order, (status.status, &answer))
            .await;
        Ok(answer)
    }

    async fn own_standing(
        &self,
        customer: &Customer,
        order: &OrderRef,
    ) -> Result<(OrderRow, OrderStatus), Refusal> {
        let Some(order) = self.own_order(customer, order).await? else {
            return Err(Refusal::Unknown("order"));
        };
        let status = self.standing(&order).await?;
        Ok((order, status))
    }

    /// How an order stands.
    pub(super) async fn standing(&self, order: &OrderRow) -> Result<OrderStatus, Problem> {
        let (project, id) = (order.project_id.clone(), order.id.clone());
        let newest = self
            .store
            .read(move |db| orders::newest_revision(db, &project, &id).map_err(Problem::from))
            .await?;
        Ok(match &newest {
            None => OrderStatus {
                status: Status::Pending,
                outcome: Outcome::None,
                result: None,
                at: Timestamp(order.created_at),
            },
            Some(newest) => OrderStatus {
                status: newest.status()?,
                outcome: newest.outcome()?,
                result: Some(self.open_result(newest)?),
                at: Timestamp(newest.created_at),
            },
        })
    }

    /// The ATS has read how the order stands: logged, and told to the vendor where that was final. Neither may
    /// fail the read.
    async fn note_read(
        &self,
        customer: &Customer,
        call: &AtsCall,
        order: &OrderRow,
        (status, answer): (Status, &Answer),
    ) {
        if status.is_final()
            && order.seen_final_at.is_none()
            && let Err(problem) = self.tell_seen(order, status).await
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
        let entry = self.log_entry(customer, call, call.status(Ok(answer)), note);
        self.log(vec![entry]).await;
    }

    /// The first time the ATS reads a final status, the vendor gets `record.modified`.
    async fn tell_seen(&self, order: &OrderRow, status: Status) -> Result<(), Problem> {
        let event = self.modified(order, status).await?;
        let at = Timestamp(event.created_at);
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

    /// The `record.modified` that says that an order is now in `status`.
    pub(super) async fn modified(&self, order: &OrderRow, status: Status) -> Result<EventRow, Problem> {
        let (project, id) = (ProjectId::parse(&order.project_id), OrderId::parse(&order.id));
        let (Some(project), Some(id)) = (project, id) else {
            return Err(Problem::of(ErrorCode::Internal));
        };
        let found = self.store.read(move |db| orders::find(db, &project, &id)).await?;
        let (order, event_sealed) = found.ok_or_else(|| Problem::of(ErrorCode::Internal))?;
        modified(&self.vault, self.ambient.as_ref(), &order, &event_sealed, status)
    }
}

/// Stores a revision and the push that it owes; the same report again changes nothing.
fn store_revision(
    db: &mut Db<'_>,
    order: &OrderRow,
    mut revision: RevisionRow,
    push: &PushId,
) -> Result<(), Problem> {
    orders::lock(db, &order.id)?;
    let newest = orders::newest_revision(db, &order.project_id, &order.id)?;
    if let Some(newest) = &newest {
        if newest.body_hash == revision.body_hash {
            return Ok(());
        }
        if newest.status()?.is_final() {
            let standing = orders::with_id(db, &order.project_id, &order.id)?;
            return Err(Problem::of(match standing.and_then(|order| order.cancelled_at) {
                Some(_) => ErrorCode::OrderCancelled,
                None => ErrorCode::ResultAlreadyFinal,
            }));
        }
    }
    revision.follow(newest.as_ref(), order);
    orders::revise(db, &revision)?;
    if order.state_sealed.is_some() {
        queue_push(db, order, &revision, push)?;
    }
    Ok(())
}

pub(super) fn queue_push(
    db: &mut Db<'_>,
    order: &OrderRow,
    revision: &RevisionRow,
    push: &PushId,
) -> Result<(), StoreError> {
    let at = Timestamp(revision.created_at);
    pushes::supersede(db, &revision.project_id, &revision.order_id, at)?;
    jobs::insert(db, &JobRow::push(push, order, &revision.id, at))
}

/// What the ATS needs and does not get.
fn missing_fields(fields: &[&ResultField], body: &Value, status: Status) -> Vec<Violation> {
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
fn unshown_fields(fields: &[&ResultField], body: &Value, descriptor: &Descriptor) -> Vec<Violation> {
    let ats = descriptor.name;
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
                        format!("{ats} has no word of its own for this; say it in summary or score");
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
