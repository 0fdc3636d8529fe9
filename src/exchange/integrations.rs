//! Integrations: how a project uses a provider.

use super::context::Exchange;
use super::credentials::shown;
use super::write::Write;
use crate::crypto::Place;
use crate::domain::account::AuthType;
use crate::domain::category::Category;
use crate::domain::id::{IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::outbox::{credentials, signing};
use crate::providers::descriptor::Holder;
use crate::providers::links::{self, Links};
use crate::providers::provider::Provider;
use crate::providers::registry;
use crate::store::Page;
use crate::store::integrations::{self, IntegrationRow};
use crate::store::pushes::{self, Through};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// What of an integration can be set. `None` leaves it, `Some(None)` clears it.
#[derive(Default)]
pub struct IntegrationChange {
    /// Which interfaces it uses.
    pub auth_type: Option<AuthType>,
    /// What `?tenant-id=` has to be.
    pub tenant_id: Option<Option<String>>,
    /// The vendor's list URL.
    pub package_list_url: Option<Option<String>>,
    /// The key for it.
    pub package_list_api_key: Option<Option<Zeroizing<String>>>,
    /// The one package, where there is no list.
    pub static_package_id: Option<Option<String>>,
    /// What the ATS calls us.
    pub partner_username: Option<Option<String>>,
    /// The password that goes with it.
    pub partner_password: Option<Option<Zeroizing<String>>>,
    /// The vendor's credentials: a text sets one, null clears it, what is left out stays.
    pub credentials: Map<String, Value>,
    /// Whether it is used.
    pub enabled: Option<bool>,
}

/// An integration with what may be seen of its credentials.
#[derive(Serialize, Deserialize)]
pub struct ShownIntegration {
    /// The row.
    pub row: IntegrationRow,
    /// The vendor's credentials that are set.
    pub credentials: Map<String, Value>,
}

impl Exchange {
    /// Makes an integration. Returns it with the secret that signs calls to its list URL.
    pub async fn create_integration(
        &self,
        write: &Write,
        provider: &str,
        category: Category,
        change: IntegrationChange,
    ) -> Result<(ShownIntegration, Zeroizing<String>), Problem> {
        let provider = find_provider(provider, category)?;
        let (mut row, secret) = self.blank_integration(&write.project, provider, category);
        self.apply(&mut row, provider, change)?;
        let shown = self.show_integration(row)?;
        self.write_once(write, move |db| {
            integrations::insert(db, &shown.row)?;
            Ok((shown, secret))
        })
        .await
    }

    /// Changes an integration.
    pub async fn update_integration(
        &self,
        write: &Write,
        id: &str,
        change: IntegrationChange,
    ) -> Result<ShownIntegration, Problem> {
        let id = IntegrationId::parse(id).ok_or_else(unknown)?;
        let (exchange, project) = (self.clone(), write.project.clone());
        let changed = self
            .write_once(write, move |db| {
                integrations::lock(db, &project)?;
                let mut row = integrations::find(db, &project, &id)?.ok_or_else(unknown)?;
                let provider =
                    registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
                exchange.apply(&mut row, provider, change)?;
                let at = exchange.ambient.now();
                row.updated_at = at.0;
                integrations::update(db, &row)?;
                pushes::hasten(db, &project, Through::Integration(&row.id), at)?;
                exchange.show_integration(row)
            })
            .await?;
        self.wake.wake();
        Ok(changed)
    }

    /// One integration.
    pub async fn get_integration(&self, project: &ProjectId, id: &str) -> Result<IntegrationRow, Problem> {
        let (id, project) = (IntegrationId::parse(id).ok_or_else(unknown)?, project.clone());
        let row = self
            .store
            .read(move |db| integrations::find(db, &project, &id))
            .await?;
        row.ok_or_else(unknown)
    }

    /// A page of integrations, newest first.
    pub async fn list_integrations(
        &self,
        project: &ProjectId,
        page: Page,
    ) -> Result<Vec<IntegrationRow>, Problem> {
        let project = project.clone();
        self.store
            .read(move |db| integrations::list(db, &project, &page).map_err(Problem::from))
            .await
    }

    /// Removes an integration through which nobody is linked.
    pub async fn delete_integration(&self, write: &Write, id: &str) -> Result<(), Problem> {
        let (id, project) = (
            IntegrationId::parse(id).ok_or_else(unknown)?,
            write.project.clone(),
        );
        self.write_once(write, move |db| {
            integrations::lock(db, &project)?;
            integrations::find(db, &project, &id)?.ok_or_else(unknown)?;
            if integrations::has_accounts(db, &id)? {
                return Err(Problem::of(ErrorCode::IntegrationInUse));
            }
            integrations::delete(db, &project, &id)?;
            Ok(())
        })
        .await
    }

    /// The URLs that the ATS's partner form asks for, by operation.
    pub fn endpoint_urls(&self, row: &IntegrationRow) -> Vec<(&'static str, String)> {
        let Some(provider) = registry::find(&row.provider) else {
            return Vec::new();
        };
        let links = self.links(row);
        let operations = provider.descriptor().operations.iter();
        operations
            .map(|operation| (operation.name, links.template(operation)))
            .collect()
    }

    /// Where an integration's ATS reaches us.
    pub(super) fn links(&self, row: &IntegrationRow) -> Links {
        Links {
            base_url: self.base_url(&row.provider),
            tenant_id: row.tenant_id.clone(),
        }
    }

    /// Where a provider's ATS reaches us.
    pub fn base_url(&self, provider: &str) -> String {
        links::base_url(&self.public_url, provider)
    }

    /// An integration as it may be seen.
    pub fn show_integration(&self, row: IntegrationRow) -> Result<ShownIntegration, Problem> {
        let provider = registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
        let place = credentials::of_integration(&row);
        let fields = credentials::open(&self.vault, place, row.credentials_sealed.as_ref())?;
        Ok(ShownIntegration {
            credentials: shown(provider.descriptor(), Holder::Vendor, &fields),
            row,
        })
    }

    /// An integration with nothing set but its signing secret.
    pub(super) fn blank_integration(
        &self,
        project: &ProjectId,
        provider: &dyn Provider,
        category: Category,
    ) -> (IntegrationRow, Zeroizing<String>) {
        let id = IntegrationId::new(self.ambient.uuid());
        let secret = signing::new_secret(self.ambient.as_ref());
        let at = self.ambient.now().0;
        let row = IntegrationRow {
            signing_secret_sealed: self.vault.seal(
                place(project.as_str(), "signing_secret", id.as_str()),
                secret.as_bytes(),
            ),
            id: id.as_str().to_owned(),
            project_id: project.as_str().to_owned(),
            provider: provider.descriptor().key.to_owned(),
            category: category.as_str().to_owned(),
            auth_type: AuthType::default().as_str().to_owned(),
            tenant_id: None,
            package_list_url: None,
            package_list_api_key_sealed: None,
            static_package_id: None,
            partner_username: None,
            partner_password_sealed: None,
            created_at: at,
            updated_at: at,
            credentials_sealed: None,
            enabled: true,
        };
        (row, secret)
    }

    fn apply(
        &self,
        row: &mut IntegrationRow,
        provider: &dyn Provider,
        change: IntegrationChange,
    ) -> Result<(), Problem> {
        let mut fields = credentials::open(
            &self.vault,
            credentials::of_integration(row),
            row.credentials_sealed.as_ref(),
        )?;
        self.take_credentials(
            provider.descriptor(),
            Holder::Vendor,
            change.credentials,
            &mut fields,
        )?;
        row.credentials_sealed = credentials::seal(&self.vault, credentials::of_integration(row), &fields);
        if let Some(auth_type) = change.auth_type {
            if !provider.descriptor().auth_types.contains(&auth_type) {
                return Err(Problem::of(ErrorCode::NotCapable));
            }
            row.auth_type = auth_type.as_str().to_owned();
        }
        if let Some(Some(url)) = &change.package_list_url {
            self.client.guard().check(url, &[]).map_err(|forbidden| {
                let violation = forbidden.violation("/package_list_url", "package_list_url");
                Problem::with(ErrorCode::TargetNotAllowed, vec![violation])
            })?;
        }
        if matches!(&change.partner_username, Some(Some(user)) if user.contains(':')) {
            // HTTP Basic would end the name there and the ATS would read another one.
            let message =
                "partner_username must not have a colon: what follows it belongs in partner_password";
            let violation = Violation::new("/partner_username", "colon", message);
            return Err(Problem::with(ErrorCode::InvalidValue, vec![violation]));
        }
        let seal = |column, secret: Option<Zeroizing<String>>| {
            secret.map(|secret| {
                self.vault
                    .seal(place(&row.project_id, column, &row.id), secret.as_bytes())
            })
        };
        let api_key = change
            .package_list_api_key
            .map(|secret| seal("package_list_api_key", secret));
        let password = change
            .partner_password
            .map(|secret| seal("partner_password", secret));
        set(&mut row.package_list_api_key_sealed, api_key);
        set(&mut row.partner_password_sealed, password);
        set(&mut row.tenant_id, change.tenant_id);
        set(&mut row.package_list_url, change.package_list_url);
        set(&mut row.static_package_id, change.static_package_id);
        set(&mut row.partner_username, change.partner_username);
        set(&mut row.enabled, change.enabled);
        Ok(())
    }
}

/// The provider of that key, if it has the category.
pub(super) fn find_provider(key: &str, category: Category) -> Result<&'static dyn Provider, Problem> {
    let provider = registry::find(key).ok_or_else(|| {
        let message = format!("provider must be one of: {}", registry::keys());
        Problem::with(
            ErrorCode::InvalidValue,
            vec![Violation::new("/provider", "unknown_value", message)],
        )
    })?;
    if provider.descriptor().categories.contains(&category) {
        return Ok(provider);
    }
    let message = format!("{} has no {category}.", provider.descriptor().name);
    Err(Problem::new(ErrorCode::NotCapable, message))
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

fn place<'a>(project: &'a str, column: &'static str, row: &'a str) -> Place<'a> {
    Place {
        project,
        table: "integrations",
        column,
        row,
    }
}

fn unknown() -> Problem {
    Problem::not_found("integration")
}
