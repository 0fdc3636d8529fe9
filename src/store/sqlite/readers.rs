//! The readers of the embedded engine: a few threads that take turns at one queue. Where many reads wait, a
//! reader takes several at once, so that a busy server does not wake a thread for each.

use crate::store::engine::{Db, StoreError, guarded};
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::sqlite::SqliteConnection;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many reads run at once, each on a connection and a thread of its own.
pub const READERS: u32 = 4;
/// How many reads may wait. Past it a caller is told to come back.
const QUEUE: usize = 1024;
/// How many reads a reader takes at once.
const BATCH: usize = 16;
/// How long a read waits for its turn before its caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connections, opened when they are needed.
pub type Connections = Pool<ConnectionManager<SqliteConnection>>;

/// One read: gets a connection or why there is none, and tells its caller.
type Read = Box<dyn FnOnce(Result<&mut SqliteConnection, StoreError>) + Send>;

#[derive(Clone)]
pub struct Readers {
    queue: mpsc::Sender<Read>,
}

impl Readers {
    /// Starts the readers' threads.
    pub fn start(connections: &Connections) -> std::io::Result<Self> {
        let (queue, reads) = mpsc::channel(QUEUE);
        let reads = Arc::new(Mutex::new(reads));
        for number in 1..=READERS {
            let (connections, reads) = (connections.clone(), Arc::clone(&reads));
            std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || run(&connections, &reads))?;
        }
        Ok(Self { queue })
    }

    /// Runs a query. Never waits for the writer.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, found) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            // A caller that has gone away needs no answer.
            if !reply.is_closed() {
                let _ = reply.send(
                    connection
                        .map_err(E::from)
                        .and_then(|one| guarded(Db::Sqlite(one), query)),
                );
            }
        });
        self.queue.try_send(read).map_err(|_| StoreError::Busy)?;
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(StoreError::Unavailable("the readers have stopped".to_owned()).into()),
            Err(_) => Err(StoreError::Busy.into()),
        }
    }
}

fn run(connections: &Connections, reads: &Mutex<mpsc::Receiver<Read>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while take(reads, &mut batch) > 0 {
        let connection = connections.get().map_err(|error| error.to_string());
        match connection {
            Ok(mut connection) => batch.drain(..).for_each(|read| read(Ok(&mut connection))),
            Err(why) => batch
                .drain(..)
                .for_each(|read| read(Err(StoreError::Unavailable(why.clone())))),
        }
    }
}

/// Waits for reads, one reader at a time. None were taken when there will be no more.
fn take(reads: &Mutex<mpsc::Receiver<Read>>, batch: &mut Vec<Read>) -> usize {
    reads
        .lock()
        .map_or(0, |mut reads| reads.blocking_recv_many(batch, BATCH))
}
