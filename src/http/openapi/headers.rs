//! The headers that every operation answers with.

use super::operations::operations;
use serde_json::{Map, Value, json};

/// Tells every operation of `document` of those that it answers with when all is well.
pub fn tell(document: &mut Value) {
    for mut operation in operations(document) {
        for (status, response) in operation.responses() {
            let status = status.parse().unwrap_or_default();
            response.insert("headers".to_owned(), Value::Object(of_response(status)));
        }
    }
}

/// The headers that a response of `status` may have.
pub fn of_response(status: u16) -> Map<String, Value> {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer", "minimum": 0});
    let request_id = (
        "x-request-id",
        text(),
        "The id of this request, also in the request logs.",
    );
    let mut told = vec![request_id];
    if status == 401 {
        told.push(("WWW-Authenticate", text(), "How to send the key."));
    } else {
        // Requests are counted by key.
        told.push((
            "RateLimit-Limit",
            number(),
            "How many requests the key may make in a window.",
        ));
        told.push(("RateLimit-Remaining", number(), "How many of them are left."));
        told.push((
            "RateLimit-Reset",
            number(),
            "In how many seconds the window begins anew.",
        ));
    }
    if [408, 429, 503].contains(&status) {
        told.push(("Retry-After", number(), "After how many seconds to try again."));
    }
    let header = |(name, schema, description): (&str, _, _)| {
        (
            name.to_owned(),
            json!({"description": description, "schema": schema}),
        )
    };
    told.into_iter().map(header).collect()
}
