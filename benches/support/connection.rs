//! Just enough HTTP/1.1 to cost little: one connection, kept alive, bodies by their `content-length`.

use memchr::memmem;
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection and what was read from it.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
    /// Where the message before ended.
    taken: usize,
}

/// A message: where its head and body stand in what was read.
pub struct Message {
    head: Range<usize>,
    body: Range<usize>,
}

impl Connection {
    /// Connects to a server.
    pub async fn open(address: SocketAddr) -> std::io::Result<Self> {
        Self::over(TcpStream::connect(address).await?)
    }

    /// The connection of `stream`.
    pub fn over(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(8192),
            taken: 0,
        })
    }

    /// Sends a whole message.
    pub async fn send(&mut self, message: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(message).await
    }

    /// The next message, whole; none where the other side has closed the connection.
    pub async fn receive(&mut self) -> std::io::Result<Option<Message>> {
        self.read.drain(..self.taken);
        self.taken = 0;
        loop {
            if let Some(message) = message(&self.read) {
                self.taken = message.body.end;
                return Ok(Some(message));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// The first line and the headers of a message just received.
    pub fn head(&self, message: &Message) -> &[u8] {
        self.read.get(message.head.clone()).unwrap_or_default()
    }

    /// The body of a message just received.
    pub fn body(&self, message: &Message) -> &[u8] {
        self.read.get(message.body.clone()).unwrap_or_default()
    }
}

/// The message at the start of `read`, where it is complete.
fn message(read: &[u8]) -> Option<Message> {
    let head = 0..memmem::find(read, b"\r\n\r\n")?;
    let start = head.end + 4;
    let length = read
        .get(head.clone())?
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split_at_checked(b"content-length:".len()))
        .find(|(name, _)| name.eq_ignore_ascii_case(b"content-length:"))
        .map_or(0, |(_, value)| {
            std::str::from_utf8(value).unwrap().trim().parse().unwrap()
        });
    let body = start..start + length;
    (read.len() >= body.end).then_some(Message { head, body })
}

/// The text that follows `key` in `bytes`, up to the next quote.
pub fn text_after<'a>(bytes: &'a [u8], key: &str) -> Option<&'a str> {
    let rest = bytes.get(memmem::find(bytes, key.as_bytes())? + key.len()..)?;
    let text = rest.get(..memchr::memchr(b'"', rest)?)?;
    std::str::from_utf8(text).ok()
}
