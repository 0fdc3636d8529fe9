//! Replaying a range of events.

use crate::harness::{OTHER_API_KEY, Received, Receiver, Reply, Server};
use crosscheck::ambient::{Ambient, System};
use crosscheck::domain::id::EventId;
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::store::events::{self, EventRow};
use crosscheck::store::{Db, Store};
use serde_json::{Value, json};
use std::time::Duration;

const EVER: &str = "2020-01-01T00:00:00Z";
const HOUR: Duration = Duration::from_secs(3600);

fn ids(arrived: Vec<Received>) -> Vec<String> {
    arrived
        .into_iter()
        .map(|one| one.headers["webhook-id"].clone())
        .collect()
}

impl Server {
    async fn replay(&self, body: Value) -> Value {
        self.post("/events/replay", body, 202).await
    }

    /// Waits until nothing is on its way to an endpoint any more.
    async fn is_idle(&self, webhook: &str) {
        let path = format!("/webhooks/{webhook}/deliveries?page_size=100");
        self.eventually(&path, |page| {
            let mut deliveries = page["data"].as_array().unwrap().iter();
            deliveries.all(|one| one["status"] != "pending" && one["status"] != "sending")
        })
        .await;
    }
}

#[tokio::test]
async fn a_range_is_sent_again_to_all_who_subscribe_now_with_the_same_ids_and_nothing_else_is() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (webhook, _) = server.webhook(&vendor.url, &["record.new"]).await;
    let mut made = Vec::new();
    for category in [
        "assessments",
        "background_checks",
        "reference_checks",
        "assessments",
    ] {
        let customer = server.link("greenhouse", category).await;
        server.place(&customer, "https://ats.example/1").await;
        made.push(vendor.next().await);
        server.advance(HOUR);
    }
    server.is_idle(&webhook).await;
    let bodies: Vec<_> = made.iter().map(|one| one.body.clone()).collect();
    let made = ids(made);
    let mut at = Vec::new();
    for id in &made {
        at.push(server.get(&format!("/events/{id}")).await["created_at"].clone());
    }

    let mut later = Receiver::start().await;
    server.webhook(&later.url, &["record.new"]).await;
    for (body, expected) in [
        (json!({"since": EVER}), vec![0, 1, 2, 3]),
        (json!({"since": at[1]}), vec![1, 2, 3]),
        (json!({"since": at[1], "until": at[3]}), vec![1, 2]),
        (json!({"since": at[1], "until": at[1]}), vec![]),
        (
            json!({"since": EVER, "until": null, "categories": ["assessments"]}),
            vec![0, 3],
        ),
        (
            json!({"since": EVER, "event_types": ["record.new"], "categories": []}),
            vec![0, 1, 2, 3],
        ),
        (json!({"since": EVER, "event_types": ["account.created"]}), vec![]),
    ] {
        let told = server.replay(body.clone()).await;
        let count = expected.len();
        assert_eq!(
            told,
            json!({"queued": 2 * count, "events": count, "next": null}),
            "{body}"
        );
        for receiver in [&mut vendor, &mut later] {
            let mut arrived = Vec::new();
            for _ in 0..count {
                arrived.push(receiver.next().await);
            }
            let mut expected: Vec<_> = expected
                .iter()
                .map(|&index: &usize| (&made[index], &bodies[index]))
                .collect();
            let mut arrived: Vec<_> = arrived
                .iter()
                .map(|one| (&one.headers["webhook-id"], &one.body))
                .collect();
            expected.sort();
            arrived.sort();
            assert_eq!(arrived, expected, "{body}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_replay_of_what_failed_goes_only_where_the_event_has_not_arrived() {
    let server = Server::start().await;
    let (mut well, mut ill) = (Receiver::start().await, Receiver::start().await);
    let (one, _) = server.webhook(&well.url, &["record.new"]).await;
    let body = json!({"url": ill.url, "events": ["record.new"], "schedule": []});
    let two = server.post("/webhooks", body, 201).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let customer = server.link("greenhouse", "assessments").await;
    for status in [500, 200, 500] {
        ill.answer(move |_| Reply::status(status));
        server
            .place(&customer, &format!("https://ats.example/{}", System.uuid()))
            .await;
        well.next().await;
        ill.next().await;
        server.is_idle(&one).await;
        server.is_idle(&two).await;
    }
    ill.answer(|_| Reply::status(200));
    let failed = json!({"since": EVER, "only_failed": true});
    let to = |webhook: &str, only_failed: bool| json!({"since": EVER, "webhook_id": webhook, "only_failed": only_failed});

    assert_eq!(server.replay(to(&one, true)).await["queued"], 0);
    assert_eq!(
        server.replay(failed.clone()).await,
        json!({"queued": 2, "events": 2, "next": null})
    );
    let again = [ill.next().await, ill.next().await].map(|one| one.headers["webhook-id"].clone());
    assert_ne!(again[0], again[1]);
    server.is_idle(&two).await;
    assert_eq!(server.replay(failed).await["queued"], 0, "it has arrived by now");

    for _ in 0..2 {
        let all = server.replay(to(&two, false)).await;
        assert_eq!(all["queued"], 3, "a call that is made again queues again");
        for _ in 0..3 {
            ill.next().await;
        }
    }
    assert!(well.rest().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn one_call_goes_through_ten_thousand_events_and_its_cursor_through_the_rest() {
    let server = Server::start().await;
    let vendor = Receiver::start().await;
    let (webhook, _) = server.webhook(&vendor.url, &["record.modified"]).await;
    let disable = Some(json!({"enabled": false}));
    server
        .vendor("PATCH", &format!("/webhooks/{webhook}"), disable, 200)
        .await;
    let url = server.directory.database_url();
    let store = tokio::task::spawn_blocking(move || Store::open(&url))
        .await
        .unwrap()
        .unwrap();
    let fill = |db: &mut Db<'_>| {
        let project = crosscheck::store::projects::first(db)?.unwrap();
        let now = System.now();
        for number in 0..10_003 {
            // One event in each of the last milliseconds.
            let at = now.plus_ms(number - 20_000);
            let millis = u64::try_from(at.0).unwrap();
            let id = EventId::new(uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid());
            let event_type = if number < 10_000 {
                "record.deleted"
            } else {
                "record.modified"
            };
            let row = EventRow {
                id: id.as_str().to_owned(),
                project_id: project.as_str().to_owned(),
                event_type: event_type.to_owned(),
                record_id: "ats_ass_x".to_owned(),
                account_id: None,
                category: None,
                body_sealed: Vec::new(),
                created_at: at.0,
            };
            events::insert_all(db, &[&row])?;
        }
        Ok::<_, crosscheck::store::StoreError>(())
    };
    store.write(fill).await.unwrap();
    server.advance(HOUR);

    let first = server.replay(json!({"since": EVER})).await;
    assert_eq!((&first["queued"], &first["events"]), (&json!(0), &json!(0)));
    let body = json!({"since": EVER, "cursor": first["next"]});
    let rest = server.replay(body).await;
    assert_eq!(rest, json!({"queued": 3, "events": 3, "next": null}));
    let waiting = server.deliveries(&webhook).await;
    assert!(waiting.len() == 3 && waiting.iter().all(|one| one["status"] == "paused"));
    server.stop().await;
}

#[tokio::test]
async fn a_replay_that_cannot_be_meant_is_refused_with_its_pointer_and_no_other_project_is_touched() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let (webhook, _) = server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    server.place(&customer, "https://ats.example/1").await;
    vendor.next().await;
    for (body, status, code, pointers) in [
        (json!({}), 400, "invalid_body", vec!["/since"]),
        (json!({"since": "yesterday"}), 400, "invalid_body", vec!["/since"]),
        (
            json!({"since": EVER, "event_types": ["nonsense"]}),
            400,
            "invalid_body",
            vec!["/event_types/0"],
        ),
        (
            json!({"since": EVER, "until": "2019-12-31T23:59:59Z"}),
            422,
            "invalid_value",
            vec!["/until"],
        ),
        (
            json!({"since": "9999-12-31T23:59:59Z"}),
            422,
            "invalid_value",
            vec!["/since"],
        ),
        (
            json!({"since": EVER, "cursor": "nonsense"}),
            422,
            "invalid_value",
            vec!["/cursor"],
        ),
        (
            json!({"since": EVER, "webhook_id": "nonsense"}),
            404,
            "not_found",
            vec![],
        ),
    ] {
        let answer = server.try_vendor("POST", "/events/replay", Some(&body)).await;
        assert_eq!(answer.refuses(status, code), pointers, "{body}");
    }
    server.add_project().await;
    let other = async |body: Value, status: u16| {
        let body = Some(body);
        server
            .vendor_as(OTHER_API_KEY, None, "POST", "/events/replay", body, status)
            .await
    };
    other(json!({"since": EVER, "webhook_id": webhook}), 404).await;
    assert_eq!(other(json!({"since": EVER}), 202).await["queued"], 0);
    assert!(vendor.rest().is_empty());
    let late =
        json!({"since": Timestamp(i64::from(i32::MAX) * 2000).to_string(), "until": "9999-12-01T00:00:00Z"});
    assert_eq!(server.replay(late).await["events"], 0);
    server.stop().await;
}
