//! Sends a push: asks the translator for the calls that a revision owes, makes them, and lets it judge.
//! Credentials stay sealed until here.

use super::client::{CallError, Outgoing, READ_BACK};
use super::outcome::Tried;
use super::tools::{Outbox, time_left};
use crate::crypto::{CryptoError, Place, Vault};
use crate::domain::id::{OrderId, ProjectId};
use crate::domain::result::ResultUpdate;
use crate::providers::provider::{
    Call, CallResponse, Credentials, OrderStatus, Provider, PublishedOrder, Verdict,
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
    revision: RevisionRow,
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
    #[error("a stored result does not read")]
    Damaged,
}

pub async fn send(outbox: &Outbox, job: &JobRow, ends: Instant) -> Tried {
    let material = match load(outbox, job).await {
        Ok(Some(material)) => material,
        Ok(None) => return Tried::never("its order or revision is gone"),
        Err(error) => return Tried::failed(error.to_string(), 0),
    };
    let Some(provider) = registry::find(&material.account.provider) else {
        return Tried::never("its provider is none that this version knows");
    };
    let calls = match render(&outbox.vault, provider, &material) {
        Ok(calls) => calls,
        Err(tried) => return tried,
    };
    let Some(deadline) = time_left(ends) else {
        return Tried::NotMade;
    };
    let began = Instant::now();
    let mut last_status = 200;
    for call in &calls {
        let verdict = make(outbox, provider, call, began + deadline, &mut last_status).await;
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

/// Makes one call. All calls of a push share one deadline, `ends`, which is before the lease's end.
async fn make(
    outbox: &Outbox,
    provider: &dyn Provider,
    call: &Call,
    ends: Instant,
    last_status: &mut u16,
) -> Result<Verdict, CallError> {
    let outgoing = Outgoing {
        method: call.method,
        url: &call.url,
        headers: call
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
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
            let Some(revision) = orders::revision(db, &project, &revision_id)? else {
                return Ok(None);
            };
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

fn render(vault: &Vault, provider: &dyn Provider, material: &Material) -> Result<Vec<Call>, Tried> {
    let credentials =
        credentials(vault, material).map_err(|error| Tried::failed(Unready::from(error).to_string(), 0))?;
    let (state, status) = stored(vault, material).map_err(|error| Tried::failed(error.to_string(), 0))?;
    let order = PublishedOrder {
        id: &material.order.id,
        state: state.as_deref(),
        status: &status,
    };
    provider
        .publish(&order, &credentials)
        .map_err(|error| Tried::never(error.to_string()))
}

fn credentials(vault: &Vault, material: &Material) -> Result<Credentials, CryptoError> {
    let (account, integration) = (&material.account, &material.integration);
    let of_integration = |column| Place {
        project: &integration.project_id,
        table: "integrations",
        column,
        row: &integration.id,
    };
    let of_account = Place {
        project: &account.project_id,
        table: "accounts",
        column: "trigger_token",
        row: &account.id,
    };
    let password = integration.partner_password_sealed.as_ref();
    let password = password
        .map(|sealed| vault.open_text(of_integration("partner_password"), sealed))
        .transpose()?;
    Ok(Credentials {
        partner: integration.partner_username.clone().zip(password),
        trigger_token: vault.open_text(of_account, &account.trigger_token_sealed)?,
    })
}

fn stored(vault: &Vault, material: &Material) -> Result<(Option<Vec<u8>>, OrderStatus), Unready> {
    let (order, revision) = (&material.order, &material.revision);
    let state = Place {
        project: &order.project_id,
        table: "orders",
        column: "state",
        row: &order.id,
    };
    let state = order
        .state_sealed
        .as_ref()
        .map(|sealed| vault.open(state, sealed))
        .transpose()?;
    let body = Place {
        project: &order.project_id,
        table: "revisions",
        column: "body",
        row: &revision.id,
    };
    let body = vault.open(body, &revision.body_sealed)?;
    let result: ResultUpdate = serde_json::from_slice(&body).map_err(|_| Unready::Damaged)?;
    let status = OrderStatus {
        status: revision.status()?,
        outcome: revision.outcome()?,
        result: Some(result),
    };
    Ok((state, status))
}
