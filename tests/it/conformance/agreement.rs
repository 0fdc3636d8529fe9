//! The parser and the schema say the same of every request: what one refuses, the other does.

use super::replay::Asked;
use super::{every_provider, shape};
use crosscheck::json::Schema;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

const CASES: u32 = 300;

/// What is done to one place of a request.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Put(Value),
    /// The same said otherwise.
    Respell(u8),
    AddUnknown(Value),
}

/// Values at which parsers and schemas are known to part.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(7.0),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!(" "),
        json!("7"),
        json!("HTTPS://example.com/x"),
        json!("ftp://example.com/x"),
        json!("0B7A1C1E-6F7D-4A55-9C1C-0D2F4F3F7A10"),
        json!("0b7a1c1e6f7d4a559c1c0d2f4f3f7a10"),
        json!([]),
        json!([[]]),
        json!([1, {"a": null}]),
        json!({}),
        json!({"id": 7}),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let text = ".{0,12}".prop_filter("NUL is refused before", |text| !text.contains('\0'));
    let finite = any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite());
    let values = prop_oneof![
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        finite.prop_map(|number| json!(number)),
        (0_u32..1000).prop_map(|number| json!(f64::from(number))),
        text.prop_map(|text| json!(text)),
        prop::sample::select(odd_values()),
    ];
    prop_oneof![
        2 => Just(Change::Remove),
        2 => Just(Change::Put(Value::Null)),
        4 => values.clone().prop_map(Change::Put),
        4 => any::<u8>().prop_map(Change::Respell),
        1 => values.prop_map(Change::AddUnknown),
    ]
}

/// A value said otherwise; what cannot be is as it was.
fn respelled(value: &Value, how: u8) -> Value {
    match value {
        Value::String(text) => {
            let half = text
                .char_indices()
                .nth(text.chars().count() / 2)
                .map_or(0, |(at, _)| at);
            let number = text.parse::<i64>().map(|number| json!(number));
            let said = [
                json!(text.to_uppercase()),
                json!(text.to_lowercase()),
                json!(format!(" {text}")),
                json!(format!("{text} ")),
                json!(text[..half]),
                json!(text[half..]),
                json!(text.replace('-', "")),
                json!(format!("{{{text}}}")),
                json!([text]),
                number.unwrap_or(json!(0)),
            ];
            said[usize::from(how) % said.len()].clone()
        }
        Value::Number(number) => {
            let said = [
                json!(number.to_string()),
                json!(number.as_f64()),
                json!(number.as_f64().map(|number| -number)),
                json!(number.as_f64().map(|number| number + 0.5)),
            ];
            said[usize::from(how) % said.len()].clone()
        }
        Value::Array(items) => match how % 3 {
            0 => json!([]),
            1 => items.iter().chain(items).cloned().collect(),
            _ => items.first().cloned().unwrap_or(Value::Null),
        },
        Value::Object(object) => match how % 2 {
            0 => json!([object]),
            _ => json!({}),
        },
        other => other.clone(),
    }
}

fn apply(document: &mut Value, pointer: &str, change: &Change) {
    match change {
        Change::Remove => {
            shape::remove(document, pointer);
        }
        Change::Put(value) => {
            shape::put(document, pointer, value.clone());
        }
        Change::Respell(how) => {
            if let Some(value) = document.pointer_mut(pointer) {
                *value = respelled(value, *how);
            }
        }
        Change::AddUnknown(value) => {
            shape::put(document, &format!("{pointer}-unknown"), value.clone());
        }
    }
}

/// The text of a document, its keys in one order or the other.
fn text(document: &Value, backwards: bool) -> String {
    let join =
        |parts: Vec<String>, around: [&str; 2]| format!("{}{}{}", around[0], parts.join(","), around[1]);
    match document {
        Value::Object(object) if backwards => {
            let pairs = object.iter().rev();
            let pair = |(key, value)| format!("{}:{}", json!(key), text(value, backwards));
            join(pairs.map(pair).collect(), ["{", "}"])
        }
        Value::Array(items) => join(
            items.iter().map(|item| text(item, backwards)).collect(),
            ["[", "]"],
        ),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn the_parser_takes_a_request_exactly_when_its_schema_does() {
    every_provider(async |scene| {
        scene.play_out().await;
        let mut disagreements = Vec::new();
        for asked in scene.samples().await {
            let name = format!("{}.request", asked.operation.name);
            let Some(schema) = shape::schema_of(scene.provider, &name) else {
                continue;
            };
            let compiled = shape::compiled(scene.provider, &name).unwrap();
            let takes = |body: &str| asked.with(body).read(scene.provider, |inquiry| inquiry.is_ok());
            assert!(
                takes(&asked.json().to_string()),
                "the parser takes what the ATS sends to {}",
                asked.operation.name
            );
            let found = disagreement(&asked, &schema, &compiled, takes);
            disagreements.extend(found.map(|found| format!("{}: {found}", asked.operation.name)));
        }
        assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    })
    .await;
}

/// A body on which the two disagree: one that was changed in one place, else one that was changed in several.
fn disagreement(
    asked: &Asked,
    schema: &Value,
    compiled: &Schema,
    takes: impl Fn(&str) -> bool,
) -> Option<String> {
    let compare = |document: &Value, backwards: bool| {
        let broken = shape::broken(compiled, document);
        let body = text(document, backwards);
        let (parser, schema) = (takes(&body), broken.is_empty());
        let verdict = |takes: bool| if takes { "takes" } else { "refuses" };
        (parser != schema).then(|| {
            let (parser, schema) = (verdict(parser), verdict(schema));
            format!("the parser {parser} what the schema {schema}: {body} {broken:?}")
        })
    };
    let whole = filled(asked.json(), schema, compiled);
    let mut pointers: Vec<_> = shape::places(schema)
        .into_iter()
        .map(|place| place.pointer)
        .collect();
    pointers.push("/x".to_owned());
    for pointer in &pointers {
        let respelled = (0..10).map(Change::Respell);
        let put = odd_values().into_iter().map(Change::Put);
        for change in respelled.chain(put).chain([Change::Remove]) {
            let mut document = whole.clone();
            apply(&mut document, pointer, &change);
            if let Some(found) = compare(&document, false) {
                return Some(format!("{pointer} {change:?}: {found}"));
            }
        }
    }
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let changes = prop::collection::vec((any::<Index>(), change()), 0..4);
    let run = TestRunner::new(config).run(&(changes, any::<bool>()), |(changes, backwards)| {
        let mut document = whole.clone();
        for (place, change) in &changes {
            apply(&mut document, place.get::<String>(&pointers), change);
        }
        let found = compare(&document, backwards);
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
        Ok(())
    });
    run.err().map(|error| error.to_string())
}

/// The request with what of its optional properties can be made up, so that there is something to change.
fn filled(mut document: Value, schema: &Value, compiled: &Schema) -> Value {
    for place in shape::places(schema) {
        if document.pointer(&place.pointer).is_none_or(Value::is_null) {
            for value in [
                json!("made-up"),
                json!(7),
                json!(true),
                json!([]),
                json!(Map::new()),
            ] {
                let mut with = document.clone();
                if shape::put(&mut with, &place.pointer, value) && shape::broken(compiled, &with).is_empty() {
                    document = with;
                    break;
                }
            }
        }
    }
    document
}
