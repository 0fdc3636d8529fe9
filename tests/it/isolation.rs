//! Endpoints that behave as badly as they can beside one that does what it should.

use crate::harness::{Holder, Manner, Receiver, Reply, Server, rude};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::net::TcpListener;

const ORDERS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_of_every_hostile_kind_keep_nothing_from_one_that_does_what_it_should() {
    let server = Server::start().await;
    let mut good = Receiver::start().await;
    let mut hidden = Receiver::start().await;
    let mut silent = Holder::start().await;
    let (failing, gone, redirecting) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    failing.answer(|_| Reply::status(500));
    gone.answer(|_| Reply::status(410));
    let elsewhere = hidden.url.clone();
    redirecting.answer(move |_| Reply {
        headers: vec![("location", elsewhere.clone())],
        ..Reply::status(307)
    });
    // The system takes its connections, and it never does.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let says = |text: &str| Manner::Says(text.as_bytes().to_vec());
    let mut urls = vec![
        failing.url.clone(),
        gone.url.clone(),
        redirecting.url.clone(),
        format!("http://{}", deaf.local_addr().unwrap()),
    ];
    // So many that, were each to hang with all its events, no seat would be left.
    urls.extend((0..8).map(|number| format!("{}/{number}", silent.url)));
    let head_only = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
    for manner in [
        Manner::Hangs(head_only.as_bytes().to_vec()),
        Manner::Drips,
        Manner::Resets,
        Manner::Rambles,
        Manner::Sends(1 << 30),
        says("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\ntoo long"),
        says("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntoo short"),
    ] {
        urls.push(rude(manner).await);
    }
    for url in &urls {
        server.webhook(url, &["record.new"]).await;
    }
    server.webhook(&good.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;

    let mut placed: BTreeSet<String> = join_all((0..ORDERS).map(|order| {
        let (server, customer) = (&server, &customer);
        async move {
            let callback = format!("https://ats.example/{order}");
            server.place(customer, &callback).await
        }
    }))
    .await
    .into_iter()
    .collect();
    while !placed.is_empty() {
        let received = good.next().await.json();
        assert!(placed.remove(received["recordId"].as_str().unwrap()), "once each");
    }
    let first = silent.arrived().unwrap();
    assert!(
        first.is_open(),
        "all that while the first that hangs was held open"
    );
    assert!(hidden.rest().is_empty(), "a redirect is not followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_new_endpoints_that_hang_leave_seats_to_one_that_has_done_well() {
    let server = Server::start().await;
    let mut good = Receiver::start().await;
    let mut silent = Holder::start().await;
    server.webhook(&good.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    server.place(&customer, "https://ats.example/first").await;
    good.next().await;
    // Two events of each at once would take all seats.
    for number in 0..280 {
        let url = format!("{}/{number}", silent.url);
        server.webhook(&url, &["record.new"]).await;
    }
    for order in 0..8 {
        let callback = format!("https://ats.example/{order}");
        server.place(&customer, &callback).await;
        good.next().await;
    }
    let first = silent.arrived().unwrap();
    assert!(
        first.is_open(),
        "all that while the first that hangs was held open"
    );
}
