//! Linking: the account that one customer gets, and the integration through which it is linked.

use super::accounts::told;
use super::context::{Exchange, defect};
use super::events::{News, prepare, publish};
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{AccountId, IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::outbox::credentials::{self, Fields};
use crate::providers::provider::Provider;
use crate::store::Db;
use crate::store::accounts::{self, AccountRow};
use crate::store::integrations::{self, IntegrationRow};
use zeroize::Zeroizing;

/// A customer that is about to be linked.
pub(super) struct Link {
    /// Through which provider.
    pub provider: &'static dyn Provider,
    /// For what.
    pub category: Category,
    /// Through which integration; else the only one, else one that is made.
    pub integration: Option<IntegrationId>,
    /// The trigger token that its ATS will show us.
    pub token: Zeroizing<String>,
    /// Its credentials, checked.
    pub credentials: Fields,
    /// Who it is.
    pub customer: LinkedCustomer,
}

/// Who a linked customer is, in the vendor's words.
pub(super) struct LinkedCustomer {
    pub origin_owner_id: String,
    pub origin_owner_name: String,
    pub origin_username: Option<String>,
    pub label: Option<String>,
    /// `production` or `test`.
    pub kind: String,
    /// A JSON object.
    pub metadata: Option<String>,
}

impl Exchange {
    /// Makes the account of a customer, in `db`'s transaction, and tells of it. The worker is to be rung afterwards.
    pub(super) fn link(
        &self,
        db: &mut Db<'_>,
        project: &ProjectId,
        link: Link,
    ) -> Result<AccountRow, Problem> {
        let (on_the_spot, _) = self.blank_integration(project, link.provider, link.category);
        let id = AccountId::new(self.ambient.uuid());
        let at = self.ambient.now();
        let mut row = AccountRow {
            trigger_token_hash: self.vault.lookup("trigger_token", &link.token),
            trigger_token_sealed: Vec::new(),
            id: id.as_str().to_owned(),
            project_id: project.as_str().to_owned(),
            integration_id: choose(db, project, link.integration, on_the_spot)?,
            provider: link.provider.descriptor().key.to_owned(),
            category: link.category.as_str().to_owned(),
            origin_owner_id: link.customer.origin_owner_id,
            origin_owner_name: link.customer.origin_owner_name,
            created_at: at.0,
            updated_at: at.0,
            credentials_sealed: None,
            label: link.customer.label,
            origin_username: link.customer.origin_username,
            kind: link.customer.kind,
            metadata: link.customer.metadata,
            first_call_at: None,
            deleted_at: None,
        };
        let place = credentials::trigger_token_of(&row);
        row.trigger_token_sealed = self.vault.seal(place, link.token.as_bytes());
        row.credentials_sealed =
            credentials::seal(&self.vault, credentials::of_account(&row), &link.credentials);
        let news = News {
            project: project.as_str(),
            event_type: EventType::AccountCreated,
            record_id: id.as_str(),
            account: Some(id.as_str()),
            category: Some(link.category),
            data_key: "account",
            data: told(&row),
            at,
        };
        let event = prepare(&self.vault, self.ambient.as_ref(), news).map_err(|error| defect(&error))?;
        accounts::insert(db, &row)?;
        publish(db, self.ambient.as_ref(), &event)?;
        Ok(row)
    }

    /// The trigger token of an account.
    pub(super) fn trigger_token(&self, account: &AccountRow) -> Result<Zeroizing<String>, Problem> {
        let place = credentials::trigger_token_of(account);
        Ok(self.vault.open_text(place, &account.trigger_token_sealed)?)
    }
}

/// The integration that is named; else the only one that fits; else one made on the spot.
fn choose(
    db: &mut Db<'_>,
    project: &ProjectId,
    named: Option<IntegrationId>,
    on_the_spot: IntegrationRow,
) -> Result<String, Problem> {
    // Two first customers at once make one integration, and nobody removes the one that is chosen.
    integrations::lock(db, project)?;
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

pub(super) fn unknown_integration() -> Problem {
    Problem::not_found("integration (integration_id)")
}
