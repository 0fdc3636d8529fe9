//! JSON from strangers: what is screened away, and how a failure is explained.

use super::Target;
use super::documents::{depth, has_a_key_twice, keys, texts};
use super::input::Input;
use super::seeds::requests;
use crosscheck::domain::problem::Problem;
use crosscheck::json::{self, MAX_DEPTH, Schema};
use crosscheck::providers::registry;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

pub const TARGET: Target = Target {
    name: "bodies",
    check,
    seeds,
};

/// A schema, and what it is written as.
type Known = (Schema, String);

static SCHEMAS: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let wires = registry::all().iter().flat_map(|provider| provider.schemas());
    let known = wires.map(|(_, text)| serde_json::from_str(text).expect("a schema is JSON"));
    let all = [every_keyword()].into_iter().chain(known);
    let compile = |schema: Value| {
        (
            Schema::compile(&schema).expect("a schema compiles"),
            schema.to_string(),
        )
    };
    all.map(compile).collect()
});

/// Something that breaks in many ways.
fn every_keyword() -> Value {
    json!({
        "type": "object",
        "required": ["id"],
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 8,
        "properties": {
            "id": {"type": ["string", "integer"], "minLength": 1, "maxLength": 8, "pattern": "^[a-z]*$", "minimum": 0},
            "url": {"type": "string", "format": "uri"},
            "at": {"type": "string", "format": "date-time"},
            "one": {"enum": ["a", "b", null]},
            "same": {"const": "fixed"},
            "list": {"type": "array", "items": {"type": "number", "multipleOf": 2}, "maxItems": 3, "uniqueItems": true},
            "either": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"n": {"maximum": 9}}}]},
            "any": {"anyOf": [{"type": "boolean"}, {"type": "string", "not": {"const": "no"}}]},
        },
    })
}

pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let schema = input.choose(&SCHEMAS);
    let body = input.rest();
    let text = String::from_utf8_lossy(body);
    let document = serde_json::from_str::<Value>(&text).ok();
    check_screen(body, document.as_ref());
    let Some((schema, written)) = schema else {
        return;
    };
    let explained = schema.explain(&text);
    assert!(!explained.violations.is_empty(), "a refusal says what is wrong");
    if let Some(document) = &document {
        check_secrecy(document, written, &explained);
        check_reading(body, &text, schema, document);
    }
}

/// What is let through is fit to be read by others, and nothing else is turned away.
fn check_screen(body: &[u8], document: Option<&Value>) {
    let Some(document) = document else {
        return;
    };
    let mut said = Vec::new();
    texts(document, &mut said);
    keys(document, &mut said);
    let has_nul = said.iter().any(|text| text.contains('\0'));
    let fit = std::str::from_utf8(body).is_ok() && !has_nul && depth(document) <= MAX_DEPTH;
    match json::screen(body) {
        Ok(_) => assert!(fit, "what others cannot read is turned away"),
        // Of a key that stands twice, the document has lost one value.
        Err(problem) => {
            let lost = std::str::from_utf8(body).is_ok_and(has_a_key_twice);
            assert!(!fit || lost, "what others can read is let through: {problem}");
        }
    }
}

/// An explanation repeats no text that was sent. (Only texts that can be no word of ours count.)
fn check_secrecy(document: &Value, schema: &str, explained: &Problem) {
    let (mut sent, mut named) = (Vec::new(), Vec::new());
    texts(document, &mut sent);
    keys(document, &mut named);
    let told = explained.in_full();
    let marked = |text: &&&str| {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        text.chars().count() >= 8 && digits >= 4 && !schema.contains(**text)
    };
    for text in sent.iter().filter(marked) {
        let is_named = named.iter().any(|name| name.contains(text));
        assert!(
            is_named || !told.contains(text),
            "an explanation repeats what was sent: {told}"
        );
    }
}

/// A typed reader takes what the schema takes.
fn check_reading(body: &[u8], text: &str, schema: &Schema, document: &Value) {
    match json::read::<HashMap<String, Value>>(body, schema) {
        Ok(read) => assert_eq!(serde_json::to_value(read).ok().as_ref(), Some(document)),
        Err(problem) => {
            let refused = json::screen(body).is_err()
                || !schema.violations(document).is_empty()
                || !document.is_object()
                || has_a_key_twice(text);
            assert!(refused, "the reader refuses what the schema takes: {problem}");
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let odd = json!({
        "id": "4242-4242", "url": "no url 4242", "at": "yesterday 4242", "one": "c 4242 4242", "same": "4242-4242",
        "list": [1, 1, "4242-4242"], "either": {"n": 42424242}, "any": "no",
    });
    let mut bodies: Vec<Vec<u8>> = registry::all()
        .iter()
        .flat_map(|provider| requests(provider.descriptor().key))
        .collect();
    bodies.push(odd.to_string().into_bytes());
    bodies.extend(
        [
            &br#"{"id":"\ud83d\ude00\u00e9"}"#[..],
            br#"["\u0000"]"#,
            b"[[[[]]]]",
        ]
        .map(<[u8]>::to_vec),
    );
    let schemas = (0..).zip(SCHEMAS.iter()).map(|(number, _)| number);
    schemas
        .flat_map(|number| bodies.iter().map(move |body| [&[number][..], body].concat()))
        .collect()
}
