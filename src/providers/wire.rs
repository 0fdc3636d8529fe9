//! What the wires of ATSs have in common: texts and ids that are borrowed from the body, and how a body is read.

use super::provider::{CallResponse, Refusal};
use crate::domain::problem::{ErrorCode, Problem};
use crate::json::{self, Schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::marker::PhantomData;

/// A provider's schemas by name: `<operation>.request`, `<operation>.response`.
pub type Schemas = &'static [(&'static str, &'static str)];

/// Compiles the schema of that name. A test compiles every one; should one not compile after all, a refusal is
/// explained less well.
pub fn compile(schemas: Schemas, name: &str) -> Option<Schema> {
    let (_, text) = schemas.iter().find(|(key, _)| *key == name)?;
    Schema::compile(&serde_json::from_str(text).ok()?).ok()
}

/// The typed body, and the same body as received. What the parser refuses, the schema explains.
pub fn read<'a, T: Deserialize<'a>>(
    body: &'a [u8],
    schema: Option<&Schema>,
) -> Result<(T, &'a RawValue), Refusal> {
    let text = json::screen(body)?;
    match (serde_json::from_str(text), serde_json::from_str(text)) {
        (Ok(Object(typed)), Ok(raw)) => Ok((typed, raw)),
        _ => Err(explain(body, schema)),
    }
}

/// What an ATS answered to a call of ours; none where that does not read as an object of that form, all of it.
pub fn answered<T: DeserializeOwned>(response: &CallResponse) -> Option<T> {
    let object: Map<String, Value> = serde_json::from_slice(&response.body).ok()?;
    serde_json::from_value(Value::Object(object)).ok()
}

/// Everything that is wrong with a body, by its pointers.
pub fn explain(body: &[u8], schema: Option<&Schema>) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let problem = schema.map(|schema| schema.explain(&text));
    Refusal::Problem(problem.unwrap_or_else(|| Problem::of(ErrorCode::InvalidBody)))
}

/// As the pattern `^[hH][tT][tT][pP][sS]?://` has it: the scheme decides, the rest is checked when it is dialled.
pub fn has_web_scheme(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// A JSON object. A plain derived struct would take an array as well, its items in the order of the fields.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectOnly<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOnly<T> {
            type Value = Object<T>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectOnly(PhantomData))
    }
}

/// For `#[serde(deserialize_with)]` of a field whose type is a struct: takes an object and nothing else.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// The same for one that may be null; with `default` it may be absent.
pub fn optional_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let found: Option<Object<T>> = Deserialize::deserialize(deserializer)?;
    Ok(found.map(|Object(value)| value))
}

/// The same for a list of them.
pub fn optional_objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let found: Option<Vec<Object<T>>> = Deserialize::deserialize(deserializer)?;
    Ok(found.map(|all| all.into_iter().map(|Object(value)| value).collect()))
}

/// A text that is borrowed from the body where it has no escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// An id: a string, or an integer that becomes one.
#[derive(Debug)]
pub struct Id<'a>(pub Cow<'a, str>);

/// The largest integer that is taken for an id; the schemas say the same.
const MAX_ID: u64 = i64::MAX.unsigned_abs();

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrInteger;
        impl<'de> Visitor<'de> for StringOrInteger {
            type Value = Id<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string or a non-negative integer")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id<'de>, E> {
                Ok(Id(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id<'de>, E> {
                if number > MAX_ID {
                    return Err(E::custom("the id is too large"));
                }
                Ok(Id(Cow::Owned(number.to_string())))
            }
            /// JSON Schema takes `7.0` for the integer 7.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Id<'de>, E> {
                let text = number.abs().to_string();
                let negative = number < 0.0;
                match text.parse::<u64>() {
                    Ok(integer) if integer <= MAX_ID && !negative => Ok(Id(Cow::Owned(text))),
                    _ => Err(E::custom("the id is not a non-negative integer")),
                }
            }
        }
        deserializer.deserialize_any(StringOrInteger)
    }
}
