//! Asks the vendor's own list URL which packages an account may order (seed 001), page by page.

use super::context::Exchange;
use crate::crypto::Place;
use crate::crypto::{CryptoError, Vault};
use crate::domain::id::EventId;
use crate::domain::package::Package;
use crate::domain::problem::{ErrorCode, Violation};
use crate::domain::request_id::{self, RequestId};
use crate::domain::timestamp::Timestamp;
use crate::exchange::customer::Customer;
use crate::exchange::list_page::{self, MAX_PACKAGES, Page, check_distinct};
use crate::outbox::client::Outgoing;
use crate::outbox::signing::{self, Compatible};
use crate::providers::authorization::basic_header;
use crate::store::request_logs::{Direction, RequestLogRow};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;
use zeroize::Zeroizing;

/// A recruiter waits: all pages together have so long.
const DEADLINE: Duration = Duration::from_secs(5);
/// How large one page may be.
const READ_BACK: usize = 1024 * 1024;
/// What the calls are in the request log.
const OPERATION: &str = "package_list";

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

    /// The whole list, all pages, or what is wrong in words for the vendor; and the entries of the calls that were
    /// made for it.
    pub async fn fetch(
        &self,
        exchange: &Exchange,
    ) -> (Result<Vec<Package>, Vec<Violation>>, Vec<RequestLogRow>) {
        let mut calls = Vec::new();
        let fetched = tokio::time::timeout(DEADLINE, self.fetch_pages(exchange, &mut calls)).await;
        let fetched =
            fetched.unwrap_or_else(|_| Err(trouble("timeout", "the list URL did not answer within 5 s")));
        if fetched.is_err()
            && let Some(last) = calls.last_mut()
        {
            last.error_code = Some(ErrorCode::PackageListFailed.as_str().to_owned());
            last.duration_ms = exchange.now().0.saturating_sub(last.created_at);
        }
        (fetched, calls)
    }

    async fn fetch_pages(
        &self,
        exchange: &Exchange,
        calls: &mut Vec<RequestLogRow>,
    ) -> Result<Vec<Package>, Vec<Violation>> {
        let call_id = EventId::new(exchange.ambient.uuid());
        let at = exchange.now();
        let mut packages = Vec::new();
        let mut seen = HashSet::new();
        let mut next: Option<String> = None;
        let mut followed = HashSet::new();
        loop {
            let signed_as = (call_id.as_str(), at);
            let page = self
                .fetch_page(exchange, next.as_deref(), signed_as, calls)
                .await?;
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
        exchange: &Exchange,
        next: Option<&str>,
        (call_id, at): (&str, Timestamp),
        calls: &mut Vec<RequestLogRow>,
    ) -> Result<Page, Vec<Violation>> {
        let number = i64::try_from(calls.len()).unwrap_or(i64::MAX).saturating_add(1);
        let request_id = RequestId::of(call_id, number);
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
        headers.push((request_id::HEADER, request_id.as_str()));
        let outgoing = Outgoing {
            method: "POST",
            url: &url,
            hosts: &[],
            headers,
            body: Some(body),
            deadline: DEADLINE,
            read_back: READ_BACK,
        };
        let called = (Direction::UsToVendor, &request_id);
        calls.push(RequestLogRow {
            account_id: Some(account.id.clone()),
            provider: Some(account.provider.clone()),
            ..exchange.own_call(&account.project_id, called, OPERATION, ("POST", &url))
        });
        let answer = exchange.client.call(outgoing).await;
        if let Some(call) = calls.last_mut() {
            exchange.answered(call, &answer);
        }
        let answer = answer
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
