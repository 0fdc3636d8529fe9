//! Orders as the vendor reads them again: the record of an order, out of its `record.new`.

use super::context::{Exchange, defect};
use super::results::OrderOf;
use crate::crypto::{Place, Vault};
use crate::domain::category::Category;
use crate::domain::id::{AccountId, OrderId, ProjectId};
use crate::domain::order::Record;
use crate::domain::problem::Problem;
use crate::store::orders::{self, OrderRow, OrderWithRecord};
use crate::store::{Page, StoreError};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

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
pub(super) fn open_record(vault: &Vault, order: &OrderRow, sealed: &[u8]) -> Result<RecordBytes, Problem> {
    let place = Place {
        project: &order.project_id,
        table: "events",
        column: "body",
        row: &order.event_id,
    };
    Ok(RecordBytes(vault.open(place, sealed)?))
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
