//! Accounts: linking one customer, which makes the trigger token that the customer's ATS will show us.

use super::context::{Exchange, defect};
use super::events::{News, prepare, publish};
use super::integrations::find_provider;
use super::keys::new_token;
use crate::crypto::Place;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::providers::descriptor::Descriptor;
use crate::store::Db;
use crate::store::accounts::{self, AccountRow};
use crate::store::integrations::{self, IntegrationRow};
use serde_json::json;
use std::sync::Arc;
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
    /// The names of the credentials that were sent.
    pub credentials: Vec<String>,
}

/// What the customer gives its ATS.
pub struct Secrets {
    /// The trigger token: the ATS's API key for us.
    pub secret_key: Zeroizing<String>,
    /// Where the ATS reaches us.
    pub base_url: String,
    /// The account that was made.
    pub account_id: AccountId,
}

/// What a trigger token begins with; `keys example` makes one that opens nothing.
pub const TRIGGER_TOKEN_PREFIX: &str = "ct_";

impl Exchange {
    /// Links a customer: each call makes an account.
    pub async fn create_secrets(
        &self,
        project: &ProjectId,
        category: Category,
        new: NewAccount,
    ) -> Result<Secrets, Problem> {
        let provider = find_provider(&new.provider, category)?;
        check_credentials(provider.descriptor(), &new.credentials)?;
        let chosen = new
            .integration_id
            .as_deref()
            .map(|id| IntegrationId::parse(id).ok_or_else(unknown_integration));
        let chosen = chosen.transpose()?;
        let (on_the_spot, _) = self.blank_integration(project, provider, category);
        let token = new_token(self.ambient.as_ref(), TRIGGER_TOKEN_PREFIX);
        let id = AccountId::new(self.ambient.uuid());
        let at = self.ambient.now();
        let place = Place {
            project: project.as_str(),
            table: "accounts",
            column: "trigger_token",
            row: id.as_str(),
        };
        let mut row = AccountRow {
            trigger_token_hash: self.vault.lookup("trigger_token", &token),
            trigger_token_sealed: self.vault.seal(place, token.as_bytes()),
            id: id.as_str().to_owned(),
            project_id: project.as_str().to_owned(),
            integration_id: String::new(),
            provider: new.provider.clone(),
            category: category.as_str().to_owned(),
            origin_owner_id: new.origin_owner_id,
            origin_owner_name: new.origin_owner_name,
            created_at: at.0,
            updated_at: at.0,
        };
        let news = News {
            project: project.as_str(),
            event_type: EventType::AccountCreated,
            record_id: id.as_str(),
            account: Some(id.as_str()),
            category: Some(category),
            data_key: "account",
            data: json!({
                "id": row.id,
                "provider": row.provider,
                "category": row.category,
                "originOwnerId": row.origin_owner_id,
                "originOwnerName": row.origin_owner_name,
            }),
            at,
        };
        let event = prepare(&self.vault, self.ambient.as_ref(), news).map_err(|error| defect(&error))?;
        let (ambient, project) = (Arc::clone(&self.ambient), project.clone());
        self.store
            .write(move |db| {
                row.integration_id = choose(db, &project, chosen, on_the_spot)?;
                accounts::insert(db, &row)?;
                publish(db, ambient.as_ref(), &event)?;
                Ok::<_, Problem>(())
            })
            .await?;
        self.wake.wake();
        Ok(Secrets {
            secret_key: token,
            base_url: self.base_url(&new.provider),
            account_id: id,
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

/// A credential that the provider does not ask for would be lost without a word.
fn check_credentials(descriptor: &Descriptor, sent: &[String]) -> Result<(), Problem> {
    let known = |name: &str| {
        descriptor
            .credential_fields
            .iter()
            .any(|field| field.name == name)
    };
    let unknown: Vec<_> = sent
        .iter()
        .filter(|name| !known(name))
        .map(|name| {
            let pointer = format!("/credentials/{}", name.replace('~', "~0").replace('/', "~1"));
            let message = format!("{} asks for no such credential: leave it out", descriptor.name);
            Violation::new(pointer, "unknown_field", message)
        })
        .collect();
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(Problem::with(ErrorCode::InvalidValue, unknown))
    }
}

/// The integration that is named; else the only one that fits; else one made on the spot.
fn choose(
    db: &mut Db<'_>,
    project: &ProjectId,
    named: Option<IntegrationId>,
    on_the_spot: IntegrationRow,
) -> Result<String, Problem> {
    if let Some(id) = named {
        let row = integrations::find(db, project, &id)?.ok_or_else(unknown_integration)?;
        let fits = row.provider == on_the_spot.provider && row.category == on_the_spot.category;
        return if fits {
            Ok(row.id)
        } else {
            let message = "integration_id names an integration of another provider or category";
            Err(Problem::with(
                ErrorCode::InvalidValue,
                vec![Violation::new("/integration_id", "mismatch", message)],
            ))
        };
    }
    let category = Category::parse(&on_the_spot.category).ok_or_else(|| Problem::of(ErrorCode::Internal))?;
    let fitting = integrations::fitting(db, project, &on_the_spot.provider, category)?;
    match fitting.as_slice() {
        [] => {
            integrations::insert(db, &on_the_spot)?;
            Ok(on_the_spot.id)
        }
        [only] => Ok(only.id.clone()),
        _ => {
            let message = "several integrations of this provider and category exist: send integration_id";
            Err(Problem::with(
                ErrorCode::IntegrationAmbiguous,
                vec![Violation::new("/integration_id", "required", message)],
            ))
        }
    }
}

fn unknown_integration() -> Problem {
    Problem::not_found("integration (integration_id)")
}
