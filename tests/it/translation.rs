//! ATSs' payloads and the events that they become: data in `tests/fixtures/<provider>/<case>/`, each run through the
//! library and over HTTP.

use crate::conformance::authorization;
use crate::harness::{API_KEY, Receiver, Server};
use crosscheck::ambient::System;
use crosscheck::domain::category::Category;
use crosscheck::providers::descriptor::Descriptor;
use crosscheck::providers::registry;
use crosscheck::translate::{TranslateError, translate};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// One folder of fixtures.
pub struct Case {
    pub name: String,
    pub request: Vec<u8>,
    pub event: Option<Value>,
    refusal: Option<Value>,
    /// Where it stands in a file of that name; else the one that places orders.
    operation: Option<String>,
}

impl Case {
    /// What the event says that was ordered; where there is none, what the provider has first.
    fn category(&self, descriptor: &Descriptor) -> Category {
        let named = self.event.as_ref().map(|event| event["syncDataType"].clone());
        let mut all = Category::ALL.into_iter();
        let found = all.find(|category| {
            named
                .as_ref()
                .is_some_and(|named| named == category.sync_data_type())
        });
        found.unwrap_or(descriptor.categories[0])
    }
}

/// The fixtures of a provider.
pub fn cases(provider: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(provider);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|_| {
        panic!("{provider} has no fixtures: add tests/fixtures/{provider}/<case>/ (CONTRIBUTING.md)")
    });
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let read = |path: PathBuf| std::fs::read(path).ok();
    let json = |path: PathBuf| {
        let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes);
        let parsed = read(path.clone()).map(parse).transpose();
        parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let case = |folder: PathBuf| Case {
        name: format!("{provider}/{}", folder.file_name().unwrap().to_str().unwrap()),
        request: read(folder.join("request.json"))
            .unwrap_or_else(|| panic!("{} has a request.json", folder.display())),
        event: json(folder.join("event.json")),
        refusal: json(folder.join("refusal.json")),
        operation: read(folder.join("operation"))
            .map(|name| String::from_utf8(name).unwrap().trim().to_owned()),
    };
    folders.into_iter().map(case).collect()
}

/// The fixtures of a provider with the operation that places orders: the one that makes an event of a fixture which
/// has one.
struct Fixtures {
    descriptor: &'static Descriptor,
    cases: Vec<Case>,
    placing: &'static str,
}

impl Fixtures {
    fn of(descriptor: &'static Descriptor) -> Self {
        let cases = cases(descriptor.key);
        let count = |of: fn(&Case) -> bool| cases.iter().filter(|case| of(case)).count();
        let (events, refusals) = (
            count(|case| case.event.is_some()),
            count(|case| case.refusal.is_some()),
        );
        assert!(
            events >= 4 && refusals >= 1,
            "{} has fixtures of a full payload, nulls, absent optionals, unknown keys and a refusal (CONTRIBUTING.md)",
            descriptor.key
        );
        let makes_an_event = |operation: &str, case: &Case| {
            let category = case.category(descriptor).as_str();
            translate(descriptor.key, operation, category, &case.request, &System).is_ok()
        };
        let mut operations = descriptor.operations.iter().map(|operation| operation.name);
        let with_event = || cases.iter().filter(|case| case.event.is_some());
        let placing = operations.find(|operation| with_event().any(|case| makes_an_event(operation, case)));
        let placing =
            placing.unwrap_or_else(|| panic!("{}: an operation reads a fixture as an order", descriptor.key));
        Self {
            descriptor,
            cases,
            placing,
        }
    }

    fn operation<'a>(&self, case: &'a Case) -> &'a str
    where
        Self: 'a,
    {
        case.operation.as_deref().unwrap_or(self.placing)
    }

    fn check_command_line(&self, case: &Case) {
        let category = case.category(self.descriptor);
        let outcome = translate(
            self.descriptor.key,
            self.operation(case),
            category.as_str(),
            &case.request,
            &System,
        );
        match (outcome, &case.refusal) {
            (Ok(event), None) => check_event(case, category, event.as_bytes()),
            (Err(TranslateError::Refused(told)), Some(refusal)) => {
                for pointer in refusal["pointers"].as_array().unwrap() {
                    let line = format!("\n  {}: ", pointer.as_str().unwrap());
                    assert!(told.contains(&line), "{}: {told}", case.name);
                }
            }
            (outcome, _) => panic!("{}: {outcome:?}", case.name),
        }
    }

    /// Each case has a customer of its own: none is a repetition of another.
    async fn check_over_http(&self, case: &Case, server: &Server, vendor: &mut Receiver) {
        let category = case.category(self.descriptor);
        let customer = server.link(self.descriptor.key, category.as_str()).await;
        let operation = self.descriptor.operation(self.operation(case));
        let operation = operation.unwrap_or_else(|| panic!("{}: there is such an operation", case.name));
        let path = customer.base_url.strip_prefix(server.url.as_str()).unwrap();
        let path = format!("{path}/{}", operation.path);
        let authorization = authorization(self.descriptor.token_in, &customer.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        let answer = server
            .send(operation.method, &path, &headers, case.request.clone())
            .await;
        let Some(refusal) = &case.refusal else {
            assert!(
                (200..300).contains(&answer.status),
                "{}: {} {}",
                case.name,
                answer.status,
                answer.text
            );
            return check_event(case, category, &vendor.next().await.body);
        };
        let status = refusal["status"].as_u64().unwrap_or(400);
        assert_eq!(u64::from(answer.status), status, "{}: {}", case.name, answer.text);
        let answered: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let account = Some(customer.account.as_str());
        let page = server
            .vendor_as(
                API_KEY,
                account,
                "GET",
                "/requests/logs?filter[directions]=ats_to_us",
                None,
                200,
            )
            .await;
        let log = &page["data"][0];
        let errors = log["detail"]["errors"].as_array().into_iter().flatten();
        let mut pointers: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
        pointers.sort_unstable();
        assert_eq!(json!(pointers), refusal["pointers"], "{}: {log}", case.name);
        // An ATS that is told in other words than ours: what was wrong stands in the log all the same.
        let code = answered.get("errorCode").unwrap_or(&log["error_code"]);
        assert_eq!(code, &refusal["errorCode"], "{}: {log}", case.name);
    }
}

/// Fills a fixture's placeholders with the ids and the time that `event` has, after checking their form.
fn filled(expected: &Value, category: Category, event: &Value, request: &Value) -> Value {
    let (id, order) = (
        event["eventId"].as_str().unwrap(),
        event["recordId"].as_str().unwrap(),
    );
    assert!(id.starts_with("evt_") && id.len() == 26, "{id}");
    assert!(
        order.starts_with(category.order_prefix()) && order.len() == 30,
        "{order}"
    );
    let at = event["triggeredAt"].as_i64().unwrap();
    let fill = |text: &str| match text {
        "{event}" => json!(id),
        "{order}" => json!(order),
        "{ms}" => json!(at),
        "{run}" => json!(format!("real_time_{at}")),
        "{request}" => request.clone(),
        other => json!(other),
    };
    map_texts(expected, &fill)
}

fn map_texts(value: &Value, fill: &impl Fn(&str) -> Value) -> Value {
    match value {
        Value::String(text) => fill(text),
        Value::Array(items) => items.iter().map(|item| map_texts(item, fill)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), map_texts(item, fill)))
            .collect(),
        other => other.clone(),
    }
}

/// The event is as the fixture says, and carries the request byte for byte.
pub fn check_event(case: &Case, category: Category, bytes: &[u8]) {
    let event: Value = serde_json::from_slice(bytes).unwrap();
    let request: Value = serde_json::from_slice(&case.request).unwrap();
    let expected = filled(case.event.as_ref().unwrap(), category, &event, &request);
    assert_eq!(event, expected, "{}", case.name);
    let sent = format!(
        "\"originData\":{},",
        std::str::from_utf8(&case.request).unwrap().trim()
    );
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(&sent), "{}: {text}", case.name);
}

#[tokio::test]
async fn every_fixture_becomes_its_event_or_its_refusal_in_the_library_and_over_http() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    for provider in registry::all() {
        let fixtures = Fixtures::of(provider.descriptor());
        for case in &fixtures.cases {
            assert_ne!(
                case.event.is_some(),
                case.refusal.is_some(),
                "{} has an event.json or a refusal.json",
                case.name
            );
            fixtures.check_command_line(case);
            fixtures.check_over_http(case, &server, &mut vendor).await;
        }
    }
    assert!(vendor.rest().is_empty());
    server.stop().await;
}
