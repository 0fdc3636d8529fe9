//! Deliveries: signed, retried on the schedule, kept, replayable; one endpoint never hurts another.

use crate::harness::{Holder, Manner, Receiver, Reply, Server, rude, wait_of};
use serde_json::{Value, json};
use std::time::Duration;

const CALLBACK: &str = "https://ats.example/tests";

/// The steps between tries in seconds, as documented.
const STEPS: [i64; 10] = [5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

#[tokio::test]
async fn every_try_and_every_replay_has_the_same_id_and_bytes_and_a_fresh_signature() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    vendor.answer(|_| Reply::status(500));
    let (webhook, secret) = server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    server.place(&customer, CALLBACK).await;

    let mut arrived = vec![vendor.next().await];
    let delivery = server.newest_delivery(&webhook).await;
    let failed = server.tried(&delivery, 1).await;
    vendor.answer(|_| Reply::status(204));
    server.advance_to_next_try(&failed);
    arrived.push(vendor.next().await);
    server.reaches(&delivery, "succeeded").await;

    server.advance(Duration::from_secs(60));
    let event = arrived[0].headers["webhook-id"].clone();
    let replayed = server
        .post(&format!("/events/{event}/replay"), Value::Null, 200)
        .await;
    assert_eq!(replayed, json!({"deliveries": 1}));
    arrived.push(vendor.next().await);

    for received in &arrived {
        assert!(received.is_signed_by(&secret));
        assert_eq!(received.headers["content-type"], "application/json");
        assert_eq!(received.body, arrived[0].body);
        assert_eq!(received.headers["webhook-id"], event);
        assert_eq!(received.json()["eventId"], event.as_str());
    }
    for pair in arrived.windows(2) {
        let seconds = |index: usize| pair[index].headers["webhook-timestamp"].parse::<i64>().unwrap();
        assert!(seconds(0) < seconds(1));
        assert_ne!(
            pair[0].headers["webhook-signature"],
            pair[1].headers["webhook-signature"]
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_failing_endpoint_gets_eleven_tries_on_the_schedule_then_the_delivery_is_exhausted_and_told() {
    let server = Server::start().await;
    let mut failing = Receiver::start().await;
    let mut well = Receiver::start().await;
    failing.answer(|_| Reply::status(500));
    let (webhook, _) = server.webhook(&failing.url, &["record.new"]).await;
    server
        .webhook(&well.url, &["record.new", "delivery.exhausted"])
        .await;
    let customer = server.link("greenhouse", "assessments").await;
    let order = server.place(&customer, CALLBACK).await;
    let event = well.next().await.json()["eventId"].clone();
    let delivery = server.newest_delivery(&webhook).await;

    for (index, step) in STEPS.into_iter().enumerate() {
        let failed = server.tried(&delivery, u64::try_from(index).unwrap() + 1).await;
        assert_eq!(failed["status"], "pending");
        assert_eq!(failed["last_status_code"], 500);
        let wait = wait_of(&failed);
        assert!(
            (step * 800..=step * 1200).contains(&wait),
            "step {index}: {wait} ms"
        );
        server.advance_to_next_try(&failed);
    }
    let ended = server.tried(&delivery, 11).await;
    assert_eq!(ended["status"], "exhausted");
    assert_eq!(ended["next_try_at"], Value::Null);
    assert_eq!(ended["attempts"].as_array().unwrap().len(), 11);

    let told = well.next().await.json();
    assert_eq!(told["eventType"], "delivery.exhausted");
    assert_eq!(told["eventData"]["delivery"]["webhookId"], webhook.as_str());
    assert_eq!(told["eventData"]["delivery"]["eventId"], event);

    // Time alone does nothing more; by the time that another order has gone through, it would have.
    server.advance(Duration::from_secs(100 * 3600));
    assert_eq!(failing.rest().len(), 11);
    failing.answer(|_| Reply::status(200));
    let retried = server.post(&format!("{delivery}/retry"), Value::Null, 200).await;
    assert_eq!(retried["tries"], 0);
    assert_eq!(failing.next().await.json()["recordId"], order.as_str());
    server.reaches(&delivery, "succeeded").await;
    assert!(well.rest().is_empty(), "a retry goes to one endpoint only");

    let path = format!("/events/{}/replay", event.as_str().unwrap());
    assert_eq!(
        server.post(&path, Value::Null, 200).await,
        json!({"deliveries": 2})
    );
    assert_eq!(
        failing.next().await.headers["webhook-id"],
        event.as_str().unwrap()
    );
    assert_eq!(well.next().await.headers["webhook-id"], event.as_str().unwrap());
    server.stop().await;
}

#[tokio::test]
async fn no_event_is_made_about_an_operational_event_that_did_not_arrive() {
    let server = Server::start().await;
    let failing = Receiver::start().await;
    failing.answer(|_| Reply::status(500));
    let (webhook, _) = server
        .webhook(&failing.url, &["account.created", "delivery.exhausted"])
        .await;
    server.link("greenhouse", "assessments").await;
    let delivery = server.newest_delivery(&webhook).await;
    assert_eq!(server.exhaust(&delivery).await["status"], "exhausted");
    assert!(server.events("delivery.exhausted").await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn retry_after_lengthens_a_wait_by_up_to_an_hour_and_never_shortens_it() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let (webhook, _) = server.webhook(&vendor.url, &["account.created"]).await;
    let mut hints = [
        "600",
        "86400",
        "Sun, 06 Nov 1994 09:49:37 GMT",
        "99999999999999999999",
        "1",
    ]
    .into_iter();
    vendor.answer(move |_| Reply {
        headers: vec![
            ("date", "Sun, 06 Nov 1994 08:59:37 GMT".to_owned()),
            ("retry-after", hints.next().unwrap_or_default().to_owned()),
        ],
        ..Reply::status(429)
    });
    server.link("greenhouse", "assessments").await;
    let delivery = server.newest_delivery(&webhook).await;
    let expected = [
        600_000..=600_000,
        3_600_000..=3_600_000,
        3_000_000..=3_000_000,
        1_440_000..=2_160_000,
        5_760_000..=8_640_000,
    ];
    for (index, expected) in expected.into_iter().enumerate() {
        let failed = server.tried(&delivery, u64::try_from(index).unwrap() + 1).await;
        let wait = wait_of(&failed);
        assert!(expected.contains(&wait), "try {index}: {wait} ms");
        server.advance_to_next_try(&failed);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_answers_410_is_disabled_and_gets_what_waited_once_it_is_enabled() {
    let server = Server::start().await;
    let mut gone = Receiver::start().await;
    let mut well = Receiver::start().await;
    gone.answer(|_| Reply::status(410));
    let (webhook, _) = server.webhook(&gone.url, &["record.new"]).await;
    server.webhook(&well.url, &["webhook.disabled"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let first = server.place(&customer, "https://ats.example/tests/1").await;
    gone.next().await;

    let told = well.next().await.json();
    assert_eq!(told["eventType"], "webhook.disabled");
    assert_eq!(told["recordId"], webhook.as_str());
    let path = format!("/webhooks/{webhook}");
    let shown = server.get(&path).await;
    assert_eq!(shown["enabled"], false);
    assert_eq!(shown["disabled_reason"], "it answered 410");

    let second = server.place(&customer, "https://ats.example/tests/2").await;
    server.advance(Duration::from_secs(48 * 3600));
    let waiting = server.deliveries(&webhook).await;
    assert_eq!(waiting.len(), 2);
    assert!(waiting.iter().all(|delivery| delivery["status"] == "paused"));

    gone.answer(|_| Reply::status(200));
    assert!(gone.rest().is_empty());
    let enabled = server
        .vendor("PATCH", &path, Some(json!({"enabled": true})), 200)
        .await;
    assert_eq!(enabled["disabled_reason"], Value::Null);
    let mut arrived = [gone.next().await, gone.next().await].map(|one| one.json()["recordId"].clone());
    arrived.sort_by_key(Value::to_string);
    assert_eq!(arrived, [Value::from(first), Value::from(second)]);
    server.stop().await;
}

#[tokio::test]
async fn deleting_an_endpoint_ends_its_queue() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    vendor.answer(|_| Reply::status(500));
    let (webhook, _) = server.webhook(&vendor.url, &["account.created"]).await;
    server.link("greenhouse", "assessments").await;
    let delivery = server.newest_delivery(&webhook).await;
    server.tried(&delivery, 1).await;
    server
        .vendor("DELETE", &format!("/webhooks/{webhook}"), None, 204)
        .await;

    let ended = server.get(&delivery).await;
    assert_eq!(ended["status"], "exhausted");
    assert_eq!(ended["last_error"], "its endpoint was deleted");
    server.post(&format!("{delivery}/retry"), Value::Null, 404).await;
    vendor.next().await;
    assert!(vendor.rest().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_delivery_under_way_while_its_endpoint_is_deleted_ends_whatever_is_answered() {
    for status in [410, 500] {
        let server = Server::start().await;
        let mut vendor = Holder::start().await;
        let (webhook, _) = server.webhook(&vendor.url, &["account.created"]).await;
        server.link("greenhouse", "assessments").await;
        let held = vendor.next().await;
        let delivery = server.newest_delivery(&webhook).await;
        server
            .vendor("DELETE", &format!("/webhooks/{webhook}"), None, 204)
            .await;
        held.answer(status);
        assert_eq!(server.tried(&delivery, 1).await["status"], "exhausted");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_delivery_that_fails_while_its_endpoint_is_disabled_waits_with_the_endpoint() {
    let server = Server::start().await;
    let mut vendor = Holder::start().await;
    let (webhook, _) = server.webhook(&vendor.url, &["account.created"]).await;
    server.link("greenhouse", "assessments").await;
    let held = vendor.next().await;
    let delivery = server.newest_delivery(&webhook).await;
    let path = format!("/webhooks/{webhook}");
    let enable = |enabled: bool| server.vendor("PATCH", &path, Some(json!({"enabled": enabled})), 200);
    enable(false).await;
    held.answer(500);
    assert_eq!(server.tried(&delivery, 1).await["status"], "paused");

    enable(true).await;
    server.advance(Duration::from_secs(7));
    vendor.next().await.answer(200);
    assert_eq!(server.reaches(&delivery, "succeeded").await["tries"], 2);
    server.stop().await;
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let server = Server::start().await;
    let mut elsewhere = Receiver::start().await;
    let vendor = Receiver::start().await;
    let target = elsewhere.url.clone();
    vendor.answer(move |_| Reply {
        headers: vec![("location", target.clone())],
        ..Reply::status(307)
    });
    let (webhook, _) = server.webhook(&vendor.url, &["account.created"]).await;
    server.link("greenhouse", "assessments").await;
    let failed = server.tried(&server.newest_delivery(&webhook).await, 1).await;
    assert_eq!(failed["status"], "pending");
    assert_eq!(failed["last_status_code"], 307);
    assert!(elsewhere.rest().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn an_endpoint_is_judged_by_its_status_whatever_else_it_sends_and_hurts_no_other() {
    let server = Server::start().await;
    let mut well = Receiver::start().await;
    let says = |text: &str| Manner::Says(text.as_bytes().to_vec());
    let cases = [
        (Manner::Rambles, "succeeded", json!(200)),
        (
            says("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nbreaks off"),
            "succeeded",
            json!(200),
        ),
        (
            says("HTTP/1.1 500 No\r\ncontent-length: 5000\r\n\r\n"),
            "pending",
            json!(500),
        ),
        (says("HTTP/1.1 200 OK\r\ncontent-le"), "pending", Value::Null),
        (says("\u{0}\u{1}\u{2} nonsense \r\n\r\n"), "pending", Value::Null),
        (says(""), "pending", Value::Null),
        (Manner::Resets, "pending", Value::Null),
    ];
    let mut rude_ones = Vec::new();
    for (manner, status, code) in cases {
        let told = format!("{manner:?}");
        let (webhook, _) = server.webhook(&rude(manner).await, &["account.created"]).await;
        rude_ones.push((told, webhook, status, code));
    }
    server.webhook(&well.url, &["account.created"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    assert_eq!(well.next().await.json()["recordId"], customer.account.as_str());
    for (told, webhook, status, code) in rude_ones {
        let delivery = server.tried(&server.newest_delivery(&webhook).await, 1).await;
        assert_eq!(delivery["status"], status, "{told}");
        assert_eq!(delivery["last_status_code"], code, "{told}");
        let attempt = &delivery["attempts"][0];
        assert_eq!(attempt["status_code"], code, "{told}");
        assert_eq!(attempt["error"].is_null(), status == "succeeded", "{told}");
    }
    server.stop().await;
}

#[tokio::test]
async fn endpoints_that_say_nothing_at_all_do_not_keep_the_others_waiting() {
    let server = Server::start().await;
    let (silent, silent_too) = (Holder::start().await, Holder::start().await);
    let mut well = Receiver::start().await;
    let mut webhooks = Vec::new();
    for url in [&silent.url, &silent_too.url] {
        webhooks.push(server.webhook(url, &["record.new"]).await.0);
    }
    server.webhook(&well.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    for order in 0..50 {
        server
            .place(&customer, &format!("https://ats.example/{order}"))
            .await;
    }
    for _ in 0..50 {
        well.next().await;
    }
    for webhook in webhooks {
        let deliveries = server.deliveries(&webhook).await;
        assert_eq!(deliveries.len(), 50);
        assert!(deliveries.iter().all(|delivery| delivery["tries"] == 0));
    }
}

#[tokio::test]
async fn an_endpoint_gets_only_the_events_and_categories_that_it_asks_for() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let make = async |events: Value, categories: Value| {
        let body = json!({"url": vendor.url, "events": events, "categories": categories});
        server.post("/webhooks", body, 201).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let everything = make(json!(["record.new", "account.created"]), json!([])).await;
    let checks = make(json!(["record.new"]), json!(["background_checks"])).await;
    let tests = make(
        json!(["record.new", "account.created"]),
        json!(["assessments", "reference_checks"]),
    )
    .await;
    let changes = make(json!(["record.modified"]), Value::Null).await;

    for category in ["assessments", "background_checks"] {
        let customer = server.link("greenhouse", category).await;
        server
            .place(&customer, &format!("https://ats.example/{category}"))
            .await;
    }
    for (webhook, expected) in [(everything, 4), (checks, 1), (tests, 2), (changes, 0)] {
        assert_eq!(server.deliveries(&webhook).await.len(), expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (webhook, old) = server.webhook(&vendor.url, &["account.created"]).await;
    let path = format!("/webhooks/{webhook}");
    let rotated = server
        .vendor("PATCH", &path, Some(json!({"rotate_secret": true})), 200)
        .await;
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(server.get(&path).await["secret"], Value::Null);

    server.link("greenhouse", "assessments").await;
    let during = vendor.next().await;
    assert!(during.is_signed_by(&old) && during.is_signed_by(new));

    server.advance(Duration::from_secs(24 * 3600));
    server.link("greenhouse", "assessments").await;
    let after = vendor.next().await;
    assert!(after.is_signed_by(new) && !after.is_signed_by(&old));
    assert_eq!(after.headers["webhook-signature"].split(' ').count(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_test_sends_one_signed_event_at_once_and_tells_what_came_of_it() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (webhook, secret) = server.webhook(&vendor.url, &["record.deleted"]).await;
    let path = format!("/webhooks/{webhook}/test");
    let told = server.post(&path, Value::Null, 200).await;
    assert_eq!((&told["delivered"], &told["status"]), (&json!(true), &json!(200)));
    let received = vendor.next().await;
    assert!(received.is_signed_by(&secret));
    assert_eq!(received.json()["eventType"], "webhook.test");

    vendor.answer(|_| Reply::status(503));
    let told = server.post(&path, Value::Null, 200).await;
    assert_eq!(
        (&told["delivered"], &told["status"]),
        (&json!(false), &json!(503))
    );
    vendor.stop().await;
    let told = server.post(&path, Value::Null, 200).await;
    assert_eq!(
        (&told["delivered"], &told["status"]),
        (&json!(false), &Value::Null)
    );
    assert!(told["error"].as_str().is_some_and(|error| !error.is_empty()));
    assert!(server.deliveries(&webhook).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn every_try_is_listed_with_its_status_and_error() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let mut statuses = [500, 404].into_iter();
    vendor.answer(move |_| Reply::status(statuses.next().unwrap_or(200)));
    let (webhook, _) = server.webhook(&vendor.url, &["account.created"]).await;
    server.link("greenhouse", "assessments").await;
    let delivery = server.newest_delivery(&webhook).await;
    for tries in 1..=2 {
        let failed = server.tried(&delivery, tries).await;
        server.advance_to_next_try(&failed);
    }
    let arrived = server.reaches(&delivery, "succeeded").await;
    let attempts: Vec<_> = arrived["attempts"].as_array().unwrap().iter().collect();
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt["status_code"].as_i64(), attempt["error"].as_str()))
        .collect();
    let expected = [
        (Some(500), Some("the endpoint answered 500")),
        (Some(404), Some("the endpoint answered 404")),
        (Some(200), None),
    ];
    assert_eq!(told, expected);
    assert_eq!(arrived["last_error"], Value::Null);
    server.stop().await;
}
