//! Integrations: a project's configuration of a provider.

use super::engine::{Db, StoreResult, alone, on};
use super::schema::{accounts, integrations};
use crate::domain::category::Category;
use crate::domain::id::{IntegrationId, ProjectId};
use crate::store::Page;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// An integration as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = integrations, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct IntegrationRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// Provider key.
    pub provider: String,
    /// Category.
    pub category: String,
    /// `partner_api` or `public_and_partner_api`.
    pub auth_type: String,
    /// What `?tenant-id=` has to be, where it is sent.
    pub tenant_id: Option<String>,
    /// The vendor's list URL.
    pub package_list_url: Option<String>,
    /// Sealed: the key for that URL.
    pub package_list_api_key_sealed: Option<Vec<u8>>,
    /// The one package, where there is no list.
    pub static_package_id: Option<String>,
    /// What the ATS calls us.
    pub partner_username: Option<String>,
    /// Sealed: the password that goes with it.
    pub partner_password_sealed: Option<Vec<u8>>,
    /// Sealed: what signs the calls to the list URL.
    pub signing_secret_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// Sealed: the vendor's credentials.
    pub credentials_sealed: Option<Vec<u8>>,
    /// Whether it is used.
    pub enabled: bool,
}

/// Adds an integration.
pub fn insert(db: &mut Db<'_>, row: &IntegrationRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(integrations::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Stores every column of a changed integration.
pub fn update(db: &mut Db<'_>, row: &IntegrationRow) -> StoreResult<()> {
    let target = integrations::table
        .find(&row.id)
        .filter(integrations::project_id.eq(&row.project_id));
    on!(db, |c| diesel::update(target).set(row).execute(c))?;
    Ok(())
}

/// Until the transaction ends, nobody else changes a project's integrations or chooses among them.
pub fn lock(db: &mut Db<'_>, project: &ProjectId) -> StoreResult<()> {
    alone(db, "integrations", project.as_str())
}

/// The integration with that id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &IntegrationId) -> StoreResult<Option<IntegrationRow>> {
    Ok(on!(db, |c| integrations::table
        .find(id.as_str())
        .filter(integrations::project_id.eq(project.as_str()))
        .select(IntegrationRow::as_select())
        .get_result(c)
        .optional())?)
}

/// The project that an integration belongs to.
pub fn project_of(db: &mut Db<'_>, id: &IntegrationId) -> StoreResult<Option<String>> {
    Ok(on!(db, |c| integrations::table
        .find(id.as_str())
        .select(integrations::project_id)
        .get_result(c)
        .optional())?)
}

/// A page of a project's integrations.
pub fn list(db: &mut Db<'_>, project: &ProjectId, page: &Page) -> StoreResult<Vec<IntegrationRow>> {
    Ok(on!(db, |c| {
        let mut query = integrations::table
            .filter(integrations::project_id.eq(project.as_str()))
            .order(integrations::id.desc())
            .limit(page.limit)
            .select(IntegrationRow::as_select())
            .into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(integrations::id.lt(after));
        }
        query.load(c)
    })?)
}

/// Those of a provider and category; two are enough to know that the choice is not clear.
pub fn fitting(
    db: &mut Db<'_>,
    project: &ProjectId,
    provider: &str,
    category: Category,
) -> StoreResult<Vec<IntegrationRow>> {
    Ok(on!(db, |c| integrations::table
        .filter(integrations::project_id.eq(project.as_str()))
        .filter(integrations::provider.eq(provider))
        .filter(integrations::category.eq(category.as_str()))
        .order(integrations::id.asc())
        .limit(2)
        .select(IntegrationRow::as_select())
        .load(c))?)
}

/// The provider and category of each integration of a project, in the order in which they were made.
pub fn kinds(db: &mut Db<'_>, project: &ProjectId) -> StoreResult<Vec<(String, String)>> {
    Ok(on!(db, |c| integrations::table
        .filter(integrations::project_id.eq(project.as_str()))
        .order(integrations::id.asc())
        .select((integrations::provider, integrations::category))
        .load(c))?)
}

/// Whether customers are linked through it.
pub fn has_accounts(db: &mut Db<'_>, id: &IntegrationId) -> StoreResult<bool> {
    let found: Option<String> = on!(db, |c| accounts::table
        .filter(accounts::integration_id.eq(id.as_str()))
        .select(accounts::id)
        .first(c)
        .optional())?;
    Ok(found.is_some())
}

/// Removes an integration. False where there is none.
pub fn delete(db: &mut Db<'_>, project: &ProjectId, id: &IntegrationId) -> StoreResult<bool> {
    let target = integrations::table
        .find(id.as_str())
        .filter(integrations::project_id.eq(project.as_str()));
    Ok(on!(db, |c| diesel::delete(target).execute(c))? == 1)
}
