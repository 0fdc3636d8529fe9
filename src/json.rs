//! JSON from strangers: what every body must satisfy before it is parsed, and how a failure is explained.
//!
//! The hot path is `screen` and a typed parse. Only a body that the parser refused is read again, against
//! its JSON Schema, to name everything that is wrong by its pointer. No text made here repeats a value
//! that was sent: values are candidates' data.

use crate::domain::problem::{ErrorCode, Problem, Violation, pointer_to};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{JsonType, Registry, ValidationError, ValidationOptions, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};

/// How deep a body may nest. An event wraps it in three more levels, and common parsers stop at 128.
pub const MAX_DEPTH: usize = 64;

const MAX_VIOLATIONS: usize = 20;

/// Checks what a typed parser does not see in fields that it skips: UTF-8, depth, NUL characters, lone
/// surrogates and numbers beyond all doubles. Everything is kept and handed on, so everything must be fit to be read by
/// others.
pub fn screen(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        malformed(format!(
            "The body is not UTF-8 (byte {}). Send JSON in UTF-8.",
            error.valid_up_to()
        ))
    })?;
    let mut depth: usize = 0;
    let mut rest = body;
    while let Some((byte, tail)) = rest.split_first() {
        let from = rest;
        rest = tail;
        match byte {
            b'"' => rest = screen_string(tail)?,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(malformed(format!(
                        "The body is nested deeper than {MAX_DEPTH} levels. Flatten it."
                    )));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'0'..=b'9' => rest = screen_number(from)?,
            _ => {}
        }
    }
    Ok(text)
}

/// How many digits a number may have and surely be a double.
const SURELY_FINITE: usize = 300;

/// Reads past the number at the beginning of `from`. One that no double can hold is none to most parsers.
fn screen_number(from: &[u8]) -> Result<&[u8], Problem> {
    let belongs = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let length = from.iter().take_while(|byte| belongs(byte)).count();
    let (number, rest) = from.split_at_checked(length).unwrap_or_default();
    let may_be_large = length > SURELY_FINITE || memchr::memchr2(b'e', b'E', number).is_some();
    let spelled = std::str::from_utf8(number).unwrap_or_default();
    if may_be_large && spelled.parse().is_ok_and(f64::is_infinite) {
        let message = "A number is larger than any double. Send it as a string.";
        return Err(malformed(message.to_owned()));
    }
    Ok(rest)
}

/// Reads past a string whose opening quote was read, and returns what follows it.
fn screen_string(mut rest: &[u8]) -> Result<&[u8], Problem> {
    loop {
        let Some(at) = memchr::memchr2(b'"', b'\\', rest) else {
            return Ok(&[]);
        };
        let (found, tail) = rest
            .split_at_checked(at)
            .unwrap_or_default()
            .1
            .split_at_checked(1)
            .unwrap_or_default();
        if found == b"\"" {
            return Ok(tail);
        }
        rest = match tail.split_first() {
            Some((b'u', digits)) => screen_escape(digits)?,
            Some((_, tail)) => tail,
            None => return Ok(&[]),
        };
    }
}

/// Reads past the four digits of a `\u` escape (and its second half).
fn screen_escape(digits: &[u8]) -> Result<&[u8], Problem> {
    let lone = || malformed("A string has half of a surrogate pair. Send the whole character.".to_owned());
    let Some((unit, rest)) = hex4(digits) else {
        return Ok(digits);
    };
    match unit {
        0 => Err(malformed("A string has a NUL character. Remove it.".to_owned())),
        0xD800..=0xDBFF => {
            let tail = rest.strip_prefix(b"\\u").ok_or_else(lone)?;
            match hex4(tail) {
                Some((0xDC00..=0xDFFF, rest)) => Ok(rest),
                _ => Err(lone()),
            }
        }
        0xDC00..=0xDFFF => Err(lone()),
        _ => Ok(rest),
    }
}

fn hex4(digits: &[u8]) -> Option<(u16, &[u8])> {
    let (four, rest) = digits.split_first_chunk::<4>()?;
    let unit = u16::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok()?;
    Some((unit, rest))
}

fn malformed(message: String) -> Problem {
    let violation = Violation::new("", "malformed_json", message);
    Problem::with(ErrorCode::MalformedJson, vec![violation])
}

/// Where a document is found while what is in it is compiled.
const DOCUMENT: &str = "urn:crosscheck:document";

/// A document that holds schemas, which may refer to each other.
pub struct Document<'a>(Registry<'a>);

impl<'a> Document<'a> {
    /// Reads a document of ours.
    pub fn of(document: &'a Value) -> Result<Self, String> {
        let registry = Registry::new().add(DOCUMENT, document);
        let registry = registry.and_then(|one| one.prepare());
        registry.map(Self).map_err(|error| error.to_string())
    }

    /// Compiles the schema to which `pointer` leads. What is compiled holds no copy of the document.
    pub fn compile(&self, pointer: &str) -> Result<Schema, String> {
        let schema = serde_json::json!({"$ref": format!("{DOCUMENT}#{pointer}")});
        Schema::build(jsonschema::options().with_registry(&self.0), &schema)
    }
}

/// A compiled JSON Schema, used to explain.
pub struct Schema(Validator);

impl Schema {
    /// Compiles a schema of ours (2020-12).
    pub fn compile(schema: &Value) -> Result<Self, String> {
        Self::build(jsonschema::options(), schema)
    }

    fn build(options: ValidationOptions<'_>, schema: &Value) -> Result<Self, String> {
        options
            .offline()
            .should_validate_formats(true)
            .build(schema)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Everything in `value` that breaks the schema.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let errors = self.0.iter_errors(value);
        let mut violations: Vec<_> = errors
            .flat_map(|error| told(&error))
            .take(MAX_VIOLATIONS)
            .collect();
        // In the order of their pointers, the type first: a value of a wrong type breaks other rules as well,
        // which nobody needs to be told.
        let rank = |one: &Violation| (one.pointer.clone(), one.code != "type");
        violations.sort_by_key(rank);
        violations.dedup_by(|later, first| later.pointer == first.pointer && first.code == "type");
        violations
    }

    /// Why the typed parser refused `text`: every violation, or where the syntax breaks.
    pub fn explain(&self, text: &str) -> Problem {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => return syntax(&error),
        };
        let mut violations = self.violations(&value);
        if violations.is_empty() {
            violations.push(Violation::new(
                "",
                "duplicate_key",
                "A key stands twice in one object. Send it once.",
            ));
        }
        Problem::with(ErrorCode::InvalidBody, violations)
    }
}

/// Reads a body that the vendor sent: screened, checked against `schema`, then typed.
pub fn read<T: DeserializeOwned>(body: &[u8], schema: &Schema) -> Result<T, Problem> {
    let text = screen(body)?;
    let value: Value = serde_json::from_str(text).map_err(|error| syntax(&error))?;
    let violations = schema.violations(&value);
    if !violations.is_empty() {
        return Err(Problem::with(ErrorCode::InvalidBody, violations));
    }
    serde_json::from_str(text).map_err(|_| schema.explain(text))
}

/// The whole number that `number` is, where it is one: 60 and 60.0 are the same in JSON.
pub fn whole(number: &Number) -> Option<i64> {
    let as_double = || {
        let double = number.as_f64().filter(|double| double.fract() == 0.0)?;
        format!("{double:.0}").parse().ok()
    };
    number.as_i64().or_else(as_double)
}

fn syntax(error: &serde_json::Error) -> Problem {
    // serde_json's own message may quote the value, so only its position is told.
    let what = if error.is_eof() {
        "ends too early"
    } else {
        "is not well-formed JSON"
    };
    malformed(format!(
        "The body {what} (line {}, column {}).",
        error.line(),
        error.column()
    ))
}

/// What one error tells. Where a value may have several forms (null or an object, say), the form that it was
/// meant to have is the one of its type, and what counts is what is wrong within that.
fn told(error: &ValidationError<'_>) -> Vec<Violation> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        return vec![violation(error)];
    };
    let at = error.instance_path();
    let wrong_type = |one: &ValidationError<'_>| one.instance_path() == at && wanted_type(one).is_some();
    let wants_null =
        |one: &ValidationError<'_>| one.instance_path() == at && wanted_type(one) == Some(JsonType::Null);
    let meant = context.iter().find(|form| !form.iter().any(wrong_type));
    match meant.or_else(|| context.iter().find(|form| !form.iter().any(wants_null))) {
        Some(form) => form.iter().flat_map(told).collect(),
        None => vec![violation(error)],
    }
}

/// The one type that a value should have had and has not.
fn wanted_type(error: &ValidationError<'_>) -> Option<JsonType> {
    match error.kind() {
        ValidationErrorKind::Type {
            kind: jsonschema::error::TypeKind::Single(one),
        } => Some(*one),
        _ => None,
    }
}

fn violation(error: &ValidationError<'_>) -> Violation {
    let at = error.instance_path().to_string();
    let code = error.kind().keyword().to_owned();
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let pointer = pointer_to(&at, name);
            Violation::new(pointer, "required", format!("{name} is required: send it"))
        }
        ValidationErrorKind::Type { kind } => {
            let wanted = match kind {
                jsonschema::error::TypeKind::Single(one) => one.to_string(),
                jsonschema::error::TypeKind::Multiple(many) => many
                    .iter()
                    .map(|one| one.to_string())
                    .collect::<Vec<_>>()
                    .join(" or "),
            };
            let message = format!("{} must be {wanted}", named(&at));
            Violation::new(at, "type", message)
        }
        _ => {
            let message = format!("{}: {}", named(&at), error.masked_with("the value"));
            Violation::new(at, code, message)
        }
    }
}

fn named(pointer: &str) -> &str {
    if pointer.is_empty() { "the body" } else { pointer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &[u8]) -> String {
        screen(body)
            .map(|_| "fine".to_owned())
            .unwrap_or_else(|problem| problem.message)
    }

    #[test]
    fn bodies_that_others_could_not_read_are_refused_before_they_are_parsed() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(message(deep(64).as_bytes()), "fine");
        assert_eq!(
            message(deep(65).as_bytes()),
            "The body is nested deeper than 64 levels. Flatten it."
        );
        assert_eq!(
            message(b"{\"a\":\"\xff\"}"),
            "The body is not UTF-8 (byte 6). Send JSON in UTF-8."
        );
        assert_eq!(
            message(br#"{"a":"\u0000"}"#),
            "A string has a NUL character. Remove it."
        );
        for large in ["1e999".to_owned(), "-1.7E+309".to_owned(), "9".repeat(310)] {
            assert_eq!(
                message(format!("[{large}]").as_bytes()),
                "A number is larger than any double. Send it as a string."
            );
        }
        for lone in [
            &br#"["\ud83d"]"#[..],
            br#"["\ud83dx"]"#,
            br#"["\ude00"]"#,
            br#"["\ud83d\u0041"]"#,
        ] {
            assert_eq!(
                message(lone),
                "A string has half of a surrogate pair. Send the whole character."
            );
        }
    }

    #[test]
    fn ordinary_bodies_pass_whatever_their_strings_hold() {
        for body in [
            r#"{"a":"[[[\"{{\\"}"#,
            r#"["\ud83d\ude00 \u00e9 \n"]"#,
            "",
            "nonsense",
            "[1.7e308, -1e-999, 0e999, 1e, 9e9e9, \"1e999\"]",
            r#"["\u12"#,
            r#"["\"#,
        ] {
            assert_eq!(message(body.as_bytes()), "fine", "{body}");
        }
    }

    #[test]
    fn what_is_wrong_within_an_optional_object_is_named_where_it_is() {
        let schema = Schema::compile(&serde_json::json!({
            "properties": {"result": {"oneOf": [
                {"type": "null"},
                {"type": "object", "properties": {"value": {"oneOf": [{"type": "null"}, {"enum": ["a"], "type": "string"}]}}},
            ]}}
        }))
        .unwrap();
        let told = |body: &str| {
            let violations = schema.explain(body).violations.into_iter();
            violations.map(|one| (one.pointer, one.code)).collect::<Vec<_>>()
        };
        let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(
            told(r#"{"result": {"value": "b"}}"#),
            one("/result/value", "enum")
        );
        assert_eq!(told(r#"{"result": {"value": []}}"#), one("/result/value", "type"));
        assert_eq!(told(r#"{"result": 7}"#), one("/result", "type"));
    }

    #[test]
    fn an_explanation_names_the_field_and_never_its_value() {
        let schema = Schema::compile(&serde_json::json!({
            "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"], "minimum": 0}}
        }))
        .unwrap();
        let problem = schema.explain(r#"{"age": "forty-two"}"#);
        let told: Vec<_> = problem
            .violations
            .iter()
            .map(|v| (v.pointer.as_str(), v.code.as_str()))
            .collect();
        assert_eq!(told, [("/age", "type"), ("/name", "required")]);
        assert!(!format!("{problem:?}").contains("forty"));
        assert!(!format!("{:?}", schema.explain(r#"{"name":"x","age":-4242}"#)).contains("4242"));
        assert!(
            schema
                .explain("{\"name\": \"Ada")
                .message
                .contains("ends too early")
        );
    }
}
