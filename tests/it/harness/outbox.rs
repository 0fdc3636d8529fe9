//! Orders, results, deliveries and pushes, as the tests of the outbox need them.

use super::{Customer, Server};
use crate::greenhouse_flow::send_test;
use crosscheck::domain::timestamp::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than the longest step of the schedule with its jitter.
pub const PAST_EVERY_STEP: Duration = Duration::from_secs(29 * 3600);

impl Server {
    /// Places an order whose callback is `callback`; returns its id.
    pub async fn place(&self, customer: &Customer, callback: &str) -> String {
        let placed = self
            .ats(customer, "POST", "send_test", Some(send_test(callback)), 200)
            .await;
        placed["partner_interview_id"].as_str().unwrap().to_owned()
    }

    /// Reports that an order is complete, with a score.
    pub async fn complete(&self, order: &str, score: u32) {
        self.report(order, "completed", score).await;
    }

    /// Reports a result.
    pub async fn report(&self, order: &str, value: &str, score: u32) {
        let result = json!({
            "result": {"value": value},
            "score": {"value": score.to_string()},
            "result_url": "https://vendor.example/r/1",
        });
        let path = format!("/unified/ats/assessments/orders/{order}/result");
        self.vendor("PATCH", &path, Some(result), 200).await;
    }

    /// The deliveries to an endpoint, newest first.
    pub async fn deliveries(&self, webhook: &str) -> Vec<Value> {
        let page = self
            .get(&format!("/webhooks/{webhook}/deliveries?page_size=100"))
            .await;
        page["data"].as_array().unwrap().clone()
    }

    /// The path of the newest delivery to an endpoint.
    pub async fn newest_delivery(&self, webhook: &str) -> String {
        let deliveries = self.deliveries(webhook).await;
        format!("/deliveries/{}", deliveries[0]["id"].as_str().unwrap())
    }

    /// The paths of the pushes of an order, the oldest first.
    pub async fn pushes(&self, order: &str) -> Vec<String> {
        let page = self.get(&format!("/pushes?order_id={order}")).await;
        let newest_first = page["data"].as_array().unwrap().iter();
        newest_first
            .rev()
            .map(|push| format!("/pushes/{}", push["id"].as_str().unwrap()))
            .collect()
    }

    /// Waits until a delivery or push stands at `status`.
    pub async fn reaches(&self, job: &str, status: &str) -> Value {
        self.eventually(job, |job| job["status"] == status).await
    }

    /// Waits until a delivery or push has had `tries` tries and is not being sent.
    pub async fn tried(&self, job: &str, tries: u64) -> Value {
        self.eventually(job, |job| job["tries"] == tries && job["status"] != "sending")
            .await
    }

    /// Lets time pass until a delivery or push has had its last try.
    pub async fn exhaust(&self, job: &str) -> Value {
        for tries in 1..=11 {
            self.tried(job, tries).await;
            self.advance(PAST_EVERY_STEP);
        }
        self.get(job).await
    }

    /// The events of a type that were made.
    pub async fn events(&self, event_type: &str) -> Vec<Value> {
        let page = self.get(&format!("/events?event_type={event_type}")).await;
        page["data"].as_array().unwrap().clone()
    }

    /// Moves the clock to just past the time that a job's next try is due.
    pub fn advance_to_next_try(&self, job: &Value) {
        let due = millis(&job["next_try_at"]);
        let now = crosscheck::ambient::Ambient::now(self.clock.as_ref()).0;
        self.advance(Duration::from_millis(
            u64::try_from(due - now).unwrap_or_default(),
        ));
    }
}

/// How many milliseconds lie between the end of a job's last try and its next one.
pub fn wait_of(job: &Value) -> i64 {
    let last = job["attempts"].as_array().unwrap().last().unwrap();
    let ended = millis(&last["at"]) + last["duration_ms"].as_i64().unwrap();
    millis(&job["next_try_at"]) - ended
}

fn millis(time: &Value) -> i64 {
    Timestamp::parse_rfc3339(time.as_str().unwrap()).unwrap().0
}
