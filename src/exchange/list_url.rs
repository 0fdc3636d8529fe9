//! Asks the vendor's own list URL which packages an account may order (seed 001), page by page.

use crate::crypto::Place;
use crate::crypto::{CryptoError, Vault};
use crate::domain::package::Package;
use crate::domain::problem::Violation;
use crate::domain::timestamp::Timestamp;
use crate::exchange::customer::Customer;
use crate::exchange::list_page::{self, MAX_PACKAGES, Page, check_distinct};
use crate::outbox::client::{Client, Outgoing};
use crate::outbox::signing::{self, Compatible};
use crate::providers::authorization::basic_header;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;
use zeroize::Zeroizing;

/// A recruiter waits: all pages together have so long.
const DEADLINE: Duration = Duration::from_secs(5);
/// How large one page may be.
const READ_BACK: usize = 1024 * 1024;
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
        // An endpoint that was written for StackOne verifies its signature.
        let mut signed = signing::headers([self.signing_secret.as_str()], call_id, at, &body).to_vec();
        signed.push(Compatible::Stackone.header(&self.signing_secret, &body));
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
        list_page::read(&answer.body)
    }
}

fn trouble(code: &str, message: &str) -> Vec<Violation> {
    vec![Violation::new("", code, message)]
}
