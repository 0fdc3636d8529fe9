//! The clients: each sends a `send_test` of its own making, waits for the answer, and sends the next.

use super::connection::{Connection, text_after};
use super::support;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So that every body has the same length.
const FIRST_NUMBER: u64 = 10_000_000;

/// Where to send, and as whom.
#[derive(Clone)]
pub struct Target {
    /// The server.
    pub address: SocketAddr,
    /// The path of `send_test`.
    pub path: String,
    /// The value of `authorization`.
    pub authorization: String,
}

/// An order that was accepted.
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// When it was sent.
    pub sent: Instant,
    /// When the answer was read.
    pub answered: Instant,
}

/// What the clients saw.
pub struct Load {
    /// What was accepted.
    pub accepted: Vec<Accepted>,
    /// How many were not.
    pub refused: u64,
    /// When they began.
    pub began: Instant,
    /// When they stopped.
    pub ended: Instant,
}

/// Runs the clients on a thread of their own.
pub fn run(target: Target, clients: u64, seconds: Duration) -> Load {
    let load = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, drive(target, clients, seconds))
    });
    load.join().unwrap()
}

async fn drive(target: Target, clients: u64, seconds: Duration) -> Load {
    let began = Instant::now();
    let next = Arc::new(AtomicU64::new(FIRST_NUMBER));
    let length = support::send_test(FIRST_NUMBER).len();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n",
        target.path, target.address, target.authorization
    );
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            tokio::task::spawn_local(client(
                target.address,
                head.clone(),
                Arc::clone(&next),
                began + seconds,
            ))
        })
        .collect();
    let mut load = Load {
        accepted: Vec::new(),
        refused: 0,
        began,
        ended: began + seconds,
    };
    for task in tasks {
        let (accepted, refused) = task.await.unwrap().unwrap();
        load.accepted.extend(accepted);
        load.refused += refused;
    }
    load
}

async fn client(
    address: SocketAddr,
    head: String,
    next: Arc<AtomicU64>,
    ends: Instant,
) -> std::io::Result<(Vec<Accepted>, u64)> {
    let mut connection = Connection::open(address).await?;
    let (mut accepted, mut refused) = (Vec::new(), 0);
    let mut request = Vec::new();
    while Instant::now() < ends {
        request.clear();
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(support::send_test(next.fetch_add(1, Ordering::Relaxed)).as_bytes());
        let sent = Instant::now();
        connection.send(&request).await?;
        let Some(answer) = connection.receive().await? else {
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        };
        let answered = Instant::now();
        let id = text_after(connection.body(&answer), r#""partner_interview_id":""#);
        match id.filter(|_| connection.head(&answer).starts_with(b"HTTP/1.1 200")) {
            Some(id) => accepted.push(Accepted {
                id: id.to_owned(),
                sent,
                answered,
            }),
            None => refused += 1,
        }
    }
    Ok((accepted, refused))
}
