//! What a JSON Schema says of a document: which places it has, which of them may be left out, and what is wrong there.

use crosscheck::json::Schema;
use crosscheck::providers::provider::Provider;
use serde_json::{Map, Value, json};

/// The schema of what an ATS is answered to whatever is refused, where it wants that in words of its own.
pub const REFUSAL: &str = "refusal.response";

/// The schema of that name.
pub fn schema_of(provider: &dyn Provider, name: &str) -> Option<Value> {
    let (_, text) = provider.schemas().iter().find(|(key, _)| *key == name)?;
    Some(serde_json::from_str(text).unwrap_or_else(|error| panic!("the schema {name} is no JSON: {error}")))
}

/// The same, compiled.
pub fn compiled(provider: &dyn Provider, name: &str) -> Option<Schema> {
    let schema = Schema::compile(&schema_of(provider, name)?);
    Some(schema.unwrap_or_else(|error| panic!("the schema {name} does not compile: {error}")))
}

/// Whether a document is valid; if not, why.
pub fn broken(schema: &Schema, document: &Value) -> Vec<String> {
    let violations = schema.violations(document).into_iter();
    violations
        .map(|one| format!("{}: {}", one.pointer, one.message))
        .collect()
}

/// A place that a document can have.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its JSON pointer; an item of an array is `0`.
    pub pointer: String,
    /// Whether the object around it has to have it.
    pub required: bool,
}

/// The properties that a schema names, the outer ones first.
pub fn places(schema: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    collect(schema, schema, "", &mut found);
    found.sort_by_key(|place: &Place| (place.pointer.matches('/').count(), place.pointer.clone()));
    found.dedup_by(|later, first| {
        let same = later.pointer == first.pointer;
        first.required |= same && later.required;
        same
    });
    found
}

fn collect(root: &Value, schema: &Value, at: &str, found: &mut Vec<Place>) {
    for schema in forms(root, schema) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            found.push(Place {
                pointer: pointer.clone(),
                required: required.contains(&json!(name)),
            });
            collect(root, inner, &pointer, found);
        }
        if schema["items"].is_object() {
            collect(root, &schema["items"], &format!("{at}/0"), found);
        }
    }
}

/// A schema and what it refers to or combines.
fn forms<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut all = vec![schema];
    if let Some(reference) = schema["$ref"].as_str() {
        let target = reference.strip_prefix('#').and_then(|at| root.pointer(at));
        let target = target.unwrap_or_else(|| panic!("the reference {reference} leads nowhere"));
        all.extend(forms(root, target));
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        for inner in schema[key].as_array().into_iter().flatten() {
            all.extend(forms(root, inner));
        }
    }
    all
}

/// A small document that is valid; fails where none can be made up.
pub fn example(schema: &Value) -> Value {
    let made = instance(schema, schema);
    let compiled = Schema::compile(schema).unwrap();
    let broken = broken(&compiled, &made);
    let title = &schema["title"];
    assert!(
        broken.is_empty(),
        "the simulation never makes this call, and no example of it can be made up from its schema {title}: {made} {broken:?}; let the simulation make it, or give the schema an `example`"
    );
    made
}

fn instance(root: &Value, schema: &Value) -> Value {
    let forms = forms(root, schema);
    let get = |key: &str| forms.iter().map(|form| &form[key]).find(|value| !value.is_null());
    for key in ["example", "const"] {
        if let Some(value) = get(key) {
            return value.clone();
        }
    }
    if let Some(choices) = get("enum") {
        return choices[0].clone();
    }
    let kinds = get("type").map(|kind| kind.as_array().cloned().unwrap_or_else(|| vec![kind.clone()]));
    let kind = kinds.into_iter().flatten().find(|kind| kind != "null");
    match kind.as_ref().and_then(Value::as_str) {
        Some("object") => {
            let mut object = Map::new();
            for form in &forms {
                for name in form["required"].as_array().into_iter().flatten() {
                    let name = name.as_str().unwrap();
                    let inner = forms.iter().map(|form| &form["properties"][name]);
                    let inner = inner.into_iter().find(|inner| !inner.is_null());
                    object.insert(
                        name.to_owned(),
                        inner.map_or(json!("made up"), |inner| instance(root, inner)),
                    );
                }
            }
            Value::Object(object)
        }
        Some("array") => get("items").map_or(json!([]), |items| json!([instance(root, items)])),
        Some("integer" | "number") => get("minimum").cloned().unwrap_or(json!(7)),
        Some("boolean") => json!(true),
        _ => text(schema, root),
    }
}

/// Texts that are tried where one has to be made up.
const TEXTS: [&str; 6] = [
    "made-up",
    "0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10",
    "https://made-up.example/",
    "2026-02-03T10:12:00Z",
    "made-up@candidates.example",
    "4711",
];

fn text(schema: &Value, root: &Value) -> Value {
    let mut whole = schema.clone();
    if let Some(object) = whole.as_object_mut() {
        object.insert("$defs".to_owned(), root["$defs"].clone());
    }
    let fits = Schema::compile(&whole).ok();
    let fits = |text: &&str| {
        fits.as_ref()
            .is_some_and(|schema| broken(schema, &json!(text)).is_empty())
    };
    json!(TEXTS.into_iter().find(fits).unwrap_or("made-up"))
}

/// Takes a place out of a document, where it is there.
pub fn remove(document: &mut Value, pointer: &str) -> bool {
    let (around, name) = split(pointer);
    let object = document.pointer_mut(&around).and_then(Value::as_object_mut);
    object.is_some_and(|object| object.remove(&name).is_some())
}

/// Puts a value at a place, where there is an object around it.
pub fn put(document: &mut Value, pointer: &str, value: Value) -> bool {
    let (around, name) = split(pointer);
    let object = document.pointer_mut(&around).and_then(Value::as_object_mut);
    object.is_some_and(|object| {
        object.insert(name, value);
        true
    })
}

fn split(pointer: &str) -> (String, String) {
    let (around, name) = pointer.rsplit_once('/').unwrap();
    (around.to_owned(), name.replace("~1", "/").replace("~0", "~"))
}

/// The pointers of every object in a document.
pub fn objects(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(document, "", &mut |pointer, value| {
        if value.is_object() {
            found.push(pointer.to_owned());
        }
    });
    found
}

/// Goes through every value of a document.
pub fn walk(document: &Value, at: &str, look: &mut impl FnMut(&str, &Value)) {
    look(at, document);
    match document {
        Value::Object(object) => {
            for (name, inner) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(inner, &format!("{at}/{name}"), look);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                walk(inner, &format!("{at}/{index}"), look);
            }
        }
        _ => {}
    }
}
