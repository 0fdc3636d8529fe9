//! A server on a thread of its own, for receivers of webhooks.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// Listens until the process ends, and has `receive` read each connection. Returns where.
pub fn listen<F: Future<Output = std::io::Result<()>> + 'static>(
    receive: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async move {
            listener.set_nonblocking(true).unwrap();
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(receive(stream));
            }
        });
    });
    address
}
