//! The API document says all that a reader needs: words, refusals and examples for every operation.

use crosscheck::domain::problem::ErrorCode;
use crosscheck::http::openapi;
use crosscheck::json::Document;
use serde_json::Value;
use std::collections::HashSet;

/// Every operation: its name, where it stands and what it is.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("/paths/{}/{method}", escaped(path));
            found.push((format!("{method} {path}"), place, operation));
        }
    }
    assert!(found.len() > 30);
    found
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A place as a URI has it.
fn uri(place: &str) -> String {
    place.replace('{', "%7B").replace('}', "%7D")
}

/// The responses of an operation: status, where it stands if others share it, and what it is.
fn responses<'a>(document: &'a Value, operation: &'a Value) -> Vec<(&'a str, Option<String>, &'a Value)> {
    let all = operation["responses"].as_object().unwrap().iter();
    let resolved = all.map(|(status, response)| {
        let shared = response["$ref"]
            .as_str()
            .map(|path| path.trim_start_matches('#').to_owned());
        let found = shared
            .as_ref()
            .map_or(response, |path| document.pointer(path).unwrap());
        (status.as_str(), shared, found)
    });
    resolved.collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn every_operation_has_words_and_an_id_of_its_own() {
    let document = openapi::document().unwrap();
    let mut ids = HashSet::new();
    for (name, _, operation) in operations(&document) {
        assert!(!text(&operation["summary"]).is_empty(), "{name}: summary");
        assert!(!text(&operation["description"]).is_empty(), "{name}: description");
        assert!(
            ids.insert(text(&operation["operationId"])),
            "{name}: its id is another's, too"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                !text(&parameter["description"]).is_empty(),
                "{name}: {}",
                parameter["name"]
            );
        }
        for (status, _, response) in responses(&document, operation) {
            assert!(!text(&response["description"]).is_empty(), "{name}: {status}");
        }
    }
}

#[test]
fn every_body_has_an_example_that_fits_it() {
    let document = openapi::document().unwrap();
    let schemas = Document::of(&document).unwrap();
    let check = |name: &str, place: &str| {
        let Some(media) = document.pointer(place) else {
            return;
        };
        let schema = schemas.compile(&uri(&format!("{place}/schema"))).unwrap();
        let several = media["examples"].as_object().into_iter().flatten();
        let examples: Vec<_> = several
            .map(|(_, one)| &one["value"])
            .chain(media.get("example"))
            .collect();
        assert!(!examples.is_empty(), "{name}: no example");
        for example in examples {
            assert_eq!(schema.violations(example), [], "{name}: {example}");
            assert!(!example.to_string().contains("MISSING"), "{name}: {example:#}");
        }
    };
    for (name, place, operation) in operations(&document) {
        check(&name, &format!("{place}/requestBody/content/application~1json"));
        for (status, shared, _) in responses(&document, operation) {
            let place = shared.unwrap_or_else(|| format!("{place}/responses/{status}"));
            check(&name, &format!("{place}/content/application~1json"));
        }
    }
}

#[test]
fn every_operation_names_its_error_codes_and_answers_each_of_their_statuses() {
    let document = openapi::document().unwrap();
    for (name, _, operation) in operations(&document) {
        let named = operation["x-error-codes"]
            .as_array()
            .unwrap_or_else(|| panic!("{name}: no codes"));
        let mut statuses: HashSet<String> = HashSet::new();
        for code in named {
            let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code);
            let status = known
                .unwrap_or_else(|| panic!("{name}: {code}"))
                .status()
                .to_string();
            let found = responses(&document, operation);
            let (_, _, response) = found.iter().find(|(known, ..)| *known == status).unwrap();
            let example = &response["content"]["application/json"]["examples"][text(code)];
            assert_eq!(&example["value"]["errorCode"], code, "{name}");
            statuses.insert(status);
        }
        let told = operation["responses"].as_object().unwrap().keys();
        let refusals: HashSet<String> = told.filter(|status| status.as_str() >= "400").cloned().collect();
        assert_eq!(
            refusals, statuses,
            "{name}: a status without a code of the catalogue"
        );
    }
}
