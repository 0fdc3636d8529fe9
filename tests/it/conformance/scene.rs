//! One provider with everything around it: a server, the provider's simulated ATS with its one customer, and the
//! vendor's endpoint.

use super::credentials;
use crate::harness::{API_KEY, Customer, PATIENCE, Receiver, Server};
use crosscheck::domain::category::Category;
use crosscheck::domain::id::OrderId;
use crosscheck::providers::descriptor::{Descriptor, Holder};
use crosscheck::providers::provider::Provider;
use crosscheck::sandbox::ats::SimulatedAts;
use crosscheck::sandbox::journal::Exchanged;
use crosscheck::sandbox::registry as sandbox;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub const FIRST_NAME: &str = "Zephyrinka";
pub const LAST_NAME: &str = "Kanarienvogel";
pub const EMAIL: &str = "zephyrinka.k@candidates.example";
pub const PARTNER_PASSWORD: &str = "test-partner-password";
const TENANT: &str = "north";

/// What several scenes can share: the server, and the vendor's endpoint.
pub struct Stage {
    pub server: Arc<Server>,
    vendor: Arc<Mutex<Vendor>>,
}

impl Stage {
    pub async fn set() -> Self {
        let server = Server::start().await;
        let receiver = Receiver::start().await;
        let (_, secret) = server
            .webhook(&receiver.url, &["record.new", "record.modified"])
            .await;
        Self {
            server: Arc::new(server),
            vendor: Arc::new(Mutex::new(Vendor {
                receiver,
                secret,
                arrived: Vec::new(),
            })),
        }
    }

    /// Stops the server, unless a scene that has failed still holds it.
    pub async fn strike(self) {
        if let (Some(server), Some(vendor)) = (Arc::into_inner(self.server), Arc::into_inner(self.vendor)) {
            vendor.into_inner().receiver.stop().await;
            server.stop().await;
        }
    }
}

pub struct Scene {
    pub provider: &'static dyn Provider,
    pub descriptor: &'static Descriptor,
    pub category: Category,
    pub server: Arc<Server>,
    pub ats: SimulatedAts,
    /// The customer whose ATS is simulated.
    pub customer: Customer,
    pub integration: Value,
    /// All credentials, the vendor's and the customer's.
    pub credentials: Map<String, Value>,
    /// The ids of the packages as the ATS was given them, in the order of [`packages`].
    pub offered: Vec<Value>,
    vendor: Arc<Mutex<Vendor>>,
}

/// The vendor's endpoint, with what has arrived and was not asked for yet.
struct Vendor {
    receiver: Receiver,
    secret: String,
    arrived: Vec<Vec<u8>>,
}

/// An order that was placed in the simulated ATS.
#[derive(Clone, Debug)]
pub struct Order {
    /// The ATS's id.
    pub theirs: String,
    /// Ours.
    pub ours: String,
}

/// What the vendor offers.
pub fn packages() -> Value {
    json!([
        {
            "id": "pkg_logic", "name": "Logic & reasoning", "description": "40 minutes", "type": "SKILLS_TEST",
            "metadata": {"minutes": 40},
            "parameters": [
                {"id": "level", "name": "Level", "type": "select", "required": true, "values": ["junior", "senior"]},
                {"id": "note", "name": "Note", "type": "long_text"},
            ],
        },
        {"id": "pkg-zwei", "name": "Zweites Päckchen"},
        {"id": "3", "name": "A third"},
    ])
}

/// Who is ordered for.
pub fn candidate() -> Value {
    json!({
        "first_name": FIRST_NAME, "last_name": LAST_NAME, "email": EMAIL,
        "phone": "+49 30 5550142", "resume_url": "https://files.example/cv.pdf",
    })
}

impl Scene {
    /// Sets everything up. Without credentials there are only those that have a default; the ATS knows them all.
    pub async fn set(
        stage: &Stage,
        provider: &'static dyn Provider,
        category: Category,
        with_credentials: bool,
    ) -> Self {
        let descriptor = provider.descriptor();
        let key = descriptor.key;
        let start = sandbox::find(key).unwrap_or_else(|| {
            panic!(
                "it has no simulation: add src/sandbox/{key}/ and its line in src/sandbox/registry.rs (CONTRIBUTING.md)"
            )
        });
        let server = Arc::clone(&stage.server);
        let ats = start(0).unwrap();
        let path = format!("/unified/ats/{category}/packages");
        server
            .vendor("PUT", &path, Some(json!({"packages": packages()})), 200)
            .await;
        let vendors = credentials::of(descriptor, Holder::Vendor, &ats.url);
        let customers = credentials::of(descriptor, Holder::Customer, &ats.url);
        // What has a default may still have to be set: the real ATS is not to be called.
        let is_given = |name: &str| {
            let mut fields = descriptor.credential_fields.iter();
            with_credentials || fields.any(|field| field.name == name && field.default.is_some())
        };
        let given = |all: &Map<String, Value>| {
            let given = all.iter().filter(|(name, _)| is_given(name));
            Value::Object(given.map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        let integration = json!({
            "provider": key, "category": category, "tenant_id": TENANT,
            "partner_username": "test-partner", "partner_password": PARTNER_PASSWORD,
            "credentials": given(&vendors),
        });
        let integration = server.post("/integrations", integration, 201).await;
        let customer = link(&server, descriptor, category, &given(&customers)).await;
        let mut scene = Self {
            provider,
            descriptor,
            category,
            server,
            ats,
            customer,
            integration,
            credentials: vendors.into_iter().chain(customers).collect(),
            offered: Vec::new(),
            vendor: Arc::clone(&stage.vendor),
        };
        scene.enter_partner(&scene.customer.token).await;
        scene.offered = scene.dialog().await.into_iter().map(|(id, _)| id).collect();
        let count = packages().as_array().unwrap().len();
        assert_eq!(
            scene.offered.len(),
            count,
            "the dialog offers each stored package: {:?}",
            scene.offered
        );
        scene
    }

    pub async fn stop(self) {
        self.ats.stop().await;
    }

    /// Enters the partner at the ATS, with that trigger token.
    pub async fn enter_partner(&self, token: &str) {
        let mut form = json!({
            "token": token,
            "base_url": self.customer.base_url,
            "endpoint_urls": self.integration["endpoint_urls"],
            "partner_username": "test-partner",
            "partner_password": PARTNER_PASSWORD,
            "credentials": self.known_to_the_ats(),
        });
        // An ATS that tells the categories apart by the partner's kind is told it; the others know no such key.
        form["kind"] = json!(self.category.as_str().trim_end_matches('s'));
        let (told, _) = self.act("PUT", "/partner", &form).await;
        if told != 204 {
            form.as_object_mut().unwrap().remove("kind");
            let (status, answer) = self.act("PUT", "/partner", &form).await;
            assert_eq!(
                status, 204,
                "the simulation takes the partner with the generated credentials: {answer}"
            );
        }
    }

    /// The credentials, and what the set-up steps ask for.
    fn known_to_the_ats(&self) -> Map<String, Value> {
        let inputs = self.descriptor.set_up.iter().flat_map(|step| step.inputs);
        let inputs = inputs.map(|input| (input.name.to_owned(), json!(format!("test-{}", input.name))));
        inputs.chain(self.credentials.clone()).collect()
    }

    /// Another customer of the same integration, with the same credentials, whose ATS is nobody's.
    pub async fn another_customer(&self) -> Customer {
        let credentials = credentials::of(self.descriptor, Holder::Customer, &self.ats.url);
        link(
            &self.server,
            self.descriptor,
            self.category,
            &Value::Object(credentials),
        )
        .await
    }

    /// Somebody at the ATS does something: status and answer.
    pub async fn act(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/control{path}", self.ats.url);
        let mut request = self.server.http.request(method.parse().unwrap(), url);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// What the recruiter can choose from: ids and names.
    pub async fn dialog(&self) -> Vec<(Value, String)> {
        let (status, dialog) = self.act("POST", "/dialog", &Value::Null).await;
        assert_eq!(status, 200, "the recruiter opens the dialog: {dialog}");
        let packages = dialog["packages"].as_array().unwrap().iter();
        packages
            .map(|one| (one["id"].clone(), one["name"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// The recruiter orders the first package; what follows of itself has happened.
    pub async fn order(&self) -> Order {
        self.order_package(&self.offered[0]).await
    }

    pub async fn order_package(&self, package: &Value) -> Order {
        let order = self.sent(package).await;
        self.settled(&order).await;
        order
    }

    /// The recruiter orders; what follows of itself may still be under way, or wait for something.
    pub async fn order_unsettled(&self) -> Order {
        self.sent(&self.offered[0]).await
    }

    async fn sent(&self, package: &Value) -> Order {
        let form = json!({"package": package, "candidate": candidate()});
        let (status, placed) = self.act("POST", "/orders", &form).await;
        assert_eq!(status, 200, "the recruiter orders {package}: {placed}");
        let newest = self.orders_of(&self.customer).await.remove(0);
        let order = Order {
            theirs: placed["id"].as_str().unwrap().to_owned(),
            ours: newest["id"].as_str().unwrap().to_owned(),
        };
        if let Some(named) = placed["order"].as_str() {
            self.assert_is(named, &order);
        }
        order
    }

    /// What the ATS takes for the partner's id of an order is ours, in either form.
    pub fn assert_is(&self, named: &str, order: &Order) {
        let read = OrderId::parse_either(self.category, named).map(|id| id.to_string());
        assert_eq!(
            read.as_ref(),
            Some(&order.ours),
            "the ATS is answered our id of the order, got {named}"
        );
    }

    /// The orders of an account, newest first.
    pub async fn orders_of(&self, customer: &Customer) -> Vec<Value> {
        let path = format!("/unified/ats/{}/orders?page_size=100", self.category);
        let account = Some(customer.account.as_str());
        let page = self
            .server
            .vendor_as(API_KEY, account, "GET", &path, None, 200)
            .await;
        page["data"].as_array().unwrap().clone()
    }

    /// What the recruiter sees of an order.
    pub async fn view(&self, order: &Order) -> Value {
        let (status, view) = self
            .act("GET", &format!("/orders/{}", order.theirs), &Value::Null)
            .await;
        assert_eq!(status, 200, "the recruiter looks at the order: {view}");
        view
    }

    /// The same, as soon as it is as expected.
    pub async fn view_until(&self, order: &Order, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let ends = Instant::now() + PATIENCE / 4;
        loop {
            let view = self.view(order).await;
            if is_so(&view) {
                return view;
            }
            assert!(
                Instant::now() < ends,
                "{what}: the recruiter never sees it, but {view}; the journal ends with {:#?}",
                self.journal().await.last()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What a set-up step is given: a credential, what the ATS itself says under that name, or what it was told.
    pub async fn input(&self, name: &str) -> Value {
        let mut said = None;
        for one in self.journal().await {
            let body: Value = serde_json::from_str(one.request.get()).unwrap();
            said = said.or_else(|| Some(body.get(name)?.to_string().trim_matches('"').to_owned()));
        }
        let known = self.known_to_the_ats().get(name).cloned();
        said.map_or_else(|| known.unwrap_or_default(), Value::String)
    }

    /// What was said between the ATS and us.
    pub async fn journal(&self) -> Vec<Exchanged> {
        let url = format!("{}/control/exchanges", self.ats.url);
        let answer = self.server.http.get(url).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// From now on our calls get that answer; `{}` puts an end to it.
    pub async fn fault(&self, fault: &Value) {
        let (status, answer) = self.act("PUT", "/faults", fault).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// The vendor reports a result: the answer.
    pub async fn report(&self, order: &Order, body: &Value, status: u16) -> Value {
        let path = format!("/unified/ats/{}/orders/{}/result", self.category, order.ours);
        let answer = self.server.try_vendor("PATCH", &path, Some(body)).await;
        assert_eq!(
            answer.status, status,
            "the vendor reports {body}: {}",
            answer.text
        );
        answer.json()
    }

    /// Nothing waits to be sent to the ATS about that order, and all went well.
    pub async fn settled(&self, order: &Order) {
        let ends = Instant::now() + PATIENCE;
        loop {
            let pushes = self.pushes(order).await;
            let is_done =
                |push: &Value| ["succeeded", "superseded"].contains(&push["status"].as_str().unwrap());
            if pushes.iter().all(is_done) {
                return;
            }
            for push in &pushes {
                let is_under_way = is_done(push) || push["tries"] == 0 || push["status"] == "sending";
                assert!(is_under_way, "the ATS takes what it is told: {push}");
            }
            assert!(Instant::now() < ends, "the ATS is told: {pushes:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The pushes of an order, newest first.
    pub async fn pushes(&self, order: &Order) -> Vec<Value> {
        let page = self.server.get(&format!("/pushes?order_id={}", order.ours)).await;
        page["data"].as_array().unwrap().clone()
    }

    /// The next event of that type about that record: the bytes as delivered.
    pub async fn told(&self, event_type: &str, record: &str) -> Vec<u8> {
        let mut vendor = self.vendor.lock().await;
        let is_it = |body: &Vec<u8>| {
            let event: Value = serde_json::from_slice(body).unwrap();
            event["eventType"] == event_type && event["recordId"] == record
        };
        loop {
            if let Some(at) = vendor.arrived.iter().position(is_it) {
                return vendor.arrived.remove(at);
            }
            let next = tokio::time::timeout(PATIENCE / 4, vendor.receiver.next()).await;
            let next = next.unwrap_or_else(|_| {
                panic!("the vendor is told {event_type} about an order, and waits for it")
            });
            assert!(next.is_signed_by(&vendor.secret), "an event is signed");
            vendor.arrived.push(next.body);
        }
    }
}

async fn link(server: &Server, descriptor: &Descriptor, category: Category, credentials: &Value) -> Customer {
    let body = json!({
        "provider": descriptor.key, "origin_owner_id": "cust-1", "origin_owner_name": "Initech",
        "credentials": credentials,
    });
    let secrets = server
        .post(&format!("/unified/ats/{category}/secrets"), body, 201)
        .await;
    let text = |key: &str| secrets[key].as_str().unwrap().to_owned();
    Customer {
        token: text("secretKey"),
        base_url: text("baseUrl"),
        account: text("accountId"),
    }
}
