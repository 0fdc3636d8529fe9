//! The one writer of the embedded engine. It takes every work that is waiting, runs each in a savepoint of one
//! transaction, commits once, and only then tells each caller: one fsync carries many requests.

use crate::store::engine::{Db, StoreError, guarded};
use diesel::connection::{
    AnsiTransactionManager as Transactions, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::sqlite::SqliteConnection;
use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use tokio::sync::{mpsc, oneshot};

/// How many works may wait. Past it a caller is told to come back.
const QUEUE: usize = 1024;
/// How many works share one commit.
const BATCH: usize = 256;

/// Told once the fate of the whole transaction is known.
type Acknowledge = Box<dyn FnOnce(Result<(), String>) + Send>;

/// One piece of work: runs inside the transaction.
type Work = Box<dyn FnOnce(&mut SqliteConnection) -> Done + Send>;

/// A work that has run.
struct Done {
    /// Whom to tell.
    tell: Acknowledge,
    /// Whether the transaction still stands. Where the disk is full or fails, the engine gives up the whole of
    /// it by itself, and what ran next would be committed alone.
    intact: bool,
}

#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Work>,
}

impl Writer {
    /// Starts the writer's thread on its own connection. `committed` is told of commits.
    pub fn start(connection: SqliteConnection, committed: SyncSender<()>) -> std::io::Result<Self> {
        let (queue, works) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || run(connection, works, &committed))?;
        Ok(Self { queue })
    }

    /// Runs `work` in a savepoint and returns when its writes are durable. An `Err` of the work undoes its
    /// own writes only.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let (done, intact) = in_savepoint(connection, work);
            let tell: Acknowledge = Box::new(move |committed| {
                let told = match (done, committed) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Ok(_), Err(why)) => Err(E::from(StoreError::Unavailable(why))),
                    (Err(error), _) => Err(error),
                };
                // The caller may have gone away; its write stands all the same.
                let _ = reply.send(told);
            });
            Done { tell, intact }
        });
        self.queue.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => {
                StoreError::Unavailable("the writer has stopped".to_owned())
            }
        })?;
        outcome
            .await
            .map_err(|_| StoreError::Unavailable("no transaction could begin".to_owned()))?
    }
}

/// Runs one work in its savepoint; a panic in it undoes it and stays its own. Also says whether the
/// transaction around the savepoint still stands.
fn in_savepoint<T, E: From<StoreError>>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut Db<'_>) -> Result<T, E>,
) -> (Result<T, E>, bool) {
    if let Err(error) = Transactions::begin_transaction(connection) {
        return (Err(StoreError::from(error).into()), false);
    }
    let done = guarded(Db::Sqlite(connection), work);
    let ended = match &done {
        Ok(_) => Transactions::commit_transaction(connection),
        Err(_) => Transactions::rollback_transaction(connection),
    };
    match ended {
        Ok(()) => (done, true),
        Err(error) => (done.and(Err(StoreError::from(error).into())), false),
    }
}

fn run(mut connection: SqliteConnection, mut works: mpsc::Receiver<Work>, committed: &SyncSender<()>) {
    let mut batch = Vec::with_capacity(BATCH);
    while works.blocking_recv_many(&mut batch, BATCH) > 0 {
        let mut left: VecDeque<Work> = batch.drain(..).collect();
        while !left.is_empty() {
            run_together(&mut connection, &mut left);
        }
        // Where it is full, it has been told already.
        let _ = committed.try_send(());
    }
}

/// Runs works in one transaction, all that are left unless one of them breaks it, and tells each what became
/// of it.
fn run_together(connection: &mut SqliteConnection, left: &mut VecDeque<Work>) {
    let mut waiting: Vec<Acknowledge> = Vec::with_capacity(left.len());
    let committed = match Transactions::begin_transaction_sql(connection, "BEGIN IMMEDIATE") {
        Ok(()) => {
            let mut intact = true;
            while intact {
                let Some(work) = left.pop_front() else { break };
                let done = work(connection);
                waiting.push(done.tell);
                intact = done.intact;
            }
            if intact {
                Transactions::commit_transaction(connection).map_err(|error| error.to_string())
            } else {
                Err("the engine gave up the transaction".to_owned())
            }
        }
        Err(error) => {
            // Dropping a work drops its reply channel, which its caller reads as "not available".
            left.clear();
            Err(error.to_string())
        }
    };
    if let Err(why) = &committed {
        tracing::error!(error = %why, works = waiting.len(), "a transaction was not committed");
        reset(connection);
    }
    for acknowledge in waiting {
        acknowledge(committed.clone());
    }
}

/// After a failure the engine may still be in a transaction: ends it, so that the next one can begin.
fn reset(connection: &mut SqliteConnection) {
    if let Err(error) = connection.batch_execute("ROLLBACK") {
        tracing::debug!(error = %error, "no transaction was open");
    }
    *Transactions::transaction_manager_status_mut(connection) = TransactionManagerStatus::default();
}
