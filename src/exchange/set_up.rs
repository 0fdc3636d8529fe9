//! Registering the vendor with an ATS by API: the call of one step, and what is kept of its answer.

use super::context::Exchange;
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::id::{IntegrationId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem, Violation, pointer_to};
use crate::domain::request_id;
use crate::outbox::client::{DEADLINE, Outgoing, READ_BACK};
use crate::outbox::credentials;
use crate::providers::descriptor::{Descriptor, SetUpStep};
use crate::providers::provider::{Call, CallResponse};
use crate::providers::registry;
use crate::providers::set_up::{SetUpAnswer, SetUpRequest};
use crate::store::integrations::{self, IntegrationRow};
use crate::store::request_logs::Direction;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What came of a step.
#[derive(Serialize, Deserialize)]
pub struct SetUpDone {
    /// Which credentials of the integration are new.
    pub set: Vec<String>,
    /// What the ATS says, without any secret.
    pub shown: Value,
}

impl Exchange {
    /// Takes one step of registering with the ATS. What it answers is stored before it is told.
    pub async fn set_up(
        &self,
        write: &Write,
        integration: &str,
        step: &str,
        inputs: BTreeMap<String, Zeroizing<String>>,
    ) -> Result<SetUpDone, Problem> {
        if let Some(done) = self.written_before(write).await? {
            return Ok(done);
        }
        let row = self.get_integration(&write.project, integration).await?;
        let not_capable = || Problem::of(ErrorCode::NotCapable);
        let provider = registry::find(&row.provider).ok_or_else(not_capable)?;
        let descriptor = provider.descriptor();
        let able = provider.set_up().ok_or_else(|| {
            let message = format!(
                "{} has no set-up by API: follow setup_steps of GET /connectors/meta/{}",
                descriptor.name, descriptor.key
            );
            Problem::new(ErrorCode::NotCapable, message)
        })?;
        let step = find_step(descriptor, step)?;
        check_inputs(step, &inputs)?;
        let known = credentials::of_vendor(&self.vault, descriptor, &row)?;
        let request = SetUpRequest {
            category: Category::parse(&row.category).ok_or_else(|| Problem::of(ErrorCode::Internal))?,
            links: &self.links(&row),
            credentials: &known,
            inputs: &inputs,
        };
        let call = able.call(step, &request)?;
        let response = self.ask_ats(descriptor, &row, step, &call).await?;
        let answer = able.read(step, &response)?;
        self.keep(write, &row, answer).await
    }

    /// The project of an integration, for the operator, who stands above projects.
    pub async fn project_of(&self, integration: &str) -> Result<ProjectId, Problem> {
        let unknown = || Problem::not_found("integration");
        let id = IntegrationId::parse(integration).ok_or_else(unknown)?;
        let project = self
            .store
            .read(move |db| integrations::project_of(db, &id).map_err(Problem::from))
            .await?;
        project.as_deref().and_then(ProjectId::parse).ok_or_else(unknown)
    }

    async fn ask_ats(
        &self,
        descriptor: &Descriptor,
        row: &IntegrationRow,
        step: &SetUpStep,
        call: &Call,
    ) -> Result<CallResponse, Problem> {
        let request_id = self.new_request_id();
        let headers = call.headers.iter();
        let headers = headers.map(|(name, value)| (name.as_ref(), value.as_str()));
        let outgoing = Outgoing {
            method: call.method,
            url: &call.url,
            hosts: descriptor.callback_hosts,
            headers: headers
                .chain([(request_id::HEADER, request_id.as_str())])
                .collect(),
            body: call.body.clone(),
            deadline: DEADLINE,
            read_back: READ_BACK,
        };
        let called = (Direction::UsToAts, &request_id);
        let mut entry = self.own_call(&row.project_id, called, step.name, (call.method, &call.url));
        entry.provider = Some(row.provider.clone());
        let answer = self.client.call(outgoing).await;
        self.answered(&mut entry, &answer);
        self.log(vec![entry]).await;
        let answer = answer.map_err(|error| {
            let message = format!("{} could not be asked: {error}", descriptor.name);
            Problem::new(ErrorCode::AtsFailed, message)
        })?;
        if !(200..300).contains(&answer.status) {
            let message = format!(
                "{} answered {}: check the inputs and the credentials of the integration",
                descriptor.name, answer.status
            );
            return Err(Problem::new(ErrorCode::AtsFailed, message));
        }
        Ok(CallResponse {
            status: answer.status,
            retry_after: answer.retry_after,
            body: answer.body,
            complete: answer.complete,
        })
    }

    async fn keep(
        &self,
        write: &Write,
        row: &IntegrationRow,
        answer: SetUpAnswer,
    ) -> Result<SetUpDone, Problem> {
        let unknown = || Problem::not_found("integration");
        let project = write.project.clone();
        let id = IntegrationId::parse(&row.id).ok_or_else(unknown)?;
        let set = answer.credentials.iter().map(|(name, _)| (*name).to_owned());
        let done = SetUpDone {
            set: set.collect(),
            shown: answer.shown,
        };
        let exchange = self.clone();
        self.write_once(write, move |db| {
            integrations::lock(db, &project)?;
            let mut row = integrations::find(db, &project, &id)?.ok_or_else(unknown)?;
            let place = credentials::of_integration(&row);
            let mut fields = credentials::open(&exchange.vault, place, row.credentials_sealed.as_ref())?;
            let fresh = answer.credentials.into_iter();
            fields.extend(fresh.map(|(name, value)| (name.to_owned(), value)));
            row.credentials_sealed = credentials::seal(&exchange.vault, place, &fields);
            row.updated_at = exchange.ambient.now().0;
            integrations::update(db, &row)?;
            Ok(done)
        })
        .await
    }
}

fn find_step(descriptor: &'static Descriptor, name: &str) -> Result<&'static SetUpStep, Problem> {
    let steps = descriptor.set_up;
    steps.iter().find(|step| step.name == name).ok_or_else(|| {
        let names: Vec<_> = steps.iter().map(|step| step.name).collect();
        let message = format!("{} has the set-up steps {}", descriptor.name, names.join(", "));
        Problem::new(ErrorCode::NotFound, message)
    })
}

fn check_inputs(step: &SetUpStep, inputs: &BTreeMap<String, Zeroizing<String>>) -> Result<(), Problem> {
    let at = |name: &str| pointer_to("/inputs", name);
    let missing = step
        .inputs
        .iter()
        .filter(|input| input.required && inputs.get(input.name).is_none_or(|value| value.is_empty()));
    let missing = missing.map(|input| {
        let message = format!("{} is required: {}", input.name, input.description);
        Violation::new(at(input.name), "required", message)
    });
    let known = |name: &str| step.inputs.iter().any(|input| input.name == name);
    let unknown = inputs.keys().filter(|name| !known(name)).map(|name| {
        let message = format!("the step {} takes no such input: leave it out", step.name);
        Violation::new(at(name), "unknown_field", message)
    });
    let wrong: Vec<_> = missing.chain(unknown).collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::with(ErrorCode::InvalidValue, wrong))
    }
}
