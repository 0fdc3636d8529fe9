//! Recruitee (Tellent), integration partners: Recruitee calls us with a bearer token; we keep a report there up to
//! date with the partner's secret. The partner itself is made by API.

mod descriptor;
mod inbound;
mod outbound;
mod partner;
mod report;
mod wire;

use super::descriptor::{Descriptor, Operation};
use super::provider::{
    Answer, Call, CallResponse, Credentials, Inquiry, Provider, PublishedOrder, Refusal, Request, Response,
    Unpublishable, Verdict,
};
use super::set_up::SetUp;
use super::wire::Schemas;
use crate::domain::timestamp::Timestamp;

/// The translator.
pub struct Recruitee;

impl Provider for Recruitee {
    fn descriptor(&self) -> &'static Descriptor {
        &descriptor::DESCRIPTOR
    }

    fn read<'a>(&self, operation: &Operation, request: &'a Request<'_>) -> Result<Inquiry<'a>, Refusal> {
        match operation.name {
            "tests" => Ok(Inquiry::ListPackages),
            "send_candidate" => inbound::send_candidate(request.body),
            "cancel" => inbound::cancel(request),
            _ => Err(Refusal::Unknown("endpoint")),
        }
    }

    fn answer(
        &self,
        _operation: Option<&Operation>,
        outcome: Result<&Answer, &Refusal>,
        at: Timestamp,
    ) -> Response {
        outbound::answer(outcome, at)
    }

    fn publish(
        &self,
        order: &PublishedOrder<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<Call>, Unpublishable> {
        outbound::publish(order, credentials)
    }

    fn judge(&self, _call: &Call, response: &CallResponse) -> Verdict {
        outbound::judge(response)
    }

    fn schemas(&self) -> Schemas {
        wire::SCHEMAS
    }

    fn set_up(&self) -> Option<&dyn SetUp> {
        Some(&partner::PartnerApi)
    }
}
