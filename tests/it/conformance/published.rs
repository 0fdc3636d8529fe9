//! What a translator makes of a result, without a server: which values it tells apart, and what it reads out of an
//! ATS's answer.

use super::replay::Kind;
use super::wire::call_of;
use super::{Scene, every_category, every_provider, shape};
use crosscheck::ambient::{Ambient, System};
use crosscheck::domain::id::OrderId;
use crosscheck::domain::result::{RESULT_VALUES, ResultUpdate};
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::providers::links::Links;
use crosscheck::providers::provider::{
    Answer, Call, CallResponse, Credentials, Inquiry, OrderStatus, PublishedOrder, Verdict,
};
use serde_json::Value;
use std::time::Duration;
use zeroize::Zeroizing;

/// An order of which everything that a translator needs is known.
struct Placed<'a> {
    scene: &'a Scene,
    id: OrderId,
    state: Option<Vec<u8>>,
    credentials: Credentials,
    links: Links,
}

impl<'a> Placed<'a> {
    async fn of(scene: &'a Scene) -> Self {
        scene.order().await;
        let state = scene
            .placing()
            .await
            .read(scene.provider, |inquiry| match inquiry {
                Ok(Inquiry::PlaceOrder(order)) => order.state,
                _ => None,
            });
        let texts = scene.credentials.iter();
        let fields =
            texts.map(|(name, value)| (name.clone(), Zeroizing::new(value.as_str().unwrap().to_owned())));
        Self {
            scene,
            id: OrderId::new(scene.category, System.uuid()),
            state,
            credentials: Credentials {
                partner: None,
                trigger_token: Zeroizing::new(scene.customer.token.clone()),
                fields: fields.collect(),
            },
            links: Links {
                base_url: scene.customer.base_url.clone(),
                tenant_id: None,
            },
        }
    }

    fn standing(&self, report: &Value) -> OrderStatus {
        let result: ResultUpdate = serde_json::from_value(report.clone()).unwrap();
        let (status, outcome) = result.interpret().unwrap();
        OrderStatus {
            status,
            outcome,
            result: Some(result),
            at: Timestamp(1_790_000_000_000),
        }
    }

    fn calls(&self, revision: Option<&OrderStatus>) -> Vec<Call> {
        let published = PublishedOrder {
            id: &self.id,
            category: self.scene.category,
            state: self.state.as_deref(),
            revision,
            links: &self.links,
        };
        let calls = self.scene.provider.publish(&published, &self.credentials);
        calls.unwrap_or_else(|error| panic!("publish makes the calls for {revision:?}: {error}"))
    }

    /// Everything that the ATS can get to know of a report: by our calls, and by reading.
    async fn told(&self, report: &Value) -> String {
        let standing = self.standing(report);
        let calls = self.calls(Some(&standing));
        let body = |call: &Call| String::from_utf8(call.body.clone().unwrap_or_default()).unwrap();
        let mut told: Vec<_> = calls.iter().map(body).collect();
        if let Some(asked) = self.scene.last_of(Kind::Status).await {
            let answer = Answer::Status(Box::new(standing));
            let at = Timestamp(1_790_000_000_000);
            let response = self.scene.provider.answer(Some(asked.operation), Ok(&answer), at);
            told.push(String::from_utf8(response.body).unwrap());
        }
        told.join("\n")
    }
}

#[tokio::test]
async fn values_are_told_apart_unless_the_descriptor_says_that_they_are_not() {
    every_category(async |scene| {
        let fields = scene.result_fields();
        let Some(field) = fields.iter().find(|field| field.name == "result.value") else {
            return;
        };
        let order = scene.order().await;
        scene.report(&order, &scene.progress("completed"), 200).await;
        scene.settled(&order).await;
        scene.view_until(&order, "a result", |view| view["complete"] == true).await;
        let placed = Placed::of(scene).await;
        let mut told: Vec<(&str, String)> = Vec::new();
        for value in RESULT_VALUES {
            if field.not_told_apart.contains(&value) {
                continue;
            }
            let words = placed.told(&scene.progress(value)).await;
            let same = told.iter().find(|(_, other)| *other == words);
            assert!(
                same.is_none(),
                "{value} and {} are the same to the ATS ({words}): say so by not_telling_apart in the descriptor",
                same.unwrap().0
            );
            told.push((value, words));
        }
    })
    .await;
}

fn response(status: u16, retry_after: Option<u64>, body: &str) -> CallResponse {
    CallResponse {
        status,
        retry_after: retry_after.map(Duration::from_secs),
        body: body.as_bytes().to_vec(),
        complete: true,
    }
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_not_taken_for_done() {
    every_provider(async |scene| {
        scene.play_out().await;
        let placed = Placed::of(scene).await;
        let mut calls = Vec::new();
        if scene.descriptor.told_of_placement {
            calls.extend(placed.calls(None));
        }
        for value in RESULT_VALUES {
            calls.extend(placed.calls(Some(&placed.standing(&scene.progress(value)))));
        }
        assert!(!calls.is_empty(), "publish makes a call for a result");
        for call in &calls {
            let judge = |response: &CallResponse| scene.provider.judge(call, response);
            let path = reqwest::Url::parse(&call.url).unwrap().path().to_owned();
            let Some(described) = call_of(scene.descriptor, call.method, &path) else {
                panic!("{} {path} is none of the descriptor's calls", call.method);
            };
            let name = described.name;
            for status in [401, 403, 408, 500, 502, 503, 504] {
                let verdict = judge(&response(status, None, "<html>Bad gateway</html>"));
                assert!(
                    matches!(verdict, Verdict::Retry(_)),
                    "{name} that is answered {status} is tried again, got {verdict:?}"
                );
            }
            for status in [200, 201, 204, 301, 302, 400, 404, 409, 422] {
                let verdict = judge(&response(status, None, "<html>Bad gateway</html>"));
                let says = shape::schema_of(scene.provider, &format!("{name}.response")).is_some();
                assert!(
                    verdict != Verdict::Done || (status < 300 && !says),
                    "{name} that is answered {status} with a page of HTML is not done (it has the schema {name}.response)"
                );
            }
            for status in [429, 503] {
                let verdict = judge(&response(status, Some(7), ""));
                assert_eq!(
                    verdict,
                    Verdict::Retry(Some(Duration::from_secs(7))),
                    "{name} that is answered {status} with Retry-After waits as long"
                );
            }
        }
    })
    .await;
}
