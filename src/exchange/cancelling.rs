//! An ATS's user calls an order off.

use super::context::{Exchange, defect};
use super::customer::Customer;
use super::events::publish;
use super::request_logs::{AtsCall, Note};
use super::results::queue_push;
use crate::domain::id::{OrderId, PushId};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::result::{Outcome, ResultUpdate, ResultValue, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::provider::{Answer, OrderRef, Refusal};
use crate::providers::registry;
use crate::store::orders::{self, RevisionRow};
use crate::store::{pushes, request_logs};
use std::sync::Arc;

impl Exchange {
    /// Calls an order off. The vendor is told with `record.modified`, what waits to be pushed is not pushed any
    /// more, and nothing can be reported from now on. Doing it again changes nothing.
    pub(super) async fn cancel_order(
        &self,
        customer: &Customer,
        call: &AtsCall,
        order: &OrderRef,
    ) -> Result<Answer, Refusal> {
        let Some(order) = self.own_order(customer, order).await? else {
            return Err(Refusal::Unknown("order"));
        };
        let body = serde_json::to_value(cancelled()).map_err(|error| defect(&error))?;
        let mut revision = self.draft(&order, &body, Status::Cancelled, Outcome::None)?;
        let event = self.modified(&order, Status::Cancelled).await?;
        let note = Note {
            order: Some(&order.id),
            ..Note::default()
        };
        let entry = self.log_entry(customer, call, 200, note);
        let (ambient, row) = (Arc::clone(&self.ambient), order.clone());
        let owed = registry::find(&customer.account.provider).is_some_and(|provider| {
            provider.descriptor().told_of_cancellation && order.state_sealed.is_some()
        });
        let push = owed.then(|| PushId::new(self.ambient.uuid()));
        self.store
            .write(move |db| {
                orders::lock(db, &row.id)?;
                let newest = orders::newest_revision(db, &row.project_id, &row.id)?;
                match newest.as_ref().map(RevisionRow::status).transpose()? {
                    // The same wish again, or the vendor's own: there is nothing left to do.
                    Some(Status::Cancelled) => {}
                    Some(status) if status.is_final() => return Err(Problem::of(ErrorCode::OrderFinished)),
                    _ => {
                        revision.follow(newest.as_ref(), &row);
                        let at = Timestamp(revision.created_at);
                        orders::revise(db, &revision)?;
                        orders::mark_cancelled(db, &row.project_id, &row.id, at)?;
                        match &push {
                            Some(push) => queue_push(db, &row, &revision, push)?,
                            None => pushes::supersede(db, &row.project_id, &row.id, at)?,
                        }
                        publish(db, ambient.as_ref(), &event)?;
                    }
                }
                request_logs::insert(db, &entry).map_err(Problem::from)
            })
            .await?;
        self.wake.wake();
        Ok(Answer::Cancelled {
            status: Box::new(self.standing(&order).await?),
            order: OrderId::parse(&order.id).ok_or_else(|| Problem::of(ErrorCode::Internal))?,
        })
    }
}

/// The report that stands for a cancellation in the ATS.
fn cancelled() -> ResultUpdate {
    ResultUpdate {
        result: Some(ResultValue {
            value: Some("cancelled".to_owned()),
            source_value: None,
        }),
        ..ResultUpdate::default()
    }
}
