//! JSON from strangers: what every body must satisfy before it is parsed, and how a failure is explained.
//!
//! The hot path is `screen` and a typed parse. Only a body that the parser refused is read again, against
//! its JSON Schema, to name everything that is wrong by its pointer. No text made here repeats a value
//! that was sent: values are candidates' data.

use crate::domain::problem::{ErrorCode, Problem, Violation};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How deep a body may nest. An event wraps it in three more levels, and common parsers stop at 128.
pub const MAX_DEPTH: usize = 64;

const MAX_VIOLATIONS: usize = 20;

/// Checks what a typed parser does not see in fields that it skips: UTF-8, depth, NUL characters and
/// lone surrogates. Everything is kept and handed on, so everything must be fit to be read by others.
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
            _ => {}
        }
    }
    Ok(text)
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

/// A compiled JSON Schema, used to explain.
pub struct Schema(Validator);

impl Schema {
    /// Compiles a schema of ours (2020-12).
    pub fn compile(schema: &Value) -> Result<Self, String> {
        jsonschema::options()
            .offline()
            .should_validate_formats(true)
            .build(schema)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Everything in `value` that breaks the schema.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let errors = self.0.iter_errors(value);
        let mut found: Vec<_> = errors
            .flat_map(|error| describe(&error))
            .take(MAX_VIOLATIONS)
            .collect();
        found.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        found
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

/// An error in our words. Of alternatives only the one that has the right type is explained: a wrong field in
/// an optional object is told as that field, not as "neither an object of that form nor null".
fn describe(error: &ValidationError<'_>) -> Vec<Violation> {
    let at = error.instance_path().to_string();
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let has_right_type = |branch: &&Vec<ValidationError<'_>>| {
                !branch
                    .iter()
                    .any(|one| is_type(one) && one.instance_path() == error.instance_path())
            };
            let fitting: Vec<_> = context.iter().filter(has_right_type).collect();
            if let [only] = fitting.as_slice() {
                return only.iter().flat_map(describe).collect();
            }
            let types: Vec<_> = context
                .iter()
                .flatten()
                .filter(|one| is_type(one))
                .map(wanted_type)
                .collect();
            let message = format!("{} must be {}", named(&at), types.join(" or "));
            vec![Violation::new(at, "type", message)]
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            vec![Violation::new(
                pointer,
                "required",
                format!("{name} is required: send it"),
            )]
        }
        ValidationErrorKind::Type { .. } => {
            let message = format!("{} must be {}", named(&at), wanted_type(error));
            vec![Violation::new(at, "type", message)]
        }
        kind => {
            let message = format!("{}: {}", named(&at), error.masked_with("the value"));
            vec![Violation::new(at, kind.keyword(), message)]
        }
    }
}

fn is_type(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Type { .. })
}

fn wanted_type(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Type {
            kind: TypeKind::Single(one),
        } => one.to_string(),
        ValidationErrorKind::Type {
            kind: TypeKind::Multiple(many),
        } => many
            .iter()
            .map(|one| one.to_string())
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "something else".to_owned(),
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
            r#"["\u12"#,
            r#"["\"#,
        ] {
            assert_eq!(message(body.as_bytes()), "fine", "{body}");
        }
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
