//! What can be said of a JSON document, whoever reads it.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// Whether an object has a key twice. Parsers part there: a typed one refuses, another takes the last.
pub fn has_a_key_twice(text: &str) -> bool {
    serde_json::from_str::<Keys>(text).is_ok_and(|Keys { twice }| twice)
}

struct Keys {
    twice: bool,
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Keys;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let (mut seen, mut twice) = (HashSet::new(), false);
        while let Some((key, inner)) = map.next_entry::<String, Keys>()? {
            twice |= inner.twice || !seen.insert(key);
        }
        Ok(Keys { twice })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Keys, A::Error> {
        let mut twice = false;
        while let Some(inner) = items.next_element::<Keys>()? {
            twice |= inner.twice;
        }
        Ok(Keys { twice })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Keys, E> {
        Ok(Keys { twice: false })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Keys, E> {
        Ok(Keys { twice: false })
    }

    fn visit_u64<E>(self, _: u64) -> Result<Keys, E> {
        Ok(Keys { twice: false })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Keys, E> {
        Ok(Keys { twice: false })
    }

    fn visit_str<E>(self, _: &str) -> Result<Keys, E> {
        Ok(Keys { twice: false })
    }

    fn visit_unit<E>(self) -> Result<Keys, E> {
        Ok(Keys { twice: false })
    }
}

/// Every text in a document, keys apart.
pub fn texts<'a>(document: &'a Value, found: &mut Vec<&'a str>) {
    match document {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(object) => object.values().for_each(|inner| texts(inner, found)),
        _ => {}
    }
}

/// Every key in a document.
pub fn keys<'a>(document: &'a Value, found: &mut Vec<&'a str>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        Value::Object(object) => object.iter().for_each(|(key, inner)| {
            found.push(key);
            keys(inner, found);
        }),
        _ => {}
    }
}

/// How deep a document nests.
pub fn depth(document: &Value) -> usize {
    let inner = match document {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(object) => object.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or_default()
}
