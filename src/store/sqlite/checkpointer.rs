//! Moves what was committed from the log into the file, beside the writer: if the writer did it, whoever waits for a
//! commit would wait for that as well.

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How long commits gather before they are moved: pages that change often are moved once.
const GATHERING: Duration = Duration::from_secs(1);

/// Starts the thread, on a connection of its own. It is told of each commit, and ends with whoever tells it.
pub fn start(connection: SqliteConnection) -> std::io::Result<SyncSender<()>> {
    let (committed, commits) = sync_channel(1);
    std::thread::Builder::new()
        .name("store-checkpoints".into())
        .spawn(move || run(connection, &commits))?;
    Ok(committed)
}

fn run(mut connection: SqliteConnection, commits: &Receiver<()>) {
    while commits.recv().is_ok() {
        std::thread::sleep(GATHERING);
        // PASSIVE waits for nobody and keeps nobody waiting; what it cannot move yet, the next one does.
        if let Err(error) = connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(%error, "the log of the database could not be moved into its file");
        }
    }
}
