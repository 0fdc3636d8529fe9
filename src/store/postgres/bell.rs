//! LISTEN and NOTIFY: the processes on one database tell each other that there are new jobs. Nothing depends on
//! it: a worker that does not hear looks by itself before long.
//!
//! The transactions that make jobs do not notify: PostgreSQL lets those that do commit one after the other. What is
//! told is told afterwards, many at once.

use super::connections::with_defaults;
use super::crew::Crew;
use crate::store::engine::{StoreError, StoreResult};
use crate::store::statement::Statement;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::sql_types::Text;
use diesel::{Connection, RunQueryDsl};
use std::error::Error;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// No more often than this is anybody told.
const ROUND: Duration = Duration::from_millis(10);
/// A connection on which nothing comes any more looks like one on which there is nothing to say: it is replaced.
const LIFETIME: Duration = Duration::from_secs(60);
/// After a connection failed.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Bell {
    url: Arc<str>,
    rung: SyncSender<()>,
    /// By what a process knows its own calls.
    name: Arc<str>,
}

impl Bell {
    /// Starts the thread that tells the others.
    pub fn start(url: &str, name: String, tellers: Crew) -> std::io::Result<Self> {
        let (rung, calls) = sync_channel(1);
        let name: Arc<str> = name.into();
        let own = Arc::clone(&name);
        std::thread::Builder::new()
            .name("store-bell".to_owned())
            .spawn(move || tell(&calls, &tellers, &own))?;
        Ok(Self {
            url: with_defaults(url).into(),
            rung,
            name,
        })
    }

    /// There is something new.
    pub fn ring(&self) {
        // Full: whoever rang before has not been heard yet, and will do for this one too.
        let _ = self.rung.try_send(());
    }

    /// Calls `rung` whenever another process rang.
    pub fn listen(&self, rung: impl Fn() + Send + 'static) -> StoreResult<()> {
        let (url, name) = (Arc::clone(&self.url), Arc::downgrade(&self.name));
        std::thread::Builder::new()
            .name("store-listener".to_owned())
            .spawn(move || listen(&url, &name, &rung))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(())
    }
}

fn tell(calls: &Receiver<()>, tellers: &Crew, name: &Arc<str>) {
    while calls.recv().is_ok() {
        let name = Arc::clone(name);
        let told = tellers.give(Box::new(move |connection| match connection {
            Ok(connection) => Statement::new("SELECT pg_notify('crosscheck_jobs', ")
                .bind::<Text, _>(&*name, ")")
                .execute(connection)
                .is_ok(),
            Err(_) => true,
        }));
        if let Err(error) = told {
            tracing::debug!(%error, "the other workers are not told; they look by themselves");
        }
        std::thread::sleep(ROUND);
    }
}

/// Until the store is gone, which is when its name is.
fn listen(url: &str, name: &Weak<str>, rung: &impl Fn()) {
    while name.strong_count() > 0 {
        if let Err(error) = listen_once(url, name, rung) {
            tracing::debug!(%error, "not told of new jobs by others; looking without");
            std::thread::sleep(PAUSE);
        }
    }
}

fn listen_once(url: &str, name: &Weak<str>, rung: &impl Fn()) -> Result<(), Box<dyn Error>> {
    let mut connection = PgConnection::establish(url)?;
    connection.batch_execute("LISTEN crosscheck_jobs")?;
    let ends = Instant::now() + LIFETIME;
    while Instant::now() < ends {
        let Some(own) = name.upgrade() else { return Ok(()) };
        let mut told = false;
        for notification in connection.notifications_iter() {
            told |= notification?.payload != *own;
        }
        if told {
            rung();
        }
        drop(own);
        std::thread::sleep(ROUND);
    }
    Ok(())
}
