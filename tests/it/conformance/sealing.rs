//! Secrets and candidates' data are sealed where they are stored, and in no error that anybody is told.

use super::bodies;
use super::credentials::secrets;
use super::scene::{EMAIL, FIRST_NAME, LAST_NAME, PARTNER_PASSWORD};
use super::{Scene, every_provider, shape};
use crate::harness::dump;
use serde_json::{Value, json};
use std::path::Path;

/// What nobody may find.
fn canaries(scene: &Scene) -> Vec<String> {
    let mut all = secrets(scene.descriptor, &scene.credentials);
    all.extend(
        [
            &scene.customer.token,
            EMAIL,
            FIRST_NAME,
            LAST_NAME,
            PARTNER_PASSWORD,
        ]
        .map(|text: &str| text.to_owned()),
    );
    all
}

fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn no_secret_and_no_candidate_lies_plain_in_the_database_or_stands_in_an_error() {
    every_provider(async |scene| {
        scene.play_out().await;
        let canaries = canaries(scene);
        for error in errors(scene).await {
            for canary in &canaries {
                assert!(!error.contains(canary), "{canary} stands in the error {error}");
            }
        }
        let mut files = files(scene.server.directory.path());
        files.push((
            "the dump".to_owned(),
            dump(&scene.server.directory.database_url()).into_bytes(),
        ));
        let holds = |bytes: &[u8], text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        for (file, bytes) in &files {
            for canary in &canaries {
                assert!(!holds(bytes, canary), "{canary} lies plain in {file}");
            }
        }
        assert!(
            files.iter().any(|(_, bytes)| holds(bytes, "Initech")),
            "plain text would be found"
        );
    })
    .await;
}

/// What is answered to calls that are refused, in many ways.
async fn errors(scene: &Scene) -> Vec<String> {
    let mut errors = Vec::new();
    let customer = scene.another_customer().await;
    for asked in scene.samples().await {
        errors.push(scene.ask(&asked, "ct_wrong").await.text);
        let Some(body) = &asked.body else { continue };
        let broken = bodies::unreadable(body).into_iter();
        let small = broken.filter(|(_, body)| body.len() < 100_000);
        let mut broken: Vec<_> = small.map(|(_, body)| body).collect();
        let whole = asked.json();
        shape::walk(&whole, "", &mut |pointer, value| {
            if !pointer.is_empty() {
                let mut other = whole.clone();
                // The value itself, where it does not belong.
                *other.pointer_mut(pointer).unwrap() = json!([[value]]);
                broken.push(other.to_string().into_bytes());
            }
        });
        for body in broken {
            let answer = scene.ask_with(&asked, &customer.token, &body).await;
            if answer.status >= 400 {
                errors.push(answer.text);
            }
        }
    }
    errors
}

#[tokio::test]
async fn a_secret_that_is_set_shows_as_asterisks() {
    every_provider(async |scene| {
        let integration = scene.integration["id"].as_str().unwrap();
        for path in [
            format!("/integrations/{integration}"),
            format!("/accounts/{}", scene.customer.account),
        ] {
            let shown = scene.server.get(&path).await;
            let text = shown.to_string();
            for secret in secrets(scene.descriptor, &scene.credentials) {
                assert!(!text.contains(&secret), "GET {path} does not show {secret}");
            }
            for (name, value) in shown["credentials"].as_object().unwrap() {
                let set = scene.credentials.get(name).and_then(Value::as_str).unwrap();
                let is_secret = secrets(scene.descriptor, &scene.credentials)
                    .iter()
                    .any(|one| one == set);
                let wanted = if is_secret { "********" } else { set };
                assert_eq!(value, wanted, "GET {path} shows the credential {name}");
            }
        }
    })
    .await;
}
