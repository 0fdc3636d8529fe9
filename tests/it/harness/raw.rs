//! Receivers that no HTTP library would let us write: they break off, reset, ramble, or take their time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// What a rude receiver does with a request.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Sends these bytes and closes.
    Says(Vec<u8>),
    /// Answers 200 and then sends without end.
    Rambles,
    /// Closes before it has read the request, which the sender sees as a reset.
    Resets,
    /// Sends these bytes and then nothing.
    Hangs(Vec<u8>),
    /// Sends a long body, a byte a second.
    Drips,
    /// Sends a body of so many bytes.
    Sends(usize),
}

/// Starts a receiver of that manner; returns its URL. It ends with the test.
pub async fn rude(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(behave(stream, manner.clone()));
        }
    });
    url
}

async fn behave(stream: TcpStream, manner: Manner) {
    match manner {
        Manner::Resets => {
            // What was sent and not read makes the kernel reset the connection at its close.
            let _ = stream.readable().await;
        }
        Manner::Says(bytes) => {
            read_request(&stream).await;
            write(&stream, &bytes).await;
        }
        Manner::Rambles => {
            read_request(&stream).await;
            write(&stream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
            while write(&stream, &chunk).await {}
        }
        Manner::Hangs(bytes) => {
            read_request(&stream).await;
            write(&stream, &bytes).await;
            hung_up(&stream).await;
        }
        Manner::Drips => {
            read_request(&stream).await;
            write(&stream, b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while write(&stream, b"x").await {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Manner::Sends(bytes) => {
            read_request(&stream).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
            let mut is_open = write(&stream, head.as_bytes()).await;
            let chunk = [b'x'; 0x10000];
            for _ in 0..bytes / chunk.len() {
                is_open = is_open && write(&stream, &chunk).await;
            }
        }
    }
}

/// Reads to the end of a request with a `content-length`, or without a body.
async fn read_request(stream: &TcpStream) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .map_or(0, |(_, length)| length.trim().parse::<usize>().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        if stream.readable().await.is_err() {
            return text;
        }
        match stream.try_read(&mut chunk) {
            Ok(0) => return text,
            Ok(count) => read.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return text,
        }
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        if stream.writable().await.is_err() {
            return false;
        }
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
    }
    true
}

/// A call that waits for its answer.
pub struct Held {
    pub path: String,
    request: String,
    answer: oneshot::Sender<u16>,
}

impl Held {
    /// A header of the call.
    pub fn header(&self, name: &str) -> &str {
        let headers = self.request.lines().filter_map(|line| line.split_once(": "));
        let mut found = headers.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        found.next().unwrap().1
    }

    /// Whether the caller still waits.
    pub fn is_open(&self) -> bool {
        !self.answer.is_closed()
    }

    /// Answers it.
    pub fn answer(self, status: u16) {
        // Whoever called may have died meanwhile.
        let _ = self.answer.send(status);
    }
}

/// A receiver that holds every call until the test answers it, and counts how many it holds at once.
pub struct Holder {
    pub url: String,
    calls: mpsc::UnboundedReceiver<Held>,
    most: Arc<Mutex<HashMap<String, (u32, u32)>>>,
}

impl Holder {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, calls) = mpsc::unbounded_channel();
        let most = Arc::new(Mutex::new(HashMap::new()));
        let counts = Arc::clone(&most);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hold(stream, sender.clone(), Arc::clone(&counts)));
            }
        });
        Self { url, calls, most }
    }

    /// The next call, which waits for its answer.
    pub async fn next(&mut self) -> Held {
        tokio::time::timeout(super::PATIENCE, self.calls.recv())
            .await
            .expect("a call arrives")
            .unwrap()
    }

    /// A call that has arrived already.
    pub fn arrived(&mut self) -> Option<Held> {
        self.calls.try_recv().ok()
    }

    /// How many calls are held now.
    pub fn holds(&self) -> u32 {
        self.most.lock().unwrap().values().map(|(now, _)| now).sum()
    }

    /// The most calls of one path that were held at once.
    pub fn most_at_once(&self) -> u32 {
        let counts = self.most.lock().unwrap();
        counts.values().map(|(_, most)| *most).max().unwrap_or_default()
    }
}

async fn hold(
    stream: TcpStream,
    calls: mpsc::UnboundedSender<Held>,
    counts: Arc<Mutex<HashMap<String, (u32, u32)>>>,
) {
    let request = read_request(&stream).await;
    let Some(path) = request.split(' ').nth(1).map(str::to_owned) else {
        return;
    };
    {
        let mut counts = counts.lock().unwrap();
        let (now, most) = counts.entry(path.clone()).or_default();
        *now += 1;
        *most = (*most).max(*now);
    }
    let (answer, answered) = oneshot::channel();
    let held = Held {
        path: path.clone(),
        request,
        answer,
    };
    let status = match calls.send(held) {
        Ok(()) => tokio::select! {
            status = answered => status.unwrap_or(500),
            () = hung_up(&stream) => 0,
        },
        Err(_) => 0,
    };
    counts.lock().unwrap().get_mut(&path).unwrap().0 -= 1;
    let head = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    write(&stream, head.as_bytes()).await;
}

/// Returns when the caller has gone.
async fn hung_up(stream: &TcpStream) {
    let mut byte = [0; 1];
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut byte) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
