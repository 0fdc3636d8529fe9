//! The store's promises: what is acknowledged is durable, and one work's trouble stays its own.

use crosscheck::store::{Db, Store, StoreError, StoreResult, projects};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use std::pin::Pin;
use std::sync::mpsc;
use tempfile::TempDir;

type Writing<T> = Pin<Box<dyn Future<Output = StoreResult<T>>>>;

fn open() -> (Store, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("store.db").display());
    (Store::open(&url).unwrap(), directory)
}

fn beside(directory: &TempDir) -> SqliteConnection {
    let path = directory.path().join("store.db");
    SqliteConnection::establish(&path.to_string_lossy()).unwrap()
}

/// A write that was handed over and not waited for yet.
async fn begun<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut Db<'_>) -> StoreResult<T> + Send + 'static,
) -> Writing<T> {
    let store = store.clone();
    let mut writing: Writing<T> = Box::pin(async move { store.write(work).await });
    tokio::select! {
        biased;
        done = &mut writing => Box::pin(std::future::ready(done)),
        () = std::future::ready(()) => writing,
    }
}

/// Keeps the writer busy until the returned gate is dropped.
async fn busy(store: &Store) -> (mpsc::Sender<()>, Writing<()>) {
    let (gate, opened) = mpsc::channel::<()>();
    let (sender, entered) = tokio::sync::oneshot::channel();
    let writing = begun(store, move |_| {
        let _ = sender.send(());
        let _ = opened.recv();
        Ok(())
    })
    .await;
    entered.await.unwrap();
    (gate, writing)
}

async fn stored(store: &Store, name: &'static str) -> bool {
    let found = store.read(move |db| projects::setting(db, name)).await;
    found.unwrap().is_some()
}

fn set(name: &'static str) -> impl FnOnce(&mut Db<'_>) -> StoreResult<()> + Send + 'static {
    move |db| projects::insert_setting(db, name, b"x")
}

fn sql(db: &mut Db<'_>, text: &str) -> StoreResult<()> {
    match db {
        Db::Sqlite(connection) => Ok(connection.batch_execute(text)?),
        Db::Postgres(connection) => Ok(connection.batch_execute(text)?),
    }
}

#[tokio::test]
async fn a_work_that_fails_or_panics_undoes_its_own_writes_and_no_others_of_its_batch() {
    let (store, _directory) = open();
    let (gate, first) = busy(&store).await;
    let before = begun(&store, set("before")).await;
    let failing = begun(&store, |db| {
        projects::insert_setting(db, "failing", b"x")?;
        Err::<(), _>(StoreError::Exists)
    })
    .await;
    let breaking = begun(&store, |db| {
        projects::insert_setting(db, "breaking", b"x")?;
        // Breaks a constraint in the engine, not only in the work's own opinion.
        projects::insert_setting(db, "before", b"x")
    })
    .await;
    let panicking = begun(&store, |db| -> StoreResult<()> {
        projects::insert_setting(db, "panicking", b"x")?;
        panic!("on purpose");
    })
    .await;
    let after = begun(&store, set("after")).await;
    drop(gate);

    first.await.unwrap();
    before.await.unwrap();
    assert!(matches!(failing.await, Err(StoreError::Exists)));
    assert!(matches!(breaking.await, Err(StoreError::Exists)));
    assert!(matches!(panicking.await, Err(StoreError::Defect(_))));
    after.await.unwrap();
    for (name, expected) in [
        ("before", true),
        ("failing", false),
        ("breaking", false),
        ("panicking", false),
        ("after", true),
    ] {
        assert_eq!(stored(&store, name).await, expected, "{name}");
    }
    store.write(set("later")).await.unwrap();
}

#[tokio::test]
async fn a_batch_that_cannot_be_committed_is_refused_whole_and_later_writes_work() {
    let (store, _directory) = open();
    let (gate, first) = busy(&store).await;
    let innocent = begun(&store, set("innocent")).await;
    // A reference to nothing, which the engine looks at only when it commits.
    let guilty = begun(&store, |db| {
        sql(
            db,
            "PRAGMA defer_foreign_keys = ON;
             INSERT INTO api_keys (id, project_id, name, key_hash, created_at) VALUES ('key', 'nobody', '', x'00', 0);",
        )
    })
    .await;
    drop(gate);
    first.await.unwrap();
    assert!(matches!(innocent.await, Err(StoreError::Unavailable(_))));
    assert!(matches!(guilty.await, Err(StoreError::Unavailable(_))));
    assert!(!stored(&store, "innocent").await);
    store.write(set("innocent")).await.unwrap();
    assert!(stored(&store, "innocent").await);
}

#[tokio::test]
async fn on_a_full_disk_what_was_refused_is_not_there_and_what_was_acknowledged_is() {
    let (store, _directory) = open();
    store
        .write(|db| sql(db, "PRAGMA max_page_count = 1"))
        .await
        .unwrap();
    let (gate, first) = busy(&store).await;
    let before = begun(&store, set("before")).await;
    let large = begun(&store, |db| {
        projects::insert_setting(db, "large", &vec![0; 1 << 20])
    })
    .await;
    let after = begun(&store, set("after")).await;
    drop(gate);
    first.await.unwrap();
    let told = [before.await.is_ok(), large.await.is_ok(), after.await.is_ok()];
    assert!(!told[1] && told[2], "{told:?}");
    for (name, told) in ["before", "large", "after"].into_iter().zip(told) {
        assert_eq!(stored(&store, name).await, told, "{name}");
    }

    store
        .write(|db| sql(db, "PRAGMA max_page_count = 1000000"))
        .await
        .unwrap();
    store
        .write(|db| projects::insert_setting(db, "large", &vec![0; 1 << 20]))
        .await
        .unwrap();
    assert!(stored(&store, "large").await);
}

#[tokio::test]
async fn while_somebody_else_holds_the_database_writes_are_refused_reads_go_on_and_then_all_is_well() {
    let (store, directory) = open();
    store.write(set("before")).await.unwrap();
    let mut other = beside(&directory);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let refused = begun(&store, set("meanwhile")).await;
    assert!(stored(&store, "before").await);
    assert!(matches!(refused.await, Err(StoreError::Unavailable(_))));
    other.batch_execute("ROLLBACK").unwrap();
    assert!(!stored(&store, "meanwhile").await);
    store.write(set("meanwhile")).await.unwrap();
    assert!(stored(&store, "meanwhile").await);
}

#[tokio::test]
async fn reads_do_not_wait_for_a_long_write() {
    let (store, _directory) = open();
    store.write(set("before")).await.unwrap();
    let (gate, writing) = busy(&store).await;
    for _ in 0..20 {
        assert!(stored(&store, "before").await);
    }
    drop(gate);
    writing.await.unwrap();
}

#[tokio::test]
async fn a_full_queue_refuses_more_work_at_once_and_does_all_that_it_took() {
    let (store, _directory) = open();
    let (gate, first) = busy(&store).await;
    let mut taken: Vec<Writing<()>> = Vec::new();
    let refused = loop {
        let mut writing = begun(&store, |_| Ok(())).await;
        tokio::select! {
            biased;
            done = &mut writing => break done,
            () = std::future::ready(()) => taken.push(writing),
        }
        assert!(taken.len() < 100_000, "the queue is bounded");
    };
    assert!(matches!(refused, Err(StoreError::Busy)));
    assert!(taken.len() >= 256);
    drop(gate);
    first.await.unwrap();
    for writing in taken {
        writing.await.unwrap();
    }
    store.write(set("later")).await.unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_its_write_standing() {
    let (store, _directory) = open();
    let (gate, first) = busy(&store).await;
    drop(begun(&store, set("orphan")).await);
    drop(gate);
    first.await.unwrap();
    store.write(|_| Ok::<_, StoreError>(())).await.unwrap();
    assert!(stored(&store, "orphan").await);
}
