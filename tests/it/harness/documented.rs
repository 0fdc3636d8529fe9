//! What the API document says of an answer that a test got: there is no answer that it does not describe.

use actix_web::dev::ResourceDef;
use crosscheck::http::openapi;
use crosscheck::json::{Document, Schema};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

struct Operation {
    method: String,
    path: ResourceDef,
    codes: Vec<Value>,
    /// By status.
    responses: HashMap<u16, Body>,
}

/// The body of a response.
enum Body {
    None,
    Json(Schema),
    Text,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = openapi::document().unwrap();
    let schemas = Document::of(&document).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("/paths/{}/{method}/responses", path.replace('/', "~1"));
            let responses = operation["responses"].as_object().unwrap().iter();
            let responses = responses.map(|(status, response)| {
                let shared = response["$ref"].as_str().map(|path| path[1..].to_owned());
                let place = shared.unwrap_or_else(|| format!("{place}/{status}"));
                let content = document.pointer(&format!("{place}/content"));
                let place = format!("{place}/content/application~1json/schema");
                let uri = place.replace('{', "%7B").replace('}', "%7D");
                let body = match (content, document.pointer(&place)) {
                    (None, _) => Body::None,
                    (Some(_), Some(_)) => Body::Json(schemas.compile(&uri).unwrap()),
                    (Some(content), None) => {
                        assert!(content.get("text/plain").is_some(), "{uri}: {content}");
                        Body::Text
                    }
                };
                (status.parse().unwrap(), body)
            });
            operations.push(Operation {
                method: method.to_uppercase(),
                path: ResourceDef::new(path.as_str()),
                codes: operation["x-error-codes"].as_array().unwrap().clone(),
                responses: responses.collect(),
            });
        }
    }
    operations
});

/// Checks that the document describes what `path` answered.
pub fn is_documented(method: &str, path: &str, status: u16, body: &str) {
    let path = path.split('?').next().unwrap();
    let mut operations = OPERATIONS.iter();
    let found = operations.find(|one| one.method == method && one.path.is_match(path));
    let Some(operation) = found else {
        return;
    };
    let name = format!("{method} {path} {status}");
    let response = operation.responses.get(&status);
    let response = response.unwrap_or_else(|| panic!("{name} is not documented: {body}"));
    let schema = match response {
        Body::None => return assert_eq!(body, "", "{name}"),
        Body::Text => return assert_ne!(body, "", "{name}"),
        Body::Json(schema) => schema,
    };
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(schema.violations(&body), [], "{name}: {body}");
    if status >= 400 {
        let code = &body["errorCode"];
        assert!(operation.codes.contains(code), "{name}: {code} is not documented");
    }
}
