//! What is said in either direction is valid by the provider's own schemas, and each schema is of something that is
//! said.

use super::replay::Asked;
use super::{Scene, every_provider_alone, shape};
use crosscheck::domain::result::RESULT_VALUES;
use crosscheck::providers::descriptor::{Descriptor, OutgoingCall};
use crosscheck::sandbox::journal::{Direction, Exchanged};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The call of the descriptor's that a call of ours is: by its method and the end of its path. A URL in words
/// matches any path.
pub fn call_of(descriptor: &Descriptor, method: &str, path: &str) -> Option<&'static OutgoingCall> {
    let fitting = descriptor.calls.iter().filter(|call| call.method == method);
    fitting
        .filter_map(|call| Some((fits(call.url, path)?, call)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, call)| call)
}

/// How many segments of a template the end of a path fits.
fn fits(template: &str, path: &str) -> Option<usize> {
    if template.contains(' ') {
        return Some(0);
    }
    let template = template.split_once("://").map_or(template, |(_, rest)| rest);
    // What stands before the first slash is the host, or the name of a URL that is configured.
    let (_, template) = template.split_once('/')?;
    let path = path.trim_start_matches('/');
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let end = given.len().checked_sub(wanted.len())?;
    let fits = |(wanted, given): (&&str, &&str)| wanted == given || wanted.starts_with('{');
    wanted.iter().zip(&given[end..]).all(fits).then_some(wanted.len())
}

/// What was wrong with what was said, and which schemas were used to find out.
#[derive(Default)]
struct Review {
    used: BTreeSet<String>,
    wrong: BTreeSet<String>,
}

impl Review {
    /// What the ATS asks. A body that the translator does not read needs no schema.
    fn check_request(&mut self, scene: &Scene, asked: &Asked) {
        let name = format!("{}.request", asked.operation.name);
        if asked.is_read(scene.provider) || shape::schema_of(scene.provider, &name).is_some() {
            self.check(scene, &name, asked.body.as_deref().unwrap_or("null"));
        }
    }

    fn check(&mut self, scene: &Scene, name: &str, document: &str) {
        let said: Value = serde_json::from_str(document).unwrap_or_default();
        let Some(schema) = shape::compiled(scene.provider, name) else {
            if !said.is_null() {
                self.wrong.insert(format!(
                    "there is no schema {name} (Provider::schemas), and what is said is {said}"
                ));
            }
            return;
        };
        self.used.insert(name.to_owned());
        let broken = shape::broken(&schema, &said);
        if !broken.is_empty() {
            self.wrong
                .insert(format!("{name}: {} in {said}", broken.join("; ")));
        }
    }

    /// What was refused, where the ATS wants that in words of its own.
    fn check_refusal(&mut self, scene: &Scene, answer: &str) {
        if shape::schema_of(scene.provider, shape::REFUSAL).is_some() {
            self.check(scene, shape::REFUSAL, answer);
        }
    }

    fn check_exchange(&mut self, scene: &Scene, one: &Exchanged) {
        let name = match one.direction {
            Direction::ToPartner => match Asked::of(scene, one) {
                Some(asked) => {
                    self.check_request(scene, &asked);
                    asked.operation.name
                }
                None => {
                    let wrong = format!(
                        "{} {} is none of the descriptor's operations",
                        one.method, one.url
                    );
                    self.wrong.insert(wrong);
                    return;
                }
            },
            Direction::FromPartner => {
                let path = one.url.split('?').next().unwrap();
                match call_of(scene.descriptor, &one.method, path) {
                    Some(call) => {
                        self.check(scene, &format!("{}.request", call.name), one.request.get());
                        call.name
                    }
                    None => {
                        let wrong = format!("{} {} is none of the descriptor's calls", one.method, one.url);
                        self.wrong.insert(wrong);
                        return;
                    }
                }
            }
        };
        // What holds a credential is not in the journal.
        let is_hidden = one.response.get().contains("not written down");
        let response = format!("{name}.response");
        // What an ATS says to our calls has a schema only where the translator goes by it.
        let is_of_interest =
            one.direction == Direction::ToPartner || shape::schema_of(scene.provider, &response).is_some();
        match (one.status, one.direction) {
            (Some(200..300), _) if is_of_interest && !is_hidden => {
                self.check(scene, &response, one.response.get());
            }
            (Some(200..300), _) => {}
            (Some(_), Direction::ToPartner) => self.check_refusal(scene, one.response.get()),
            _ => {}
        }
    }
}

#[tokio::test]
async fn everything_that_is_said_is_valid_by_the_schemas_and_each_schema_is_used() {
    every_provider_alone(async |scene| {
        let mut review = Review::default();
        for value in RESULT_VALUES {
            let order = scene.order().await;
            scene.report(&order, &scene.progress(value), 200).await;
            scene.settled(&order).await;
        }
        scene.play_out().await;
        set_up(scene, &mut review).await;
        // What the simulation had no reason to ask is asked by us.
        for asked in scene.samples().await {
            let name = asked.operation.name;
            if review.used.contains(&format!("{name}.response")) {
                continue;
            }
            let answer = scene.ask(&asked, &scene.customer.token).await;
            review.check_request(scene, &asked);
            if (200..300).contains(&answer.status) {
                review.check(scene, &format!("{name}.response"), &answer.text);
            }
        }
        for asked in scene.samples().await {
            let wrong_token = scene.ask(&asked, "ct_wrong").await;
            review.check_refusal(scene, &wrong_token.text);
            let broken = scene.ask_with(&asked, &scene.customer.token, b"{").await;
            if broken.status >= 400 {
                review.check_refusal(scene, &broken.text);
            }
        }
        for one in scene.journal().await {
            review.check_exchange(scene, &one);
        }
        assert!(
            review.wrong.is_empty(),
            "{}",
            review.wrong.into_iter().collect::<Vec<_>>().join("\n")
        );
        let names = scene.provider.schemas().iter().map(|(name, _)| *name);
        let unused: Vec<_> = names.filter(|name| !review.used.contains(*name)).collect();
        assert_eq!(
            unused, [""; 0],
            "each schema is named for an operation or call, and the simulation makes that call: of these no request or no successful answer was seen"
        );
    })
    .await;
}

/// Registers by API, step by step. What the steps want is given to the ATS as its own.
async fn set_up(scene: &Scene, review: &mut Review) {
    if scene.descriptor.set_up.is_empty() {
        return;
    }
    let id = scene.integration["id"].as_str().unwrap();
    for step in scene.descriptor.set_up {
        let mut inputs = serde_json::Map::new();
        for input in step.inputs {
            inputs.insert(input.name.to_owned(), scene.input(input.name).await);
        }
        let path = format!("/integrations/{id}/set_up/{}", step.name);
        let answer = scene
            .server
            .try_vendor("POST", &path, Some(&json!({"inputs": inputs})))
            .await;
        assert_eq!(
            answer.status, 200,
            "the set-up step {}: {}",
            step.name, answer.text
        );
        assert_eq!(
            answer.json()["set"],
            json!(step.sets),
            "the set-up step {} sets what the descriptor says",
            step.name
        );
    }
    let hidden = scene.journal().await;
    for one in hidden
        .iter()
        .filter(|one| one.response.get().contains("not written down"))
    {
        let path = one.url.split('?').next().unwrap();
        if let Some(call) = call_of(scene.descriptor, &one.method, path) {
            // Its answer holds a credential and is read by the translator alone.
            review.used.insert(format!("{}.response", call.name));
        }
    }
    // What was registered works.
    let order = scene.order().await;
    scene.report(&order, &scene.progress("completed"), 200).await;
    scene.settled(&order).await;
    scene
        .view_until(&order, "a result after the set-up", |view| {
            view["complete"] == true
        })
        .await;
}
