//! Webhook endpoints: who is told what, and where.

use super::context::Exchange;
use super::write::Write;
use crate::crypto::Place;
use crate::domain::category::Category;
use crate::domain::event::{Event, EventType};
use crate::domain::id::{EventId, ProjectId, WebhookId};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::json;
use crate::outbox::client::DEADLINE;
use crate::outbox::delivery::{Letter, compatible, post, webhook_secrets};
use crate::outbox::schedule::Schedule;
use crate::outbox::signing::{self, Compatible};
use crate::store::Page;
use crate::store::jobs::{self, JobStatus};
use crate::store::request_logs::Direction;
use crate::store::webhooks::{self, WebhookRow};
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};
use zeroize::Zeroizing;

/// How long the secret before still signs after a rotation: time to put the new one in place.
const ROTATION_MS: i64 = 24 * 3600 * 1000;

/// What of an endpoint can be set. `None` leaves it.
#[derive(Default)]
pub struct WebhookChange {
    /// Where to send.
    pub url: Option<String>,
    /// What people call it; `Some(None)` clears it.
    pub name: Option<Option<String>>,
    /// The event types that it gets.
    pub events: Option<Vec<EventType>>,
    /// The categories that it gets; empty for all.
    pub categories: Option<Vec<Category>>,
    /// Whether it gets anything.
    pub enabled: Option<bool>,
    /// Whether deliveries about one record go to it one after the other.
    pub in_order: Option<bool>,
    /// How many seconds it waits after each failed try; `Some(None)` for the default.
    pub schedule: Option<Option<Vec<Number>>>,
    /// Whose signatures its deliveries carry beside the standard one.
    pub signatures: Option<Vec<Compatible>>,
    /// Whether to make a new secret.
    pub rotate_secret: bool,
}

/// What came of a test.
#[derive(Serialize, Deserialize)]
pub struct TestOutcome {
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// What was wrong, where none came.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

impl Exchange {
    /// Adds an endpoint. Nothing is sent to it. Returns its signing secret.
    pub async fn create_webhook(
        &self,
        write: &Write,
        change: WebhookChange,
    ) -> Result<(WebhookRow, Zeroizing<String>), Problem> {
        let id = WebhookId::new(self.ambient.uuid());
        let secret = signing::new_secret(self.ambient.as_ref());
        let at = self.ambient.now().0;
        let mut row = WebhookRow {
            secret_sealed: self.seal_secret(write.project.as_str(), id.as_str(), &secret),
            id: id.as_str().to_owned(),
            project_id: write.project.as_str().to_owned(),
            url: String::new(),
            name: None,
            events: String::new(),
            categories: String::new(),
            enabled: true,
            disabled_reason: None,
            previous_secret_sealed: None,
            previous_secret_until: None,
            created_at: at,
            updated_at: at,
            schedule: None,
            in_order: false,
            signatures: String::new(),
        };
        self.apply_webhook(&mut row, &change)?;
        self.write_once(write, move |db| {
            webhooks::insert(db, &row)?;
            Ok((row, secret))
        })
        .await
    }

    /// Changes an endpoint. Returns its new secret where one was made.
    pub async fn update_webhook(
        &self,
        write: &Write,
        id: &str,
        change: WebhookChange,
    ) -> Result<(WebhookRow, Option<Zeroizing<String>>), Problem> {
        let id = WebhookId::parse(id).ok_or_else(unknown)?;
        let (exchange, project, at) = (self.clone(), write.project.clone(), self.ambient.now());
        let changed = self.write_once(write, move |db| {
            webhooks::lock(db, id.as_str())?;
            let mut row = webhooks::find(db, &project, &id)?.ok_or_else(unknown)?;
            let (was_enabled, was_in_order) = (row.enabled, row.in_order);
            exchange.apply_webhook(&mut row, &change)?;
            let secret = change
                .rotate_secret
                .then(|| signing::new_secret(exchange.ambient.as_ref()));
            if let Some(secret) = &secret {
                let sealed = exchange.seal_secret(&row.project_id, &row.id, secret);
                row.previous_secret_sealed = Some(std::mem::replace(&mut row.secret_sealed, sealed));
                row.previous_secret_until = Some(at.plus_ms(ROTATION_MS).0);
            }
            row.updated_at = at.0;
            webhooks::update(db, &row)?;
            let (from, to) = match row.enabled {
                true => (JobStatus::Paused, JobStatus::Pending),
                false => (JobStatus::Pending, JobStatus::Paused),
            };
            let mut moved = Vec::new();
            if was_enabled != row.enabled {
                moved.push(from);
            }
            if was_in_order && !row.in_order {
                moved.push(JobStatus::Waiting);
            }
            if !moved.is_empty() {
                jobs::move_all(db, &row.project_id, &row.id, &moved, to, None, at)?;
            }
            Ok((row, secret))
        });
        let changed = changed.await?;
        self.wake.wake();
        Ok(changed)
    }

    /// One endpoint.
    pub async fn get_webhook(&self, project: &ProjectId, id: &str) -> Result<WebhookRow, Problem> {
        let (id, project) = (WebhookId::parse(id).ok_or_else(unknown)?, project.clone());
        let row = self
            .store
            .read(move |db| webhooks::find(db, &project, &id))
            .await?;
        row.ok_or_else(unknown)
    }

    /// A page of endpoints, newest first.
    pub async fn list_webhooks(&self, project: &ProjectId, page: Page) -> Result<Vec<WebhookRow>, Problem> {
        let project = project.clone();
        self.store
            .read(move |db| webhooks::list(db, &project, &page).map_err(Problem::from))
            .await
    }

    /// Removes an endpoint; what waits for it ends.
    pub async fn delete_webhook(&self, write: &Write, id: &str) -> Result<(), Problem> {
        let (id, project, at) = (
            WebhookId::parse(id).ok_or_else(unknown)?,
            write.project.clone(),
            self.ambient.now(),
        );
        self.write_once(write, move |db| {
            webhooks::lock(db, id.as_str())?;
            if !webhooks::delete(db, &project, &id)? {
                return Err(unknown());
            }
            let open = [JobStatus::Pending, JobStatus::Paused, JobStatus::Waiting];
            let why = Some("its endpoint was deleted");
            jobs::move_all(
                db,
                project.as_str(),
                id.as_str(),
                &open,
                JobStatus::Exhausted,
                why,
                at,
            )?;
            Ok(())
        })
        .await
    }

    /// Sends one signed `webhook.test` at once and says what came of it.
    pub async fn test_webhook(&self, write: &Write, id: &str) -> Result<TestOutcome, Problem> {
        if let Some(outcome) = self.written_before(write).await? {
            return Ok(outcome);
        }
        let webhook = self.get_webhook(&write.project, id).await?;
        let at = self.ambient.now();
        let secrets = webhook_secrets(&self.vault, &webhook, at)?;
        let event_id = EventId::new(self.ambient.uuid());
        let event = Event {
            event_type: "webhook.test",
            id: &event_id,
            record_id: &webhook.id,
            category: None,
            at,
            data_key: "webhook",
            data: json!({"id": webhook.id, "message": "If you can verify this signature, you are set up."}),
        };
        let body = event.render().map_err(|error| super::context::defect(&error))?;
        let request_id = self.new_request_id();
        let call = (Direction::UsToVendor, &request_id);
        let mut entry = self.own_call(
            write.project.as_str(),
            call,
            "webhook.test",
            ("POST", &webhook.url),
        );
        let began = tokio::time::Instant::now();
        let letter = Letter {
            url: &webhook.url,
            secrets: &secrets,
            compatible: &compatible(&webhook),
            event_id: event_id.as_str(),
            request_id: &request_id,
            account: None,
            body,
        };
        let sent = post(&self.client, letter, at, DEADLINE).await;
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.answered(&mut entry, &sent);
        self.log(vec![entry]).await;
        let outcome = match sent {
            Ok(answer) => TestOutcome {
                status: Some(answer.status),
                error: None,
                duration_ms,
            },
            Err(error) => TestOutcome {
                status: None,
                error: Some(error.to_string()),
                duration_ms,
            },
        };
        self.write_once(write, |_| Ok(outcome)).await
    }

    fn apply_webhook(&self, row: &mut WebhookRow, change: &WebhookChange) -> Result<(), Problem> {
        if let Some(url) = &change.url {
            self.client.guard().check(url, &[]).map_err(|forbidden| {
                Problem::with(
                    ErrorCode::TargetNotAllowed,
                    vec![forbidden.violation("/url", "url")],
                )
            })?;
            row.url.clone_from(url);
        }
        if let Some(name) = &change.name {
            row.name.clone_from(name);
        }
        if let Some(signatures) = &change.signatures {
            row.signatures = once_each(signatures.iter().map(|one| one.as_str()));
        }
        if let Some(events) = &change.events {
            row.events = once_each(events.iter().map(|one| one.as_str()));
        }
        if let Some(categories) = &change.categories {
            row.categories = once_each(categories.iter().map(|one| one.as_str()));
        }
        if let Some(enabled) = change.enabled {
            row.enabled = enabled;
            row.disabled_reason = (!enabled).then(|| "by request".to_owned());
        }
        if let Some(in_order) = change.in_order {
            row.in_order = in_order;
        }
        if let Some(waits) = &change.schedule {
            let schedule = waits.as_deref().map(own_schedule).transpose()?;
            row.schedule = schedule.map(|schedule| schedule.to_column());
        }
        Ok(())
    }

    fn seal_secret(&self, project: &str, id: &str, secret: &Zeroizing<String>) -> Vec<u8> {
        let place = Place {
            project,
            table: "webhooks",
            column: "secret",
            row: id,
        };
        self.vault.seal(place, secret.as_bytes())
    }
}

/// An endpoint's own schedule, where it keeps to the rules.
fn own_schedule(waits: &[Number]) -> Result<Schedule, Problem> {
    let (most, longest) = (Schedule::MOST_WAITS, Schedule::LONGEST_WAIT);
    let seconds = |wait: &Number| json::whole(wait).and_then(|seconds| u64::try_from(seconds).ok());
    let allowed = |wait: &Number| seconds(wait).filter(|seconds| (1..=longest).contains(seconds));
    let mut broken = Vec::new();
    if waits.len() > most {
        let message = format!("schedule may have at most {most} waits: leave out some");
        broken.push(Violation::new("/schedule", "max_items", message));
    }
    for (index, _) in waits
        .iter()
        .enumerate()
        .filter(|(_, wait)| allowed(wait).is_none())
    {
        let message = format!("a wait must be a whole number of seconds from 1 to {longest} (7 days)");
        broken.push(Violation::new(format!("/schedule/{index}"), "range", message));
    }
    if !broken.is_empty() {
        return Err(Problem::with(ErrorCode::InvalidValue, broken));
    }
    Ok(Schedule::of_waits(waits.iter().filter_map(allowed).collect()))
}

/// The words as their column has them, each once, in the order in which they came.
fn once_each(words: impl Iterator<Item = &'static str>) -> String {
    let mut kept = Vec::new();
    for word in words {
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    kept.join(",")
}

fn unknown() -> Problem {
    Problem::not_found("webhook")
}
