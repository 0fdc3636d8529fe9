//! The clients: each sends a `send_test` of its own making to any replica, and repeats it until it is answered, as an
//! ATS does.

use super::connection::{Connection, text_after};
use super::support;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

const CLIENTS: usize = 16;
/// Between an answer and the next order.
const PACE: Duration = Duration::from_millis(15);
/// Before an order is repeated.
const PAUSE: Duration = Duration::from_millis(20);
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(25);
/// So that every body has the same length.
const FIRST_NUMBER: u64 = 10_000_000;

/// Where a replica is, while it runs.
pub type Address = Arc<Mutex<Option<SocketAddr>>>;

/// What to ask of whom.
#[derive(Clone)]
pub struct Target {
    /// The replicas.
    pub addresses: Vec<Address>,
    /// The path of `send_test`.
    pub path: String,
    /// The value of `authorization`.
    pub authorization: String,
}

/// What the clients saw.
#[derive(Default)]
pub struct Told {
    /// The ids of the orders that were acknowledged, one for each callback.
    pub acknowledged: Vec<String>,
    /// How often a client was told to come back, or not answered.
    pub repeated: u64,
    /// Answers that an ATS should never get.
    pub wrong: Vec<String>,
}

/// Clients that send until they are stopped.
pub struct Clients {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Told>,
}

impl Clients {
    /// Starts them on a thread of their own.
    pub fn start(target: Target) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, drive(target, stopped))
        });
        Self { stop, thread }
    }

    /// Lets each of them have its last order answered.
    pub fn stop(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

async fn drive(target: Target, stopped: Arc<AtomicBool>) -> Told {
    let next = Arc::new(AtomicU64::new(FIRST_NUMBER));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|turn| {
            let client = Client {
                target: target.clone(),
                turn,
                connection: None,
                told: Told::default(),
            };
            tokio::task::spawn_local(client.run(Arc::clone(&next), Arc::clone(&stopped)))
        })
        .collect();
    let mut all = Told::default();
    for client in clients {
        let told = client.await.unwrap();
        all.acknowledged.extend(told.acknowledged);
        all.repeated += told.repeated;
        all.wrong.extend(told.wrong);
    }
    all
}

struct Client {
    target: Target,
    turn: usize,
    connection: Option<Connection>,
    told: Told,
}

impl Client {
    async fn run(mut self, next: Arc<AtomicU64>, stopped: Arc<AtomicBool>) -> Told {
        while !stopped.load(Ordering::Relaxed) {
            let request = self.request(next.fetch_add(1, Ordering::Relaxed));
            loop {
                let answer = tokio::time::timeout(PATIENCE, self.ask(&request)).await;
                if let Ok(Ok(Some(order))) = answer {
                    self.told.acknowledged.push(order);
                    break;
                }
                if !matches!(answer, Ok(Ok(None))) {
                    self.connection = None;
                    self.turn += 1;
                }
                self.told.repeated += 1;
                tokio::time::sleep(PAUSE).await;
            }
            tokio::time::sleep(PACE).await;
        }
        self.told
    }

    fn request(&self, number: u64) -> Vec<u8> {
        let body = support::send_test(number);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            self.target.path,
            self.target.authorization,
            body.len()
        );
        (head + &body).into_bytes()
    }

    /// The order's id; none where it is to be repeated.
    async fn ask(&mut self, request: &[u8]) -> std::io::Result<Option<String>> {
        if self.connection.is_none() {
            let addresses = &self.target.addresses;
            let address = addresses.get(self.turn % addresses.len()).unwrap();
            let address = *address.lock().unwrap();
            let address = address.ok_or(Error::from(ErrorKind::NotConnected))?;
            self.connection = Some(Connection::open(address).await?);
        }
        let connection = self.connection.as_mut().unwrap();
        connection.send(request).await?;
        let Some(answer) = connection.receive().await? else {
            return Err(ErrorKind::ConnectionAborted.into());
        };
        let (head, body) = (connection.head(&answer), connection.body(&answer));
        let id = text_after(body, r#""partner_interview_id":""#);
        if head.starts_with(b"HTTP/1.1 200") && id.is_some() {
            return Ok(id.map(str::to_owned));
        }
        if !head.starts_with(b"HTTP/1.1 503") {
            self.told.wrong.push(String::from_utf8_lossy(body).into_owned());
        }
        Ok(None)
    }
}
