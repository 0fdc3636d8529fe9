//! What an ATS may ask beyond listing, ordering and reading, put to the exchange as a translator puts it: no
//! wire is needed to know what happens.

use crate::harness::{Customer, Receiver, Server};
use crosscheck::domain::order::{Candidate, NewOrder, Repeat};
use crosscheck::exchange::customer;
use crosscheck::exchange::request_logs::AtsCall;
use crosscheck::providers::authorization::basic_header;
use crosscheck::providers::provider::{Answer, Inquiry, OrderRef, Refusal, Request};
use crosscheck::providers::registry;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

struct Scene {
    server: Server,
    customer: customer::Customer,
}

impl Scene {
    async fn of(server: Server, linked: &Customer) -> Self {
        let provider = registry::find("greenhouse").unwrap();
        let header = basic_header(&linked.token, "");
        let request = Request {
            path: Vec::new(),
            query: Vec::new(),
            headers: vec![("authorization", &header)],
            body: b"",
        };
        let claim = provider.claim(&request).ok().unwrap();
        let customer = server.served.exchange.identify(provider, claim, None).await;
        Self {
            customer: customer.ok().unwrap(),
            server,
        }
    }

    async fn ask(&self, inquiry: Inquiry<'_>) -> Result<Answer, Refusal> {
        let call = AtsCall {
            provider: registry::find("greenhouse").unwrap(),
            operation: &registry::find("greenhouse").unwrap().descriptor().operations[0],
            request_id: self.server.served.exchange.new_request_id(),
            began: self.server.served.exchange.now(),
        };
        let exchange = &self.server.served.exchange;
        exchange.serve(&self.customer, &call, Ok(inquiry)).await
    }

    async fn place(&self, order: NewOrder<'_>) -> Result<(String, bool), Refusal> {
        match self.ask(Inquiry::PlaceOrder(Box::new(order))).await? {
            Answer::Placed { order, repeated, .. } => Ok((order.as_str().to_owned(), repeated)),
            other => panic!("{other:?}"),
        }
    }

    async fn report(&self, order: &str, body: Value, status: u16) -> Value {
        let path = format!("/unified/ats/assessments/orders/{order}/result");
        self.server.vendor("PATCH", &path, Some(body), status).await
    }
}

async fn scene() -> Scene {
    let server = Server::start().await;
    let linked = server.link("greenhouse", "assessments").await;
    Scene::of(server, &linked).await
}

fn order<'a>(repeat: Repeat, conflict: Option<&str>) -> NewOrder<'a> {
    NewOrder {
        package_id: "pkg".into(),
        package_name: Some("As the ATS calls it".into()),
        repeat,
        conflict_key: conflict.map(str::to_owned),
        state: Some(
            json!({"callback_url": "http://127.0.0.1:9/callback"})
                .to_string()
                .into_bytes(),
        ),
        candidate: Candidate {
            id: None,
            first_name: "Noor".into(),
            last_name: "Baker".into(),
            emails: Vec::new(),
            phones: Vec::new(),
            links: Vec::new(),
            location: None,
        },
        application_id: None,
        job_id: None,
        job: None,
        parameters: None,
        callback_url: None,
        origin: serde_json::from_str("{}").unwrap(),
    }
}

fn forever(key: &str) -> Repeat {
    Repeat::Forever(key.to_owned())
}

fn while_open(key: &str) -> Repeat {
    Repeat::WhileOpen(key.to_owned())
}

fn code(refusal: &Refusal) -> &'static str {
    refusal.problem().code.as_str()
}

#[tokio::test]
async fn a_cancelled_order_is_told_once_stops_its_pushes_and_takes_no_more_reports() {
    let mut vendor = Receiver::start().await;
    let scene = scene().await;
    scene.server.webhook(&vendor.url, &["record.modified"]).await;
    let (id, _) = scene.place(order(forever("a"), None)).await.unwrap();
    scene
        .report(&id, json!({"result": {"value": "in_progress"}}), 200)
        .await;
    for wish in [OrderRef::Ours(id.clone()), OrderRef::Theirs("a".to_owned())] {
        match scene.ask(Inquiry::CancelOrder(wish)).await.unwrap() {
            Answer::Cancelled { order, status } => {
                assert_eq!(
                    (order.as_str(), status.status.as_str()),
                    (id.as_str(), "cancelled")
                );
            }
            other => panic!("{other:?}"),
        }
    }
    let told = vendor.next().await.json();
    assert_eq!(told["recordId"], json!(id));
    assert_eq!(told["eventData"]["candidateAssessment"]["status"], "CANCELLED");
    assert_eq!(scene.server.count_events("record.modified", &id).await, 1);
    let refused = scene
        .report(&id, json!({"result_url": "https://v.example/r"}), 409)
        .await;
    assert_eq!(refused["errorCode"], "order_cancelled");
    scene
        .report(&id, json!({"result": {"value": "cancelled"}}), 200)
        .await;
    // The push of the progress fails on its own (nobody listens at port 9) and is then overtaken for good.
    let pushes = scene
        .server
        .eventually(&format!("/pushes?order_id={id}"), |answer| {
            answer["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|push| push["status"] == "superseded")
        })
        .await;
    let push = pushes["data"][0]["id"].as_str().unwrap();
    let retried = scene
        .server
        .post(&format!("/pushes/{push}/retry"), json!({}), 409)
        .await;
    assert_eq!(retried["errorCode"], "order_cancelled");
    scene.server.stop().await;
}

#[tokio::test]
async fn what_is_finished_or_unknown_cannot_be_cancelled() {
    let scene = scene().await;
    let (id, _) = scene.place(order(forever("a"), None)).await.unwrap();
    scene
        .report(&id, json!({"result_url": "https://v.example/r"}), 200)
        .await;
    let refusal = scene
        .ask(Inquiry::CancelOrder(OrderRef::Ours(id)))
        .await
        .unwrap_err();
    assert_eq!(code(&refusal), "order_finished");
    for unknown in [
        "nonsense",
        "ats_ass_0000000000000000000000",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let wish = Inquiry::CancelOrder(OrderRef::Ours(unknown.to_owned()));
        assert_eq!(scene.ask(wish).await.unwrap_err(), Refusal::Unknown("order"));
    }
    let wish = Inquiry::CancelOrder(OrderRef::Theirs("b".to_owned()));
    assert_eq!(scene.ask(wish).await.unwrap_err(), Refusal::Unknown("order"));
    scene.server.stop().await;
}

#[tokio::test]
async fn an_order_that_repeats_while_open_may_be_placed_anew_once_it_is_final() {
    let scene = scene().await;
    let again = || order(while_open("a"), Some("c"));
    let (first, _) = scene.place(again()).await.unwrap();
    assert_eq!(scene.place(again()).await.unwrap(), (first.clone(), true));
    scene
        .report(&first, json!({"result_url": "https://v.example/r"}), 200)
        .await;
    let (second, repeated) = scene.place(again()).await.unwrap();
    assert_ne!(second, first);
    assert!(!repeated);
    let cancel = Inquiry::CancelOrder(OrderRef::Ours(second.clone()));
    scene.ask(cancel).await.unwrap();
    assert_ne!(scene.place(again()).await.unwrap().0, second);
    scene.server.stop().await;
}

#[tokio::test]
async fn another_order_with_the_same_conflict_key_is_refused_while_the_first_is_open() {
    let scene = scene().await;
    let (first, _) = scene.place(order(while_open("a"), Some("c"))).await.unwrap();
    let refusal = scene.place(order(while_open("b"), Some("c"))).await.unwrap_err();
    assert_eq!(code(&refusal), "order_open");
    scene.place(order(while_open("b"), Some("d"))).await.unwrap();
    scene
        .report(&first, json!({"result": {"value": "expired"}}), 200)
        .await;
    scene.place(order(while_open("e"), Some("c"))).await.unwrap();
    scene.server.stop().await;
}

#[tokio::test]
async fn of_many_orders_at_once_one_of_each_conflict_is_placed_and_no_other_is_touched() {
    let scene = scene().await;
    let placing = (0..40).map(|number| {
        let (key, conflict) = (format!("key {number}"), format!("conflict {}", number % 4));
        let wanted = (number % 5 != 0).then_some(conflict);
        let order = order(while_open(&key), wanted.as_deref());
        let placing = scene.place(order);
        async move { (wanted, placing.await) }
    });
    let mut placed = BTreeMap::new();
    for (conflict, outcome) in join_all(placing).await {
        match outcome {
            Ok((id, repeated)) => {
                assert!(!repeated);
                placed.entry(conflict).or_insert_with(Vec::new).push(id);
            }
            Err(refusal) => assert_eq!((code(&refusal), conflict.is_some()), ("order_open", true)),
        }
    }
    assert_eq!(placed.remove(&None).unwrap().len(), 8);
    assert_eq!(placed.len(), 4);
    assert!(placed.values().all(|ids| ids.len() == 1), "{placed:?}");
    let orders = scene.server.get("/unified/ats/assessments/orders").await;
    assert_eq!(orders["data"].as_array().unwrap().len(), 8 + 4);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_repeated_order_is_answered_with_how_it_stands() {
    let scene = scene().await;
    let (id, _) = scene.place(order(forever("a"), None)).await.unwrap();
    scene
        .report(&id, json!({"result": {"value": "in_progress"}}), 200)
        .await;
    let again = Inquiry::PlaceOrder(Box::new(order(forever("a"), None)));
    let Answer::Placed { first, .. } = scene.ask(again).await.unwrap() else {
        panic!("it is placed");
    };
    let first = first.unwrap();
    assert_eq!(first.status.as_str(), "in_progress");
    let shown = scene
        .server
        .get(&format!("/unified/ats/assessments/orders/{id}"))
        .await;
    assert!(first.at.to_string().as_str() > shown["data"]["created_at"].as_str().unwrap());
    assert_eq!(shown["data"]["package"]["name"], "As the ATS calls it");
    scene.server.stop().await;
}

#[tokio::test]
async fn the_link_to_a_result_is_there_once_the_vendor_has_reported_one() {
    let scene = scene().await;
    let (id, _) = scene.place(order(forever("a"), None)).await.unwrap();
    let link = || Inquiry::ReadResultLink(OrderRef::Ours(id.clone()));
    assert_eq!(code(&scene.ask(link()).await.unwrap_err()), "no_result_link");
    scene
        .report(&id, json!({"result_url": "https://v.example/r"}), 200)
        .await;
    let Answer::ResultLink { url, ttl } = scene.ask(link()).await.unwrap() else {
        panic!("it is a link");
    };
    assert_eq!(
        (url.as_str(), ttl),
        ("https://v.example/r", Duration::from_secs(3600))
    );
    assert_eq!(scene.server.count_events("record.modified", &id).await, 1);
    scene.server.stop().await;
}

#[tokio::test]
async fn a_package_is_ordered_by_its_uuid_too_even_after_its_list_was_replaced() {
    let scene = scene().await;
    let list = |id: &str| json!({"packages": [{"id": id, "name": format!("Name of {id}"), "parameters": [{"name": "level"}]}]});
    let path = "/unified/ats/assessments/packages";
    scene.server.vendor("PUT", path, Some(list("old")), 200).await;
    let Answer::Offers(offers) = scene.ask(Inquiry::ListPackages).await.unwrap() else {
        panic!("it is a list");
    };
    let Answer::Parameters(parameters) = scene.ask(Inquiry::ListParameters).await.unwrap() else {
        panic!("it is a list");
    };
    assert_eq!(parameters[0].id, "level");
    scene.server.vendor("PUT", path, Some(list("new")), 200).await;
    let ordered = NewOrder {
        package_id: offers[0].uuid.to_string().to_uppercase().into(),
        ..order(forever("a"), None)
    };
    let (id, _) = scene.place(ordered).await.unwrap();
    let shown = scene
        .server
        .get(&format!("/unified/ats/assessments/orders/{id}"))
        .await;
    assert_eq!(shown["data"]["package"]["id"], "old");
    scene.server.stop().await;
}
