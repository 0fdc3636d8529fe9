//! Orders as the vendor reads them again: the record of an order, out of its `record.new`.

use super::context::{Exchange, defect};
use super::events::{News, prepare};
use crate::ambient::Ambient;
use crate::crypto::{Place, Vault};
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, OrderId, ProjectId};
use crate::domain::order::Record;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::result::Status;
use crate::store::events::EventRow;
use crate::store::orders::{self, OrderRow, OrderWithRecord};
use crate::store::{Page, StoreError};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

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

/// The bytes of an order's `record.new`, opened.
pub struct RecordBytes(Vec<u8>);

impl RecordBytes {
    /// The record in it.
    pub fn record(&self) -> Result<Record<'_>, Problem> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow, rename = "eventData")]
            data: HashMap<Cow<'a, str>, &'a RawValue>,
        }
        let envelope: Envelope<'_> = serde_json::from_slice(&self.0).map_err(|error| defect(&error))?;
        let record = envelope
            .data
            .into_values()
            .next()
            .map(RawValue::get)
            .unwrap_or("null");
        serde_json::from_str(record).map_err(|error| defect(&error))
    }
}

/// Opens the record of an order.
fn open_record(vault: &Vault, order: &OrderRow, sealed: &[u8]) -> Result<RecordBytes, Problem> {
    let place = Place {
        project: &order.project_id,
        table: "events",
        column: "body",
        row: &order.event_id,
    };
    Ok(RecordBytes(vault.open(place, sealed)?))
}

/// The `record.modified` that says that an order is now in `status`.
pub(super) fn modified(
    vault: &Vault,
    ambient: &dyn Ambient,
    order: &OrderRow,
    record_sealed: &[u8],
    status: Status,
) -> Result<EventRow, Problem> {
    let bytes = open_record(vault, order, record_sealed)?;
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
        at: ambient.now(),
    };
    prepare(vault, ambient, news).map_err(|error| defect(&error))
}

/// An order with its record.
pub struct ShownOrder {
    /// The row.
    pub row: OrderRow,
    /// Its record.
    pub record: RecordBytes,
}

impl Exchange {
    /// A page of orders, newest first.
    pub async fn list_orders(
        &self,
        project: &ProjectId,
        category: Category,
        account: Option<AccountId>,
        page: Page,
    ) -> Result<Vec<ShownOrder>, Problem> {
        let project = project.clone();
        let rows = self
            .store
            .read(move |db| {
                let rows = orders::list(db, &project, category.as_str(), account.as_ref(), &page)?;
                Ok::<_, StoreError>(rows)
            })
            .await?;
        rows.into_iter().map(|found| self.show_order(found)).collect()
    }

    /// One order.
    pub async fn get_order(&self, order: OrderOf<'_>) -> Result<ShownOrder, Problem> {
        let found = self.find_order(order).await?;
        self.show_order(found)
    }

    /// The order that a vendor means; unknown, foreign and malformed ones are all not there.
    pub(super) async fn find_order(&self, order: OrderOf<'_>) -> Result<OrderWithRecord, Problem> {
        let unknown = || Problem::not_found("order");
        let id = OrderId::parse(order.id)
            .filter(|id| id.as_str().starts_with(order.category.order_prefix()))
            .ok_or_else(unknown)?;
        let project = order.project.clone();
        let found = self.store.read(move |db| orders::find(db, &project, &id)).await?;
        found
            .filter(|(row, _)| {
                order
                    .account
                    .is_none_or(|account| account.as_str() == row.account_id)
            })
            .ok_or_else(unknown)
    }

    fn show_order(&self, (row, sealed): OrderWithRecord) -> Result<ShownOrder, Problem> {
        let record = open_record(&self.vault, &row, &sealed)?;
        Ok(ShownOrder { row, record })
    }
}
