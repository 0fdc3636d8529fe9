//! Whose call it is: nothing is told to, or done for, somebody without the right token.

use super::replay::{Kind, authorization, wrong_scheme};
use super::{Order, Scene, every_provider};
use crate::harness::Answered;
use crosscheck::providers::registry;
use serde_json::Value;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn is_unauthorized(answer: &Answered, what: &str) {
    assert_eq!(answer.status, 401, "{what} is 401: {}", answer.text);
    assert!(
        !answer.header("www-authenticate").is_empty(),
        "the 401 to {what} has a WWW-Authenticate header"
    );
}

/// A token that is good, at another provider.
async fn strangers_token(scene: &Scene) -> Option<String> {
    let key = scene.descriptor.key;
    let other = registry::all()
        .iter()
        .map(|other| other.descriptor())
        .find(|other| other.key != key)?;
    let customer = scene.server.link(other.key, other.categories[0].as_str());
    Some(customer.await.token)
}

#[tokio::test]
async fn without_the_customers_token_every_operation_is_401_with_a_challenge() {
    every_provider(async |scene| {
        let (place, token) = (scene.descriptor.token_in, &scene.customer.token);
        let mut wrong = vec![
            ("no Authorization", None),
            ("a wrong token", Some(authorization(place, "ct_wrong"))),
            (
                "the token in a scheme that the descriptor does not name",
                Some(wrong_scheme(place, token)),
            ),
        ];
        if let Some(stranger) = strangers_token(scene).await {
            wrong.push((
                "the token of another provider's customer",
                Some(authorization(place, &stranger)),
            ));
        }
        scene.play_out().await;
        for asked in scene.samples().await {
            let (operation, body) = (asked.operation, asked.body.as_deref().map(str::as_bytes));
            for (what, header) in &wrong {
                let answer = scene
                    .call(operation.method, &asked.url, header.as_deref(), body)
                    .await;
                is_unauthorized(&answer, &format!("{} with {what}", operation.name));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_path_that_is_no_operation_is_404_and_a_wrong_method_is_405_with_the_right_one() {
    every_provider(async |scene| {
        scene.play_out().await;
        let header = authorization(scene.descriptor.token_in, &scene.customer.token);
        for asked in scene.samples().await {
            let (path, query) = asked.url.split_once('?').unwrap_or((&asked.url, ""));
            for url in [format!("{path}/more?{query}"), format!("{path}x/y/z?{query}")] {
                let answer = scene
                    .call(asked.operation.method, &url, Some(&header), None)
                    .await;
                assert_eq!(answer.status, 404, "{url} is no operation: {}", answer.text);
            }
            let tail = path.rsplit_once("/external-trigger/").unwrap().1;
            let tail = tail.split_once('/').unwrap().1;
            let operations = || scene.descriptor.operations.iter();
            for method in METHODS {
                let here = |method: &str| {
                    operations().any(|one| one.method == method && one.matches(tail).is_some())
                };
                if here(method) {
                    continue;
                }
                let answer = scene.call(method, &asked.url, Some(&header), None).await;
                assert_eq!(answer.status, 405, "{method} {tail} is 405: {}", answer.text);
                let allowed = answer.header("allow").to_owned();
                assert!(
                    here(&allowed),
                    "the 405 to {method} {tail} names a method of it in Allow, got {allowed:?}"
                );
            }
        }
    })
    .await;
}

async fn standing(scene: &Scene, order: &Order) -> Value {
    let path = format!("/unified/ats/{}/orders/{}", scene.category, order.ours);
    scene.server.get(&path).await["data"].clone()
}

#[tokio::test]
async fn an_order_does_not_exist_for_another_customer() {
    every_provider(async |scene| {
        let order = scene.order().await;
        scene.report(&order, &scene.progress("in_progress"), 200).await;
        scene.settled(&order).await;
        let before = standing(scene, &order).await;
        let other = scene.another_customer().await;

        // The simulated ATS is given the other customer's token, and its user cancels.
        scene.enter_partner(&other.token).await;
        let path = format!("/orders/{}/cancel", order.theirs);
        let (status, answer) = scene.act("POST", &path, &Value::Null).await;
        assert!(
            [404, 501].contains(&status),
            "cancelling another customer's order is 404, got {status} {answer}"
        );
        scene.enter_partner(&scene.customer.token).await;

        for kind in [Kind::Status, Kind::Link, Kind::Cancel] {
            let Some(asked) = scene.last_of(kind).await else {
                continue;
            };
            let answer = scene.ask(&asked, &other.token).await;
            assert_eq!(
                answer.status, 404,
                "{} of another customer's order is 404: {}",
                asked.operation.name, answer.text
            );
        }
        assert_eq!(standing(scene, &order).await, before, "nothing has changed");
        assert_eq!(scene.server.count_events("record.modified", &order.ours).await, 0);
    })
    .await;
}
