//! The contracts as files: none is stale, each compiles, parser and schema agree, and what we emit is valid.
//! `make contracts` (CROSSCHECK_WRITE_CONTRACTS=1) writes the generated ones anew.

use crate::greenhouse_flow::send_test;
use crate::harness::{Receiver, Server};
use crosscheck::error_page;
use crosscheck::http::openapi;
use crosscheck::json::Schema;
use crosscheck::provider_page;
use crosscheck::providers::provider::{Provider, Request};
use crosscheck::providers::registry;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema_text(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The violations of `value` against a schema file, in words.
fn violations(file: &str, value: &Value) -> Vec<String> {
    let schema = Schema::compile(&schema_text(&root().join("schemas").join(file))).unwrap();
    schema
        .violations(value)
        .into_iter()
        .map(|one| format!("{}: {}", one.pointer, one.message))
        .collect()
}

fn compare(path: &str, generated: &str) {
    let path = root().join(path);
    if std::env::var_os("CROSSCHECK_WRITE_CONTRACTS").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "{} is stale: run `make contracts` and commit it",
        path.display()
    );
}

#[test]
fn the_api_document_is_what_the_routes_say() {
    compare("openapi/openapi.json", &openapi::text().unwrap());
}

#[test]
fn the_schemas_of_the_rest_bodies_are_what_the_api_document_says() {
    let document = openapi::document().unwrap();
    let text = document["components"]["schemas"]
        .to_string()
        .replace("#/components/schemas/", "#/$defs/");
    let bodies = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Crosscheck: the bodies of the unified API. Generated from the routes.",
        "$defs": serde_json::from_str::<Value>(&text).unwrap(),
    });
    compare(
        "schemas/unified/bodies.json",
        &(serde_json::to_string_pretty(&bodies).unwrap() + "\n"),
    );
}

#[test]
fn the_page_of_each_provider_is_what_its_descriptor_says() {
    let folder = root().join("docs/providers");
    let mut expected = vec!["README.md".to_owned()];
    compare("docs/providers/README.md", &provider_page::index());
    for provider in registry::all() {
        let descriptor = provider.descriptor();
        expected.push(format!("{}.md", descriptor.key));
        let path = format!("docs/providers/{}.md", descriptor.key);
        compare(&path, &provider_page::page(descriptor));
    }
    let files = std::fs::read_dir(folder).unwrap();
    let mut found: Vec<_> = files
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "a page of a provider that is gone");
}

#[test]
fn the_page_of_errors_is_what_the_catalogue_says() {
    compare("docs/ERRORS.md", &error_page::page().unwrap());
}

#[test]
fn every_schema_file_compiles() {
    let mut folders = vec![root().join("schemas")];
    let mut compiled = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                Schema::compile(&schema_text(&path))
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                compiled += 1;
            }
        }
    }
    assert!(compiled > 5);
}

/// Breaks (or harmlessly changes) one place of a document: the path of keys, and what to put there.
fn mutation() -> impl Strategy<Value = (Vec<&'static str>, Option<Value>)> {
    let places = prop::sample::select(vec![
        vec!["partner_test_id"],
        vec!["url"],
        vec!["sent_by"],
        vec!["candidate_id"],
        vec!["application_id"],
        vec!["application"],
        vec!["application", "id"],
        vec!["candidate"],
        vec!["candidate", "id"],
        vec!["candidate", "candidate_id"],
        vec!["candidate", "application_id"],
        vec!["candidate", "first_name"],
        vec!["candidate", "preferred_name"],
        vec!["candidate", "resume_url"],
        vec!["candidate", "phone_number"],
        vec!["candidate", "email"],
        vec!["candidate", "greenhouse_profile_url"],
        vec!["candidate", "something_new"],
        vec!["something_new"],
    ]);
    let values = prop_oneof![
        Just(None),
        Just(Some(Value::Null)),
        any::<bool>().prop_map(|flag| Some(json!(flag))),
        any::<i64>().prop_map(|number| Some(json!(number))),
        any::<u64>().prop_map(|number| Some(json!(number))),
        any::<f64>()
            .prop_filter("JSON has no infinity", |number| number.is_finite())
            .prop_map(|n| Some(json!(n))),
        (0_u32..1000).prop_map(|number| Some(json!(f64::from(number)))),
        ".{0,12}"
            .prop_filter("NUL is refused before", |text| !text.contains('\0'))
            .prop_map(|t| Some(json!(t))),
        Just(Some(json!("HTTPS://example.com/x"))),
        Just(Some(json!("ftp://example.com/x"))),
        Just(Some(json!(""))),
        Just(Some(json!([1, {"a": null}]))),
        Just(Some(json!({"id": 7}))),
        Just(Some(json!({"id": {}}))),
    ];
    (places, values)
}

fn mutate(document: &mut Value, path: &[&str], value: Option<Value>) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut place = document;
    for key in parents {
        if !place.is_object() {
            return;
        }
        place = place
            .as_object_mut()
            .unwrap()
            .entry((*key).to_owned())
            .or_insert(Value::Object(Map::new()));
    }
    let Some(object) = place.as_object_mut() else {
        return;
    };
    match value {
        Some(value) => object.insert((*last).to_owned(), value),
        None => object.remove(*last),
    };
}

fn parser_accepts(provider: &dyn Provider, operation: &str, document: &Value) -> bool {
    let body = document.to_string();
    let request = Request {
        path: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: body.as_bytes(),
    };
    provider
        .read(provider.descriptor().operation(operation).unwrap(), &request)
        .is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_parser_takes_a_send_test_exactly_when_its_schema_does(
        mutations in prop::collection::vec(mutation(), 0..4)
    ) {
        let mut document = send_test("https://app.greenhouse.io/integrations/testing_partners/take_home_tests/3");
        for (path, value) in mutations {
            mutate(&mut document, &path, value);
        }
        let broken = violations("greenhouse/send_test.request.json", &document);
        let accepted = parser_accepts(registry::find("greenhouse").unwrap(), "send_test", &document);
        prop_assert_eq!(accepted, broken.is_empty(), "{} {:?}", document, broken);
    }

    #[test]
    fn the_parser_takes_a_response_error_exactly_when_its_schema_does(
        key in prop::sample::select(vec!["api_call", "errors", "partner_interview_id", "candidate_email", "other"]),
        value in mutation().prop_map(|(_, value)| value),
    ) {
        let mut document = json!({"api_call": "test_status", "errors": ["no url"], "partner_interview_id": "1"});
        mutate(&mut document, &[key], value);
        let broken = violations("greenhouse/response_error.request.json", &document);
        let accepted = parser_accepts(registry::find("greenhouse").unwrap(), "response_error", &document);
        prop_assert_eq!(accepted, broken.is_empty(), "{} {:?}", document, broken);
    }
}

#[tokio::test]
async fn everything_that_is_emitted_validates() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    let ats = Receiver::start().await;
    let events = [
        "record.new",
        "record.modified",
        "provider.error_reported",
        "account.created",
        "push.rejected",
    ];
    let (webhook, _) = server.webhook(&vendor.url, &events).await;
    let packages = json!({"packages": [{"id": "pkg_logic", "name": "Logic", "metadata": {"minutes": 40}}]});
    ats.answer(|_| crate::harness::Reply::status(404));

    for category in ["assessments", "background_checks", "reference_checks"] {
        server
            .vendor(
                "PUT",
                &format!("/unified/ats/{category}/packages"),
                Some(packages.clone()),
                200,
            )
            .await;
        let customer = server.link("greenhouse", category).await;
        let check = |file: &str, value: &Value| {
            assert_eq!(
                violations(&format!("greenhouse/{file}.response.json"), value),
                [""; 0],
                "{value}"
            );
        };
        check(
            "list_tests",
            &server.ats(&customer, "GET", "list_tests", None, 200).await,
        );
        let callback = format!("{}/tests/{category}", ats.url);
        let placed = server
            .ats(&customer, "POST", "send_test", Some(send_test(&callback)), 200)
            .await;
        check("send_test", &placed);
        let order = placed["partner_interview_id"].as_str().unwrap();
        let status = format!("test_status?partner_interview_id={order}");
        check(
            "test_status",
            &server.ats(&customer, "GET", &status, None, 200).await,
        );
        let result = format!("/unified/ats/{category}/orders/{order}/result");
        let progress = json!({"result": {"value": "in_progress"}, "start_date": "2026-02-03T09:00:00Z"});
        server.vendor("PATCH", &result, Some(progress), 200).await;
        check(
            "test_status",
            &server.ats(&customer, "GET", &status, None, 200).await,
        );
        let last =
            json!({"score": {"value": "8.5"}, "summary": "Fine", "result_url": "https://vendor.example/1"});
        server.vendor("PATCH", &result, Some(last), 200).await;
        check(
            "test_status",
            &server.ats(&customer, "GET", &status, None, 200).await,
        );
        let report =
            json!({"api_call": "list_tests", "errors": ["nothing there"], "partner_interview_id": order});
        check(
            "response_error",
            &server
                .ats(&customer, "POST", "response_error", Some(report), 200)
                .await,
        );
        // account.created, record.new, record.modified, provider.error_reported, push.rejected (of one push or two)
        for _ in 0..5 {
            let event = vendor.next().await.json();
            assert_eq!(violations("unified/event.json", &event), [""; 0], "{event}");
        }
    }
    server
        .post(&format!("/webhooks/{webhook}/test"), json!({}), 200)
        .await;
    for event in vendor.rest() {
        assert_eq!(violations("unified/event.json", &event.json()), [""; 0]);
    }
}
