//! Sends a push: asks the translator for the calls that a revision owes, makes them, and lets it judge.
//! Credentials stay sealed until here.

use super::client::{CallError, Outgoing, READ_BACK, origin};
use super::credentials;
use super::outcome::{About, Tried, request_id};
use super::tools::{Outbox, time_left};
use crate::crypto::{CryptoError, Place, Vault};
use crate::domain::category::Category;
use crate::domain::id::{OrderId, ProjectId};
use crate::domain::request_id::{self, RequestId};
use crate::domain::result::ResultUpdate;
use crate::domain::timestamp::Timestamp;
use crate::providers::links::{self, Links};
use crate::providers::provider::{
    Call, CallResponse, OrderStatus, Provider, PublishedOrder, Unpublishable, Verdict,
};
use crate::providers::registry;
use crate::store::accounts::AccountRow;
use crate::store::integrations::IntegrationRow;
use crate::store::jobs::JobRow;
use crate::store::orders::{OrderRow, RevisionRow};
use crate::store::{StoreError, orders};
use tokio::time::Instant;

/// All that a push needs.
struct Material {
    order: OrderRow,
    /// None: what is owed is that the order was placed.
    revision: Option<RevisionRow>,
    account: AccountRow,
    integration: IntegrationRow,
}

/// Why a push could not even be attempted.
#[derive(Debug, thiserror::Error)]
enum Unready {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Crypto(#[from] CryptoError),
    #[error("what is stored of the order does not read")]
    Damaged,
}

pub async fn send(outbox: &Outbox, job: &JobRow, ends: Instant, about: &mut About) -> Tried {
    about.order = Some(job.target_id.clone());
    // The lane of a push is its account.
    about.account = Some(job.lane.clone());
    let material = match load(outbox, job).await {
        Ok(Some(material)) => material,
        Ok(None) => return Tried::never("its order or revision is gone"),
        Err(error) => return Tried::unready(&error),
    };
    about.provider = Some(material.account.provider.clone());
    if material.account.deleted_at.is_some() {
        return Tried::never("its account was deleted");
    }
    let Some(provider) = registry::find(&material.account.provider) else {
        return Tried::never("its provider is none that this version knows");
    };
    let calls = match render(outbox, provider, &material) {
        Ok(calls) => calls,
        Err(tried) => return tried,
    };
    let Some(deadline) = time_left(ends) else {
        return Tried::NotMade;
    };
    let request_id = request_id(job);
    let began = Instant::now();
    let mut last_status = 200;
    for call in &calls {
        about.method = Some(call.method.to_owned());
        about.url = origin(&call.url);
        let last = &mut last_status;
        let verdict = make(outbox, provider, call, (&request_id, began + deadline), last).await;
        let took = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        match verdict {
            Ok(Verdict::Done) => {}
            Ok(Verdict::Retry(retry_after)) => {
                let error = format!("the ATS answered {last_status}");
                return Tried::Failed {
                    status: Some(last_status),
                    error,
                    retry_after,
                    took,
                };
            }
            Ok(Verdict::Rejected(reason)) => {
                return Tried::Never {
                    status: Some(last_status),
                    reason,
                    took,
                };
            }
            Err(CallError::Forbidden(forbidden)) => return Tried::never(format!("not called: {forbidden}")),
            Err(error) => return Tried::failed(error.to_string(), took),
        }
    }
    let took = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Tried::Done {
        status: last_status,
        took,
    }
}

/// Makes one call. All calls of a push share their request id and one deadline, `ends`, which is before the lease's
/// end.
async fn make(
    outbox: &Outbox,
    provider: &dyn Provider,
    call: &Call,
    (request_id, ends): (&RequestId, Instant),
    last_status: &mut u16,
) -> Result<Verdict, CallError> {
    let headers = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_ref(), value.as_str()));
    let outgoing = Outgoing {
        method: call.method,
        url: &call.url,
        hosts: provider.descriptor().callback_hosts,
        headers: headers
            .chain([(request_id::HEADER, request_id.as_str())])
            .collect(),
        body: call.body.clone(),
        deadline: ends.saturating_duration_since(Instant::now()),
        read_back: READ_BACK,
    };
    let answer = outbox.client.call(outgoing).await?;
    *last_status = answer.status;
    let response = CallResponse {
        status: answer.status,
        retry_after: answer.retry_after,
        body: answer.body,
        complete: answer.complete,
    };
    Ok(provider.judge(call, &response))
}

async fn load(outbox: &Outbox, job: &JobRow) -> Result<Option<Material>, StoreError> {
    let Some(order_id) = OrderId::parse(&job.target_id) else {
        return Ok(None);
    };
    let Some(project) = ProjectId::parse(&job.project_id) else {
        return Ok(None);
    };
    let revision_id = job.subject_id.clone();
    outbox
        .store
        .read(move |db| {
            let Some(order) = orders::with_id(db, project.as_str(), order_id.as_str())? else {
                return Ok(None);
            };
            let revision = orders::revision(db, &project, &revision_id)?;
            if revision.is_none() && revision_id != order.id {
                return Ok(None);
            }
            let (account, integration) = orders::placed_through(db, &order)?;
            Ok(Some(Material {
                order,
                revision,
                account,
                integration,
            }))
        })
        .await
}

fn render(outbox: &Outbox, provider: &dyn Provider, material: &Material) -> Result<Vec<Call>, Tried> {
    let retryable = |error: Unready| Tried::unready(&error);
    let (order, vault) = (&material.order, &outbox.vault);
    let credentials = credentials::of_both(
        vault,
        provider.descriptor(),
        &material.integration,
        &material.account,
    );
    let credentials = credentials.map_err(Unready::from).map_err(retryable)?;
    let id = OrderId::parse(&order.id).ok_or(Unready::Damaged);
    let category = Category::parse(&order.category).ok_or(Unready::Damaged);
    let state = state(vault, order).map_err(retryable)?;
    let revision = material
        .revision
        .as_ref()
        .map(|revision| standing(vault, revision))
        .transpose()
        .map_err(retryable)?;
    let published = PublishedOrder {
        id: &id.map_err(retryable)?,
        category: category.map_err(retryable)?,
        state: state.as_deref(),
        revision: revision.as_ref(),
        links: &Links {
            base_url: links::base_url(&outbox.public_url, &material.account.provider),
            tenant_id: material.integration.tenant_id.clone(),
        },
    };
    provider
        .publish(&published, &credentials)
        .map_err(|error| match error {
            Unpublishable::State(_) => Tried::never(error.to_string()),
            // Until somebody sets it, which makes this due at once.
            Unpublishable::Missing(_) => Tried::unready(&error),
        })
}

fn state(vault: &Vault, order: &OrderRow) -> Result<Option<Vec<u8>>, Unready> {
    let place = Place {
        project: &order.project_id,
        table: "orders",
        column: "state",
        row: &order.id,
    };
    let state = order.state_sealed.as_ref();
    Ok(state.map(|sealed| vault.open(place, sealed)).transpose()?)
}

fn standing(vault: &Vault, revision: &RevisionRow) -> Result<OrderStatus, Unready> {
    let place = Place {
        project: &revision.project_id,
        table: "revisions",
        column: "body",
        row: &revision.id,
    };
    let body = vault.open(place, &revision.body_sealed)?;
    let result: ResultUpdate = serde_json::from_slice(&body).map_err(|_| Unready::Damaged)?;
    Ok(OrderStatus {
        status: revision.status()?,
        outcome: revision.outcome()?,
        result: Some(result),
        at: Timestamp(revision.created_at),
    })
}
