//! What a vendor's list URL answers (seed 001): a page of packages, or what is wrong with it in words for the vendor.

use crate::domain::package::Package;
use crate::domain::problem::{Problem, Violation};
use crate::json::{self, Schema};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashSet;
use std::sync::LazyLock;
use utoipa::PartialSchema;

/// How many packages a list may have.
pub const MAX_PACKAGES: usize = 10_000;

/// What the answer has to look like, by its outermost form.
static SCHEMAS: LazyLock<Option<(Schema, Schema)>> = LazyLock::new(|| {
    let package = serde_json::to_value(Package::schema()).ok()?;
    let list = json!({"type": "array", "items": package, "maxItems": MAX_PACKAGES});
    let page = json!({
        "type": "object",
        "required": ["data"],
        "properties": {"data": list, "next": {"type": ["string", "null"]}},
    });
    Some((Schema::compile(&list).ok()?, Schema::compile(&page).ok()?))
});

/// One page of a list.
#[derive(Deserialize)]
pub struct Page {
    /// The packages.
    pub data: Vec<Package>,
    /// The cursor of the page after this one, where there is one.
    #[serde(default)]
    pub next: Option<String>,
    /// Where the packages stand in the answer.
    #[serde(skip, default = "in_data")]
    pub pointer: &'static str,
}

fn in_data() -> &'static str {
    "/data"
}

/// Reads an answer: `{data, next?}`, or a bare array.
pub fn read(body: &[u8]) -> Result<Page, Vec<Violation>> {
    let wrong = |problem: Problem| problem.violations;
    let Some((list, page)) = SCHEMAS.as_ref() else {
        let message = "the package schema of this version does not compile";
        return Err(vec![Violation::new("", "schema", message)]);
    };
    if body.trim_ascii_start().starts_with(b"[") {
        let data = json::read::<Vec<Package>>(body, list).map_err(wrong)?;
        return Ok(Page {
            data,
            next: None,
            pointer: "",
        });
    }
    json::read::<Page>(body, page).map_err(wrong)
}

/// Whether each id stands once, here and among those `seen` before. `pointer` is where the packages stand.
pub fn check_distinct(
    packages: &[Package],
    pointer: &str,
    seen: &mut HashSet<String>,
) -> Result<(), Vec<Violation>> {
    let mut twice = Vec::new();
    for (index, package) in packages.iter().enumerate() {
        if !seen.insert(package.id.clone()) {
            twice.push(Violation::new(
                format!("{pointer}/{index}/id"),
                "unique",
                "this id stands twice in the list: give each package its own",
            ));
        }
    }
    if twice.is_empty() { Ok(()) } else { Err(twice) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, told: &[(&str, &str)]) {
        let found = read(body.as_bytes())
            .map(|_| Vec::new())
            .unwrap_or_else(|violations| violations);
        let found: Vec<_> = found
            .iter()
            .map(|v| (v.pointer.as_str(), v.code.as_str()))
            .collect();
        assert_eq!(found, told, "{body}");
    }

    #[test]
    fn an_answer_is_a_page_or_a_bare_array() {
        check(
            r#"{"data":[{"id":"a","name":"A","remote_id":"x"}],"next":null}"#,
            &[],
        );
        check(r#" [{"id":"a","name":"A"}]"#, &[]);
        check(r#"{"data":[]}"#, &[]);
    }

    #[test]
    fn the_vendor_is_told_where_an_answer_is_wrong() {
        check(r#"{"items":[]}"#, &[("/data", "required")]);
        check(
            r#"{"data":[{"id":7}]}"#,
            &[("/data/0/id", "type"), ("/data/0/name", "required")],
        );
        check(r#"[{"id":"","name":"A"}]"#, &[("/0/id", "minLength")]);
        check("<html>", &[("", "malformed_json")]);
        for (body, pointer) in [
            (r#"[{"id":"a","name":"A"},{"id":"a","name":"B"}]"#, "/1/id"),
            (
                r#"{"data":[{"id":"b","name":"B"},{"id":"seen","name":"A"}]}"#,
                "/data/1/id",
            ),
        ] {
            let page = read(body.as_bytes()).ok().unwrap();
            let mut seen = HashSet::from(["seen".to_owned()]);
            let told = check_distinct(&page.data, page.pointer, &mut seen).unwrap_err();
            assert_eq!(told[0].pointer, pointer);
        }
    }
}
