//! What an ATS may leave out, send as null, or send beyond what is known, places the order all the same.

use super::replay::Asked;
use super::{Scene, every_provider, shape};
use crosscheck::json::Schema;
use serde_json::{Value, json};

struct Placing {
    asked: Asked,
    schema: Schema,
    places: Vec<shape::Place>,
}

impl Placing {
    async fn of(scene: &Scene) -> Self {
        scene.order().await;
        let asked = scene.placing().await;
        let name = format!("{}.request", asked.operation.name);
        let schema = shape::schema_of(scene.provider, &name)
            .unwrap_or_else(|| panic!("add the schema {name}: what the ATS sends to place an order"));
        Self {
            places: shape::places(&schema),
            schema: Schema::compile(&schema).unwrap(),
            asked,
        }
    }

    fn is_valid(&self, document: &Value) -> bool {
        shape::broken(&self.schema, document).is_empty()
    }
}

/// The body places an order of another customer's; the order keeps it as it is.
async fn placed(scene: &Scene, asked: &Asked, document: &Value, what: &str) {
    let customer = scene.another_customer().await;
    let body = document.to_string();
    let answer = scene.ask(&asked.with(&body), &customer.token).await;
    assert!(
        (200..300).contains(&answer.status),
        "{} with {what} places an order, got {}: {} for {body}",
        asked.operation.name,
        answer.status,
        answer.text
    );
    let orders = scene.orders_of(&customer).await;
    assert_eq!(
        orders.len(),
        1,
        "{} with {what} places an order",
        asked.operation.name
    );
    let told = scene.told("record.new", orders[0]["id"].as_str().unwrap()).await;
    let told = String::from_utf8(told).unwrap();
    assert!(
        told.contains(&format!("\"originData\":{body}")),
        "{} with {what}: originData keeps it:\n{body}\n{told}",
        asked.operation.name
    );
}

#[tokio::test]
async fn an_order_without_its_optional_properties_is_placed() {
    every_provider(async |scene| {
        let placing = Placing::of(scene).await;
        let mut bare = placing.asked.json();
        for place in placing.places.iter().filter(|place| !place.required) {
            shape::remove(&mut bare, &place.pointer);
        }
        assert!(
            placing.is_valid(&bare),
            "what the schema does not require may be left out: {bare}"
        );
        placed(scene, &placing.asked, &bare, "no optional property").await;
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_optional_properties_are_null_is_placed() {
    every_provider(async |scene| {
        let placing = Placing::of(scene).await;
        let mut bare = placing.asked.json();
        let mut nulls = 0;
        // The inner ones first: an outer one that is null has no inner ones.
        for place in placing.places.iter().rev().filter(|place| !place.required) {
            let mut with_null = bare.clone();
            if shape::put(&mut with_null, &place.pointer, Value::Null) && placing.is_valid(&with_null) {
                bare = with_null;
                nulls += 1;
            }
        }
        if nulls > 0 {
            placed(scene, &placing.asked, &bare, "null for every optional property").await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_order_with_unknown_keys_is_placed_and_keeps_them() {
    every_provider(async |scene| {
        let placing = Placing::of(scene).await;
        let mut more = placing.asked.json();
        for object in shape::objects(&more) {
            let pointer = format!("{object}/x-unknown");
            let values = [
                json!({"kept": [1, null, "ü"]}),
                json!("kept"),
                json!(["kept"]),
                json!(7),
            ];
            let taken = values.into_iter().find_map(|value| {
                let mut with = more.clone();
                shape::put(&mut with, &pointer, value);
                placing.is_valid(&with).then_some(with)
            });
            more = taken.unwrap_or_else(|| {
                panic!(
                    "the schema of {} lets unknown keys pass everywhere, but not at {pointer}",
                    placing.asked.operation.name
                )
            });
        }
        placed(scene, &placing.asked, &more, "unknown keys").await;
    })
    .await;
}
