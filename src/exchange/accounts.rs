//! Accounts: linking one customer, which makes the trigger token that the customer's ATS will show us.

use super::context::{Exchange, defect};
use super::credentials::shown;
use super::events::{News, prepare, publish};
use super::integrations::find_provider;
use super::keys::new_token;
use super::linking::{Link, LinkedCustomer, unknown_integration};
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::outbox::credentials::{self, Fields};
use crate::providers::descriptor::Holder;
use crate::providers::registry;
use crate::store::accounts::{self, AccountRow};
use crate::store::connect_sessions::{self, ConnectSessionRow};
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

/// What of an account can be changed. `None` leaves it, `Some(None)` clears it.
#[derive(Default)]
pub struct AccountChange {
    /// The customer's credentials.
    pub credentials: Map<String, Value>,
    /// What the vendor calls it.
    pub label: Option<Option<String>>,
    /// The customer's id at the vendor's.
    pub origin_owner_id: Option<String>,
    /// The customer's name at the vendor's.
    pub origin_owner_name: Option<String>,
    /// Who linked it, at the vendor's.
    pub origin_username: Option<Option<String>>,
    /// `production` or `test`.
    pub kind: Option<String>,
    /// The vendor's own.
    pub metadata: Option<Option<Map<String, Value>>>,
    /// What the provider is taken to be; it cannot change.
    pub provider: Option<String>,
}

/// An account with what may be seen of its credentials.
#[derive(Serialize, Deserialize)]
pub struct ShownAccount {
    /// The row.
    pub row: AccountRow,
    /// The credentials that are set.
    pub credentials: Map<String, Value>,
    /// What nothing can be sent to the ATS without, and is not set, in words.
    pub missing: Vec<Violation>,
    /// The newest connect session for it.
    pub session: Option<ConnectSessionRow>,
    /// Whether its integration is enabled.
    pub is_enabled: bool,
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
        let found = self.store.read(move |db| {
            let found = accounts::find(db, &project, &id)?.ok_or_else(unknown)?;
            let session = connect_sessions::newest_of(db, &project, &id)?;
            Ok::<_, Problem>((found, session))
        });
        let ((row, integration), session) = found.await?;
        self.show_account(row, &integration, session)
    }

    /// Changes an account. Of the credentials a text sets one, null clears it, what is left out stays. What waits to
    /// be pushed for the account is tried again at once.
    pub async fn update_account(
        &self,
        write: &Write,
        id: &str,
        change: AccountChange,
    ) -> Result<ShownAccount, Problem> {
        let id = AccountId::parse(id).ok_or_else(unknown)?;
        let (exchange, project, at) = (self.clone(), write.project.clone(), self.ambient.now());
        let shown = self
            .write_once(write, move |db| {
                accounts::lock(db, &id)?;
                let (mut row, integration) = accounts::find(db, &project, &id)?.ok_or_else(unknown)?;
                if change
                    .provider
                    .as_ref()
                    .is_some_and(|named| *named != row.provider)
                {
                    let message = "an account keeps its provider: link the customer anew for another one";
                    let violation = Violation::new("/provider", "immutable", message);
                    return Err(Problem::with(ErrorCode::InvalidValue, vec![violation]));
                }
                let provider =
                    registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
                let place = credentials::of_account(&row);
                let mut fields = credentials::open(&exchange.vault, place, row.credentials_sealed.as_ref())?;
                exchange.take_credentials(
                    provider.descriptor(),
                    Holder::Customer,
                    change.credentials,
                    &mut fields,
                )?;
                row.credentials_sealed = credentials::seal(&exchange.vault, place, &fields);
                set(&mut row.label, change.label);
                set(&mut row.origin_owner_id, change.origin_owner_id);
                set(&mut row.origin_owner_name, change.origin_owner_name);
                set(&mut row.origin_username, change.origin_username);
                set(&mut row.kind, change.kind);
                set(&mut row.metadata, change.metadata.map(text_of));
                row.updated_at = at.0;
                accounts::update(db, &row)?;
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
                let session = connect_sessions::newest_of(db, &project, &id)?;
                exchange.show_account(row, &integration, session)
            })
            .await?;
        self.wake.wake();
        Ok(shown)
    }

    pub(super) fn show_account(
        &self,
        row: AccountRow,
        integration: &IntegrationRow,
        session: Option<ConnectSessionRow>,
    ) -> Result<ShownAccount, Problem> {
        let provider = registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
        let place = credentials::of_account(&row);
        let fields = credentials::open(&self.vault, place, row.credentials_sealed.as_ref())?;
        Ok(ShownAccount {
            credentials: shown(provider.descriptor(), Holder::Customer, &fields),
            missing: self.missing_credentials(provider.descriptor(), integration, &row)?,
            session,
            is_enabled: integration.enabled,
            row,
        })
    }

    /// The account that a header names, and whether its integration is enabled.
    pub async fn find_account(
        &self,
        project: &ProjectId,
        header: &str,
    ) -> Result<(AccountId, bool), Problem> {
        let unknown = || Problem::not_found("account (header x-account-id)");
        let (id, project) = (AccountId::parse(header).ok_or_else(unknown)?, project.clone());
        let found = self.store.read({
            let id = id.clone();
            move |db| accounts::find(db, &project, &id)
        });
        let (_, integration) = found.await?.ok_or_else(unknown)?;
        Ok((id, integration.enabled))
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

pub(super) fn unknown() -> Problem {
    Problem::not_found("account")
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// The vendor's own object as it is stored.
pub(super) fn text_of(metadata: Option<Map<String, Value>>) -> Option<String> {
    metadata.map(|object| Value::Object(object).to_string())
}
