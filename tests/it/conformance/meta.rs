//! The connector meta keeps its word: what it lists reaches the ATS, what it does not list is named in a warning.

use super::reports::{FIELDS, canary, forms, pointer, set};
use super::results::nothing_was_said;
use super::{Scene, every_category};
use serde_json::{Value, json};

/// The fields that `GET /connectors/meta/{provider}` lists for this category.
async fn listed(scene: &Scene) -> Vec<Value> {
    let meta = scene
        .server
        .get(&format!("/connectors/meta/{}", scene.descriptor.key))
        .await;
    let model = &meta["models"][format!("{}/results.update", scene.category)];
    let fields = &model["input"]["defaultFields"];
    let fields = fields
        .as_array()
        .unwrap_or_else(|| panic!("the connector meta has a model for the category: {meta}"));
    fields.clone()
}

fn name(field: &Value) -> &str {
    field["name"].as_str().unwrap()
}

fn warned(answer: &Value, code: &str) -> Vec<String> {
    let warnings = answer["warnings"].as_array().unwrap().iter();
    let of_code = warnings.filter(|warning| warning["code"] == code);
    of_code
        .map(|warning| warning["pointer"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn each_field_that_is_listed_reaches_the_ats_and_each_other_is_named() {
    every_category(async |scene| {
        let fields = listed(scene).await;
        let order = scene.order().await;
        let before = scene.journal().await.len();
        let answer = scene.report(&order, &Scene::everything(), 200).await;
        scene.settled(&order).await;
        scene
            .view_until(&order, "a complete result", |view| view["complete"] == true)
            .await;
        let said = scene.said_since(before).await;
        let not_shown = warned(&answer, "not_shown");
        for field in FIELDS {
            let is_listed = fields.iter().any(|listed| name(listed) == field);
            let is_named = not_shown.contains(&pointer(field));
            assert_eq!(
                is_named, !is_listed,
                "{field} is in the connector meta or in a not_shown warning: {answer}"
            );
            if field == "result.value" {
                continue;
            }
            let is_there = forms(field).iter().any(|form| said.contains(form));
            assert_eq!(
                is_there,
                is_listed,
                "{field} is {} the connector meta and {} what the ATS gets (looked for any of {:?}): {said}",
                if is_listed { "in" } else { "not in" },
                if is_there { "in" } else { "not in" },
                forms(field)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_field_that_is_required_is_refused_where_it_is_missing() {
    every_category(async |scene| {
        let order = scene.order().await;
        let before = scene.journal().await.len();
        for field in listed(scene).await {
            if field["required_if"].is_null() {
                continue;
            }
            assert_eq!(
                field["required_if"]["field"], "result.value",
                "the suite knows no other condition"
            );
            for value in field["required_if"]["in"].as_array().unwrap() {
                let mut body = scene.progress("completed");
                set(&mut body, name(&field), Value::Null);
                set(&mut body, "result.value", value.clone());
                if name(&field) == "result.value" {
                    continue;
                }
                let refused = scene.report(&order, &body, 422).await;
                assert_eq!(refused["errorCode"], "result_incomplete", "{refused}");
                let pointers = refused["errors"].as_array().unwrap().iter();
                let named = pointers.map(|error| error["pointer"].as_str().unwrap().to_owned());
                assert!(
                    named.collect::<Vec<_>>().contains(&pointer(name(&field))),
                    "{} is named where it is missing: {refused}",
                    name(&field)
                );
            }
        }
        nothing_was_said(scene, &order, before).await;
    })
    .await;
}

#[tokio::test]
async fn a_value_for_which_the_ats_has_no_word_of_its_own_is_named() {
    every_category(async |scene| {
        for field in listed(scene).await {
            for value in field["not_told_apart"].as_array().into_iter().flatten() {
                let order = scene.order().await;
                let mut body = scene.progress("completed");
                set(&mut body, name(&field), value.clone());
                let answer = scene.report(&order, &body, 200).await;
                assert_eq!(
                    warned(&answer, "not_told_apart"),
                    [pointer(name(&field))],
                    "{value} is named: {answer}"
                );
            }
        }
        let order = scene.order().await;
        let mut body = scene.progress("completed");
        for field in listed(scene).await {
            set(&mut body, name(&field), canary(name(&field)));
        }
        let answer = scene.report(&order, &body, 200).await;
        assert_eq!(
            answer["warnings"],
            json!([]),
            "what the connector meta lists gives no warning"
        );
    })
    .await;
}
