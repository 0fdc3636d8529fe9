//! An endpoint that is told in order: deliveries about one record go to it one after the other.

use crate::harness::{Customer, Holder, Receiver, Reply, Server};
use serde_json::{Value, json};
use std::time::Duration;

const PAST_THE_WAIT: Duration = Duration::from_secs(100);

/// Adds an endpoint that is told in order and tries again once, after a minute; returns its id.
async fn endpoint(server: &Server, url: &str) -> String {
    let events = ["record.new", "record.modified"];
    let body = json!({"url": url, "events": events, "in_order": true, "schedule": [60]});
    let made = server.post("/webhooks", body, 201).await;
    assert_eq!(made["in_order"], true);
    made["id"].as_str().unwrap().to_owned()
}

/// Makes a `record.modified` of an order.
async fn modify(server: &Server, customer: &Customer, order: &str) {
    server.complete(order, 80).await;
    server.test_status(customer, order).await;
}

/// The path of an endpoint's delivery with that `number`, the first one that was queued first.
async fn delivery(server: &Server, webhook: &str, number: usize) -> String {
    let deliveries = server.deliveries(webhook).await;
    let one = &deliveries[deliveries.len() - 1 - number];
    format!("/deliveries/{}", one["id"].as_str().unwrap())
}

fn what(body: &Value) -> (&str, &str) {
    (
        body["recordId"].as_str().unwrap(),
        body["eventType"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn order_is_kept_under_failures_and_a_restart_and_other_records_are_not_held_up() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    vendor.answer(|_| Reply::status(500));
    let webhook = endpoint(&server, &vendor.url).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, "https://ats.example/1").await;
    assert_eq!(what(&vendor.next().await.json()), (order.as_str(), "record.new"));
    let first = delivery(&server, &webhook, 0).await;
    server.tried(&first, 1).await;
    modify(&server, &customer, &order).await;
    let second = delivery(&server, &webhook, 1).await;
    let waiting = server.get(&second).await;
    assert_eq!(
        (&waiting["status"], &waiting["next_try_at"]),
        (&json!("waiting"), &Value::Null)
    );
    let listed = server
        .get(&format!("/webhooks/{webhook}/deliveries?status=waiting"))
        .await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);

    vendor.answer(|_| Reply::status(200));
    let other = server.place(&customer, "https://ats.example/2").await;
    assert_eq!(what(&vendor.next().await.json()), (other.as_str(), "record.new"));
    assert!(vendor.rest().is_empty());

    let server = Server::start_in(server.stop().await).await;
    server.advance(PAST_THE_WAIT);
    assert_eq!(what(&vendor.next().await.json()), (order.as_str(), "record.new"));
    assert_eq!(
        what(&vendor.next().await.json()),
        (order.as_str(), "record.modified")
    );
    for path in [first, second] {
        assert_eq!(server.reaches(&path, "succeeded").await["skipped"], false);
    }
    assert!(vendor.rest().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_had_its_last_try_is_skipped_and_marked_and_retried_by_hand_it_goes_next() {
    let server = Server::start().await;
    let mut vendor = Holder::start().await;
    let webhook = endpoint(&server, &vendor.url).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, "https://ats.example/1").await;
    let first = delivery(&server, &webhook, 0).await;
    vendor.next().await.answer(500);
    server.tried(&first, 1).await;
    modify(&server, &customer, &order).await;
    server.advance(PAST_THE_WAIT);
    vendor.next().await.answer(500);

    let held = vendor.next().await;
    let skipped = server.get(&first).await;
    assert_eq!(
        (&skipped["status"], &skipped["skipped"]),
        (&json!("exhausted"), &json!(true))
    );
    let second = delivery(&server, &webhook, 1).await;
    assert_eq!(server.get(&second).await["status"], "sending");

    let event = server.get(&second).await["event_id"].as_str().unwrap().to_owned();
    server
        .post(&format!("/events/{event}/replay"), Value::Null, 200)
        .await;
    let third = delivery(&server, &webhook, 2).await;
    let retried = server.post(&format!("{first}/retry"), Value::Null, 200).await;
    assert_eq!(
        (&retried["status"], &retried["skipped"]),
        (&json!("waiting"), &json!(false))
    );
    assert_eq!(server.get(&third).await["status"], "waiting");
    assert!(vendor.arrived().is_none());

    held.answer(200);
    let held = vendor.next().await;
    assert_eq!(
        server.get(&first).await["status"],
        "sending",
        "it has the first place"
    );
    assert_eq!(server.get(&third).await["status"], "waiting");
    held.answer(200);
    vendor.next().await.answer(200);
    for path in [first, second, third] {
        assert_eq!(server.reaches(&path, "succeeded").await["skipped"], false);
    }
    assert_eq!(vendor.most_at_once(), 1);
    server.stop().await;
}

#[tokio::test]
async fn what_waits_behind_a_disabled_endpoints_head_goes_in_order_once_it_is_enabled() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    vendor.answer(|_| Reply::status(410));
    let webhook = endpoint(&server, &vendor.url).await;
    let path = format!("/webhooks/{webhook}");
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, "https://ats.example/1").await;
    vendor.next().await;
    let head = delivery(&server, &webhook, 0).await;
    server.reaches(&head, "paused").await;
    modify(&server, &customer, &order).await;
    let late = server.place(&customer, "https://ats.example/2").await;
    modify(&server, &customer, &late).await;
    server.advance(PAST_THE_WAIT);
    let mut stand = Vec::new();
    for number in 0..4 {
        stand.push(server.get(&delivery(&server, &webhook, number).await).await["status"].clone());
    }
    assert_eq!(stand, ["paused", "waiting", "paused", "waiting"]);
    assert!(vendor.rest().is_empty());

    vendor.answer(|_| Reply::status(200));
    server
        .vendor("PATCH", &path, Some(json!({"enabled": true})), 200)
        .await;
    let mut arrived = Vec::new();
    for _ in 0..4 {
        arrived.push(vendor.next().await.json());
    }
    for record in [&order, &late] {
        let of_record = arrived.iter().map(what).filter(|(one, _)| one == record);
        let types: Vec<_> = of_record.map(|(_, event_type)| event_type).collect();
        assert_eq!(types, ["record.new", "record.modified"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_follows_a_head_that_ends_while_its_endpoint_is_disabled_waits_with_the_endpoint() {
    let server = Server::start().await;
    let mut vendor = Holder::start().await;
    let webhook = endpoint(&server, &vendor.url).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, "https://ats.example/1").await;
    let held = vendor.next().await;
    modify(&server, &customer, &order).await;
    let path = format!("/webhooks/{webhook}");
    let enable = |enabled: bool| server.vendor("PATCH", &path, Some(json!({"enabled": enabled})), 200);
    enable(false).await;
    held.answer(200);
    let next = delivery(&server, &webhook, 1).await;
    assert_eq!(server.reaches(&next, "paused").await["tries"], 0);
    enable(true).await;
    vendor.next().await.answer(200);
    server.reaches(&next, "succeeded").await;
    server.stop().await;
}

#[tokio::test]
async fn switching_order_off_lets_go_of_all_that_wait_and_on_again_holds_for_what_follows() {
    let server = Server::start().await;
    let mut vendor = Holder::start().await;
    let webhook = endpoint(&server, &vendor.url).await;
    let path = format!("/webhooks/{webhook}");
    let switch = |on: bool| server.vendor("PATCH", &path, Some(json!({"in_order": on})), 200);
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, "https://ats.example/1").await;
    let first = vendor.next().await;
    modify(&server, &customer, &order).await;
    assert!(vendor.arrived().is_none());
    assert_eq!(switch(false).await["in_order"], false);
    let second = vendor.next().await;
    switch(true).await;

    let event = server.events("record.new").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    server
        .post(&format!("/events/{event}/replay"), Value::Null, 200)
        .await;
    let third = delivery(&server, &webhook, 2).await;
    first.answer(200);
    server
        .reaches(&delivery(&server, &webhook, 0).await, "succeeded")
        .await;
    assert_eq!(
        server.get(&third).await["status"],
        "waiting",
        "one is still on its way"
    );
    second.answer(200);
    vendor.next().await.answer(200);
    server.reaches(&third, "succeeded").await;
    server.stop().await;
}

#[tokio::test]
async fn deleting_an_endpoint_ends_what_waits_for_its_turn() {
    let server = Server::start().await;
    let mut vendor = Holder::start().await;
    let webhook = endpoint(&server, &vendor.url).await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, "https://ats.example/1").await;
    let held = vendor.next().await;
    modify(&server, &customer, &order).await;
    let (head, waiting) = (
        delivery(&server, &webhook, 0).await,
        delivery(&server, &webhook, 1).await,
    );
    server
        .vendor("DELETE", &format!("/webhooks/{webhook}"), None, 204)
        .await;
    assert_eq!(server.get(&waiting).await["status"], "exhausted");
    held.answer(500);
    assert_eq!(server.tried(&head, 1).await["status"], "exhausted");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_are_queued_at_once_none_waits_for_ever_and_no_two_are_sent_at_once() {
    const MANY: usize = 40;
    let server = Server::start().await;
    let mut vendor = Holder::start().await;
    let webhook = endpoint(&server, &vendor.url).await;
    let customer = server.link("greenhouse", "assessments").await;
    server.place(&customer, "https://ats.example/1").await;
    let event = server.events("record.new").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/events/{event}/replay");
    let replays = (0..MANY).map(|_| server.post(&path, Value::Null, 200));
    let answers = async {
        for number in 0..=MANY {
            // Some fail, and are sent again.
            vendor
                .next()
                .await
                .answer(if number % 7 == 6 { 410 } else { 200 });
            if number % 7 == 6 {
                let path = format!("/webhooks/{webhook}");
                server.eventually(&path, |one| one["enabled"] == false).await;
                server
                    .vendor("PATCH", &path, Some(json!({"enabled": true})), 200)
                    .await;
                vendor.next().await.answer(200);
            }
        }
    };
    futures_util::future::join(futures_util::future::join_all(replays), answers).await;
    let path = format!("/webhooks/{webhook}/deliveries?page_size=100&status=succeeded");
    server
        .eventually(&path, |page| page["data"].as_array().unwrap().len() == MANY + 1)
        .await;
    assert_eq!(vendor.most_at_once(), 1);
    server.stop().await;
}
