//! A receiver of webhooks on a thread of its own: answers 200 to everything and notes what came for each order.

use super::connection::{Connection, text_after};
use super::listening::listen;
use memchr::memmem;
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpStream;

/// What came for one order.
#[derive(Clone, Default)]
pub struct Arrived {
    /// How many webhooks.
    pub times: u64,
    /// Under which ids.
    pub events: BTreeSet<String>,
}

type Arrivals = Arc<Mutex<HashMap<String, Arrived>>>;

/// A receiver that runs until the process ends.
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    arrivals: Arrivals,
}

impl Sink {
    /// Starts one.
    pub fn start() -> Self {
        let arrivals = Arrivals::default();
        let noted = Arc::clone(&arrivals);
        let address = listen(move |stream| receive(stream, Arc::clone(&noted)));
        Self { address, arrivals }
    }

    /// What came so far, by order.
    pub fn arrivals(&self) -> HashMap<String, Arrived> {
        self.arrivals.lock().unwrap().clone()
    }
}

async fn receive(stream: TcpStream, arrivals: Arrivals) -> std::io::Result<()> {
    let mut connection = Connection::over(stream)?;
    while let Some(message) = connection.receive().await? {
        let order = text_after(connection.body(&message), r#""recordId":""#);
        let event = header(connection.head(&message), "webhook-id: ");
        if let (Some(order), Some(event)) = (order, event) {
            let mut arrivals = arrivals.lock().unwrap();
            let arrived = arrivals.entry(order.to_owned()).or_default();
            arrived.times += 1;
            arrived.events.insert(event);
        }
        connection
            .send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await?;
    }
    Ok(())
}

fn header(head: &[u8], name: &str) -> Option<String> {
    let rest = head.get(memmem::find(head, name.as_bytes())? + name.len()..)?;
    let value = rest.split(|byte| *byte == b'\r').next()?;
    Some(String::from_utf8_lossy(value).into_owned())
}
