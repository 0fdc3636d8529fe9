//! An ATS places an order, once.

use super::context::{Exchange, defect};
use super::customer::Customer;
use super::events::{News, prepare};
use super::placing::Placement;
use super::request_logs::{AtsCall, Note};
use crate::crypto::Place;
use crate::domain::event::EventType;
use crate::domain::id::{OrderId, PushId};
use crate::domain::order::{NewOrder, Record, Repeat};
use crate::domain::package::{self, Package};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::result::{Outcome, Status};
use crate::domain::timestamp::Timestamp;
use crate::providers::provider::{Answer, Refusal};
use crate::providers::registry;
use crate::store::events::EventRow;
use crate::store::jobs::JobRow;
use crate::store::orders::OrderRow;
use crate::store::packages;
use std::borrow::Cow;

/// An order with its event, before either is stored.
pub(super) struct Drafted {
    pub id: OrderId,
    pub row: OrderRow,
    pub event: EventRow,
}

impl Exchange {
    /// Places an order, once for each repeat key. Order, event, deliveries, push and log entry are durable
    /// together before the answer.
    pub(super) async fn place_order(
        &self,
        customer: &Customer,
        call: &AtsCall,
        order: NewOrder<'_>,
    ) -> Result<Answer, Refusal> {
        let Drafted { id, row, event } = self.draft_order(customer, order).await?;
        let push = self.placement_push(customer, &row, Timestamp(row.created_at));
        let note = Note {
            order: Some(id.as_str()),
            ..Note::default()
        };
        let placed = Answer::Placed {
            order: id.clone(),
            repeated: false,
            first: None,
        };
        let placement = Placement {
            entry: self.log_entry(customer, call, call.status(Ok(&placed)), note),
            order: row,
            event,
            push,
        };
        match self.placements.add(placement).await? {
            None => Ok(placed),
            Some(earlier) => self.placed_before(*earlier).await,
        }
    }

    /// An order with its event, before either is stored.
    pub(super) async fn draft_order(
        &self,
        customer: &Customer,
        mut order: NewOrder<'_>,
    ) -> Result<Drafted, Problem> {
        let (package_id, package) = self.known_package(customer, &order.package_id).await?;
        order.package_id = Cow::Owned(package_id);
        let id = OrderId::new(customer.category, self.ambient.uuid());
        let at = self.ambient.now();
        let mut row = self.fresh_row(customer, &id, &order, at);
        let news = News {
            project: customer.project.as_str(),
            event_type: EventType::RecordNew,
            record_id: id.as_str(),
            account: Some(&customer.account.id),
            category: Some(customer.category),
            data_key: customer.category.record_key(),
            data: Record::of(&id, order, package.as_ref()),
            at,
        };
        let event = prepare(&self.vault, self.ambient.as_ref(), news).map_err(|error| defect(&error))?;
        row.event_id.clone_from(&event.id);
        Ok(Drafted { id, row, event })
    }

    fn fresh_row(&self, customer: &Customer, id: &OrderId, order: &NewOrder<'_>, at: Timestamp) -> OrderRow {
        let state_place = Place {
            project: customer.project.as_str(),
            table: "orders",
            column: "state",
            row: id.as_str(),
        };
        let (repeat_key, repeats_while_open) = match &order.repeat {
            Repeat::Forever(key) => (key, false),
            Repeat::WhileOpen(key) => (key, true),
        };
        OrderRow {
            id: id.as_str().to_owned(),
            project_id: customer.project.as_str().to_owned(),
            account_id: customer.account.id.clone(),
            category: customer.category.as_str().to_owned(),
            repeat_hash: self.vault.lookup("repeat_key", repeat_key),
            event_id: String::new(),
            state_sealed: order
                .state
                .as_ref()
                .map(|state| self.vault.seal(state_place, state)),
            status: Status::Pending.as_str().to_owned(),
            outcome: Outcome::None.as_str().to_owned(),
            revisions: 0,
            seen_final_at: None,
            created_at: at.0,
            updated_at: at.0,
            repeats_while_open,
            conflict_hash: order
                .conflict_key
                .as_ref()
                .map(|key| self.vault.lookup("conflict_key", key)),
            cancelled_at: None,
        }
    }

    /// The push that tells the ATS of the placement, where it wants to be told.
    fn placement_push(&self, customer: &Customer, row: &OrderRow, at: Timestamp) -> Option<JobRow> {
        let provider = registry::find(&customer.account.provider)?;
        let owed = provider.descriptor().told_of_placement && row.state_sealed.is_some();
        owed.then(|| JobRow::push(&PushId::new(self.ambient.uuid()), row, &row.id, at))
    }

    /// The answer for an order that stood before: with its status, where there is one already.
    async fn placed_before(&self, order: OrderRow) -> Result<Answer, Refusal> {
        let id = OrderId::parse(&order.id).ok_or_else(|| Problem::of(ErrorCode::Internal))?;
        let first = match order.revisions {
            0 => None,
            _ => Some(Box::new(self.standing(&order).await?)),
        };
        Ok(Answer::Placed {
            order: id,
            repeated: true,
            first,
        })
    }

    /// The vendor's id of what was ordered, by that id or by the UUID that the ATS was given; and what is known
    /// of it.
    async fn known_package(
        &self,
        customer: &Customer,
        ordered: &str,
    ) -> Result<(String, Option<Package>), Problem> {
        let (project, account, category) = (customer.project.clone(), customer.id.clone(), customer.category);
        let ordered = ordered.to_owned();
        let fixed = customer.integration.static_package_id.clone();
        self.store
            .read(move |db| {
                let mut id = ordered;
                if let Ok(uuid) = uuid::Uuid::try_parse(&id) {
                    let fixed = fixed.filter(|fixed| package::uuid(&project, category, fixed) == uuid);
                    let listed = packages::id_of(db, &project, category, &uuid.to_string())?;
                    id = listed.or(fixed).unwrap_or(id);
                }
                let package = packages::known(db, &project, &account, category, &id)?;
                Ok::<_, Problem>((id, package))
            })
            .await
    }
}
