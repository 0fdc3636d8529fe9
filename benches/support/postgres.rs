//! A PostgreSQL server of a bench's own, with fsync and all else as it comes.

use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres.sh");

/// A server that ends with this value.
pub struct PostgresServer {
    /// Where it is.
    pub url: String,
    directory: PathBuf,
}

impl PostgresServer {
    /// Starts one that keeps its data in `directory`.
    pub fn start(directory: &Path) -> Self {
        Self {
            url: script("start", directory),
            directory: directory.to_owned(),
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        script("stop", &self.directory);
    }
}

/// Has scripts/postgres.sh do something to the server of `directory`. Returns what it printed.
pub fn script(action: &str, directory: &Path) -> String {
    let ended = Command::new(SCRIPT).arg(action).arg(directory).output().unwrap();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{SCRIPT} {action}: {complaint}");
    String::from_utf8(ended.stdout).unwrap().trim().to_owned()
}
