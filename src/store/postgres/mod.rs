//! PostgreSQL: any number of processes on one database, each work in a transaction of its own.

mod bell;
mod connections;
mod crew;
mod migrations;

use super::database::OpenError;
use super::engine::{Db, StoreError, StoreResult, guarded};
use bell::Bell;
use connections::{Connections, Purpose};
use crew::{Crew, Opening};
use diesel::connection::{AnsiTransactionManager as Transactions, TransactionManager};
use diesel::pg::PgConnection;
use diesel::r2d2::R2D2Connection;
use std::time::Duration;
use tokio::sync::oneshot;

/// How many transactions run at once. Waiting for the disk they do not need a processor each.
const WRITERS: u32 = 12;
/// How many reads run at once.
const READERS: u32 = 4;
/// How long a read may take, waiting included, before its caller is told to come back.
const READING: Duration = Duration::from_secs(5);
/// How long a write may take before its caller is told to come back; it may have happened all the same.
const WRITING: Duration = Duration::from_secs(8);

#[derive(Clone)]
pub struct Postgres {
    readers: Crew,
    writers: Crew,
    bell: Bell,
}

impl Postgres {
    /// Waits for the server where it is just starting, and brings the tables up to date.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let name = migrations::bring_up_to_date(url)?;
        let failed = |error: &dyn std::error::Error| connections::failed(url, error);
        let connect = |size, purpose| Connections::to(url, size, purpose).map_err(|error| failed(&error));
        let readers = connect(READERS, Purpose::Reading)?;
        let readers = Crew::start("store-reader", READERS, Opening::Nothing, readers)
            .map_err(|error| failed(&error))?;
        let writers = connect(WRITERS, Purpose::Writing)?;
        let writers = Crew::start("store-writer", WRITERS, Opening::Transaction, writers)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            bell: Bell::start(url, name, readers.clone()).map_err(|error| failed(&error))?,
            readers,
            writers,
        })
    }

    /// Brings the tables up to date, and does nothing else.
    pub fn migrate(url: &str) -> Result<(), OpenError> {
        migrations::bring_up_to_date(url).map(|_| ())
    }

    /// See [`super::Store::ring`].
    pub fn ring(&self) {
        self.bell.ring();
    }

    /// See [`super::Store::listen`].
    pub fn listen(&self, rung: impl Fn() + Send + 'static) -> StoreResult<()> {
        self.bell.listen(rung)
    }

    /// See [`super::Store::read`].
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run(&self.readers, READING, query, |connection, query| {
            let done = guarded(Db::Postgres(connection), query);
            // Whatever went wrong may have been the connection.
            let sound = done.is_ok() || connection.ping().is_ok();
            (done, sound)
        })
        .await
    }

    /// See [`super::Store::write`].
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        run(&self.writers, WRITING, work, |connection, work| {
            let done = guarded(Db::Postgres(connection), work);
            let ended = match &done {
                Ok(_) => Transactions::commit_transaction(connection),
                Err(_) => Transactions::rollback_transaction(connection),
            };
            match ended {
                // A session stays as read-only as its database was when it began: the next one finds out anew.
                Ok(()) => {
                    let sound = done.is_ok() || !connections::is_read_only(connection);
                    (done, sound)
                }
                Err(error) => (done.and(Err(StoreError::unavailable(&error).into())), false),
            }
        })
        .await
    }
}

/// Has `work` done by one of the crew, `how` it is to be done there, and waits for it as long as is `patience`.
async fn run<T, E, W>(
    crew: &Crew,
    patience: Duration,
    work: W,
    how: impl FnOnce(&mut PgConnection, W) -> (Result<T, E>, bool) + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    W: Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    crew.give(Box::new(move |connection| {
        // A caller that has gone away before anything was begun needs nothing.
        if reply.is_closed() {
            return true;
        }
        let (done, sound) = match connection {
            Ok(connection) => how(connection, work),
            Err(error) => (Err(error.into()), true),
        };
        let _ = reply.send(done);
        sound
    }))?;
    match tokio::time::timeout(patience, outcome).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(StoreError::Unavailable("the store has stopped".to_owned()).into()),
        Err(_) => {
            let seconds = patience.as_secs();
            Err(StoreError::Unavailable(format!("no answer within {seconds} s")).into())
        }
    }
}
