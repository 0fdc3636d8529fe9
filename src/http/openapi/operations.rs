//! The operations of an API document, one after the other.

use serde_json::{Map, Value, json};

/// One operation.
pub struct Operation<'a> {
    /// In small letters, as the document has it.
    pub method: &'a str,
    /// What the document says of it.
    pub value: &'a mut Map<String, Value>,
}

/// Every operation of ours in `document`.
pub fn operations(document: &mut Value) -> impl Iterator<Item = Operation<'_>> {
    beneath("paths", document)
}

/// Every call in `document` that we make ourselves.
pub fn webhooks(document: &mut Value) -> impl Iterator<Item = Operation<'_>> {
    beneath("webhooks", document)
}

fn beneath<'a>(key: &str, document: &'a mut Value) -> impl Iterator<Item = Operation<'a>> {
    let paths = document.get_mut(key).and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(Map::values_mut);
    let methods = items.filter_map(Value::as_object_mut).flatten();
    methods.filter_map(|(method, value)| {
        let value = value.as_object_mut()?;
        Some(Operation { method, value })
    })
}

impl Operation<'_> {
    /// Whether it is for those who have a key. (One that is for all says that it needs none.)
    pub fn asks_for_key(&self) -> bool {
        !self.value.contains_key("security")
    }

    /// Whether it may change something.
    pub fn writes(&self) -> bool {
        self.method != "get"
    }

    /// Whether it reads a body.
    pub fn has_body(&self) -> bool {
        self.value.contains_key("requestBody")
    }

    /// Whether it takes a parameter in this place: `path`, `query` or `header`.
    pub fn takes(&self, place: &str) -> bool {
        let parameters = self.value.get("parameters").and_then(Value::as_array);
        parameters.is_some_and(|all| all.iter().any(|one| one["in"] == place))
    }

    /// Adds a parameter.
    pub fn add_parameter(&mut self, parameter: Value) {
        let parameters = self.value.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(parameter);
        }
    }

    /// Its response of a status; in place of another one, if there was any.
    pub fn set_response(&mut self, status: &str, response: Value) {
        let responses = self.value.entry("responses").or_insert_with(|| json!({}));
        if let Some(responses) = responses.as_object_mut() {
            responses.insert(status.to_owned(), response);
        }
    }

    /// Its responses, by status.
    pub fn responses(&mut self) -> impl Iterator<Item = (&String, &mut Map<String, Value>)> {
        let responses = self.value.get_mut("responses").and_then(Value::as_object_mut);
        let responses = responses.into_iter().flatten();
        responses.filter_map(|(status, response)| Some((status, response.as_object_mut()?)))
    }
}
