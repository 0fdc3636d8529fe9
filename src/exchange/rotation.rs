//! Rotation of the sealing keys: whatever an older key sealed is sealed anew with the first, beside a server
//! that runs. It may end at any moment and be run again: what is done shows in the values themselves.

use super::context::Exchange;
use crate::crypto::{self, Place};
use crate::domain::problem::Problem;
use crate::store::StoreError;
use crate::store::sealed::{Header, SEALED, SealedColumn};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How many values share a transaction.
const BATCH: i64 = 200;
/// How often a batch is tried that the database has no time for: a server under load leaves few gaps, and SQLite
/// waits five seconds for one.
const TRIES: u32 = 12;
/// How long to wait before the next try.
const WAIT: Duration = Duration::from_secs(1);

/// What happens meanwhile.
pub enum Step<'a> {
    /// A batch was committed.
    Batch {
        /// `table.column`.
        column: &'a str,
        /// How many values were looked at so far, in all columns.
        looked_at: u64,
        /// How many were sealed anew so far.
        resealed: u64,
        /// How many of those that were counted at the beginning are left.
        left: u64,
    },
    /// A value could not be sealed anew.
    DoesNotOpen {
        /// `table.column`.
        column: &'a str,
        /// The row's id.
        row: &'a str,
        /// Why.
        error: &'a str,
    },
}

/// How it stands at the end, when everything was counted once more.
pub struct Rotated {
    /// How many values were sealed anew.
    pub resealed: u64,
    /// How many could not be.
    pub failed: u64,
    /// The id of the key that seals.
    pub first: String,
    /// How many values it has sealed.
    pub sealed_with_first: u64,
    /// How many every other key has, by its id; what has no legible header counts under "".
    pub left: BTreeMap<String, u64>,
    /// The ids of the older keys of the ring with which nothing is sealed any more.
    pub unneeded: Vec<String>,
}

impl Rotated {
    /// How many values the first key has not sealed.
    pub fn left_in_all(&self) -> u64 {
        self.left.values().sum()
    }
}

/// How far it is.
struct Walk<'a> {
    looked_at: u64,
    resealed: u64,
    failed: u64,
    left: u64,
    tell: &'a mut (dyn FnMut(Step<'_>) + Send),
}

/// What came of one batch.
#[derive(Default)]
struct Batch {
    resealed: u64,
    failed: Vec<(String, String)>,
}

impl Exchange {
    /// Seals anew what older keys sealed, and tells each step.
    pub async fn rotate_sealing(&self, tell: &mut (dyn FnMut(Step<'_>) + Send)) -> Result<Rotated, Problem> {
        let left = self.left(&self.count(SEALED).await?);
        let mut walk = Walk {
            looked_at: 0,
            resealed: 0,
            failed: 0,
            left: left.values().sum(),
            tell,
        };
        let (data, lookup_key) = SEALED.split_at(SEALED.len().saturating_sub(1));
        for column in data {
            self.walk(column, &mut walk).await?;
        }
        // No start succeeds without the key that sealed the lookup key. So it keeps its seal while anything else
        // still opens with an older key, and nobody can remove that key too early.
        let mut counted = self.count(data).await?;
        let left: u64 = self.left(&counted).values().sum();
        if left <= walk.failed {
            for column in lookup_key {
                self.walk(column, &mut walk).await?;
            }
        }
        for (key, count) in self.count(lookup_key).await? {
            *counted.entry(key).or_default() += count;
        }
        let first = self.vault.first_key();
        let unneeded = self.vault.older_keys().filter(|key| !counted.contains_key(*key));
        Ok(Rotated {
            resealed: walk.resealed,
            failed: walk.failed,
            first: first.to_owned(),
            sealed_with_first: counted.get(first).copied().unwrap_or_default(),
            left: self.left(&counted),
            unneeded: unneeded.map(str::to_owned).collect(),
        })
    }

    /// How many values each key has sealed.
    async fn count(&self, columns: &'static [SealedColumn]) -> Result<BTreeMap<String, u64>, Problem> {
        let mut counted = BTreeMap::new();
        for column in columns {
            let mut after = String::new();
            loop {
                let page = self.page(column, after).await?;
                for header in &page {
                    let key = crypto::sealed_with(&header.bytes).unwrap_or_default();
                    *counted.entry(key.to_owned()).or_default() += 1;
                }
                let Some(last) = page.last() else { break };
                after = last.row.clone();
            }
        }
        Ok(counted)
    }

    /// What of that the first key has not sealed.
    fn left(&self, counted: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
        let mut left = counted.clone();
        left.remove(self.vault.first_key());
        left
    }

    async fn page(&self, column: &'static SealedColumn, after: String) -> Result<Vec<Header>, Problem> {
        let length = i32::try_from(crypto::HEADER).unwrap_or(i32::MAX);
        self.store
            .read(move |db| column.headers(db, &after, length, BATCH).map_err(Problem::from))
            .await
    }

    async fn walk(&self, column: &'static SealedColumn, walk: &mut Walk<'_>) -> Result<(), Problem> {
        let name = format!("{}.{}", column.table, column.column);
        let mut after = String::new();
        loop {
            let mut page = self.page(column, after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.row.clone();
            walk.looked_at += u64::try_from(page.len()).unwrap_or_default();
            page.retain(|header| crypto::sealed_with(&header.bytes) != Some(self.vault.first_key()));
            if page.is_empty() {
                continue;
            }
            let began = Instant::now();
            let batch = self.reseal(column, page).await?;
            let took = began.elapsed();
            for (row, error) in &batch.failed {
                let (column, row) = (name.as_str(), row.as_str());
                (walk.tell)(Step::DoesNotOpen { column, row, error });
                walk.failed += 1;
            }
            walk.resealed += batch.resealed;
            walk.left = walk.left.saturating_sub(batch.resealed);
            (walk.tell)(Step::Batch {
                column: &name,
                looked_at: walk.looked_at,
                resealed: walk.resealed,
                left: walk.left,
            });
            // Half of the time is the server's.
            sleep(took).await;
        }
    }

    /// Seals the values of these rows anew, in one transaction, once the database has time for it.
    async fn reseal(&self, column: &'static SealedColumn, rows: Vec<Header>) -> Result<Batch, Problem> {
        let mut tries = 1;
        loop {
            let (exchange, rows) = (self.clone(), rows.clone());
            let done = self.store.write(move |db| {
                let mut batch = Batch::default();
                for header in rows {
                    let Some(old) = column.value(db, &header.row)? else {
                        continue;
                    };
                    let place = Place {
                        project: &header.project,
                        table: column.table,
                        column: column.sealed_as,
                        row: &header.row,
                    };
                    match exchange.vault.reseal(place, &old) {
                        // What the server has changed meanwhile stays as it is.
                        Ok(new) => batch.resealed += u64::from(column.swap(db, &header.row, &old, &new)?),
                        Err(error) => batch.failed.push((header.row, error.to_string())),
                    }
                }
                Ok::<_, StoreError>(batch)
            });
            match done.await {
                Err(StoreError::Busy | StoreError::Unavailable(_)) if tries < TRIES => {
                    tries += 1;
                    sleep(WAIT).await;
                }
                done => return Ok(done?),
            }
        }
    }
}
