//! What the simulated Ashby remembers. An order is the recruiter's, an assessment the partner's: several orders
//! can lead to one assessment.

use super::answers::Started;
use super::assessment::{Assessment, Subject};
use super::partner::Partner;
use crate::sandbox::view::{Shown, View};
use serde_json::value::RawValue;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// The Ashby of one customer.
#[derive(Default)]
pub struct Ashby {
    /// Who was entered.
    pub partner: Option<Partner>,
    /// What recruiters have ordered, by Ashby's ids.
    pub orders: BTreeMap<String, Order>,
    /// What the partner has started, by the partner's ids.
    pub assessments: BTreeMap<String, Assessment>,
}

/// What a recruiter has ordered.
pub struct Order {
    /// The body of `assessment.start`, the same whenever it is sent.
    pub body: Box<RawValue>,
    /// Who is to be assessed by what.
    pub subject: Subject,
    /// Ashby's id of the candidate.
    pub candidate_id: String,
    /// The partner's id of what it has started for it.
    pub assessment_id: Option<String>,
}

impl Ashby {
    /// Believes the answer to `assessment.start`, or says why it cannot be right.
    pub fn begin(&mut self, id: &str, started: Started) -> Result<(), String> {
        let Some(order) = self.orders.get_mut(id) else {
            return Err("the order is gone".to_owned());
        };
        let Started {
            assessment_id,
            update,
        } = started;
        let running_otherwise = self.assessments.iter().any(|(other, assessment)| {
            *other != assessment_id && assessment.subject == order.subject && !assessment.ended()
        });
        if running_otherwise {
            return Err("the same application and type have another assessment_id already".to_owned());
        }
        let mut fresh = None;
        let assessment = match self.assessments.get_mut(&assessment_id) {
            Some(known) if known.subject != order.subject => {
                return Err("assessment_id is that of another candidate or type".to_owned());
            }
            Some(known) => known,
            None => fresh.insert(Assessment::new(order.subject.clone())),
        };
        // An answer that is given again says again what it said.
        if let Some(update) = update.filter(|update| !assessment.is_past(update)) {
            assessment.apply(&update)?;
        }
        order.assessment_id = Some(assessment_id.clone());
        if let Some(fresh) = fresh {
            self.assessments.insert(assessment_id, fresh);
        }
        Ok(())
    }

    /// What the recruiter sees of an order. Ashby's own keys in it: `application_id`, `candidate_id`, `started_at`.
    pub fn view_of(&self, id: &str) -> Option<View> {
        let order = self.orders.get(id)?;
        let assessment = order
            .assessment_id
            .as_ref()
            .and_then(|id| self.assessments.get(id));
        Some(View {
            id: id.to_owned(),
            order: order.assessment_id.clone(),
            status: assessment.and_then(|it| it.status.clone()),
            complete: assessment.is_some_and(|it| it.complete),
            cancelled: assessment.is_some_and(|it| it.cancelled),
            shown: assessment.map_or_else(Shown::default, Assessment::shown),
            updates: assessment.map_or(0, |it| it.updates),
            errors: assessment.map(|it| it.errors.clone()).unwrap_or_default(),
            more: Map::from_iter([
                ("application_id".to_owned(), json!(order.subject.application_id)),
                ("candidate_id".to_owned(), json!(order.candidate_id)),
                (
                    "started_at".to_owned(),
                    json!(assessment.and_then(|it| it.started_at)),
                ),
            ]),
        })
    }
}
