//! Ashby's requests -> inquiries.

use super::wire::{self, Cancel, Job, Member, Start};
use crate::domain::order::{self, Candidate, Email, HiringTeamMember, NewOrder, Repeat};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::providers::provider::{Inquiry, OrderRef, Refusal};
use crate::providers::wire::{Id, Text, explain, read};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// `assessment.start`. The same assessment for the same application, with everything that the vendor acts on, is
/// the same order while it is open; anything else for that application and assessment is a conflict.
pub fn start(body: &[u8]) -> Result<Inquiry<'_>, Refusal> {
    let (start, origin): (Start<'_>, _) = read(body, wire::START.as_ref()).map_err(for_the_recruiter)?;
    let filled_in = start.additional_fields.map(RawValue::get);
    let is_object = filled_in.is_none_or(|text| text.starts_with('{'));
    if start.assessment_type_id.0.is_empty() || start.candidate.email.0.is_empty() || !is_object {
        return Err(for_the_recruiter(explain(body, wire::START.as_ref())));
    }
    let candidate = start.candidate;
    let subject = [start.application.ashby_id.0.as_ref(), &start.assessment_type_id.0];
    let acted_on = [
        candidate.ashby_id.0.as_ref(),
        &candidate.email.0,
        &start.job.ashby_id.0,
        filled_in.unwrap_or_default(),
    ];
    Ok(Inquiry::PlaceOrder(Box::new(NewOrder {
        repeat: Repeat::WhileOpen(key(subject.iter().chain(&acted_on))),
        conflict_key: Some(key(subject.iter())),
        package_id: start.assessment_type_id.0,
        package_name: None,
        // Ashby knows an assessment by our id alone. That there is a state says that Ashby started it.
        state: Some(b"{}".to_vec()),
        candidate: Candidate {
            id: Some(candidate.ashby_id.0),
            first_name: candidate.first_name.0,
            last_name: candidate.last_name.0,
            emails: vec![Email {
                email: candidate.email.0,
                r#type: "PRIMARY".into(),
            }],
            phones: Vec::new(),
            links: vec![candidate.ashby_profile_url.0],
            location: None,
        },
        application_id: Some(start.application.ashby_id.0),
        job_id: Some(start.job.ashby_id.0.clone()),
        job: Some(job(start.job)),
        parameters: start.additional_fields,
        callback_url: None,
        origin,
    })))
}

/// `assessment.cancel`.
pub fn cancel(body: &[u8]) -> Result<Inquiry<'_>, Refusal> {
    let (cancel, _): (Cancel<'_>, _) = read(body, wire::CANCEL.as_ref())?;
    if cancel.assessment_id.0.is_empty() {
        return Err(explain(body, wire::CANCEL.as_ref()));
    }
    Ok(Inquiry::CancelOrder(OrderRef::Ours(
        cancel.assessment_id.0.into_owned(),
    )))
}

/// Of all refusals Ashby shows the message of a 422, so what is wrong with an order is one.
fn for_the_recruiter(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Problem(problem) if problem.code == ErrorCode::InvalidBody => Refusal::Problem(Problem {
            code: ErrorCode::InvalidValue,
            message: in_words(&problem.violations),
            ..problem
        }),
        other => other,
    }
}

fn in_words(violations: &[Violation]) -> String {
    if violations.iter().any(|one| one.pointer == "/candidate/email") {
        return "The candidate has no e-mail address. Add one, then start the assessment again.".to_owned();
    }
    let places: Vec<_> = violations
        .iter()
        .map(|one| one.pointer.trim_start_matches('/').replace('/', "."))
        .collect();
    format!(
        "The assessment could not be started: {} is missing or malformed in what Ashby sent.",
        places.join(", ")
    )
}

/// Parts as one text in which each can be told from the next.
fn key<'a>(parts: impl Iterator<Item = &'a &'a str>) -> String {
    parts.map(|part| format!("{}:{part}", part.len())).collect()
}

fn job(job: Job<'_>) -> order::Job<'_> {
    let team = job.hiring_team.unwrap_or_default();
    order::Job {
        title: Some(job.name.0),
        hiring_team: team.into_iter().map(member).collect(),
    }
}

fn member(member: Member<'_>) -> HiringTeamMember<'_> {
    fn text(text: Option<Text<'_>>) -> Option<Cow<'_, str>> {
        text.map(|text| text.0)
    }
    HiringTeamMember {
        user_id: member.user_id.map(|Id(id)| id),
        first_name: text(member.first_name),
        last_name: text(member.last_name),
        email: text(member.email),
        role: text(member.role),
    }
}
