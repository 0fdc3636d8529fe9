//! What an ATS answers to our calls. Done is only what certainly is.

use super::super::input::Input;
use super::schema;
use crosscheck::providers::descriptor::OutgoingCall;
use crosscheck::providers::provider::{Call, CallResponse, Provider, Verdict};
use serde_json::Value;
use std::time::Duration;
use zeroize::Zeroizing;

/// What an answer to a push means.
pub fn judge(provider: &'static dyn Provider, input: &mut Input<'_>) {
    let calls = pushes(provider);
    let Some(described) = input.choose(&calls) else {
        return;
    };
    let response = response(input);
    let call = Call {
        method: described.method,
        url: "https://ats.example/made-up".to_owned(),
        headers: vec![("authorization".into(), Zeroizing::new("made-up".to_owned()))],
        body: None,
    };
    match provider.judge(&call, &response) {
        Verdict::Done => {
            assert!(
                (200..300).contains(&response.status),
                "{} is done with {}",
                described.name,
                response.status
            );
            if let Some(schema) = schema(provider, &format!("{}.response", described.name))
                && !response.is_silent()
            {
                let read = serde_json::from_slice::<Value>(&response.body);
                let document = read.expect("an answer that does not read is not done");
                assert!(response.complete, "an answer that broke off is not done");
                let broken = schema.violations(&document);
                assert!(
                    broken.is_empty(),
                    "{} is done with {document}: {broken:?}",
                    described.name
                );
            }
        }
        Verdict::Retry(wait) => assert!(wait.is_none() || wait == response.retry_after),
        Verdict::Rejected(reason) => assert!(!reason.is_empty()),
    }
}

/// The calls that results are told by.
fn pushes(provider: &dyn Provider) -> Vec<&'static OutgoingCall> {
    let descriptor = provider.descriptor();
    let is_set_up = |call: &OutgoingCall| descriptor.set_up.iter().any(|step| step.name == call.name);
    descriptor.calls.iter().filter(|call| !is_set_up(call)).collect()
}

fn response(input: &mut Input<'_>) -> CallResponse {
    let (hundreds, rest, flags) = (input.byte() % 5 + 1, input.byte() % 100, input.byte());
    CallResponse {
        status: u16::from(hundreds) * 100 + u16::from(rest),
        retry_after: (flags & 2 != 0).then_some(Duration::from_secs(7)),
        complete: flags & 1 == 0,
        body: input.rest().to_vec(),
    }
}

pub fn judge_seeds(provider: &dyn Provider) -> Vec<Vec<u8>> {
    let calls = (0..).zip(pushes(provider)).map(|(number, _)| number);
    calls
        .flat_map(|call| ANSWERS.map(|body| [&[call, 1, 0, 0][..], body].concat()))
        .collect()
}

const ANSWERS: [&[u8]; 7] = [
    b"",
    b"{}",
    br#"{"success":true,"results":{}}"#,
    br#"{"success":false,"errorInfo":{"code":"invalid_input","message":"m","requestId":"r"}}"#,
    br#"{"error":"no such report"}"#,
    br#"{"partner":{"id":7,"secret":"a secret of theirs"}}"#,
    br#"{"secret":"a secret of theirs"}"#,
];

/// What an answer to a step of registering says.
pub fn set_up(provider: &'static dyn Provider, input: &mut Input<'_>) {
    let Some(step) = input.choose(provider.descriptor().set_up) else {
        return;
    };
    let response = response(input);
    let Some(set_up) = provider.set_up() else {
        return;
    };
    match set_up.read(step, &response) {
        Ok(answer) => {
            for (name, value) in answer.credentials {
                let fields = provider.descriptor().credential_fields;
                assert!(
                    fields.iter().any(|field| field.name == name),
                    "{name} is a credential"
                );
                let told = String::from_utf8_lossy(&response.body)
                    .matches(value.as_str())
                    .count();
                let shown = answer.shown.to_string();
                assert!(
                    told != 1 || !shown.contains(value.as_str()),
                    "a secret is not shown"
                );
            }
        }
        Err(problem) => assert!(problem.code.status() >= 400),
    }
}

pub fn set_up_seeds(provider: &dyn Provider) -> Vec<Vec<u8>> {
    let steps = (0..).zip(provider.descriptor().set_up).map(|(number, _)| number);
    steps
        .flat_map(|step| ANSWERS.map(|body| [&[step, 1, 0, 0][..], body].concat()))
        .collect()
}
