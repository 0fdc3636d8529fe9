//! `docs/ERRORS.md`: every error code, from the catalogue and the operations that name it.

use crate::domain::problem::ErrorCode;
use crate::http::openapi;
use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "\
# Errors

Every refusal has the same body: StackOne's three keys, then ours.

```json
{
  \"statusCode\": 422,
  \"message\": \"result_url is required once the result is complete: send the https URL of the report\",
  \"timestamp\": \"2026-02-03T10:13:00.000Z\",
  \"errorCode\": \"result_incomplete\",
  \"errors\": [{\"pointer\": \"/result_url\", \"code\": \"required\", \"message\": \"...\"}]
}
```

`errorCode` is one of these and no other. `errors[]` names each thing that is wrong by its JSON pointer into the body
(`?name` is a query parameter, `header:name` a header). Messages say what to do next and never repeat a value that was
sent. What is answered with 408, 429 or 503 may be sent again after `Retry-After` seconds; an `Idempotency-Key` keeps a
write from being done twice.

ATSs are refused with the same codes, in the form that each of them reads.

| status | code | what it means, and what to do |
|---|---|---|
";

/// The page. Generated: see `make contracts`.
pub fn page() -> serde_json::Result<String> {
    let document = openapi::document()?;
    let mut codes = ErrorCode::ALL.to_vec();
    codes.sort_by_key(|code| code.status());
    let mut page = HEAD.to_owned();
    for code in &codes {
        let (status, name) = (code.status(), code.as_str());
        let _ = writeln!(page, "| {status} | [`{name}`](#{name}) | {} |", code.meaning());
    }
    page.push_str("\n## Where each occurs\n");
    for code in &codes {
        let (name, found) = (code.as_str(), operations(&document, *code));
        let _ = writeln!(page, "\n### {name}\n\n{found}");
    }
    Ok(page)
}

/// The operations that can answer with `code`, in words.
fn operations(document: &Value, code: ErrorCode) -> String {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (format!("`{} {path}`", method.to_uppercase()), operation))
    });
    let all: Vec<_> = all
        .filter(|(_, operation)| operation.get("security").is_none())
        .collect();
    let names = |(_, operation): &&(String, &Value)| {
        let codes = operation["x-error-codes"].as_array();
        codes.is_some_and(|codes| codes.iter().any(|one| one == code.as_str()))
    };
    let found: Vec<_> = all.iter().filter(names).map(|(name, _)| name.as_str()).collect();
    match found.as_slice() {
        [] if code == ErrorCode::MethodNotAllowed => {
            "Every path, with a method that it does not have.".to_owned()
        }
        [] => "What an ATS asks.".to_owned(),
        found if found.len() == all.len() => "Every operation.".to_owned(),
        found => found.join(", ") + ".",
    }
}
