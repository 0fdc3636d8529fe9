//! An order: one candidate sent one package; as a translator reads it, and as an event records it.

use super::id::OrderId;
use super::package::Package;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a translator read out of an ATS's request, borrowing from its body.
#[derive(Debug)]
pub struct NewOrder<'a> {
    /// The vendor's id of the package, or the UUID that we gave the ATS for it.
    pub package_id: Cow<'a, str>,
    /// The package's name as the ATS has it, for where no list of ours knows it.
    pub package_name: Option<Cow<'a, str>>,
    /// What makes a second request the same order.
    pub repeat: Repeat,
    /// What makes another request a conflict while an order with the same key is open.
    pub conflict_key: Option<String>,
    /// What the translator will need to publish results: typed privately in its folder, stored sealed.
    pub state: Option<Vec<u8>>,
    /// Who is to be assessed.
    pub candidate: Candidate<'a>,
    /// The ATS's id of the application.
    pub application_id: Option<Cow<'a, str>>,
    /// The ATS's id of the job.
    pub job_id: Option<Cow<'a, str>>,
    /// More of the job, where the ATS tells it.
    pub job: Option<Job<'a>>,
    /// What the recruiter filled in for the packages' `parameters`, by their ids.
    pub parameters: Option<&'a RawValue>,
    /// Where the ATS wants to be told.
    pub callback_url: Option<Cow<'a, str>>,
    /// The payload exactly as received.
    pub origin: &'a RawValue,
}

/// What makes a second request the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// This key, for ever: the ATS gives each order a callback URL or an id of its own.
    Forever(String),
    /// This key, until the order is final: then it may be ordered anew.
    WhileOpen(String),
}

/// The record that an event carries (seed 003's `candidateAssessment`).
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<'a> {
    /// Our id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// The ATS's id of the application.
    #[serde(borrow)]
    pub application_id: Option<Cow<'a, str>>,
    /// What was ordered.
    #[serde(borrow)]
    pub assessment_package: RecordPackage<'a>,
    /// Who is to be assessed.
    #[serde(borrow)]
    pub candidate: Candidate<'a>,
    /// The ATS's id of the job.
    #[serde(borrow)]
    pub job_id: Option<Cow<'a, str>>,
    /// More of the job; the key is there only where the ATS tells it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job<'a>>,
    /// What the recruiter filled in; the key is there only where the ATS asked.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<&'a RawValue>,
    /// Where the ATS wants to be told. Crosscheck calls it; the vendor need not.
    #[serde(borrow)]
    pub callback_url: Option<Cow<'a, str>>,
    /// Reserved; null.
    pub meta_data: Option<Map<String, Value>>,
    /// The ATS's payload, byte for byte.
    #[serde(borrow)]
    pub origin_data: &'a RawValue,
    /// `NOT_SPECIFIED` at birth, then the status of the newest result.
    #[serde(borrow)]
    pub status: Cow<'a, str>,
}

impl<'a> Record<'a> {
    /// The record of a fresh order, with what is known of its package joined in.
    pub fn of(id: &'a OrderId, order: NewOrder<'a>, package: Option<&'a Package>) -> Self {
        let known_name = package.map(|known| Cow::from(known.name.as_str()));
        Self {
            id: id.as_str().into(),
            application_id: order.application_id,
            assessment_package: RecordPackage {
                id: package.map_or(order.package_id, |known| known.id.as_str().into()),
                name: known_name.or(order.package_name),
                description: package.and_then(|known| known.description.as_deref().map(Cow::from)),
                r#type: package.and_then(|known| known.r#type.as_deref().map(Cow::from)),
                meta_data: package.and_then(|known| known.metadata.clone()),
            },
            candidate: order.candidate,
            job_id: order.job_id,
            job: order.job,
            parameters: order.parameters,
            callback_url: order.callback_url,
            meta_data: None,
            origin_data: order.origin,
            status: "NOT_SPECIFIED".into(),
        }
    }
}

/// The package of a record. All but its id are null where no list that we know has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordPackage<'a> {
    /// The vendor's id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Its name.
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    /// Its description.
    #[serde(borrow)]
    pub description: Option<Cow<'a, str>>,
    /// The vendor's kind.
    #[serde(borrow)]
    pub r#type: Option<Cow<'a, str>>,
    /// The vendor's metadata.
    pub meta_data: Option<Map<String, Value>>,
}

/// A job, as far as the ATS tells of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job<'a> {
    /// What is advertised.
    #[serde(borrow)]
    pub title: Option<Cow<'a, str>>,
    /// Who hires.
    #[serde(borrow)]
    pub hiring_team: Vec<HiringTeamMember<'a>>,
}

/// One of those who hire.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HiringTeamMember<'a> {
    /// The ATS's id of the user.
    #[serde(borrow)]
    pub user_id: Option<Cow<'a, str>>,
    /// Given name.
    #[serde(borrow)]
    pub first_name: Option<Cow<'a, str>>,
    /// Family name.
    #[serde(borrow)]
    pub last_name: Option<Cow<'a, str>>,
    /// E-mail address.
    #[serde(borrow)]
    pub email: Option<Cow<'a, str>>,
    /// The ATS's word for what this person does in the team.
    #[serde(borrow)]
    pub role: Option<Cow<'a, str>>,
}

/// A candidate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate<'a> {
    /// The ATS's id.
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    /// Given name.
    #[serde(borrow)]
    pub first_name: Cow<'a, str>,
    /// Family name.
    #[serde(borrow)]
    pub last_name: Cow<'a, str>,
    /// E-mail addresses.
    #[serde(borrow)]
    pub emails: Vec<Email<'a>>,
    /// Phone numbers.
    #[serde(borrow)]
    pub phones: Vec<Phone<'a>>,
    /// Résumé and profile.
    #[serde(borrow)]
    pub links: Vec<Cow<'a, str>>,
    /// Where the candidate lives, as text.
    #[serde(borrow)]
    pub location: Option<Cow<'a, str>>,
}

/// An e-mail address with the ATS's kind of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Email<'a> {
    /// The address.
    #[serde(borrow)]
    pub email: Cow<'a, str>,
    /// `PERSONAL`, `PRIMARY`, ...
    #[serde(borrow)]
    pub r#type: Cow<'a, str>,
}

/// A phone number with the ATS's kind of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phone<'a> {
    /// The number as the ATS has it.
    #[serde(borrow)]
    pub phone_number: Cow<'a, str>,
    /// `NOT_SPECIFIED`, ...
    #[serde(borrow)]
    pub r#type: Cow<'a, str>,
}
