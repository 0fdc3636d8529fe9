//! What an ATS asks of us: who it is, and what we do about it.

use super::context::{Exchange, defect};
use super::customer::Customer;
use super::events::{News, prepare, publish};
use super::request_logs::{AtsCall, Note};
use crate::crypto::Place;
use crate::domain::event::EventType;
use crate::domain::id::OrderId;
use crate::domain::order::{NewOrder, Record};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::result::{Outcome, Status};
use crate::providers::provider::{Answer, ErrorReport, Inquiry, Refusal};
use crate::store::orders::{self, OrderRow};
use crate::store::{packages, request_logs};
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
            Ok(Inquiry::ReadStatus { order }) => self.read_status(customer, call, &order).await,
            Ok(Inquiry::ReportError(report)) => self.note_error(customer, call, report).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &outcome {
            let problem = refusal.problem();
            let note = Note {
                problem: Some(&problem),
                ..Note::default()
            };
            self.log(self.log_entry(customer, call, problem.code.status(), note))
                .await;
        }
        outcome
    }

    /// Places an order, once for each repeat key. Order, event, deliveries and log entry are durable together
    /// before the answer.
    async fn place_order(
        &self,
        customer: &Customer,
        call: &AtsCall,
        order: NewOrder<'_>,
    ) -> Result<Answer, Refusal> {
        let package = self.known_package(customer, &order.package_id).await?;
        let id = OrderId::new(customer.category, self.ambient.uuid());
        let at = self.ambient.now();
        let project = customer.project.as_str();
        let repeat_hash = self.vault.lookup("repeat_key", &order.repeat_key);
        let state_place = Place {
            project,
            table: "orders",
            column: "state",
            row: id.as_str(),
        };
        let state_sealed = order
            .state
            .as_ref()
            .map(|state| self.vault.seal(state_place, state));
        let news = News {
            project,
            event_type: EventType::RecordNew,
            record_id: id.as_str(),
            account: Some(&customer.account.id),
            category: Some(customer.category),
            data_key: customer.category.record_key(),
            data: Record::of(&id, order, package.as_ref()),
            at,
        };
        let event = prepare(&self.vault, self.ambient.as_ref(), news).map_err(|error| defect(&error))?;
        let row = OrderRow {
            id: id.as_str().to_owned(),
            project_id: project.to_owned(),
            account_id: customer.account.id.clone(),
            category: customer.category.as_str().to_owned(),
            repeat_hash,
            event_id: event.id.clone(),
            state_sealed,
            status: Status::Pending.as_str().to_owned(),
            outcome: Outcome::None.as_str().to_owned(),
            revisions: 0,
            seen_final_at: None,
            created_at: at.0,
            updated_at: at.0,
        };
        let note = Note {
            order: Some(id.as_str()),
            ..Note::default()
        };
        let mut entry = self.log_entry(customer, call, 200, note);
        let ambient = Arc::clone(&self.ambient);
        let standing = self
            .store
            .write(move |db| {
                let (standing, placed) = orders::place(db, &row)?;
                if placed {
                    publish(db, ambient.as_ref(), &event)?;
                }
                entry.order_id = Some(standing.clone());
                request_logs::insert(db, &entry)?;
                Ok::<_, Problem>(standing)
            })
            .await?;
        self.wake.wake();
        let order = OrderId::parse(&standing).ok_or_else(|| Problem::of(ErrorCode::Internal))?;
        Ok(Answer::Placed { order })
    }

    async fn known_package(
        &self,
        customer: &Customer,
        id: &str,
    ) -> Result<Option<crate::domain::package::Package>, Problem> {
        let (project, account, category) = (customer.project.clone(), customer.id.clone(), customer.category);
        let id = id.to_owned();
        self.store
            .read(move |db| Ok(packages::known(db, &project, &account, category, &id)?))
            .await
    }

    /// Stores what the ATS found wrong with an answer of ours, and tells the vendor.
    async fn note_error(
        &self,
        customer: &Customer,
        call: &AtsCall,
        report: ErrorReport<'_>,
    ) -> Result<Answer, Refusal> {
        let order = self.own_order(customer, report.order.as_deref()).await?;
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

    /// The order of that id, where it is this customer's.
    pub(super) async fn own_order(
        &self,
        customer: &Customer,
        id: Option<&str>,
    ) -> Result<Option<OrderRow>, Problem> {
        let Some(id) = id.and_then(OrderId::parse) else {
            return Ok(None);
        };
        let project = customer.project.clone();
        let found = self
            .store
            .read(move |db| orders::with_id(db, project.as_str(), id.as_str()))
            .await?;
        Ok(found.filter(|order| order.account_id == customer.account.id))
    }
}
