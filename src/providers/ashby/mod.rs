//! Ashby, assessment partners: POST-only calls with HTTP Basic both ways. Ashby starts an assessment at ours; we
//! post each update to Ashby's API with the customer's API key.

mod descriptor;
mod inbound;
mod outbound;
mod update;
mod wire;

use super::descriptor::{Descriptor, Operation};
use super::provider::{
    Answer, Call, CallResponse, Credentials, Inquiry, Provider, PublishedOrder, Refusal, Request, Response,
    Unpublishable, Verdict,
};
use super::wire::Schemas;
use crate::domain::timestamp::Timestamp;

/// The translator.
pub struct Ashby;

impl Provider for Ashby {
    fn descriptor(&self) -> &'static Descriptor {
        &descriptor::DESCRIPTOR
    }

    fn read<'a>(&self, operation: &Operation, request: &'a Request<'_>) -> Result<Inquiry<'a>, Refusal> {
        match operation.name {
            "assessment.list" => Ok(Inquiry::ListPackages),
            "assessment.start" => inbound::start(request.body),
            "assessment.cancel" => inbound::cancel(request.body),
            "assessment.customField.list" => Ok(Inquiry::ListParameters),
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
}
