//! One process of the real binary, which can be killed and started again.

use super::clients::Address;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The key of the vendor's API.
pub const API_KEY: &str = "chaos-key-that-opens-nothing-else";
const SEALING_KEYS: &str = "chaos:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// Whoever is not ready by then never is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process, running or not.
pub struct Replica {
    place: PathBuf,
    database_url: String,
    child: Option<Child>,
    started: Instant,
    /// Where the clients find it.
    pub address: Address,
}

impl Replica {
    /// One that is to run in the directory `place`, which is made.
    pub fn new(place: PathBuf, database_url: &str) -> Self {
        std::fs::create_dir(&place).unwrap();
        Self {
            place,
            database_url: database_url.to_owned(),
            child: None,
            started: Instant::now(),
            address: Address::default(),
        }
    }

    /// Starts it, and does not wait.
    pub fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosscheck"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CROSSCHECK_")) {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("CROSSCHECK_LISTEN", "127.0.0.1:0")
            .env("CROSSCHECK_DATABASE_URL", &self.database_url)
            .env("CROSSCHECK_API_KEY", API_KEY)
            .env("CROSSCHECK_SECRET_KEYS", SEALING_KEYS)
            .env("CROSSCHECK_ALLOWED_TARGETS", "127.0.0.0/8")
            .env("CROSSCHECK_RATE_LIMIT", "off")
            .current_dir(&self.place)
            .stdout(File::create(self.place.join("stdout")).unwrap())
            .stderr(File::create(self.place.join("stderr")).unwrap());
        self.started = Instant::now();
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until it is ready, and tells the clients. Returns how long that took from the start.
    pub fn wait(&mut self) -> Duration {
        loop {
            if let Some(address) = self.listens_on().filter(|address| is_ready(*address)) {
                *self.address.lock().unwrap() = Some(address);
                return self.started.elapsed();
            }
            let has_ended = self.child.as_mut().unwrap().try_wait().unwrap().is_some();
            if has_ended || self.started.elapsed() > PATIENCE {
                let complaint = std::fs::read_to_string(self.place.join("stderr")).unwrap();
                panic!("it does not become ready: {complaint}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether it takes requests now.
    pub fn is_ready(&self) -> bool {
        let address = *self.address.lock().unwrap();
        address.is_some_and(is_ready)
    }

    /// SIGKILL: it gets to do nothing more.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        *self.address.lock().unwrap() = None;
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        let said = std::fs::read_to_string(self.place.join("stdout")).unwrap();
        let (_, rest) = said.split_once("listening on http://")?;
        rest.split_once('\n')?.0.parse().ok()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, std::io::Error>(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
