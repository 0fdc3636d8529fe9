//! A receiver of webhooks on a thread of its own: answers 200 to everything and notes when each order came.

use super::connection::{Connection, text_after};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};

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
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let arrivals = Arrivals::default();
        let noted = Arc::clone(&arrivals);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                listener.set_nonblocking(true).unwrap();
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::task::spawn_local(receive(stream, Arc::clone(&noted)));
                }
            });
        });
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
