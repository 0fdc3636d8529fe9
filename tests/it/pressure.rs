//! More than there is room for: callers are told to come back, and what there is room for goes on.

use crate::harness::{API_KEY, Server, basic};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is sent of a large body before its sender falls silent.
const BEGUN: usize = 900_000;

/// Sends the head of a request with a large body, and most of the body.
async fn begin(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "POST /webhooks HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
         content-length: 1000000\r\n\r\n",
        basic(API_KEY, "")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; BEGUN]).await.unwrap();
    stream
}

/// Sends the rest, which is no JSON, and reads the answer.
async fn end(mut stream: TcpStream) -> String {
    stream.write_all(&vec![b' '; 1_000_000 - BEGUN]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_beyond_the_room_for_them_are_told_to_come_back_and_small_ones_go_on() {
    let server = Server::start().await;
    let mut begun = Vec::new();
    for _ in 0..90 {
        begun.push(begin(&server).await);
    }
    server.get("/webhooks").await;
    let hook = json!({"url": "http://127.0.0.1:9/hook", "events": ["record.new"]});
    server.post("/webhooks", hook, 201).await;

    let answers = futures_util::future::join_all(begun.into_iter().map(end)).await;
    let count = |status: &str| answers.iter().filter(|answer| answer.contains(status)).count();
    let refused = count("HTTP/1.1 503");
    assert_eq!(refused + count("HTTP/1.1 400"), 90, "{:?}", answers.first());
    assert!((1..80).contains(&refused), "{refused} refused");
    let refusals = answers.iter().filter(|answer| answer.contains("HTTP/1.1 503"));
    for refusal in refusals {
        assert!(refusal.contains("retry-after: "), "{refusal}");
        assert!(refusal.contains("\"errorCode\":\"overloaded\""), "{refusal}");
    }
    let afterwards = end(begin(&server).await).await;
    assert!(afterwards.contains("HTTP/1.1 400"), "{afterwards}");
}
