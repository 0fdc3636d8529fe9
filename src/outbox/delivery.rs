//! Sends a delivery: opens the event's bytes, signs them with the endpoint's secrets, and reads the answer.

use super::client::{CallError, Client, Incoming, Outgoing, READ_BACK, origin};
use super::outcome::{About, Tried, request_id};
use super::signing::{self, Compatible};
use super::tools::{Outbox, time_left};
use crate::crypto::{CryptoError, Place, Vault};
use crate::domain::id::OrderId;
use crate::domain::request_id::{self, RequestId};
use crate::domain::timestamp::Timestamp;
use crate::store::events::EventRow;
use crate::store::jobs::JobRow;
use crate::store::webhooks::WebhookRow;
use crate::store::{StoreResult, events, webhooks};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// An event whose sealed bytes are more than these is read by itself, and few of them at once: they are what memory
/// is needed for.
const LARGE: i64 = 16 * 1024;

/// The endpoints of a batch of deliveries, and their events but for the large ones.
#[derive(Default)]
pub(super) struct Loaded {
    events: HashMap<String, Sendable>,
    webhooks: HashMap<String, WebhookRow>,
}

/// An event, and the provider of the account that it is about.
type Sendable = (EventRow, Option<String>);

impl Loaded {
    /// Adds an event, unless it is a large one.
    pub fn add_event(&mut self, event: &EventRow, provider: Option<&str>) {
        if i64::try_from(event.body_sealed.len()).is_ok_and(|length| length <= LARGE) {
            let sendable = (event.clone(), provider.map(str::to_owned));
            self.events.insert(event.id.clone(), sendable);
        }
    }

    /// Whether it has that event.
    pub fn has_event(&self, id: &str) -> bool {
        self.events.contains_key(id)
    }

    /// Adds an endpoint.
    pub fn add_endpoint(&mut self, webhook: &WebhookRow) {
        let known = self.webhooks.entry(webhook.id.clone());
        known.or_insert_with(|| webhook.clone());
    }
}

pub(super) async fn load(outbox: &Outbox, deliveries: &[JobRow]) -> StoreResult<Loaded> {
    let distinct = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let subjects = distinct(deliveries.iter().map(|job| job.subject_id.clone()).collect());
    let targets = distinct(deliveries.iter().map(|job| job.target_id.clone()).collect());
    outbox
        .store
        .read(move |db| {
            let events = events::up_to(db, &subjects, LARGE)?;
            let webhooks = webhooks::with_ids(db, &targets)?;
            Ok(Loaded {
                events: events
                    .into_iter()
                    .map(|event| (event.0.id.clone(), event))
                    .collect(),
                webhooks: webhooks.into_iter().map(|row| (row.id.clone(), row)).collect(),
            })
        })
        .await
}

pub(super) async fn send(
    outbox: &Outbox,
    loaded: &Loaded,
    job: &JobRow,
    ends: Instant,
    about: &mut About,
) -> Tried {
    let Some(webhook) = loaded.webhooks.get(&job.target_id) else {
        return Tried::never("its endpoint was deleted");
    };
    if let Some(event) = loaded.events.get(&job.subject_id) {
        return send_event(outbox, event, webhook, (job, ends), about).await;
    }
    // A large one keeps its place until it is sent.
    let Ok(Ok(_place)) = tokio::time::timeout_at(ends, outbox.large.0.acquire()).await else {
        return Tried::NotMade;
    };
    let ids = [job.subject_id.clone()];
    match outbox
        .store
        .read(move |db| events::up_to(db, &ids, i64::MAX))
        .await
    {
        Ok(found) => match found.first() {
            Some(event) => send_event(outbox, event, webhook, (job, ends), about).await,
            None => Tried::never("its event is gone"),
        },
        Err(error) => Tried::unready(&error),
    }
}

async fn send_event(
    outbox: &Outbox,
    (event, provider): &Sendable,
    webhook: &WebhookRow,
    (job, ends): (&JobRow, Instant),
    about: &mut About,
) -> Tried {
    about.event_type = Some(event.event_type.clone());
    about.order = OrderId::parse(&event.record_id).map(|_| event.record_id.clone());
    about.account.clone_from(&event.account_id);
    about.provider.clone_from(provider);
    let Some(deadline) = time_left(ends).filter(|_| webhook.enabled) else {
        return Tried::NotMade;
    };
    let at = outbox.ambient.now();
    let opened = open(&outbox.vault, event, webhook, at);
    let (body, secrets) = match opened {
        Ok(opened) => opened,
        Err(error) => return Tried::unready(&error),
    };
    about.method = Some("POST".to_owned());
    about.url = origin(&webhook.url);
    let began = Instant::now();
    let letter = Letter {
        url: &webhook.url,
        secrets: &secrets,
        compatible: &compatible(webhook),
        event_id: &event.id,
        request_id: &request_id(job),
        account: event.account_id.as_deref(),
        body,
    };
    let answer = post(&outbox.client, letter, at, deadline).await;
    let took = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    match answer {
        Ok(answer) => match answer.status {
            200..=299 => Tried::Done {
                status: answer.status,
                took,
            },
            410 => Tried::Gone { took },
            status => Tried::Failed {
                status: Some(status),
                error: format!("the endpoint answered {status}"),
                retry_after: answer.retry_after,
                took,
            },
        },
        Err(CallError::Forbidden(forbidden)) => Tried::never(format!("not called: {forbidden}")),
        Err(error) => Tried::failed(error.to_string(), took),
    }
}

type Opened = (Vec<u8>, Vec<Zeroizing<String>>);

fn open(vault: &Vault, event: &EventRow, webhook: &WebhookRow, at: Timestamp) -> Result<Opened, CryptoError> {
    let place = Place {
        project: &event.project_id,
        table: "events",
        column: "body",
        row: &event.id,
    };
    let body = vault.open(place, &event.body_sealed)?;
    Ok((body, webhook_secrets(vault, webhook, at)?))
}

/// Whose signatures deliveries to an endpoint carry beside the standard one.
pub fn compatible(webhook: &WebhookRow) -> Vec<Compatible> {
    let words = webhook.signatures.split(',');
    words.filter_map(Compatible::parse).collect()
}

/// What goes to an endpoint.
pub struct Letter<'a> {
    /// Where to.
    pub url: &'a str,
    /// What signs it, the newest first.
    pub secrets: &'a [Zeroizing<String>],
    /// Whose signatures it carries beside the standard one.
    pub compatible: &'a [Compatible],
    /// Of which event it is.
    pub event_id: &'a str,
    /// By which this try is known.
    pub request_id: &'a RequestId,
    /// The customer that the event is about, where it is about one.
    pub account: Option<&'a str>,
    /// The event's bytes.
    pub body: Vec<u8>,
}

/// Signs a letter and sends it.
pub async fn post(
    client: &Client,
    letter: Letter<'_>,
    at: Timestamp,
    deadline: Duration,
) -> Result<Incoming, CallError> {
    let secrets = letter.secrets.iter().map(|secret| secret.as_str());
    let mut signed = signing::headers(secrets, letter.event_id, at, &letter.body).to_vec();
    if let Some(newest) = letter.secrets.first() {
        let more = letter.compatible.iter();
        signed.extend(more.map(|one| one.header(newest, &letter.body)));
    }
    let headers = signed.iter().map(|(name, value)| (*name, value.as_str()));
    let outgoing = Outgoing {
        method: "POST",
        url: letter.url,
        hosts: &[],
        headers: headers
            .chain([(request_id::HEADER, letter.request_id.as_str())])
            .chain(letter.account.map(|account| ("x-account-id", account)))
            .collect(),
        body: Some(letter.body),
        deadline,
        read_back: READ_BACK,
    };
    client.call(outgoing).await
}

/// The secrets that sign for an endpoint now: the newest, and the one before while it is still good.
pub fn webhook_secrets(
    vault: &Vault,
    webhook: &WebhookRow,
    at: Timestamp,
) -> Result<Vec<Zeroizing<String>>, CryptoError> {
    let place = Place {
        project: &webhook.project_id,
        table: "webhooks",
        column: "secret",
        row: &webhook.id,
    };
    let previous = webhook
        .previous_secret_sealed
        .as_ref()
        .filter(|_| webhook.previous_secret_until.is_some_and(|until| at.0 < until));
    std::iter::once(&webhook.secret_sealed)
        .chain(previous)
        .map(|sealed| vault.open_text(place, sealed))
        .collect()
}
