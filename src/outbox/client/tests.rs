//! Names that flip, and receivers that mean harm, over real sockets.

use super::*;
use reqwest::dns::{Addrs, Name, Resolving};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Long enough for anything that is to happen at all.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a call may take where its end is what is tested.
const SHORT: Duration = Duration::from_millis(300);
/// Beyond what buffers of ours and of the system's may hold, and far below what is sent.
const BOUND: usize = 64 * 1024 * 1024;

fn client(allowed: &str) -> Client {
    Client::new(guard(allowed)).unwrap()
}

fn guard(allowed: &str) -> AddressGuard {
    AddressGuard::new(vec![allowed.parse().unwrap()], false)
}

async fn call(client: &Client, url: &str, deadline: Duration) -> Result<Incoming, CallError> {
    let outgoing = Outgoing {
        method: "POST",
        url,
        hosts: &[],
        headers: vec![],
        body: Some(b"{}".to_vec()),
        deadline,
        read_back: READ_BACK,
    };
    tokio::time::timeout(PATIENCE, client.call(outgoing))
        .await
        .expect("a call ends")
}

/// Answers each look-up with the next of its answers, and counts them.
struct Script(Mutex<VecDeque<Vec<SocketAddr>>>);

impl Script {
    fn of(answers: &[&[SocketAddr]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.to_vec());
        Arc::new(Self(Mutex::new(answers.collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Resolve for Script {
    fn resolve(&self, _name: Name) -> Resolving {
        let answer = self.0.lock().unwrap().pop_front().expect("one look-up a call");
        Box::pin(async move {
            let addresses: Addrs = Box::new(answer.into_iter());
            Ok(addresses)
        })
    }
}

/// A listener that counts who comes, and hangs up.
async fn door(address: &str) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let came = Arc::new(Mutex::new(0));
    let count = Arc::clone(&came);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            *count.lock().unwrap() += 1;
        }
    });
    (address, came)
}

#[tokio::test]
async fn a_name_that_flips_to_a_forbidden_address_is_not_followed_there() {
    // 127.0.0.2 stands for the public address: nothing outside this machine is called.
    let (good, came_to_good) = door("127.0.0.2:0").await;
    let (evil, came_to_evil) = door("127.0.0.1:0").await;
    let script = Script::of(&[&[good], &[evil], &[good, evil], &[evil, good]]);
    let lookup: Arc<dyn Resolve> = script.clone();
    let client = Client::asking(guard("127.0.0.2/32"), lookup).unwrap();
    let first = call(&client, "https://flip.example/", PATIENCE).await;
    assert!(matches!(first, Err(CallError::Failed(_))), "it speaks no TLS");
    for _ in 0..3 {
        let refused = call(&client, "https://flip.example/", PATIENCE).await.err();
        assert_eq!(refused, Some(CallError::Forbidden(Forbidden::ResolvesInside)));
    }
    assert_eq!(script.left(), 0);
    // Whoever had been called would have come before this.
    TcpStream::connect(evil).await.unwrap();
    while *came_to_evil.lock().unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (*came_to_good.lock().unwrap(), *came_to_evil.lock().unwrap()),
        (1, 1)
    );
}

#[tokio::test]
async fn a_name_with_one_public_and_one_forbidden_address_is_refused_in_general_words() {
    let inside = [
        "10.0.0.7",
        "127.0.0.1",
        "::ffff:10.0.0.7",
        "fd00::7",
        "169.254.169.254",
    ];
    for inside in inside {
        let answer = ["93.184.215.14", inside].map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
        let script = Script::of(&[&answer]);
        let client = Client::asking(AddressGuard::default(), script).unwrap();
        let refused = call(&client, "https://vendor.example/", PATIENCE)
            .await
            .err()
            .unwrap();
        assert_eq!(refused, CallError::Forbidden(Forbidden::ResolvesInside));
        assert!(!refused.to_string().contains(inside), "{refused}");
    }
}

#[tokio::test]
async fn a_name_of_an_allowed_network_may_be_called_over_http_and_any_other_is_told_the_rule() {
    let url = says("HTTP/1.1 204 No Content\r\n\r\n").await;
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    let url = format!("http://allowed.example:{}/", address.port());
    let public = SocketAddr::new("93.184.215.14".parse().unwrap(), 0);
    let script = Script::of(&[&[address], &[public], &[address, public]]);
    let client = Client::asking(guard("127.0.0.0/8"), script).unwrap();
    assert_eq!(call(&client, &url, PATIENCE).await.ok().unwrap().status, 204);
    for other in ["http://public.example/", "http://both.example/"] {
        let refused = call(&client, other, PATIENCE).await.err();
        assert_eq!(refused, Some(CallError::Forbidden(Forbidden::Http)), "{other}");
    }
}

struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _name: Name) -> Resolving {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_look_up_that_never_ends_does_not_outlast_the_deadline() {
    let client = Client::asking(AddressGuard::default(), Arc::new(Silent)).unwrap();
    let late = call(&client, "https://vendor.example/", SHORT).await.err();
    assert!(matches!(late, Some(CallError::TimedOut(_))));
}

/// Sends `head`, and then `more` again and again until nobody takes it; tells how much it could send.
async fn endless(head: &'static str, more: Vec<u8>, pause: Option<Duration>) -> (String, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut sent = 0;
        while stream.write_all(&more).await.is_ok() {
            sent += more.len();
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
        sent
    });
    (url, sent)
}

async fn hung_up(sent: JoinHandle<usize>) -> usize {
    tokio::time::timeout(PATIENCE, sent)
        .await
        .expect("the connection is dropped")
        .unwrap()
}

#[tokio::test]
async fn of_a_body_without_end_a_bounded_part_is_read_and_the_connection_dropped() {
    for head in [
        "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
    ] {
        let (url, sent) = endless(head, vec![b'x'; 64 * 1024], None).await;
        let answer = call(&client("127.0.0.0/8"), &url, PATIENCE).await.ok().unwrap();
        assert_eq!((answer.status, answer.complete), (200, false), "{head}");
        assert_eq!(answer.body.len(), READ_BACK, "{head}");
        assert!(hung_up(sent).await < BOUND, "{head}");
    }
    let (url, sent) = endless(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat(),
        None,
    )
    .await;
    let answer = call(&client("127.0.0.0/8"), &url, PATIENCE).await.ok().unwrap();
    assert_eq!((answer.body.len(), answer.complete), (READ_BACK, false));
    assert!(hung_up(sent).await < BOUND);
}

#[tokio::test]
async fn a_head_without_end_is_a_failure_and_not_kept() {
    let line = [b"x-filler: ".as_slice(), &[b'x'; 8000], b"\r\n"].concat();
    for (head, more) in [
        ("HTTP/1.1 200 OK\r\n", line),
        ("HTTP/1.1 200 OK\r\n", b"a:b\r\n".repeat(4000)),
        ("HTTP/1.1 200 OK\r\nx-filler: ", vec![b'x'; 64 * 1024]),
        ("HTTP/1.1 200 ", vec![b'K'; 64 * 1024]),
        ("", vec![b'\n'; 64 * 1024]),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            b"x-trailer: y\r\n".repeat(4000),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;",
            vec![b'x'; 64 * 1024],
        ),
    ] {
        let (url, sent) = endless(head, more, None).await;
        match call(&client("127.0.0.0/8"), &url, PATIENCE).await {
            Err(CallError::Failed(_)) => {}
            Ok(answer) => assert_eq!((answer.complete, answer.body.len()), (false, 0), "{head}"),
            Err(other) => panic!("{head}: {other}"),
        }
        assert!(hung_up(sent).await < BOUND, "{head}");
    }
}

#[tokio::test]
async fn whoever_takes_too_long_is_hung_up_on_at_the_deadline() {
    let drip = Some(Duration::from_millis(10));
    let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100);
    for (head, more, pause) in [
        ("HTTP/1.1 200 OK\r\nx: ", b"x".to_vec(), drip),
        ("", b"H".to_vec(), drip),
        ("", hints, None),
        ("", b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), drip),
    ] {
        let (url, sent) = endless(head, more, pause).await;
        let ended = call(&client("127.0.0.0/8"), &url, SHORT).await.err();
        assert!(
            matches!(ended, Some(CallError::TimedOut(_) | CallError::Failed(_))),
            "{head}: {ended:?}"
        );
        hung_up(sent).await;
    }
    // What has come by then counts, since the status is there.
    let (url, sent) = endless(
        "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n",
        b"x".to_vec(),
        drip,
    )
    .await;
    // Longer, for the status has to be there however busy the machine is.
    let answer = call(&client("127.0.0.0/8"), &url, SHORT * 10).await.ok().unwrap();
    assert_eq!((answer.status, answer.complete), (200, false));
    hung_up(sent).await;
}

#[tokio::test]
async fn whoever_says_nothing_is_waited_for_until_the_deadline_in_a_handshake_as_well() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for scheme in ["http", "https"] {
        let ended = call(&client("127.0.0.0/8"), &format!("{scheme}://{address}/"), SHORT).await;
        assert!(matches!(ended.err(), Some(CallError::TimedOut(_))), "{scheme}");
    }
}

/// Answers each connection with this and closes it.
async fn says(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

#[tokio::test]
async fn a_lie_about_the_length_is_no_whole_answer_and_no_second_one() {
    let client = client("127.0.0.0/8");
    let less = says("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nbreaks off").await;
    let answer = call(&client, &less, PATIENCE).await.ok().unwrap();
    assert_eq!((answer.status, answer.complete), (200, false));
    // What follows an answer is not taken for the answer to the next call.
    let more =
        says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
    let more = more.await;
    for _ in 0..3 {
        let answer = call(&client, &more, PATIENCE).await.ok().unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.complete),
            (200, b"ok".as_slice(), true)
        );
    }
    for nonsense in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nok",
        "",
    ] {
        let url = says(nonsense).await;
        let ended = call(&client, &url, PATIENCE).await.err();
        assert!(matches!(ended, Some(CallError::Failed(_))), "{nonsense}");
    }
}
