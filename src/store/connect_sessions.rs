//! Connect sessions: the pages on which customers set up their side.

use super::accounts::AccountRow;
use super::engine::{Db, StoreResult, alone, on};
use super::schema::connect_sessions;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// How long a session that nobody used is kept once it has expired.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

/// A connect session as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = connect_sessions, treat_none_as_default_value = false)]
pub struct ConnectSessionRow {
    /// Id.
    pub id: String,
    /// Id as a number of 52 bits, for clients that expect one.
    pub number: i64,
    /// Owner.
    pub project_id: String,
    /// Keyed hash of the token in the page's address.
    pub token_hash: Vec<u8>,
    /// The account that is set up; none until an ATS is chosen.
    pub account_id: Option<String>,
    /// Provider key, where it is settled.
    pub provider: Option<String>,
    /// Through which integration, where that was said.
    pub integration_id: Option<String>,
    /// What may be ordered, as it was sent: words, separated by commas.
    pub categories: String,
    /// The customer's id at the vendor's.
    pub origin_owner_id: String,
    /// The customer's name at the vendor's.
    pub origin_owner_name: String,
    /// Who links, at the vendor's.
    pub origin_username: Option<String>,
    /// What the vendor calls the account.
    pub label: Option<String>,
    /// `production` or `test`.
    pub kind: String,
    /// The vendor's own, a JSON object.
    pub metadata: Option<String>,
    /// Sealed: the trigger token, until there is an account to hold it.
    pub trigger_token_sealed: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: i64,
    /// From when on its page is closed.
    pub expires_at: i64,
    /// When its page was first looked at.
    pub opened_at: Option<i64>,
    /// When the customer first said that its part is done.
    pub completed_at: Option<i64>,
}

/// Adds a session.
pub fn insert(db: &mut Db<'_>, row: &ConnectSessionRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(connect_sessions::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Until the transaction ends, nobody else settles what the session is for.
pub fn lock(db: &mut Db<'_>, id: &str) -> StoreResult<()> {
    alone(db, "connect_session", id)
}

/// The session whose token has that hash, expired or not.
pub fn by_token(db: &mut Db<'_>, hash: &[u8]) -> StoreResult<Option<ConnectSessionRow>> {
    Ok(on!(db, |c| connect_sessions::table
        .filter(connect_sessions::token_hash.eq(hash))
        .select(ConnectSessionRow::as_select())
        .get_result(c)
        .optional())?)
}

/// The newest session of an account.
pub fn newest_of(
    db: &mut Db<'_>,
    project: &ProjectId,
    account: &AccountId,
) -> StoreResult<Option<ConnectSessionRow>> {
    Ok(on!(db, |c| connect_sessions::table
        .filter(connect_sessions::project_id.eq(project.as_str()))
        .filter(connect_sessions::account_id.eq(account.as_str()))
        .order(connect_sessions::id.desc())
        .select(ConnectSessionRow::as_select())
        .first(c)
        .optional())?)
}

/// The newest session of each account of a project that has any, by the account's id.
pub fn newest_of_each(
    db: &mut Db<'_>,
    project: &ProjectId,
) -> StoreResult<HashMap<String, ConnectSessionRow>> {
    let rows: Vec<ConnectSessionRow> = on!(db, |c| connect_sessions::table
        .filter(connect_sessions::project_id.eq(project.as_str()))
        .filter(connect_sessions::account_id.is_not_null())
        .order(connect_sessions::id.asc())
        .select(ConnectSessionRow::as_select())
        .load(c))?;
    let by_account = rows
        .into_iter()
        .filter_map(|row| Some((row.account_id.clone()?, row)));
    Ok(by_account.collect())
}

/// Stores which account a session turned out to be for. That holds the trigger token from now on.
pub fn settle(db: &mut Db<'_>, id: &str, account: &AccountRow) -> StoreResult<()> {
    let change = (
        connect_sessions::account_id.eq(&account.id),
        connect_sessions::provider.eq(&account.provider),
        connect_sessions::integration_id.eq(&account.integration_id),
        connect_sessions::trigger_token_sealed.eq(None::<Vec<u8>>),
    );
    on!(db, |c| diesel::update(connect_sessions::table.find(id))
        .set(change)
        .execute(c))?;
    Ok(())
}

/// Notes when the page was first looked at.
pub fn note_opened(db: &mut Db<'_>, id: &str, at: Timestamp) -> StoreResult<()> {
    let target = connect_sessions::table
        .find(id)
        .filter(connect_sessions::opened_at.is_null());
    on!(db, |c| diesel::update(target)
        .set(connect_sessions::opened_at.eq(at.0))
        .execute(c))?;
    Ok(())
}

/// Notes when the customer first said that its part is done.
pub fn note_completed(db: &mut Db<'_>, id: &str, at: Timestamp) -> StoreResult<()> {
    let target = connect_sessions::table
        .find(id)
        .filter(connect_sessions::completed_at.is_null());
    on!(db, |c| diesel::update(target)
        .set(connect_sessions::completed_at.eq(at.0))
        .execute(c))?;
    Ok(())
}

/// Whether there are sessions that nobody used, long expired at `now`.
pub fn has_old(db: &mut Db<'_>, now: Timestamp) -> StoreResult<bool> {
    let found: Option<String> = on!(db, |c| connect_sessions::table
        .filter(connect_sessions::expires_at.lt(now.plus_ms(-KEPT_MS).0))
        .filter(connect_sessions::account_id.is_null())
        .select(connect_sessions::id)
        .first(c)
        .optional())?;
    Ok(found.is_some())
}

/// Forgets the sessions that nobody used, long expired at `now`. One with an account says how that was set up.
pub fn forget_old(db: &mut Db<'_>, now: Timestamp) -> StoreResult<usize> {
    let old = connect_sessions::table
        .filter(connect_sessions::expires_at.lt(now.plus_ms(-KEPT_MS).0))
        .filter(connect_sessions::account_id.is_null());
    Ok(on!(db, |c| diesel::delete(old).execute(c))?)
}
