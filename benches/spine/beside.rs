//! A good endpoint, alone and beside others that do all they can to delay it: every order goes to each of them.

use super::connection::Connection;
use super::listening::listen;
use super::postgres::PostgresServer;
use super::support::percentile;
use super::{Engine, Pace, Run, database, fsync_ms, run, server};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The rows of `Run` that are shown: of these the figures are the good endpoint's.
const SHOWN: [(usize, &str); 4] = [
    (1, "delivered/s meanwhile"),
    (3, "accept p99 ms"),
    (4, "accepted to receiver p50 ms"),
    (5, "accepted to receiver p99 ms"),
];

/// What an endpoint does that is not good.
#[derive(Clone, Copy)]
enum Manner {
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

const COMPANIES: [(&str, &[Manner]); 3] = [
    ("alone", &[]),
    ("beside hanging, refusing", &[Manner::Hangs, Manner::Refuses]),
    (
        "beside seven hostile ones",
        &[
            Manner::Fails,
            Manner::HangsAfterHeaders,
            Manner::Drips,
            Manner::Resets,
            Manner::SendsMuch,
            Manner::Lies,
            Manner::Redirects,
        ],
    ),
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
        let mut companies: [Vec<Run>; 3] = Default::default();
        for round in 0..rounds {
            for (number, (_, manners)) in COMPANIES.iter().enumerate() {
                let name = format!("beside-{}-{round}-{number}", engine.name());
                let url = match engine {
                    Engine::Sqlite => format!("sqlite://{}", directory.join(format!("{name}.db")).display()),
                    Engine::Postgres => database(postgres, &name),
                };
                let others: Vec<String> = manners.iter().map(|manner| start(*manner)).collect();
                let started = server::start(&directory.join(name), &url, &others);
                let measured = run(started, Pace::Open(rate), time);
                lost += measured.lost.len();
                if let Some(runs) = companies.get_mut(number) {
                    runs.push(measured);
                }
            }
        }
        println!(
            "\na good endpoint at {rate} a second on {}, {} s, medians of {rounds}; fdatasync {:.2} ms",
            engine.name(),
            time.as_secs(),
            fsync_ms(directory)
        );
        let [(alone, _), (two, _), (seven, _)] = COMPANIES;
        println!(
            "{:<28} {alone:>10} {two:>26} {:>6} {seven:>27} {:>6}",
            "", "ratio", "ratio"
        );
        for (row, name) in SHOWN {
            let [alone, two, seven] = companies.each_ref().map(|runs| middle(runs, row));
            println!(
                "{name:<28} {alone:>10.1} {two:>26.1} {:>6.2} {seven:>27.1} {:>6.2}",
                two / alone,
                seven / alone
            );
        }
    }
    lost
}

fn middle(runs: &[Run], row: usize) -> f64 {
    let mut values: Vec<f64> = runs
        .iter()
        .filter_map(|run| run.figures.get(row).copied())
        .collect();
    values.sort_by(f64::total_cmp);
    percentile(&values, 0.5)
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
    if matches!(manner, Manner::Fails | Manner::Redirects) {
        let answer: &[u8] = match manner {
            Manner::Fails => b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
            _ => b"HTTP/1.1 307 There\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        };
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
