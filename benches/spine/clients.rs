//! The clients: in a closed loop each sends a `send_test` of its own making, waits for the answer, and sends the next;
//! in an open loop one is sent at every tick, whatever became of those before.

use super::connection::{Connection, text_after};
use super::support;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// So that every body has the same length.
const FIRST_NUMBER: u64 = 10_000_000;
/// Beyond all numbers of a load, and as long.
const FIRST_WARMING: u64 = 90_000_000;
/// For how long a server is warmed up.
const WARMING: Duration = Duration::from_secs(1);

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

/// A `send_test` of 2 kB: with a field that nobody knows.
fn send_test(number: u64) -> String {
    let small = support::send_test(number);
    let rest = small.strip_prefix('{').unwrap_or_default();
    format!(
        r#"{{"cover_letter":"{}",{rest}"#,
        "To whom it may concern. ".repeat(34)
    )
}

/// How the requests follow each other.
#[derive(Clone, Copy)]
pub enum Pace {
    /// So many clients, each with one request at a time.
    Closed(u64),
    /// So many requests a second.
    Open(u64),
}

/// A second of load before the one that is measured: connections are made, statements prepared.
pub fn warm_up(target: &Target, pace: Pace) {
    run_from(FIRST_WARMING, target.clone(), pace, WARMING);
}

/// Runs the clients on a thread of their own.
pub fn run(target: Target, pace: Pace, seconds: Duration) -> Load {
    run_from(FIRST_NUMBER, target, pace, seconds)
}

fn run_from(first: u64, target: Target, pace: Pace, seconds: Duration) -> Load {
    let load = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, drive((first, target), pace, seconds))
    });
    load.join().unwrap()
}

/// What every client sends.
#[derive(Clone)]
struct Requests {
    address: SocketAddr,
    head: Rc<str>,
    next: Rc<Cell<u64>>,
}

impl Requests {
    fn to(target: &Target, first: u64) -> Self {
        let length = send_test(first).len();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n",
            target.path, target.address, target.authorization
        );
        Self {
            address: target.address,
            head: head.into(),
            next: Rc::new(Cell::new(first)),
        }
    }

    fn next(&self) -> Vec<u8> {
        let number = self.next.get();
        self.next.set(number + 1);
        let mut request = self.head.as_bytes().to_vec();
        request.extend_from_slice(send_test(number).as_bytes());
        request
    }
}

async fn drive((first, target): (u64, Target), pace: Pace, seconds: Duration) -> Load {
    let requests = Requests::to(&target, first);
    let began = Instant::now();
    let ends = began + seconds;
    let tasks: Vec<_> = match pace {
        Pace::Closed(clients) => (0..clients)
            .map(|_| tokio::task::spawn_local(client(requests.clone(), ends)))
            .collect(),
        Pace::Open(rate) => {
            let idle = Rc::new(RefCell::new(Vec::new()));
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).unwrap());
            let mut tasks = Vec::new();
            while Instant::now() < ends {
                let due = ticks.tick().await.into_std();
                let sending = send_one(requests.clone(), Rc::clone(&idle), due);
                tasks.push(tokio::task::spawn_local(sending));
            }
            tasks
        }
    };
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

/// What one task saw: what was accepted, and how many were not.
type Seen = std::io::Result<(Vec<Accepted>, u64)>;

async fn client(requests: Requests, ends: Instant) -> Seen {
    let mut connection = Connection::open(requests.address).await?;
    let (mut accepted, mut refused) = (Vec::new(), 0);
    while Instant::now() < ends {
        match order(&mut connection, &requests.next(), Instant::now()).await? {
            Some(order) => accepted.push(order),
            None => refused += 1,
        }
    }
    Ok((accepted, refused))
}

/// Sends what was `due` at a tick, on a connection that is free or a new one.
async fn send_one(requests: Requests, idle: Rc<RefCell<Vec<Connection>>>, due: Instant) -> Seen {
    let request = requests.next();
    let free = idle.borrow_mut().pop();
    let (connection, accepted) = match free {
        Some(mut free) => match order(&mut free, &request, due).await {
            Ok(accepted) => (free, accepted),
            // The server had closed it: nobody had used it for a while. It is the same order.
            Err(_) => first_order(requests.address, &request, due).await?,
        },
        None => first_order(requests.address, &request, due).await?,
    };
    idle.borrow_mut().push(connection);
    let refused = u64::from(accepted.is_none());
    Ok((accepted.into_iter().collect(), refused))
}

/// Sends a request on a new connection, and returns that with the answer.
async fn first_order(
    address: SocketAddr,
    request: &[u8],
    sent: Instant,
) -> std::io::Result<(Connection, Option<Accepted>)> {
    let mut connection = Connection::open(address).await?;
    let accepted = order(&mut connection, request, sent).await?;
    Ok((connection, accepted))
}

/// Sends a request and reads the answer; none where it was refused.
async fn order(
    connection: &mut Connection,
    request: &[u8],
    sent: Instant,
) -> std::io::Result<Option<Accepted>> {
    connection.send(request).await?;
    let Some(answer) = connection.receive().await? else {
        return Err(std::io::ErrorKind::ConnectionAborted.into());
    };
    let answered = Instant::now();
    let id = text_after(connection.body(&answer), r#""partner_interview_id":""#);
    let id = id.filter(|_| connection.head(&answer).starts_with(b"HTTP/1.1 200"));
    Ok(id.map(|id| Accepted {
        id: id.to_owned(),
        sent,
        answered,
    }))
}
