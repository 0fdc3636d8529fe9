//! Asks the vendor's own list URL which packages an account may order (seed 001), and says what is wrong with
//! an answer that cannot be used.

use crate::crypto::Place;
use crate::crypto::{CryptoError, Vault};
use crate::domain::package::Package;
use crate::domain::problem::Violation;
use crate::domain::timestamp::Timestamp;
use crate::exchange::customer::Customer;
use crate::json::{self, Schema};
use crate::outbox::client::{Client, Outgoing};
use crate::outbox::signing;
use crate::providers::authorization::basic_header;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;
use utoipa::PartialSchema;
use zeroize::Zeroizing;

/// A recruiter waits: all pages together have so long.
const DEADLINE: Duration = Duration::from_secs(5);
/// How large one page may be.
const READ_BACK: usize = 1024 * 1024;
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

#[derive(Deserialize)]
struct Page {
    data: Vec<Package>,
    #[serde(default)]
    next: Option<String>,
    /// Where the packages stand in the answer.
    #[serde(skip, default = "in_data")]
    pointer: &'static str,
}

fn in_data() -> &'static str {
    "/data"
}

/// How the list URL is called for one account.
pub(super) struct ListUrl<'a> {
    pub url: &'a str,
    api_key: Option<Zeroizing<String>>,
    signing_secret: Zeroizing<String>,
    customer: &'a Customer,
}

impl<'a> ListUrl<'a> {
    /// The list URL of the customer's integration, where it has one.
    pub fn of(customer: &'a Customer, vault: &Vault) -> Result<Option<Self>, CryptoError> {
        let integration = &customer.integration;
        let Some(url) = &integration.package_list_url else {
            return Ok(None);
        };
        let place = |column| Place {
            project: &integration.project_id,
            table: "integrations",
            column,
            row: &integration.id,
        };
        let api_key = integration.package_list_api_key_sealed.as_ref();
        Ok(Some(Self {
            url,
            api_key: api_key
                .map(|sealed| vault.open_text(place("package_list_api_key"), sealed))
                .transpose()?,
            signing_secret: vault.open_text(place("signing_secret"), &integration.signing_secret_sealed)?,
            customer,
        }))
    }

    /// The whole list, all pages, or what is wrong in words for the vendor.
    pub async fn fetch(
        &self,
        client: &Client,
        at: Timestamp,
        call_id: &str,
    ) -> Result<Vec<Package>, Vec<Violation>> {
        match tokio::time::timeout(DEADLINE, self.fetch_pages(client, at, call_id)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(trouble("timeout", "the list URL did not answer within 5 s")),
        }
    }

    async fn fetch_pages(
        &self,
        client: &Client,
        at: Timestamp,
        call_id: &str,
    ) -> Result<Vec<Package>, Vec<Violation>> {
        let mut packages = Vec::new();
        let mut seen = HashSet::new();
        let mut next: Option<String> = None;
        let mut followed = HashSet::new();
        loop {
            let page = self.fetch_page(client, next.as_deref(), at, call_id).await?;
            check_distinct(&page.data, page.pointer, &mut seen)?;
            packages.extend(page.data);
            if packages.len() > MAX_PACKAGES {
                let message = format!("the list has more than {MAX_PACKAGES} packages: offer fewer");
                return Err(trouble("maxItems", &message));
            }
            match page.next.filter(|cursor| !cursor.is_empty()) {
                None => return Ok(packages),
                Some(cursor) if !followed.insert(cursor.clone()) => {
                    return Err(vec![Violation::new(
                        "/next",
                        "loop",
                        "next repeats a cursor that was followed already",
                    )]);
                }
                Some(cursor) => next = Some(cursor),
            }
        }
    }

    /// One page. The cursor goes where StackOne's list routes take it, and into the body for endpoints that
    /// read only that.
    async fn fetch_page(
        &self,
        client: &Client,
        next: Option<&str>,
        at: Timestamp,
        call_id: &str,
    ) -> Result<Page, Vec<Violation>> {
        let account = &self.customer.account;
        let mut body = json!({"account_id": account.id, "provider": account.provider});
        let mut url = self.url.to_owned();
        if let Some(next) = next
            && let (Some(body), Ok(mut with_cursor)) = (body.as_object_mut(), url::Url::parse(self.url))
        {
            body.insert("next".to_owned(), Value::from(next));
            with_cursor.query_pairs_mut().append_pair("next", next);
            url = with_cursor.into();
        }
        let body = body.to_string().into_bytes();
        let signed = signing::headers([self.signing_secret.as_str()], call_id, at, &body);
        let basic = self.api_key.as_ref().map(|key| basic_header(key, ""));
        let mut headers: Vec<_> = signed
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        headers.extend(basic.iter().map(|basic| ("authorization", basic.as_str())));
        let outgoing = Outgoing {
            method: "POST",
            url: &url,
            hosts: &[],
            headers,
            body: Some(body),
            deadline: DEADLINE,
            read_back: READ_BACK,
        };
        let answer = client
            .call(outgoing)
            .await
            .map_err(|error| trouble("unreachable", &format!("the list URL could not be read: {error}")))?;
        if !(200..300).contains(&answer.status) {
            return Err(trouble(
                "status",
                &format!("the list URL answered {}, not 200", answer.status),
            ));
        }
        if !answer.complete {
            return Err(trouble(
                "size",
                "the answer was cut off, or is larger than 1 MiB: use next for more pages",
            ));
        }
        read_page(&answer.body)
    }
}

/// An answer of a list URL: `{data, next?}`, or a bare array.
fn read_page(body: &[u8]) -> Result<Page, Vec<Violation>> {
    let wrong = |problem: crate::domain::problem::Problem| problem.violations;
    let Some((list, page)) = SCHEMAS.as_ref() else {
        return Err(trouble(
            "schema",
            "the package schema of this version does not compile",
        ));
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
pub(super) fn check_distinct(
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

fn trouble(code: &str, message: &str) -> Vec<Violation> {
    vec![Violation::new("", code, message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, told: &[(&str, &str)]) {
        let found = read_page(body.as_bytes())
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
            let page = read_page(body.as_bytes()).ok().unwrap();
            let mut seen = HashSet::from(["seen".to_owned()]);
            let told = check_distinct(&page.data, page.pointer, &mut seen).unwrap_err();
            assert_eq!(told[0].pointer, pointer);
        }
    }
}
