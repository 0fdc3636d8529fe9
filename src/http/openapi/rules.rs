//! Rules that are told and not read by: those that the exchange and the domain hold a value to, with words of their own.
//! A field names one as `x-rule`, a change of its schema (RFC 7396). The schemas that bodies are read against are
//! without them; that they are the same rules, schemathesis tries out (scripts/try-document.sh).

use serde_json::{Map, Value};

const RULE: &str = "x-rule";

/// Tells of them wherever `value` holds one.
pub fn tell(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(tell),
        Value::Object(fields) => {
            let rule = fields.remove(RULE);
            fields.values_mut().for_each(tell);
            if let Some(Value::Object(rule)) = rule {
                merge(fields, rule);
            }
        }
        _ => {}
    }
}

fn merge(schema: &mut Map<String, Value>, change: Map<String, Value>) {
    for (key, value) in change {
        match (schema.get_mut(&key), value) {
            (_, Value::Null) => drop(schema.remove(&key)),
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            (_, value) => drop(schema.insert(key, value)),
        }
    }
}
