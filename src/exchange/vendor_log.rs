//! The vendor's calls in the request log. An answer never waits for its entry: entries are queued, and written many
//! at once by a task of their own. Where the queue is full they are dropped and counted.

use super::context::Exchange;
use crate::domain::id::ProjectId;
use crate::domain::problem::Problem;
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::store::StoreError;
use crate::store::request_logs::{self, Direction, RequestLogRow};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const QUEUE: usize = 4096;
const BATCH: usize = 256;
/// How long to wait before a batch is written again that could not be written now.
const PAUSE: Duration = Duration::from_millis(200);
/// How long what is queued at the end may take to be written.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// A vendor's call, answered.
#[derive(Clone, Debug)]
pub struct VendorCall {
    /// Whose key it came with.
    pub project: ProjectId,
    /// What it is known by.
    pub request_id: RequestId,
    /// Its name in the API document.
    pub operation: String,
    /// The part of the API, what it is about, and what of it.
    pub subject: Subject,
    /// GET, POST, ...
    pub method: String,
    /// The route, with ids of ours filled in.
    pub path: String,
    /// The order that it names.
    pub order: Option<String>,
    /// The account that it names.
    pub account: Option<String>,
    /// What we answered.
    pub status: u16,
    /// What was wrong with it.
    pub problem: Option<Problem>,
    /// When it came.
    pub began: Timestamp,
    /// When it was answered.
    pub ended: Timestamp,
}

/// What a call is about, in the words of the path.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// `ats` for the unified API.
    pub service: Option<String>,
    /// A category there, else the first word of the path.
    pub resource: Option<String>,
    /// The last word of the path, where that is another.
    pub sub_resource: Option<String>,
}

/// Where the calls are handed in.
#[derive(Clone)]
pub struct VendorLog {
    calls: mpsc::Sender<VendorCall>,
    dropped: Arc<AtomicU64>,
}

impl VendorLog {
    /// Queues the entry of a call.
    pub fn note(&self, call: VendorCall) {
        if self.calls.try_send(call).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The task that writes them.
pub struct WritingLog {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl WritingLog {
    /// Takes no more calls, and writes those that are queued.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        match tokio::time::timeout(LAST_WRITES, self.task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the task that logs vendors' calls did not end well"),
            Err(_) => tracing::warn!("stopped before every call of a vendor was logged"),
        }
    }
}

impl Exchange {
    /// Starts logging the calls of vendors.
    pub fn start_vendor_log(&self) -> (VendorLog, WritingLog) {
        let (calls, queued) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let dropped = Arc::default();
        let log = VendorLog {
            calls,
            dropped: Arc::clone(&dropped),
        };
        let task = tokio::spawn(run(self.clone(), queued, dropped, stopped));
        (log, WritingLog { stop, task })
    }

    fn vendor_entry(&self, call: VendorCall) -> RequestLogRow {
        let known = (Direction::VendorToUs, &call.request_id);
        let entry = self.entry(call.project.as_str(), known, &call.operation, call.began);
        RequestLogRow {
            // The name of an operation begins with what it does.
            action: call.operation.split('_').next().map(str::to_owned),
            service: call.subject.service,
            resource: call.subject.resource,
            sub_resource: call.subject.sub_resource,
            method: Some(call.method),
            path: Some(call.path),
            order_id: call.order,
            account_id: call.account,
            status: Some(i64::from(call.status)),
            error_code: call
                .problem
                .as_ref()
                .map(|problem| problem.code.as_str().to_owned()),
            detail_sealed: self.sealed_detail(&entry, call.problem.as_ref(), None),
            duration_ms: call.ended.0.saturating_sub(call.began.0),
            ..entry
        }
    }
}

async fn run(
    exchange: Exchange,
    mut calls: mpsc::Receiver<VendorCall>,
    dropped: Arc<AtomicU64>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let received = tokio::select! {
            received = calls.recv_many(&mut batch, BATCH) => received,
            _ = &mut stopped, if !calls.is_closed() => {
                calls.close();
                continue;
            }
        };
        if received == 0 {
            return;
        }
        let rows: Arc<[RequestLogRow]> = batch.drain(..).map(|call| exchange.vendor_entry(call)).collect();
        write(&exchange, rows).await;
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "calls of vendors came faster than they could be logged");
        }
    }
}

/// Writes a batch, again and again while the database is not available.
async fn write(exchange: &Exchange, rows: Arc<[RequestLogRow]>) {
    loop {
        let taken = Arc::clone(&rows);
        let written = exchange.store.write(move |db| {
            let mut rows = taken.to_vec();
            request_logs::link(db, &mut rows)?;
            request_logs::insert_all(db, &rows.iter().collect::<Vec<_>>())
        });
        match written.await {
            Ok(()) => return,
            Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) => {
                tracing::debug!(%error, "calls of vendors wait to be logged");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                tracing::error!(%error, calls = rows.len(), "calls of vendors could not be logged");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_call_for_which_the_queue_has_no_room_is_counted_and_nobody_waits() {
        let (calls, mut queued) = mpsc::channel(1);
        let log = VendorLog {
            calls,
            dropped: Arc::default(),
        };
        for number in 0..3 {
            log.note(VendorCall {
                project: ProjectId::new(Uuid::nil()),
                request_id: RequestId::of("call", number),
                operation: "list_webhooks".to_owned(),
                subject: Subject::default(),
                method: "GET".to_owned(),
                path: "/webhooks".to_owned(),
                order: None,
                account: None,
                status: 200,
                problem: None,
                began: Timestamp(0),
                ended: Timestamp(0),
            });
        }
        assert_eq!(queued.try_recv().unwrap().request_id.as_str(), "call.0");
        assert!(queued.try_recv().is_err());
        assert_eq!(log.dropped.load(Ordering::Relaxed), 2);
    }
}
