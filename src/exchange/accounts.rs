//! Accounts: linking one customer, which makes the trigger token that the customer's ATS will show us.

use super::context::{Exchange, defect};
use super::credentials::shown;
use super::events::{News, prepare, publish};
use super::integrations::find_provider;
use super::keys::new_token;
use super::linking::{Link, LinkedCustomer, unknown_integration};
use super::setup_information::SetupInformation;
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::outbox::credentials::{self, Fields};
use crate::providers::descriptor::Holder;
use crate::providers::registry;
use crate::store::accounts::{self, AccountRow};
use crate::store::integrations::IntegrationRow;
use crate::store::pushes::{self, Through};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// A customer to link.
pub struct NewAccount {
    /// Through which provider.
    pub provider: String,
    /// Through which integration, where several fit.
    pub integration_id: Option<String>,
    /// The customer's id at the vendor's.
    pub origin_owner_id: String,
    /// The customer's name at the vendor's.
    pub origin_owner_name: String,
    /// The customer's credentials.
    pub credentials: Map<String, Value>,
}

/// An account with what may be seen of its credentials.
pub struct ShownAccount {
    /// The row.
    pub row: AccountRow,
    /// The credentials that are set.
    pub credentials: Map<String, Value>,
    /// What nothing can be sent to the ATS without, and is not set, in words.
    pub missing: Vec<Violation>,
    /// How far the customer is.
    pub setup_information: SetupInformation,
}

/// What the customer gives its ATS.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// The trigger token: the ATS's API key for us.
    pub secret_key: Zeroizing<String>,
    /// Where the ATS reaches us.
    pub base_url: String,
    /// The account that was made.
    pub account_id: String,
}

/// What a trigger token begins with; `keys example` makes one that opens nothing.
pub const TRIGGER_TOKEN_PREFIX: &str = "ct_";

impl Exchange {
    /// Links a customer: each call makes an account.
    pub async fn create_secrets(
        &self,
        write: &Write,
        category: Category,
        new: NewAccount,
    ) -> Result<Secrets, Problem> {
        let provider = find_provider(&new.provider, category)?;
        let mut fields = Fields::new();
        self.take_credentials(
            provider.descriptor(),
            Holder::Customer,
            new.credentials,
            &mut fields,
        )?;
        let chosen = new
            .integration_id
            .as_deref()
            .map(|id| IntegrationId::parse(id).ok_or_else(unknown_integration));
        let link = Link {
            provider,
            category,
            integration: chosen.transpose()?,
            token: new_token(self.ambient.as_ref(), TRIGGER_TOKEN_PREFIX),
            credentials: fields,
            customer: LinkedCustomer {
                origin_owner_id: new.origin_owner_id,
                origin_owner_name: new.origin_owner_name,
                origin_username: None,
                label: None,
                kind: "production".to_owned(),
                metadata: None,
            },
        };
        let base_url = self.base_url(&new.provider);
        let (exchange, project) = (self.clone(), write.project.clone());
        let linked = self.write_once(write, move |db| {
            let secret_key = link.token.clone();
            let account = exchange.link(db, &project, link)?;
            Ok(Secrets {
                secret_key,
                base_url,
                account_id: account.id,
            })
        });
        let linked = linked.await?;
        self.wake.wake();
        Ok(linked)
    }

    /// An account.
    pub async fn get_account(&self, project: &ProjectId, id: &str) -> Result<ShownAccount, Problem> {
        let (id, project) = (AccountId::parse(id).ok_or_else(unknown)?, project.clone());
        let found = self
            .store
            .read(move |db| accounts::find(db, &project, &id))
            .await?;
        let (row, integration) = found.ok_or_else(unknown)?;
        self.show_account(row, &integration).await
    }

    /// Changes the customer's credentials: a text sets one, null clears it, what is left out stays. What waits
    /// to be pushed for the account is tried again at once.
    pub async fn update_account(
        &self,
        write: &Write,
        id: &str,
        sent: Map<String, Value>,
    ) -> Result<ShownAccount, Problem> {
        let id = AccountId::parse(id).ok_or_else(unknown)?;
        let (exchange, project, at) = (self.clone(), write.project.clone(), self.ambient.now());
        let (row, integration) = self
            .write_once(write, move |db| {
                accounts::lock(db, &id)?;
                let (mut row, integration) = accounts::find(db, &project, &id)?.ok_or_else(unknown)?;
                let provider =
                    registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
                let place = credentials::of_account(&row);
                let mut fields = credentials::open(&exchange.vault, place, row.credentials_sealed.as_ref())?;
                exchange.take_credentials(provider.descriptor(), Holder::Customer, sent, &mut fields)?;
                row.credentials_sealed = credentials::seal(&exchange.vault, place, &fields);
                row.updated_at = at.0;
                accounts::set_credentials(db, &row)?;
                pushes::hasten(db, &project, Through::Account(&row.id), at)?;
                let news = News {
                    project: project.as_str(),
                    event_type: EventType::AccountUpdated,
                    record_id: &row.id,
                    account: Some(&row.id),
                    category: Category::parse(&row.category),
                    data_key: "account",
                    data: told(&row),
                    at,
                };
                let event = prepare(&exchange.vault, exchange.ambient.as_ref(), news)
                    .map_err(|error| defect(&error))?;
                publish(db, exchange.ambient.as_ref(), &event)?;
                Ok((row, integration))
            })
            .await?;
        self.wake.wake();
        self.show_account(row, &integration).await
    }

    async fn show_account(
        &self,
        row: AccountRow,
        integration: &IntegrationRow,
    ) -> Result<ShownAccount, Problem> {
        let provider = registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
        let place = credentials::of_account(&row);
        let fields = credentials::open(&self.vault, place, row.credentials_sealed.as_ref())?;
        Ok(ShownAccount {
            credentials: shown(provider.descriptor(), Holder::Customer, &fields),
            missing: self.missing_credentials(provider.descriptor(), integration, &row)?,
            setup_information: self.setup_information(&row).await?,
            row,
        })
    }

    /// The account of that id in that project.
    pub async fn find_account(&self, project: &ProjectId, id: &AccountId) -> Result<(), Problem> {
        let (project, id) = (project.clone(), id.clone());
        let found = self
            .store
            .read(move |db| accounts::find(db, &project, &id))
            .await?;
        found
            .map(|_| ())
            .ok_or_else(|| Problem::not_found("account (header x-account-id)"))
    }
}

/// An account as events tell of it.
pub(super) fn told(row: &AccountRow) -> Value {
    json!({
        "id": row.id,
        "provider": row.provider,
        "category": row.category,
        "originOwnerId": row.origin_owner_id,
        "originOwnerName": row.origin_owner_name,
    })
}

fn unknown() -> Problem {
    Problem::not_found("account")
}
