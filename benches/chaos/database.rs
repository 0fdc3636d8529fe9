//! The database, asked directly.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;

/// The one number that a query answers.
pub fn count(url: &str, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let found: Vec<Found> = rows(url, sql);
    found.first().unwrap().count
}

/// The leases that anybody has.
pub fn leases(url: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        lease: String,
    }
    let sql = "SELECT id || ' ' || fence AS lease FROM jobs WHERE status = 'sending'";
    let found: Vec<Found> = rows(url, sql);
    found.into_iter().map(|found| found.lease).collect()
}

fn rows<T>(url: &str, sql: &str) -> Vec<T>
where
    T: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
{
    let query = sql_query(sql);
    let Some(file) = url.strip_prefix("sqlite://") else {
        return query.load(&mut PgConnection::establish(url).unwrap()).unwrap();
    };
    let mut connection = SqliteConnection::establish(file).unwrap();
    sql_query("PRAGMA busy_timeout = 10000")
        .execute(&mut connection)
        .unwrap();
    query.load(&mut connection).unwrap()
}
