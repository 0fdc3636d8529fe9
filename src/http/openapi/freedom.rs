//! Objects that may have any keys say so: to a generator, one that says nothing has none.

use serde_json::{Value, json};

/// Tells of it wherever `value` holds the schema of such an object.
pub fn tell(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(tell),
        Value::Object(fields) => {
            let is_object = fields.get("type").is_some_and(|kind| {
                let among = kind
                    .as_array()
                    .is_some_and(|kinds| kinds.contains(&json!("object")));
                kind == "object" || among
            });
            if is_object && !fields.contains_key("properties") && !fields.contains_key("additionalProperties")
            {
                fields.insert("additionalProperties".to_owned(), json!(true));
            }
            fields.values_mut().for_each(tell);
        }
        _ => {}
    }
}
