//! What an ATS asks of us: who it is, and what we do about it.

use super::context::{Exchange, defect};
use super::customer::Customer;
use super::events::{News, prepare, publish};
use super::request_logs::{AtsCall, Note};
use crate::domain::event::EventType;
use crate::domain::id::OrderId;
use crate::domain::problem::Problem;
use crate::providers::provider::{Answer, ErrorReport, Inquiry, OrderRef, Refusal};
use crate::store::orders::{self, OrderRow};
use crate::store::request_logs;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// What an ATS found wrong, as the vendor is told it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportedError<'a> {
    account_id: &'a str,
    provider: &'a str,
    operation: &'a str,
    errors: &'a [String],
    order_id: Option<&'a str>,
    origin_data: &'a RawValue,
}

impl Exchange {
    /// Does what is asked, and logs it with its outcome.
    pub async fn serve(
        &self,
        customer: &Customer,
        call: &AtsCall,
        inquiry: Result<Inquiry<'_>, Refusal>,
    ) -> Result<Answer, Refusal> {
        let outcome = match inquiry {
            Ok(Inquiry::ListPackages) => self.list_packages(customer, call).await,
            Ok(Inquiry::PlaceOrder(order)) => self.place_order(customer, call, *order).await,
            Ok(Inquiry::ListParameters) => self.list_parameters(customer, call).await,
            Ok(Inquiry::ReadStatus(order)) => self.read_status(customer, call, &order).await,
            Ok(Inquiry::CancelOrder(order)) => self.cancel_order(customer, call, &order).await,
            Ok(Inquiry::ReadResultLink(order)) => self.read_result_link(customer, call, &order).await,
            Ok(Inquiry::ReportError(report)) => self.note_error(customer, call, report).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &outcome {
            let problem = refusal.problem();
            let note = Note {
                problem: Some(&problem),
                ..Note::default()
            };
            let entry = self.log_entry(customer, call, call.status(Err(refusal)), note);
            self.log(vec![entry]).await;
        }
        outcome
    }

    /// Stores what the ATS found wrong with an answer of ours, and tells the vendor.
    async fn note_error(
        &self,
        customer: &Customer,
        call: &AtsCall,
        report: ErrorReport<'_>,
    ) -> Result<Answer, Refusal> {
        let order = match report.order {
            Some(id) => self.own_order(customer, &OrderRef::Ours(id)).await?,
            None => None,
        };
        let order_id = order.as_ref().map(|order| order.id.as_str());
        let data = ReportedError {
            account_id: &customer.account.id,
            provider: &customer.account.provider,
            operation: &report.operation,
            errors: &report.errors,
            order_id,
            origin_data: report.origin,
        };
        let reported = serde_json::value::to_raw_value(&data).map_err(|error| defect(&error))?;
        let news = News {
            project: customer.project.as_str(),
            event_type: EventType::ProviderErrorReported,
            record_id: order_id.unwrap_or(&customer.account.id),
            account: Some(&customer.account.id),
            category: Some(customer.category),
            data_key: "providerError",
            data: &data,
            at: self.ambient.now(),
        };
        let event = prepare(&self.vault, self.ambient.as_ref(), news).map_err(|error| defect(&error))?;
        let note = Note {
            order: order_id,
            reported: Some(reported),
            ..Note::default()
        };
        let entry = self.log_entry(customer, call, 200, note);
        let ambient = Arc::clone(&self.ambient);
        self.store
            .write(move |db| {
                publish(db, ambient.as_ref(), &event)?;
                request_logs::insert(db, &entry).map_err(Problem::from)
            })
            .await?;
        self.wake.wake();
        Ok(Answer::Noted)
    }

    /// The order that the ATS means, where it is this customer's.
    pub(super) async fn own_order(
        &self,
        customer: &Customer,
        order: &OrderRef,
    ) -> Result<Option<OrderRow>, Problem> {
        let (project, account) = (customer.project.clone(), customer.account.id.clone());
        let found = match order {
            OrderRef::Ours(text) => {
                let Some(id) = OrderId::parse_either(customer.category, text) else {
                    return Ok(None);
                };
                self.store
                    .read(move |db| orders::with_id(db, project.as_str(), id.as_str()))
                    .await?
            }
            OrderRef::Theirs(key) => {
                let hash = self.vault.lookup("repeat_key", key);
                self.store
                    .read(move |db| orders::repeated(db, &account, &hash))
                    .await?
            }
        };
        Ok(found.filter(|order| order.account_id == customer.account.id))
    }
}
