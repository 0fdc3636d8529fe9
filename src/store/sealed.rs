//! Every column that holds sealed values, and how each is walked: what the rotation of the sealing keys goes by.

use super::engine::{Db, StoreResult, on};
use super::schema::{
    accounts, connect_sessions, events, idempotency_keys, integrations, orders, request_logs, revisions,
    settings, webhooks,
};
use diesel::expression::IntoSql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text};

diesel::define_sql_function! {
    /// A part of some bytes, counted from 1: what both engines call by this name.
    fn substr(bytes: Nullable<Binary>, start: Integer, count: Integer) -> Nullable<Binary>;
}

/// The beginning of one sealed value.
#[derive(Clone, Debug, Queryable)]
pub struct Header {
    /// The row's id.
    pub row: String,
    /// The owning project's id, empty for what belongs to the whole server.
    pub project: String,
    /// The first bytes of the value.
    pub bytes: Vec<u8>,
}

/// One column of sealed values.
pub struct SealedColumn {
    /// Table name.
    pub table: &'static str,
    /// Column name.
    pub column: &'static str,
    /// The name of the column under which its values are sealed.
    pub sealed_as: &'static str,
    headers: fn(&mut Db<'_>, &str, i32, i64) -> StoreResult<Vec<Header>>,
    value: fn(&mut Db<'_>, &str) -> StoreResult<Option<Vec<u8>>>,
    swap: fn(&mut Db<'_>, &str, &[u8], &[u8]) -> StoreResult<usize>,
}

impl SealedColumn {
    /// The first `length` bytes of up to `limit` values, in the order of their rows, from the row after `after`
    /// on (empty for the first).
    pub fn headers(&self, db: &mut Db<'_>, after: &str, length: i32, limit: i64) -> StoreResult<Vec<Header>> {
        (self.headers)(db, after, length, limit)
    }

    /// The value of a row, where there is one.
    pub fn value(&self, db: &mut Db<'_>, row: &str) -> StoreResult<Option<Vec<u8>>> {
        (self.value)(db, row)
    }

    /// Puts `new` in the place of `old`. False where something else stands there by now, which stays.
    pub fn swap(&self, db: &mut Db<'_>, row: &str, old: &[u8], new: &[u8]) -> StoreResult<bool> {
        Ok((self.swap)(db, row, old, new)? == 1)
    }
}

macro_rules! sealed_columns {
    ($($table:ident.$column:ident sealed as $sealed_as:literal, by $row:ident of $project:expr;)+) => {
        /// All of them. The setting comes last: it holds the lookup key, which every start has to open.
        pub static SEALED: &[SealedColumn] = &[$(SealedColumn {
            table: stringify!($table),
            column: stringify!($column),
            sealed_as: $sealed_as,
            headers: |db, after, length, limit| {
                let query = $table::table
                    .filter($table::$row.gt(after))
                    .filter($table::$column.is_not_null())
                    .order($table::$row.asc())
                    .limit(limit)
                    .select(($table::$row, $project, substr($table::$column.nullable(), 1, length).assume_not_null()));
                Ok(on!(db, |c| query.load(c))?)
            },
            value: |db, row| {
                let query = $table::table.find(row).select($table::$column.nullable());
                let found: Option<Option<Vec<u8>>> = on!(db, |c| query.get_result(c).optional())?;
                Ok(found.flatten())
            },
            swap: |db, row, old, new| {
                let target = $table::table.find(row).filter($table::$column.eq(old));
                Ok(on!(db, |c| diesel::update(target).set($table::$column.eq(new)).execute(c))?)
            },
        }),+];
    };
}

sealed_columns! {
    integrations.package_list_api_key_sealed sealed as "package_list_api_key", by id of integrations::project_id;
    integrations.partner_password_sealed sealed as "partner_password", by id of integrations::project_id;
    integrations.signing_secret_sealed sealed as "signing_secret", by id of integrations::project_id;
    integrations.credentials_sealed sealed as "credentials", by id of integrations::project_id;
    accounts.trigger_token_sealed sealed as "trigger_token", by id of accounts::project_id;
    accounts.credentials_sealed sealed as "credentials", by id of accounts::project_id;
    webhooks.secret_sealed sealed as "secret", by id of webhooks::project_id;
    // What was the secret keeps the seal that it had as such. It comes after the secret, which may move here
    // while both are walked.
    webhooks.previous_secret_sealed sealed as "secret", by id of webhooks::project_id;
    orders.state_sealed sealed as "state", by id of orders::project_id;
    revisions.body_sealed sealed as "body", by id of revisions::project_id;
    events.body_sealed sealed as "body", by id of events::project_id;
    request_logs.detail_sealed sealed as "detail", by id of request_logs::project_id;
    idempotency_keys.answer_sealed sealed as "answer", by id of idempotency_keys::project_id;
    connect_sessions.trigger_token_sealed sealed as "trigger_token", by id of connect_sessions::project_id;
    settings.value_sealed sealed as "value", by name of "".into_sql::<Text>();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sealed_column_of_the_schema_is_here() {
        let mut table = "";
        let mut sealed = Vec::new();
        for line in include_str!("schema.rs").lines().map(str::trim) {
            if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
                table = name;
            }
            match line.split_once(" ->") {
                Some((column, _)) if column.ends_with("_sealed") => sealed.push((table, column)),
                _ => {}
            }
        }
        let mut here: Vec<_> = SEALED.iter().map(|one| (one.table, one.column)).collect();
        sealed.sort_unstable();
        here.sort_unstable();
        assert_eq!(here, sealed);
    }
}
