//! What cannot be an ATS's request is refused with the name of what is wrong, logged, and does nothing.

use super::bodies;
use super::replay::{Asked, Kind};
use super::{Scene, every_provider, shape};
use crate::harness::{API_KEY, Answered, Customer};
use crosscheck::json::Schema;
use serde_json::{Value, json};

/// Values of every type: those that a schema does not take are wrong.
fn of_every_type() -> [Value; 6] {
    [
        json!(true),
        json!(-1.5),
        json!("x"),
        json!([[1]]),
        json!({"x": {}}),
        json!([{"x": 1}]),
    ]
}

struct Stranger<'a> {
    scene: &'a Scene,
    customer: Customer,
}

impl Stranger<'_> {
    async fn newest_log(&self) -> Value {
        let account = Some(self.customer.account.as_str());
        let path = "/requests/logs?page_size=1&filter[directions]=ats_to_us";
        let server = &self.scene.server;
        let page = server.vendor_as(API_KEY, account, "GET", path, None, 200);
        page.await["data"][0].clone()
    }

    /// The call is refused, and the log says why.
    async fn refused(&self, asked: &Asked, body: &[u8], what: &str) -> (Answered, Value) {
        let answer = self.scene.ask_with(asked, &self.customer.token, body).await;
        let what = format!("{} with {what}", asked.operation.name);
        assert!(
            (400..500).contains(&answer.status),
            "{what} is refused with a 4xx, got {}: {}",
            answer.status,
            answer.text
        );
        let log = self.newest_log().await;
        assert_eq!(log["operation"], asked.operation.name, "{what} is logged: {log}");
        assert!(
            log["error_code"].is_string(),
            "{what} is logged with an error code: {log}"
        );
        (answer, log)
    }

    async fn refused_at(&self, asked: &Asked, document: &Value, pointer: &str, what: &str) {
        let (answer, log) = self.refused(asked, document.to_string().as_bytes(), what).await;
        let named: Vec<_> = violations(&log["detail"]);
        assert!(
            named.contains(&pointer.to_owned()),
            "{} with {what}: what is wrong is named by its pointer {pointer}, got {named:?} in {log}",
            asked.operation.name
        );
        // An ATS that is told in other words than ours need not be told the pointer.
        let told = violations(&serde_json::from_str(&answer.text).unwrap_or_default());
        assert!(
            told.is_empty() || told.contains(&pointer.to_owned()),
            "{} with {what}: the answer names {pointer}, got {}",
            asked.operation.name,
            answer.text
        );
    }
}

/// The pointers of the violations in an answer or a log entry, wherever they stand.
fn violations(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    shape::walk(body, "", &mut |_, value| {
        if let (Some(pointer), Some(_)) = (value["pointer"].as_str(), value["message"].as_str()) {
            found.push(pointer.to_owned());
        }
    });
    found
}

#[tokio::test]
async fn a_required_property_that_is_missing_null_or_of_a_wrong_type_is_refused_by_its_pointer() {
    every_provider(async |scene| {
        scene.play_out().await;
        let customer = scene.another_customer().await;
        let stranger = Stranger { scene, customer };
        let mut tried = 0;
        for asked in scene.samples().await {
            let name = format!("{}.request", asked.operation.name);
            let Some(schema) = shape::schema_of(scene.provider, &name) else {
                assert!(
                    !asked.is_read(scene.provider),
                    "the body of {} is read: add the schema {name}",
                    asked.operation.name
                );
                continue;
            };
            let compiled = shape::compiled(scene.provider, &name).unwrap();
            let whole = asked.json();
            assert_eq!(
                shape::broken(&compiled, &whole),
                [""; 0],
                "what the ATS sends is valid by the schema {name}"
            );
            let required = shape::places(&schema).into_iter().filter(|place| place.required);
            for place in required {
                tried += refuse(&stranger, &asked, &compiled, &place.pointer).await;
            }
        }
        assert!(tried > 0, "a request schema requires something");
        assert_nothing_happened(&stranger).await;
    })
    .await;
}

async fn refuse(stranger: &Stranger<'_>, asked: &Asked, schema: &Schema, pointer: &str) -> usize {
    let whole = asked.json();
    let mut without = whole.clone();
    if !shape::remove(&mut without, pointer) {
        return 0;
    }
    assert!(
        !shape::broken(schema, &without).is_empty(),
        "the schema of {} requires {pointer}, and takes a body without it",
        asked.operation.name
    );
    let what = format!("{pointer} left out");
    stranger.refused_at(asked, &without, pointer, &what).await;
    for value in of_every_type().into_iter().chain([Value::Null]) {
        let mut other = whole.clone();
        shape::put(&mut other, pointer, value.clone());
        if !shape::broken(schema, &other).is_empty() {
            // Within a value of the right type the mistake may be one level below.
            let inside = shape::broken(schema, &other);
            let at = inside[0].split(": ").next().unwrap().to_owned();
            let what = format!("{pointer} = {value}");
            stranger.refused_at(asked, &other, &at, &what).await;
        }
    }
    1
}

async fn assert_nothing_happened(stranger: &Stranger<'_>) {
    let orders = stranger.scene.orders_of(&stranger.customer).await;
    assert_eq!(orders, [json!(null); 0], "what was refused has placed no order");
    let events = stranger.scene.server.get("/events?page_size=100").await;
    let about = |event: &&Value| event["account_id"] == stranger.customer.account;
    let told: Vec<_> = events["data"].as_array().unwrap().iter().filter(about).collect();
    let of_records = told
        .iter()
        .filter(|event| event["event_type"] != "account.created");
    assert_eq!(
        of_records.count(),
        0,
        "what was refused is told to nobody: {told:?}"
    );
}

#[tokio::test]
async fn a_body_that_nobody_could_read_is_refused_and_never_a_fault_of_ours() {
    every_provider(async |scene| {
        scene.play_out().await;
        let customer = scene.another_customer().await;
        let stranger = Stranger { scene, customer };
        for asked in scene.samples().await {
            // A translator that has nothing to learn from a body need not read it.
            let name = format!("{}.request", asked.operation.name);
            let schema = shape::schema_of(scene.provider, &name);
            let (Some(body), Some(_)) = (&asked.body, schema) else {
                continue;
            };
            for (what, broken) in bodies::unreadable(body) {
                stranger.refused(&asked, &broken, what).await;
            }
        }
        assert_nothing_happened(&stranger).await;
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_knows_is_404() {
    every_provider(async |scene| {
        scene.play_out().await;
        // The calls are right, and of another customer's orders.
        let customer = scene.another_customer().await;
        let stranger = Stranger { scene, customer };
        for kind in [Kind::Status, Kind::Cancel, Kind::Link] {
            let Some(asked) = scene.last_of(kind).await else {
                continue;
            };
            let body = asked.body.clone().unwrap_or_default();
            let (answer, _) = stranger
                .refused(&asked, body.as_bytes(), "an unknown order")
                .await;
            assert_eq!(answer.status, 404, "{}: {}", asked.operation.name, answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn the_log_says_what_was_answered() {
    every_provider(async |scene| {
        scene.play_out().await;
        let customer = scene.another_customer().await;
        let stranger = Stranger { scene, customer };
        for asked in scene.samples().await {
            for body in ["{", "[]", "{}"] {
                let answer = scene
                    .ask_with(&asked, &stranger.customer.token, body.as_bytes())
                    .await;
                let log = stranger.newest_log().await;
                assert_eq!(
                    log["status"], answer.status,
                    "{} with the body {body} is logged with the status that was answered: {log}",
                    asked.operation.name
                );
            }
        }
    })
    .await;
}
