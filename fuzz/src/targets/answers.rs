//! What whoever we call answers: any bytes on the connection. The call ends, what is read back is bounded, and a wish
//! to wait moves the next try by no more than we grant.

use super::Target;
use super::input::{Input, part};
use super::wire::NOW;
use crosscheck::outbox::address_guard::AddressGuard;
use crosscheck::outbox::client::{Client, Outgoing};
use crosscheck::outbox::schedule::Schedule;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

pub const TARGET: Target = Target {
    name: "answers",
    check,
    seeds,
};

const DEADLINE: Duration = Duration::from_secs(1);
const READ_BACK: usize = 1024;
const HOUR: i64 = 60 * 60 * 1000;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().expect("a network")], false);
    Client::new(guard).expect("a client")
});

pub fn check(bytes: &[u8]) {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    });
    let answer = answer(bytes);
    RUNTIME.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let outgoing = Outgoing {
            method: "POST",
            url: &url,
            hosts: &[],
            headers: vec![("webhook-id", "evt_1")],
            body: Some(b"{}".to_vec()),
            deadline: DEADLINE,
            read_back: READ_BACK,
        };
        let called = tokio::select! {
            called = CLIENT.call(outgoing) => called,
            () = serve(&listener, &answer) => return,
        };
        match called {
            Ok(incoming) => {
                assert!(incoming.body.len() <= READ_BACK);
                assert!((100..1000).contains(&incoming.status));
                let next = Schedule::default().next_try(1, NOW, incoming.retry_after, 0.5);
                let next = next.expect("there is a second try");
                assert!(
                    next > NOW && next.0 - NOW.0 <= HOUR,
                    "it is tried again within the hour"
                );
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

/// Answers every connection with the same bytes.
async fn serve(listener: &TcpListener, answer: &[u8]) {
    let mut asked = [0; 1024];
    while let Ok((mut connection, _)) = listener.accept().await {
        // Whoever has gone meanwhile needs no answer.
        let _ = connection.read(&mut asked).await;
        let _ = connection.write_all(answer).await;
        let _ = connection.shutdown().await;
    }
}

/// The bytes as they are, or a whole answer with two headers of the input's.
fn answer(bytes: &[u8]) -> Vec<u8> {
    let mut input = Input::new(bytes);
    if input.byte() == 0 {
        return input.rest().to_vec();
    }
    let (wait, date) = (input.part(), input.part());
    let head = b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\nretry-after: ";
    [head, wait, b"\r\ndate: ", date, b"\r\n\r\n{}"].concat()
}

fn seeds() -> Vec<Vec<u8>> {
    let raw = |text: &str| [b"\0", text.as_bytes()].concat();
    let waiting = |wait: &[u8], date: &[u8]| [&[1][..], &part(wait), &part(date)].concat();
    let (date, later) = (b"Tue, 03 Feb 2026 10:13:00 GMT", b"Tue, 03 Feb 2026 10:14:00 GMT");
    vec![
        raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        raw("HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
        raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\n\r\n"),
        raw("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
        waiting(b"7", date),
        waiting(b"18446744073709551615", date),
        waiting(later, date),
        waiting(date, later),
    ]
}
