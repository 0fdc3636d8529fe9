//! The one writer of the embedded engine. It takes every work that is waiting, runs each in a savepoint of one
//! transaction, commits once, and only then tells each caller: one fsync carries many requests.

use crate::store::engine::{Db, StoreError, guarded};
use diesel::QueryResult;
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

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Commit {
    /// For nothing. It outlives the process; a power cut may take it back until a later one has waited for the disk.
    AtOnce,
    /// For the disk.
    OnDisk,
}

/// One piece of work.
struct Work {
    /// Runs inside the transaction.
    run: Box<dyn FnOnce(&mut SqliteConnection) -> Done + Send>,
    /// What its commit has to wait for.
    commit: Commit,
}

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

    /// Runs `work` in a savepoint and returns when its writes are committed. An `Err` of the work undoes its
    /// own writes only.
    pub async fn write<T, E>(
        &self,
        commit: Commit,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let run = Box::new(move |connection: &mut SqliteConnection| {
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
        self.queue
            .try_send(Work { run, commit })
            .map_err(|error| match error {
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
    let mut commit = Commit::OnDisk;
    while works.blocking_recv_many(&mut batch, BATCH) > 0 {
        let mut left: VecDeque<Work> = batch.drain(..).collect();
        while !left.is_empty() {
            run_together(&mut connection, &mut commit, &mut left);
        }
        // Where it is full, it has been told already.
        let _ = committed.try_send(());
    }
}

/// Runs works in one transaction, all that are left unless one of them breaks it, and tells each what became
/// of it. `commit` is what commits wait for so far.
fn run_together(connection: &mut SqliteConnection, commit: &mut Commit, left: &mut VecDeque<Work>) {
    let mut waiting: Vec<Acknowledge> = Vec::with_capacity(left.len());
    let wanted = left.iter().map(|work| work.commit).max();
    let began = wait_for(connection, commit, wanted.unwrap_or(Commit::OnDisk))
        .and_then(|()| Transactions::begin_transaction_sql(connection, "BEGIN IMMEDIATE"));
    let committed = match began {
        Ok(()) => {
            let mut intact = true;
            while intact {
                let Some(work) = left.pop_front() else { break };
                let done = (work.run)(connection);
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

/// From now on commits wait for what is `wanted`.
fn wait_for(connection: &mut SqliteConnection, commit: &mut Commit, wanted: Commit) -> QueryResult<()> {
    if *commit != wanted {
        connection.batch_execute(match wanted {
            Commit::AtOnce => "PRAGMA synchronous = NORMAL",
            Commit::OnDisk => "PRAGMA synchronous = FULL",
        })?;
        *commit = wanted;
    }
    Ok(())
}

/// After a failure the engine may still be in a transaction: ends it, so that the next one can begin.
fn reset(connection: &mut SqliteConnection) {
    if let Err(error) = connection.batch_execute("ROLLBACK") {
        tracing::debug!(error = %error, "no transaction was open");
    }
    *Transactions::transaction_manager_status_mut(connection) = TransactionManagerStatus::default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreResult;
    use diesel::sql_types::Integer;
    use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};
    use std::sync::mpsc::sync_channel;

    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Integer)]
        synchronous: i32,
    }

    /// 2 is FULL, 1 is NORMAL.
    fn synchronous(db: &mut Db<'_>) -> StoreResult<i32> {
        let Db::Sqlite(connection) = db else {
            return Err(StoreError::Defect("another engine".to_owned()));
        };
        let setting: Setting = sql_query("PRAGMA synchronous").get_result(&mut **connection)?;
        Ok(setting.synchronous)
    }

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_unless_none_of_its_works_needs_that() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute("PRAGMA synchronous = FULL").unwrap();
        let (committed, _commits) = sync_channel(1);
        let writer = Writer::start(connection, committed).unwrap();
        for (commit, expected) in [(Commit::AtOnce, 1), (Commit::OnDisk, 2), (Commit::AtOnce, 1)] {
            assert_eq!(writer.write(commit, synchronous).await.unwrap(), expected);
        }

        let (go, wait) = sync_channel::<()>(0);
        let busy = writer.write(Commit::AtOnce, move |_| Ok::<_, StoreError>(wait.recv().is_ok()));
        let [one, other] = [Commit::AtOnce, Commit::OnDisk].map(|commit| writer.write(commit, synchronous));
        let going = async { tokio::task::spawn_blocking(move || go.send(())).await };
        let (_, one, other, _) = tokio::join!(busy, one, other, going);
        assert_eq!((one.unwrap(), other.unwrap()), (2, 2), "they share a commit");
    }
}
