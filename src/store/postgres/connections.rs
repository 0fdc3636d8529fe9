//! Connections to the server, and what every session is set to.

use super::OpenError;
use diesel::connection::{AnsiTransactionManager as Transactions, SimpleConnection, TransactionManager};
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, NopErrorHandler, Pool, PoolError, PooledConnection,
};
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, select};
use std::borrow::Cow;
use std::time::Duration;
use url::Url;

/// What libpq is told, unless the URL says otherwise: not to wait for ever for a server that does not answer, and
/// to notice when one is gone.
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
    ("application_name", "crosscheck"),
];

/// No statement and no lock keeps a connection for ever, and a transaction whose client has died ends. A client whose
/// host has died is noticed by the server as soon as a server's is by us.
///
/// Statements are small, and planning them anew, as the planner likes to do for each list of ids, takes longer than
/// running them. A plan is kept for long, perhaps since its tables were empty, so that it must be one that stays good:
/// by indexes, in the order that they give.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '30s'; SET tcp_keepalives_idle = 10; \
                       SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
                       SET tcp_user_timeout = '15s'; SET jit = off; \
                       SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                       SET enable_bitmapscan = off; SET enable_sort = off; SET enable_hashjoin = off; \
                       SET enable_mergejoin = off;";

/// What connections are for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Reading, and telling others, which writes nothing and would wait for the disk.
    Reading,
    /// Writing, and claiming.
    Writing,
}

impl Purpose {
    fn session(self) -> &'static str {
        match self {
            Self::Reading => "SET synchronous_commit = off;",
            Self::Writing => "",
        }
    }
}

/// So many threads, each with a connection, for each that is wanted at most: others take the place of those that hang.
pub const MOST: u32 = 4;

pub type Connection = PooledConnection<ConnectionManager<PgConnection>>;

/// Where connections come from.
#[derive(Clone)]
pub struct Connections(Pool<ConnectionManager<PgConnection>>);

#[derive(Debug)]
struct Session(Purpose);

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(&format!("{SESSION} {}", self.0.session()))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Connections {
    /// For so many threads. Opens none yet.
    pub fn to(url: &str, threads: u32, purpose: Purpose) -> Result<Self, PoolError> {
        let pool = Pool::builder()
            .max_size(threads * MOST)
            .min_idle(Some(0))
            // Whoever takes one sees by itself whether it still works.
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(2))
            .error_handler(Box::new(NopErrorHandler))
            .connection_customizer(Box::new(Session(purpose)))
            .build(ConnectionManager::new(with_defaults(url)))?;
        Ok(Self(pool))
    }

    /// A connection, perhaps one that was closed meanwhile.
    pub fn get(&self, patience: Duration) -> Result<Connection, PoolError> {
        self.0.get_timeout(patience)
    }
}

/// Gives a connection back as one that nobody is to use again.
pub fn discard(mut connection: Connection) {
    Transactions::transaction_manager_status_mut(&mut *connection).set_in_error();
}

/// Whether this session takes no writes, or not even this question.
pub fn is_read_only(connection: &mut PgConnection) -> bool {
    let setting = sql::<Text>("current_setting('transaction_read_only')");
    let answer: Result<String, _> = select(setting).get_result(connection);
    !answer.is_ok_and(|answer| answer == "off")
}

/// The URL with what libpq is to be told.
pub fn with_defaults(url: &str) -> String {
    let mut full = url.to_owned();
    for (name, value) in DEFAULTS {
        if !url.contains(&format!("{name}=")) {
            let joint = if full.contains('?') { '&' } else { '?' };
            full.push_str(&format!("{joint}{name}={value}"));
        }
    }
    full
}

/// What can be shown of the URL.
fn place(url: &str) -> String {
    Url::parse(url).map_or_else(
        |_| "the PostgreSQL server".to_owned(),
        |url| {
            let host = url.host_str().map_or(Cow::Borrowed("local"), Cow::Borrowed);
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            format!("postgres://{host}{port}{}", url.path())
        },
    )
}

/// Why the database does not open, without the password that the URL may hold.
pub fn failed(url: &str, error: &dyn std::error::Error) -> OpenError {
    let mut reason = error.to_string().trim().to_owned();
    if reason.contains("SSL support is not compiled in") {
        reason.push_str("; build with `cargo build --release --features postgres-tls`");
    }
    OpenError::Engine {
        place: place(url),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_url_says_stands() {
        let full = with_defaults("postgres://h/d?connect_timeout=1");
        assert!(full.starts_with("postgres://h/d?connect_timeout=1&keepalives_idle=10&"));
        assert_eq!(full.matches("connect_timeout=").count(), 1);
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = place("postgres://user:secret@db.example:5433/crosscheck?sslmode=require");
        assert_eq!(shown, "postgres://db.example:5433/crosscheck");
        assert_eq!(place("postgres://user:sec ret@:/"), "the PostgreSQL server");
    }
}
