//! A good endpoint, alone and beside others that do all they can to delay it: every order goes to each of them. The
//! others are added to a server that is warm, so that what they do before their lanes are closed counts.

use super::connection::Connection;
use super::listening::listen;
use super::postgres::PostgresServer;
use super::{Engine, Pace, Run, clients, database, fsync_ms, median, run, server};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is shown of a `Run`: figures of the good endpoint alone.
const SHOWN: [(usize, &str); 5] = [
    (1, "delivered/s"),
    (6, "sent to receiver p50 ms"),
    (7, "p99 ms"),
    (4, "accepted to receiver p50 ms"),
    (5, "p99 ms"),
];
/// Which of them are compared to what they are alone.
const COMPARED: [usize; 2] = [7, 5];

/// What another endpoint does.
#[derive(Clone, Copy)]
enum Manner {
    /// Answers 200.
    IsGood,
    /// Nobody listens.
    Refuses,
    /// Takes the request and never answers.
    Hangs,
    /// Answers 500.
    Fails,
    /// Sends the head of an answer, and nothing more.
    HangsAfterHeaders,
    /// Sends a byte a second.
    Drips,
    /// Resets the connection.
    Resets,
    /// Sends a gibibyte.
    SendsMuch,
    /// Says that more is to come than comes.
    Lies,
    /// Answers with another address, on loopback.
    Redirects,
}

const HOSTILE: [Manner; 7] = [
    Manner::Fails,
    Manner::HangsAfterHeaders,
    Manner::Drips,
    Manner::Resets,
    Manner::SendsMuch,
    Manner::Lies,
    Manner::Redirects,
];

const COMPANIES: [(&str, &[Manner]); 11] = [
    ("alone", &[]),
    ("a hanging and a refusing one", &[Manner::Hangs, Manner::Refuses]),
    ("one that answers 500", &[Manner::Fails]),
    ("one that hangs after the headers", &[Manner::HangsAfterHeaders]),
    ("one that sends a byte a second", &[Manner::Drips]),
    ("one that resets", &[Manner::Resets]),
    ("one that sends 1 GiB", &[Manner::SendsMuch]),
    ("one that lies about its length", &[Manner::Lies]),
    ("one that redirects to loopback", &[Manner::Redirects]),
    ("these seven", &HOSTILE),
    ("seven that are good as well", &[Manner::IsGood; 7]),
];

/// Measures and prints all of it. Returns how many orders the good endpoint never got.
pub fn measure(
    directory: &Path,
    postgres: &PostgresServer,
    (rate, rounds): (u64, u64),
    time: Duration,
) -> usize {
    let mut lost = 0;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut companies = COMPANIES.map(|_| Vec::<Run>::new());
        for round in 0..rounds {
            for (number, ((_, manners), runs)) in COMPANIES.iter().zip(&mut companies).enumerate() {
                let name = format!("beside-{}-{round}-{number}", engine.name());
                let url = match engine {
                    Engine::Sqlite => format!("sqlite://{}", directory.join(format!("{name}.db")).display()),
                    Engine::Postgres => database(postgres),
                };
                let others: Vec<String> = manners.iter().map(|manner| start(*manner)).collect();
                let (server, sink, target) = server::start(&directory.join(name), &url);
                clients::warm_up(&target, Pace::Open(rate));
                server::add_webhooks(&server, &others);
                let measured = run((server, sink, target), Pace::Open(rate), time);
                lost += measured.lost.len();
                runs.push(measured);
            }
        }
        println!(
            "\na good endpoint at {rate} a second on {}, beside others, {} s, medians of {rounds}; fdatasync {:.2} ms",
            engine.name(),
            time.as_secs(),
            fsync_ms(directory)
        );
        print!("{:<34}", "");
        for (row, name) in SHOWN {
            let ratio = if COMPARED.contains(&row) { "  ratio" } else { "" };
            print!("  {name}{ratio}");
        }
        println!();
        let mut alone = HashMap::new();
        for ((name, _), runs) in COMPANIES.iter().zip(&companies) {
            print!("{name:<34}");
            for (row, title) in SHOWN {
                let figure = median(runs, row);
                print!("  {figure:>width$.1}", width = title.len());
                if COMPARED.contains(&row) {
                    print!("  {:>5.2}", figure / *alone.entry(row).or_insert(figure));
                }
            }
            println!();
        }
    }
    lost
}

/// Starts an endpoint that lives as long as the process; returns its URL.
fn start(manner: Manner) -> String {
    let address: SocketAddr = match manner {
        Manner::Refuses => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        }
        _ => listen(move |stream| behave(stream, manner)),
    };
    format!("http://{address}/hook")
}

async fn behave(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    if matches!(manner, Manner::Resets) {
        // What came and is not read makes it a reset.
        return stream.readable().await;
    }
    let whole: Option<&[u8]> = match manner {
        Manner::IsGood => Some(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Manner::Fails => Some(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"),
        Manner::Redirects => {
            Some(b"HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
        }
        _ => None,
    };
    if let Some(answer) = whole {
        let mut connection = Connection::over(stream)?;
        while connection.receive().await?.is_some() {
            connection.send(answer).await?;
        }
        return Ok(());
    }
    stream.read_buf(&mut Vec::with_capacity(64 * 1024)).await?;
    match manner {
        Manner::HangsAfterHeaders => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
                .await?
        }
        Manner::Drips => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Manner::SendsMuch => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1 << 30);
            stream.write_all(head.as_bytes()).await?;
            for _ in 0..(1 << 30) / 0x10000 {
                stream.write_all(&[b'x'; 0x10000]).await?;
            }
        }
        Manner::Lies => {
            return stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nx")
                .await;
        }
        _ => {}
    }
    // Until the other side gives up.
    while stream.read_buf(&mut Vec::with_capacity(1024)).await? > 0 {}
    Ok(())
}
