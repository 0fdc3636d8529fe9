//! What every test stands on.

mod calls;
mod clock;
mod documented;
mod dump;
pub mod everything;
mod outbox;
mod process;
mod projects;
mod raw;
mod receiver;
mod server;
mod tcp_proxy;
mod workspace;

pub use calls::{Answered, refusal};
pub use clock::TestClock;
pub use dump::dump;
pub use outbox::{PAST_EVERY_STEP, wait_of};
pub use process::{Process, run, run_and_kill};
pub use projects::OTHER_API_KEY;
pub use raw::{Held, Holder, Manner, rude};
pub use receiver::{Received, Receiver, Reply};
pub use server::{API_KEY, Customer, Server};
pub use tcp_proxy::{Fault, Side, TcpProxy};
pub use workspace::{Workspace, database_url, on_postgres};

/// How long a test waits for something that has to happen. Nothing waits that long when all is well.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// A client for tests that have no server in their own process, which would have chosen how to encrypt.
pub fn http_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    client.build().unwrap()
}

/// The `Authorization` header of HTTP Basic.
pub fn basic(user: &str, password: &str) -> String {
    let request = http_client().get("http://unused.example");
    let request = request.basic_auth(user, Some(password)).build().unwrap();
    request.headers()["authorization"].to_str().unwrap().to_owned()
}
