//! Greenhouse, Assessment Partner API: Greenhouse calls four endpoints of ours and reads a result after
//! we have pinged its callback URL.

mod descriptor;
mod inbound;
mod outbound;
mod profile_url;
mod wire;

use super::descriptor::{Descriptor, Operation};
use super::provider::{
    Answer, Call, CallResponse, Credentials, Inquiry, Provider, PublishedOrder, Refusal, Request, Response,
    Unpublishable, Verdict,
};
use super::wire::Schemas;
use crate::domain::timestamp::Timestamp;

/// The translator.
pub struct Greenhouse;

impl Provider for Greenhouse {
    fn descriptor(&self) -> &'static Descriptor {
        &descriptor::DESCRIPTOR
    }

    fn read<'a>(&self, operation: &Operation, request: &'a Request<'_>) -> Result<Inquiry<'a>, Refusal> {
        match operation.name {
            "list_tests" => Ok(Inquiry::ListPackages),
            "send_test" => inbound::send_test(request.body),
            "test_status" => inbound::test_status(request),
            "response_error" => inbound::response_error(request.body),
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
