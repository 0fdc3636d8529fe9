//! Accounts: one customer linked through an integration.

use super::engine::{Db, StoreResult, alone, on};
use super::integrations::IntegrationRow;
use super::schema::{accounts, integrations};
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// An account as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = accounts, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct AccountRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// How it is linked.
    pub integration_id: String,
    /// Provider key.
    pub provider: String,
    /// Category.
    pub category: String,
    /// The customer's id at the vendor's.
    pub origin_owner_id: String,
    /// The customer's name at the vendor's.
    pub origin_owner_name: String,
    /// Keyed hash of the trigger token.
    pub trigger_token_hash: Vec<u8>,
    /// Sealed: the trigger token.
    pub trigger_token_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// Sealed: the customer's credentials.
    pub credentials_sealed: Option<Vec<u8>>,
    /// What the vendor calls it.
    pub label: Option<String>,
    /// Who linked it, at the vendor's.
    pub origin_username: Option<String>,
    /// `production` or `test`.
    pub kind: String,
    /// The vendor's own, a JSON object.
    pub metadata: Option<String>,
    /// When its ATS first called.
    pub first_call_at: Option<i64>,
    /// When it was unlinked; its orders stay.
    pub deleted_at: Option<i64>,
}

/// Adds an account.
pub fn insert(db: &mut Db<'_>, row: &AccountRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(accounts::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Until the transaction ends, nobody else changes the account.
pub fn lock(db: &mut Db<'_>, id: &AccountId) -> StoreResult<()> {
    alone(db, "account", id.as_str())
}

/// Stores every column of a changed account.
pub fn update(db: &mut Db<'_>, row: &AccountRow) -> StoreResult<()> {
    let target = accounts::table
        .find(&row.id)
        .filter(accounts::project_id.eq(&row.project_id));
    on!(db, |c| diesel::update(target).set(row).execute(c))?;
    Ok(())
}

/// Notes when an account's ATS first called, where that is not known yet.
pub fn note_first_call(db: &mut Db<'_>, id: &AccountId, at: Timestamp) -> StoreResult<()> {
    let target = accounts::table
        .find(id.as_str())
        .filter(accounts::first_call_at.is_null());
    on!(db, |c| diesel::update(target)
        .set(accounts::first_call_at.eq(at.0))
        .execute(c))?;
    Ok(())
}

/// Which accounts are listed; an empty list leaves all.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// These ids.
    pub ids: Vec<String>,
    /// Through these providers.
    pub providers: Vec<String>,
    /// Of these customers.
    pub owners: Vec<String>,
}

/// A project's linked accounts with their integrations, newest first.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    filter: &AccountFilter,
) -> StoreResult<Vec<(AccountRow, IntegrationRow)>> {
    Ok(on!(db, |c| {
        let mut query = accounts::table
            .inner_join(integrations::table.on(integrations::id.eq(accounts::integration_id)))
            .filter(accounts::project_id.eq(project.as_str()))
            .filter(accounts::deleted_at.is_null())
            .order(accounts::id.desc())
            .select((AccountRow::as_select(), IntegrationRow::as_select()))
            .into_boxed();
        if !filter.ids.is_empty() {
            query = query.filter(accounts::id.eq_any(&filter.ids));
        }
        if !filter.providers.is_empty() {
            query = query.filter(accounts::provider.eq_any(&filter.providers));
        }
        if !filter.owners.is_empty() {
            query = query.filter(accounts::origin_owner_id.eq_any(&filter.owners));
        }
        query.load(c)
    })?)
}

/// The accounts whose trigger tokens have these hashes, with their integrations.
pub fn by_tokens(db: &mut Db<'_>, hashes: &[Vec<u8>]) -> StoreResult<Vec<(AccountRow, IntegrationRow)>> {
    let linked = || {
        accounts::table
            .inner_join(integrations::table.on(integrations::id.eq(accounts::integration_id)))
            .filter(accounts::deleted_at.is_null())
    };
    match db {
        // A statement costs no way to a server here, and is prepared once.
        Db::Sqlite(connection) => {
            let mut found = Vec::with_capacity(hashes.len());
            for hash in hashes {
                let one = linked().filter(accounts::trigger_token_hash.eq(hash));
                let one = one.select((AccountRow::as_select(), IntegrationRow::as_select()));
                found.extend(one.get_result(&mut **connection).optional()?);
            }
            Ok(found)
        }
        Db::Postgres(connection) => {
            let all = linked().filter(accounts::trigger_token_hash.eq_any(hashes));
            let all = all.select((AccountRow::as_select(), IntegrationRow::as_select()));
            Ok(all.load(&mut **connection)?)
        }
    }
}

/// The account with that id, in that project, with its integration.
pub fn find(
    db: &mut Db<'_>,
    project: &ProjectId,
    id: &AccountId,
) -> StoreResult<Option<(AccountRow, IntegrationRow)>> {
    Ok(on!(db, |c| accounts::table
        .inner_join(integrations::table.on(integrations::id.eq(accounts::integration_id)))
        .filter(accounts::id.eq(id.as_str()))
        .filter(accounts::project_id.eq(project.as_str()))
        .filter(accounts::deleted_at.is_null())
        .select((AccountRow::as_select(), IntegrationRow::as_select()))
        .get_result(c)
        .optional())?)
}
