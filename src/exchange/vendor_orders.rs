//! Orders that the vendor places itself: for an ATS without a partner interface, and for trying things out. Each is an
//! order like any other, with its `record.new`; nothing is owed to an ATS that did not place it.

use super::context::Exchange;
use super::customer::Customer;
use super::events::publish;
use super::ordering::Drafted;
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::id::AccountId;
use crate::domain::order::{Candidate, Email, HiringTeamMember, Job, NewOrder, Phone, Repeat};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::vendor_order::{OrderedCandidate, OrderedContact, OrderedJob, VendorOrder};
use crate::providers::registry;
use crate::store::accounts;
use crate::store::orders::{self, Placing};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// An order that a vendor placed.
#[derive(Serialize, Deserialize)]
pub struct PlacedOrder {
    /// Our id of it.
    pub id: String,
    /// The vendor's, where it gave one; else ours.
    pub remote_id: String,
}

impl Exchange {
    /// Places an order of the vendor's, once for each id that the vendor gives. `origin` is its body as it came.
    pub async fn place_vendor_order(
        &self,
        write: &Write,
        category: Category,
        account: &AccountId,
        order: &VendorOrder,
        origin: &RawValue,
    ) -> Result<PlacedOrder, Problem> {
        check(order)?;
        let customer = self.vendor_customer(write, category, account).await?;
        let own_id = order.id.clone();
        let repeat = match &own_id {
            Some(id) => format!("vendor {category} {id}"),
            None => format!("vendor {}", self.ambient.uuid()),
        };
        let new = NewOrder {
            package_id: Cow::Borrowed(package_id(order).unwrap_or_default()),
            package_name: order.package.name.as_deref().map(Cow::from),
            repeat: Repeat::Forever(repeat),
            conflict_key: None,
            state: None,
            candidate: candidate(&order.candidate),
            application_id: order
                .application
                .as_ref()
                .and_then(|one| either(&one.id, &one.remote_id)),
            job_id: order.job.as_ref().and_then(|one| either(&one.id, &one.remote_id)),
            job: order.job.as_ref().and_then(job),
            parameters: None,
            callback_url: order.results_update_url.as_deref().map(Cow::from),
            origin,
        };
        let Drafted { id, row, event } = self.draft_order(&customer, new).await?;
        let ambient = Arc::clone(&self.ambient);
        let placed = self.write_once(write, move |db| {
            let id = match orders::place(db, &row)? {
                Placing::Placed => {
                    publish(db, ambient.as_ref(), &event)?;
                    id.as_str().to_owned()
                }
                Placing::Repeated(earlier) => earlier.id,
                Placing::Conflicts => return Err(Problem::of(ErrorCode::OrderOpen)),
            };
            Ok(PlacedOrder {
                remote_id: own_id.unwrap_or_else(|| id.clone()),
                id,
            })
        });
        let placed = placed.await?;
        self.wake.wake();
        Ok(placed)
    }

    /// The customer for whom a vendor orders: any category that its ATS has.
    async fn vendor_customer(
        &self,
        write: &Write,
        category: Category,
        account: &AccountId,
    ) -> Result<Customer, Problem> {
        let unknown = || Problem::not_found("account (header x-account-id)");
        let (project, id) = (write.project.clone(), account.clone());
        let found = self
            .store
            .read(move |db| accounts::find(db, &project, &id).map_err(Problem::from));
        let (row, integration) = found.await?.ok_or_else(unknown)?;
        let provider = registry::find(&row.provider).ok_or_else(|| Problem::of(ErrorCode::NotCapable))?;
        if !provider.descriptor().categories.contains(&category) {
            let message = format!("{} has no {category}.", provider.descriptor().name);
            return Err(Problem::new(ErrorCode::NotCapable, message));
        }
        Ok(Customer {
            project: write.project.clone(),
            id: account.clone(),
            category,
            account: row,
            integration,
        })
    }
}

/// What an order cannot do without.
fn check(order: &VendorOrder) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    if package_id(order).is_none() {
        let message = "send your id of the package that is ordered as package.id";
        wrong.push(Violation::new("/package/id", "required", message));
    }
    let candidate = &order.candidate;
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let has_email = candidate.emails.iter().flatten().any(|email| has(&email.value));
    if !has(&candidate.first_name) && !has(&candidate.last_name) && !has_email {
        let message = "send a name or an e-mail address of the candidate";
        wrong.push(Violation::new("/candidate", "required", message));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Problem::with(ErrorCode::InvalidValue, wrong)),
    }
}

fn package_id(order: &VendorOrder) -> Option<&str> {
    let ids = [&order.package.id, &order.package.remote_id];
    ids.into_iter()
        .find_map(|id| id.as_deref().filter(|id| !id.is_empty()))
}

fn either<'a>(id: &'a Option<String>, remote_id: &'a Option<String>) -> Option<Cow<'a, str>> {
    id.as_deref().or(remote_id.as_deref()).map(Cow::from)
}

fn candidate(ordered: &OrderedCandidate) -> Candidate<'_> {
    let text = |text: &'_ Option<String>| Cow::Owned(text.clone().unwrap_or_default());
    let contacts = |list: &'_ Option<Vec<OrderedContact>>| {
        let given = list.iter().flatten();
        let filled = given.filter_map(|one| Some((kind(&one.r#type), one.value.clone()?)));
        filled.collect::<Vec<_>>()
    };
    Candidate {
        id: either(&ordered.id, &ordered.remote_id),
        first_name: text(&ordered.first_name),
        last_name: text(&ordered.last_name),
        emails: contacts(&ordered.emails)
            .into_iter()
            .map(|(kind, email)| Email {
                email: email.into(),
                r#type: kind.into(),
            })
            .collect(),
        phones: contacts(&ordered.phones)
            .into_iter()
            .map(|(kind, phone_number)| Phone {
                phone_number: phone_number.into(),
                r#type: kind.into(),
            })
            .collect(),
        links: ordered
            .profile_url
            .iter()
            .map(|url| Cow::from(url.as_str()))
            .collect(),
        location: None,
    }
}

/// A kind of address as events spell it.
fn kind(given: &Option<String>) -> String {
    given
        .as_deref()
        .map_or_else(|| "NOT_SPECIFIED".to_owned(), str::to_uppercase)
}

/// What is told of a job beyond its id, where anything is.
fn job(ordered: &OrderedJob) -> Option<Job<'_>> {
    let team = ordered.hiring_team.iter().flatten();
    let team: Vec<_> = team
        .map(|person| HiringTeamMember {
            user_id: either(&person.user_id, &person.remote_user_id),
            first_name: person.first_name.as_deref().map(Cow::from),
            last_name: person.last_name.as_deref().map(Cow::from),
            email: person.email.as_deref().map(Cow::from),
            role: person.role.as_deref().map(Cow::from),
        })
        .collect();
    (ordered.title.is_some() || !team.is_empty()).then(|| Job {
        title: ordered.title.as_deref().map(Cow::from),
        hiring_team: team,
    })
}
