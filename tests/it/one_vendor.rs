//! One vendor's program, which knows the unified API and the event format and no ATS, works unchanged with every
//! provider. What differs is data of the account.

use crate::conformance::{Order, Scene, Stage};
use crate::harness::API_KEY;
use crosscheck::domain::category::Category;
use crosscheck::providers::provider::Provider;
use crosscheck::providers::registry;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the vendor offers, whoever orders it.
const PACKAGE: &str = "pkg_logic";
const REPORT: &str = "https://vendor.example/reports/17";

/// The program: it knows its server, its key and what its endpoint is sent.
struct Vendor<'a> {
    scene: &'a Scene,
    diary: Vec<String>,
}

impl Vendor<'_> {
    /// Somebody has ordered: it looks the order up, reports how it goes, and how it went.
    async fn works_on(&mut self, order: &Order) {
        let event = self.is_told("record.new", order).await;
        assert_eq!(event["assessmentPackage"]["id"], PACKAGE);
        let id = event["id"].as_str().unwrap().to_owned();
        let path = format!("orders/{id}");
        let shown = self.calls("GET", &path, None).await;
        assert_eq!(
            shown["data"]["candidate"]["emails"][0]["value"],
            event["candidate"]["emails"][0]["email"]
        );
        let result = format!("{path}/result");
        for value in ["initiated", "in_progress"] {
            let progress = json!({"result": {"value": value}});
            self.calls("PATCH", &result, Some(progress)).await;
        }
        let last = json!({
            "result": {"value": "passed"}, "score": {"label": "Percentage", "value": "81", "min": "0", "max": "100"},
            "result_url": REPORT, "summary": "Well above the pass mark",
            "start_date": "2026-02-03T09:00:00Z", "submission_date": "2026-02-03T10:12:00Z",
        });
        self.calls("PATCH", &result, Some(last)).await;
        self.calls("GET", &result, None).await;
        self.learns_that_the_ats_has_it(order).await;
    }

    /// The ATS has the result: the program is told so.
    async fn learns_that_the_ats_has_it(&mut self, order: &Order) {
        self.scene.settled(order).await;
        let is_complete = |view: &Value| view["complete"] == true;
        self.scene.view_until(order, "the result", is_complete).await;
        if self
            .scene
            .server
            .count_events("record.modified", &order.ours)
            .await
            == 0
        {
            let nothing = "(it is not told that the ATS has the result)";
            return self.diary.push(nothing.to_owned());
        }
        let seen = self.is_told("record.modified", order).await;
        assert_eq!(seen["status"], "COMPLETED");
    }

    /// Waits for an event; its record.
    async fn is_told(&mut self, event_type: &str, order: &Order) -> Value {
        let body = self.scene.told(event_type, &order.ours).await;
        let event: Value = serde_json::from_slice(&body).unwrap();
        self.diary.push(format!(
            "{event_type} {:?}",
            keys(&event, &["originData", "job", "parameters"])
        ));
        let data = event["eventData"].as_object().unwrap();
        data.values().next().unwrap().clone()
    }

    async fn calls(&mut self, method: &str, path: &str, body: Option<Value>) -> Value {
        let path = format!("/unified/ats/{}/{path}", self.scene.category);
        let server = &self.scene.server;
        let account = Some(self.scene.customer.account.as_str());
        let answer = server.vendor_as(API_KEY, account, method, &path, body, 200).await;
        let route = path
            .split('/')
            .map(|part| if part.starts_with("ats_") { "{id}" } else { part });
        let route = route.collect::<Vec<_>>().join("/");
        let keys = keys(&answer, &["origin_data", "warnings", "hiring_team"]);
        self.diary.push(format!("{method} {route} {keys:?}"));
        answer
    }
}

/// The dotted keys of a document, but for what is below `hidden` ones. An item of a list is `[]`.
fn keys(document: &Value, hidden: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(document, "", hidden, &mut found);
    found
}

fn collect(value: &Value, at: &str, hidden: &[&str], found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                // What may be absent altogether is no part of the shape.
                let is_optional =
                    ["job", "parameters"].contains(&key.as_str()) && hidden.contains(&key.as_str());
                if is_optional {
                    continue;
                }
                let at = format!("{at}.{key}");
                found.insert(at.clone());
                // The vendor's own metadata, lists and what may be null are values, not shape.
                if !hidden.contains(&key.as_str())
                    && !inner.is_array()
                    && !key.to_lowercase().contains("metadata")
                {
                    collect(inner, &at, hidden, found);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(item, &format!("{at}[]"), hidden, found);
            }
        }
        _ => {}
    }
}

async fn played(
    stage: &Stage,
    provider: &'static dyn Provider,
    category: Category,
) -> (&'static str, Vec<String>) {
    let scene = Scene::set(stage, provider, category, true).await;
    let order = scene.order().await;
    let mut vendor = Vendor {
        scene: &scene,
        diary: Vec::new(),
    };
    vendor.works_on(&order).await;
    let diary = vendor.diary;
    let view = scene.view(&order).await;
    assert!(
        view["shown"].to_string().contains(REPORT),
        "{}: the recruiter is shown the report: {view}",
        provider.descriptor().key
    );
    scene.stop().await;
    (provider.descriptor().key, diary)
}

#[tokio::test]
async fn one_program_serves_every_ats() {
    let stage = Stage::set().await;
    let mut different = Vec::new();
    for category in Category::ALL {
        let able = registry::all()
            .iter()
            .filter(|provider| provider.descriptor().categories.contains(&category));
        let diaries = join_all(able.map(|provider| played(&stage, *provider, category))).await;
        assert!(
            diaries.len() > 1,
            "{category} can be ordered through several ATSs"
        );
        let (first, expected) = &diaries[0];
        for (provider, diary) in &diaries {
            let lines = diary.iter().zip(expected).filter(|(here, there)| here != there);
            different.extend(lines.map(|(here, there)| {
                format!("{category}: with {provider} the program notes\n  {here}\nwhere with {first} it notes\n  {there}")
            }));
            assert_eq!(diary.len(), expected.len(), "{provider}: {diary:?}");
        }
    }
    assert!(different.is_empty(), "\n\n{}\n", different.join("\n\n"));
}
