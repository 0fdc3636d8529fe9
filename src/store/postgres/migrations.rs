//! Bringing the tables up to date, once, however many processes come up at the same time.

use super::OpenError;
use super::connections::{failed, with_defaults};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::pg::PgConnection;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl, select};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::time::{Duration, Instant};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The oldest version that is supported, as `server_version_num` has it.
const OLDEST: u32 = 150_000;

/// A server that comes up at the same time is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

/// One process at a time; the lock ends with the connection. The number is the first bytes of "crosscheck".
const LOCK: &str = "SELECT pg_advisory_lock(7165065863463625571)";

/// Returns a name that no other process has.
pub fn bring_up_to_date(url: &str) -> Result<String, OpenError> {
    let mut connection = connect(url)?;
    let failed = |error: &dyn std::error::Error| failed(url, error);
    let setting = |name: &str| select(sql::<Text>(&format!("current_setting('{name}')")));
    let number: String = setting("server_version_num")
        .get_result(&mut connection)
        .map_err(|error| failed(&error))?;
    if number.parse::<u32>().is_ok_and(|number| number < OLDEST) {
        let version = setting("server_version").get_result(&mut connection);
        return Err(OpenError::TooOld(version.map_err(|error| failed(&error))?));
    }
    connection.batch_execute(LOCK).map_err(|error| failed(&error))?;
    connection
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| failed(error.as_ref()))?;
    select(sql::<Text>("gen_random_uuid()::text"))
        .get_result(&mut connection)
        .map_err(|error| failed(&error))
}

/// Waits for a server that is not there yet.
fn connect(url: &str) -> Result<PgConnection, OpenError> {
    let ends = Instant::now() + PATIENCE;
    loop {
        match PgConnection::establish(&with_defaults(url)) {
            Ok(connection) => return Ok(connection),
            Err(error) if Instant::now() > ends || !may_come_up(&error.to_string()) => {
                return Err(failed(url, &error));
            }
            Err(error) => tracing::info!(reason = %error, "waiting for the PostgreSQL server"),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether waiting may help: nobody listens there yet, or the server says that it is starting.
fn may_come_up(reason: &str) -> bool {
    [
        "Connection refused",
        "starting up",
        "shutting down",
        "No such file",
        "could not translate host name",
    ]
    .iter()
    .any(|sign| reason.contains(sign))
}
