//! Threads that take turns at one bounded queue, each on a connection of its own. Where one hangs (a server that
//! vanished without a word), another takes its place, so that the store comes back when the server does.

use super::connections::{Connection, Connections, MOST, discard};
use crate::store::engine::StoreError;
use diesel::connection::AnsiTransactionManager as Transactions;
use diesel::pg::PgConnection;
use diesel::r2d2::R2D2Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How many tasks may wait. Past it a caller is told to come back.
const QUEUE: usize = 1024;
/// How long to look for a connection that works.
const CONNECTING: Duration = Duration::from_secs(2);
/// A connection that did nothing for so many milliseconds is tried before it is used, and so is each that was last used
/// before another turned out not to work: a server that ends one often ends all.
const STALE_MS: u64 = 100;
/// A task that takes so long hangs; another thread comes in.
const HANGS: Duration = Duration::from_secs(6);
/// How often the threads are counted.
const ROUND: Duration = Duration::from_secs(1);

/// Gets a connection or why there is none, and tells its caller. False where the connection is not to be used again.
pub type Task = Box<dyn FnOnce(Result<&mut PgConnection, StoreError>) -> bool + Send>;

/// How a connection is made ready for a task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// As it is: for one query.
    Nothing,
    /// In a transaction, which the task ends.
    Transaction,
}

#[derive(Clone)]
pub struct Crew {
    queue: mpsc::Sender<Task>,
}

type Tasks = Mutex<mpsc::Receiver<Task>>;

impl Crew {
    /// Starts `size` threads.
    pub fn start(
        name: &'static str,
        size: u32,
        opening: Opening,
        connections: Connections,
    ) -> std::io::Result<Self> {
        let (queue, tasks) = mpsc::channel(QUEUE);
        let tasks: Arc<Tasks> = Arc::new(Mutex::new(tasks));
        let mut foreman = Foreman {
            name,
            size: usize::try_from(size).unwrap_or(1),
            most: usize::try_from(size * MOST).unwrap_or(1),
            opening,
            connections,
            tasks: Arc::downgrade(&tasks),
            clock: Instant::now(),
            broke: Arc::default(),
            hands: Vec::new(),
        };
        for _ in 0..foreman.size {
            foreman.hire(Arc::clone(&tasks))?;
        }
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || foreman.watch())?;
        Ok(Self { queue })
    }

    /// Hands over a task. It is refused where too many wait.
    pub fn give(&self, task: Task) -> Result<(), StoreError> {
        self.queue.try_send(task).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => {
                StoreError::Unavailable("the store has stopped".to_owned())
            }
        })
    }
}

/// Since when a thread has been at its task, in milliseconds of the crew's clock; zero while it waits for one.
type BusySince = Arc<AtomicU64>;

/// Keeps the number of threads that do not hang.
struct Foreman {
    name: &'static str,
    size: usize,
    /// With those that hang.
    most: usize,
    opening: Opening,
    connections: Connections,
    tasks: Weak<Tasks>,
    clock: Instant,
    broke: Arc<AtomicU64>,
    hands: Vec<BusySince>,
}

impl Foreman {
    fn hire(&mut self, tasks: Arc<Tasks>) -> std::io::Result<()> {
        let busy = BusySince::default();
        let mut hand = Hand {
            opening: self.opening,
            connections: self.connections.clone(),
            held: None,
            clock: self.clock,
            broke: Arc::clone(&self.broke),
            busy: Arc::clone(&busy),
        };
        std::thread::Builder::new()
            .name(self.name.to_owned())
            .spawn(move || hand.work(&tasks))?;
        self.hands.push(busy);
        Ok(())
    }

    /// Until the store is gone.
    fn watch(mut self) {
        loop {
            std::thread::sleep(ROUND);
            let Some(tasks) = self.tasks.upgrade() else { return };
            // A thread that has ended has let go of its part.
            self.hands.retain(|busy| Arc::strong_count(busy) > 1);
            let hanging = self
                .hands
                .iter()
                .filter(|busy| is_hanging(busy, self.clock))
                .count();
            if self.hands.len() - hanging < self.size && self.hands.len() < self.most {
                tracing::warn!(
                    hanging,
                    "the database does not answer; another connection is tried"
                );
                if let Err(error) = self.hire(tasks) {
                    tracing::error!(%error, "no thread can be started");
                }
            }
        }
    }
}

fn is_hanging(busy: &AtomicU64, clock: Instant) -> bool {
    let since = busy.load(Ordering::Relaxed);
    since > 0 && now(clock).saturating_sub(since) > millis(HANGS)
}

/// Never zero.
fn now(clock: Instant) -> u64 {
    millis(clock.elapsed()) + 1
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX - 1)
}

/// One thread.
struct Hand {
    opening: Opening,
    connections: Connections,
    /// With when it was last used.
    held: Option<(Connection, u64)>,
    clock: Instant,
    /// When a connection of any of them last turned out not to work.
    broke: Arc<AtomicU64>,
    busy: BusySince,
}

impl Hand {
    fn work(&mut self, tasks: &Tasks) {
        while let Some(task) = take(tasks) {
            self.busy.store(now(self.clock), Ordering::Relaxed);
            match self.ready() {
                Ok(mut connection) => {
                    if task(Ok(&mut connection)) {
                        self.held = Some((connection, now(self.clock)));
                    } else {
                        self.replace(connection);
                    }
                }
                Err(error) => {
                    task(Err(error));
                }
            }
            if is_hanging(&self.busy, self.clock) {
                // Another one has come in meanwhile.
                return;
            }
            self.busy.store(0, Ordering::Relaxed);
        }
    }

    /// A connection that works. One that was closed while it waited is replaced before anything is begun on it.
    fn ready(&mut self) -> Result<Connection, StoreError> {
        let ends = Instant::now() + CONNECTING;
        loop {
            let (mut connection, used) = match self.held.take() {
                Some(held) => held,
                None => {
                    let left = ends.saturating_duration_since(Instant::now());
                    let found = self.connections.get(left.max(Duration::from_millis(1)));
                    let found = found.map_err(|error| StoreError::unavailable(&error))?;
                    (found, now(self.clock))
                }
            };
            let opened = match self.opening {
                Opening::Transaction => Transactions::begin_transaction_sql(&mut *connection, "BEGIN"),
                Opening::Nothing if self.is_doubtful(used) => connection.ping(),
                Opening::Nothing => Ok(()),
            };
            match opened {
                Ok(()) => return Ok(connection),
                Err(error) => {
                    self.replace(connection);
                    if Instant::now() > ends {
                        return Err(StoreError::unavailable(&error));
                    }
                }
            }
        }
    }

    /// Whether a connection that was last used then may have been closed since.
    fn is_doubtful(&self, used: u64) -> bool {
        let idle = now(self.clock).saturating_sub(used);
        idle > STALE_MS || used <= self.broke.load(Ordering::Relaxed)
    }

    fn replace(&self, broken: Connection) {
        self.broke.store(now(self.clock), Ordering::Relaxed);
        discard(broken);
    }
}

/// Waits for a task, one thread at a time. None when there will be no more.
fn take(tasks: &Tasks) -> Option<Task> {
    tasks.lock().ok()?.blocking_recv()
}
