//! A receiver of webhooks on a thread of its own: answers 200 to everything and notes when each order came.

use super::connection::{Connection, text_after};
use super::listening::listen;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpStream;

/// Order and moment of arrival.
type Arrivals = Arc<Mutex<Vec<(String, Instant)>>>;

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

    /// When each order arrived, the first time first.
    pub fn arrivals(&self) -> HashMap<String, Vec<Instant>> {
        let mut times: HashMap<String, Vec<Instant>> = HashMap::new();
        for (id, at) in self.arrivals.lock().unwrap().iter() {
            times.entry(id.clone()).or_default().push(*at);
        }
        times
    }
}

async fn receive(stream: TcpStream, arrivals: Arrivals) -> std::io::Result<()> {
    let mut connection = Connection::over(stream)?;
    while let Some(message) = connection.receive().await? {
        let id = text_after(connection.body(&message), r#""recordId":""#);
        if let Some(id) = id {
            arrivals.lock().unwrap().push((id.to_owned(), Instant::now()));
        }
        connection
            .send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await?;
    }
    Ok(())
}
