//! Projects share a server and see nothing of each other. The routes are those of the document that is served, so
//! one that is added is tried as well; one that cannot be filled in fails and says what to add.

use crate::greenhouse_flow::send_test;
use crate::harness::{API_KEY, Answered, Customer, OTHER_API_KEY, Process, Receiver, Server, Workspace, run};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A project with one of everything.
struct Stock {
    key: &'static str,
    /// Ids by the part of the path that they follow (`webhooks` for `/webhooks/{id}`).
    ids: BTreeMap<&'static str, String>,
}

impl Stock {
    /// Makes one of everything in the project whose key that is. `name` is in what a vendor names itself.
    async fn of(server: &Server, key: &'static str, name: &str) -> Self {
        let receiver = Receiver::start().await;
        let call = |method: &'static str, path: String, body: Value, status: u16| async move {
            let body = Some(body).filter(|body| !body.is_null());
            server.vendor_as(key, None, method, &path, body, status).await
        };
        let post = |path: &str, body: Value, status: u16| call("POST", path.to_owned(), body, status);
        let get = |path: String| call("GET", path, Value::Null, 200);

        let partner = json!({
            "provider": "recruitee", "category": "assessments",
            "credentials": {"codename": name, "partner_secret": name, "api_url": format!("{}/api", receiver.url)},
        });
        let integration = post("/integrations", partner, 201).await;
        let package = format!("package-of-{name}");
        let packages = json!({"packages": [{"id": package, "name": package}]});
        call(
            "PUT",
            "/unified/ats/assessments/packages".to_owned(),
            packages,
            200,
        )
        .await;
        let webhook = json!({"url": receiver.url, "events": ["record.new"]});
        let webhook = text(&post("/webhooks", webhook, 201).await, "id");
        let spare = post("/keys", json!({"name": name}), 201).await;
        let customer = json!({"provider": "greenhouse", "origin_owner_id": name, "origin_owner_name": name});
        let secrets = post("/unified/ats/assessments/secrets", customer, 201).await;
        let customer = Customer {
            token: text(&secrets, "secretKey"),
            base_url: text(&secrets, "baseUrl"),
            account: text(&secrets, "accountId"),
        };
        let sent = send_test(&format!("{}/callback", receiver.url));
        let placed = server.ats(&customer, "POST", "send_test", Some(sent), 200).await;
        let order = text(&placed, "partner_interview_id");
        let result = format!("/unified/ats/assessments/orders/{order}/result");
        let report = json!({"result_url": "https://vendor.example/r"});
        call("PATCH", result, report, 200).await;

        let newest = |page: Value| text(&page["data"][0], "id");
        let ids = [
            ("accounts", customer.account),
            (
                "deliveries",
                newest(get(format!("/webhooks/{webhook}/deliveries")).await),
            ),
            ("events", newest(get(format!("/events?record_id={order}")).await)),
            ("integrations", text(&integration, "id")),
            ("keys", text(&spare, "id")),
            ("logs", newest(get("/requests/logs".to_owned()).await)),
            ("orders", order),
            ("packages", package),
            ("pushes", newest(get("/pushes".to_owned()).await)),
            ("webhooks", webhook),
        ];
        Self {
            key,
            ids: BTreeMap::from(ids),
        }
    }

    /// A path of the document with this project's ids. Says too whether there was any.
    fn fill(&self, path: &str) -> (String, bool) {
        let (mut filled, mut before, mut has_ids) = (String::new(), "", false);
        for part in path.split('/').skip(1) {
            let value = match part {
                "{category}" => "assessments",
                "{provider}" => "greenhouse",
                "{step}" => "regenerate_secret",
                _ if part.starts_with('{') => {
                    has_ids = true;
                    self.ids.get(before).unwrap_or_else(|| {
                        panic!("{path}: make one of its `{before}` in Stock::of (tests/it/projects.rs) and list its id")
                    })
                }
                _ => part,
            };
            filled = format!("{filled}/{value}");
            before = part;
        }
        (filled, has_ids)
    }

    /// None of this project's ids stands in `answer`.
    fn is_absent_from(&self, answer: &str, what: &str) {
        for (kind, id) in &self.ids {
            assert!(
                !answer.contains(id.as_str()),
                "{what} tells of {kind} {id}: {answer}"
            );
        }
    }
}

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    /// Names of its parameters in query and header.
    parameters: Vec<String>,
    /// A body that it takes, where it takes one.
    body: Option<Value>,
}

impl Operation {
    /// All that need a key: what removes something comes last, and last of all the account that others name.
    fn all(document: &Value) -> Vec<Self> {
        let mut all = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                if operation["security"] == json!([{}]) {
                    continue;
                }
                let schema = operation.pointer("/requestBody/content/application~1json/schema");
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                all.push(Self {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    parameters: parameters.map(|one| text(one, "name")).collect(),
                    body: schema.map(|schema| example(document, schema)),
                });
            }
        }
        all.sort_by_key(|one| (one.method == "DELETE", one.path.starts_with("/accounts")));
        assert!(all.len() > 30);
        all
    }

    fn takes(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|name| name == parameter)
    }

    /// The account that it is called for, where it takes one.
    fn account<'a>(&self, stock: &'a Stock) -> Option<&'a str> {
        self.takes("x-account-id").then(|| stock.ids["accounts"].as_str())
    }

    async fn call(&self, server: &Server, key: &str, path: &str, account: Option<&str>) -> Answered {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(account.map(|id| ("x-account-id", id)));
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        server.send(&self.method, path, &headers, body.into_bytes()).await
    }

    /// The operation with a path that is filled in.
    fn name(&self, path: &str) -> String {
        format!("{} {path}", self.method)
    }
}

/// The smallest value that a schema of the document takes; by its example where it has one.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document, document.pointer(&reference[1..]).unwrap());
    }
    if let Some(given) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return given.clone();
    }
    let forms = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let form = forms.and_then(|forms| forms.iter().find(|form| form["type"] != "null"));
    if let Some(form) = form.filter(|_| schema.get("properties").is_none()) {
        return example(document, form);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    // A form that an object may have need not say that it is one.
    let kind = kind.or(schema.get("properties").map(|_| "object"));
    match kind {
        Some("object") => {
            // One of several forms of an object says what is required beside the rest.
            let of_form = form.and_then(|form| form["required"].as_array());
            let required = schema["required"].as_array().into_iter().chain(of_form).flatten();
            let of = |name: &Value| {
                let name = name.as_str().unwrap();
                (name.to_owned(), example(document, &schema["properties"][name]))
            };
            Value::Object(required.map(of).collect::<Map<_, _>>())
        }
        Some("array") => json!([example(document, &schema["items"])]),
        Some("string") if schema["format"] == "date-time" => json!("2026-01-01T00:00:00Z"),
        Some("string") => json!("text"),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        _ => panic!("an example is needed for {schema}"),
    }
}

fn text(answer: &Value, field: &str) -> String {
    let found = answer[field].as_str();
    found.unwrap_or_else(|| panic!("{field} of {answer}")).to_owned()
}

#[tokio::test]
async fn every_route_with_another_projects_ids_is_404_and_tells_and_changes_nothing() {
    let server = Server::start().await;
    server.add_project().await;
    let theirs = Stock::of(&server, API_KEY, "theirs").await;
    let ours = Stock::of(&server, OTHER_API_KEY, "ours").await;
    let operations = Operation::all(&server.get("/openapi.json").await);

    for operation in &operations {
        let (path, has_ids) = theirs.fill(&operation.path);
        let name = operation.name(&path);
        if has_ids {
            let answer = operation
                .call(&server, ours.key, &path, operation.account(&ours))
                .await;
            assert_eq!(answer.status, 404, "{name}: {}", answer.text);
            answer.refuses(404, "not_found");
            theirs.is_absent_from(&answer.text, &name);
        }
        let (mut path, _) = ours.fill(&operation.path);
        if path == "/requests/logs" {
            // What the caller itself asked for just now stands there as well.
            path += "?filter[directions]=ats_to_us,us_to_ats,us_to_vendor";
        }
        if operation.takes("x-account-id") {
            let account = theirs.ids["accounts"].as_str();
            let answer = operation.call(&server, ours.key, &path, Some(account)).await;
            assert_eq!(answer.status, 404, "{name}: {}", answer.text);
            answer.refuses(404, "not_found");
        }
        if operation.method == "GET" {
            let answer = operation
                .call(&server, ours.key, &path, operation.account(&ours))
                .await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
            theirs.is_absent_from(&answer.text, &path);
            for filter in operation.parameters.iter().filter(|name| name.ends_with("_id")) {
                for id in theirs.ids.values() {
                    let path = format!("{path}?{filter}={id}");
                    let answer = operation.call(&server, ours.key, &path, None).await;
                    let page = answer.json();
                    let listed = page.get("data").unwrap_or(&page);
                    assert_eq!(listed, &json!([]), "{path}");
                }
            }
        }
    }

    // All of it is there for whom it belongs to: ids and bodies were right, and nothing was removed.
    for operation in &operations {
        let (path, has_ids) = theirs.fill(&operation.path);
        if has_ids {
            let answer = operation
                .call(&server, theirs.key, &path, operation.account(&theirs))
                .await;
            let is_fit = ![400, 404].contains(&answer.status);
            assert!(is_fit, "{}: {}", operation.name(&path), answer.text);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn an_id_of_another_projects_in_a_body_is_that_of_nothing() {
    let server = Server::start().await;
    server.add_project().await;
    let theirs = Stock::of(&server, API_KEY, "theirs").await;
    let linked = json!({
        "provider": "recruitee", "origin_owner_id": "c", "origin_owner_name": "C",
        "integration_id": theirs.ids["integrations"],
    });
    let replayed = json!({"since": "2026-01-01T00:00:00Z", "webhook_id": theirs.ids["webhooks"]});
    for (path, body) in [
        ("/unified/ats/assessments/secrets", linked),
        ("/events/replay", replayed),
    ] {
        server
            .vendor_as(OTHER_API_KEY, None, "POST", path, Some(body), 404)
            .await;
    }
    server.stop().await;
}

#[tokio::test]
async fn projects_are_made_listed_and_renamed_from_the_command_line_beside_a_server_that_runs() {
    let directory = Workspace::new();
    let process = Process::start(directory.path(), &[("CROSSCHECK_API_KEY", API_KEY)]);
    let crosscheck = |arguments: &[&str]| run(directory.path(), &[], arguments, "");
    let said = |arguments: &[&str]| {
        let ended = crosscheck(arguments);
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(ended.stdout).unwrap()
    };
    let made = said(&["projects", "create", "staging"]);
    let (id, key) = made.trim().split_once('\n').unwrap();
    assert!(id.starts_with("prj_") && key.starts_with("ck_"));
    let list = said(&["projects", "list"]);
    let (first, second) = list.trim().split_once('\n').unwrap();
    assert!(first.ends_with("\tdefault"), "{list}");
    assert_eq!(second, format!("{id}\tstaging"));
    assert_eq!(said(&["projects", "rename", id, "live"]), "");
    assert!(said(&["projects", "list"]).ends_with(&format!("{id}\tlive\n")));

    let webhook = json!({"url": "http://127.0.0.1:9/", "events": ["record.new"]});
    process.vendor(key, "POST", "/webhooks", Some(webhook)).await;
    let others = process.vendor(API_KEY, "GET", "/webhooks", None).await;
    assert_eq!(others["data"], json!([]));
    let made = said(&["keys", "create", "dashboard", "--scope", "read", "--project", id]);
    let (_, read) = made.trim().split_once('\n').unwrap();
    let seen = process.vendor(read, "GET", "/webhooks", None).await;
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    let (status, refusal) = process.call(read, "GET", "/keys", None).await.unwrap();
    assert_eq!(
        (status, &refusal["errorCode"]),
        (403, &json!("insufficient_scope"))
    );
    let listed = said(&["keys", "list"]);
    assert!(
        listed.ends_with(&format!("\tvalid\tread\t{id}\tnever\tdashboard\n")),
        "{listed}"
    );

    let nobodys = "prj_0000000000000000000000";
    for (arguments, told) in [
        (&["projects", "rename", nobodys, "x"][..], "no such project"),
        (&["projects", "rename", "nonsense", "x"], "no such project"),
        (&["projects", "rename", id, "two\nlines"], "control character"),
        (&["projects", "create", ""], "1 to 255 characters"),
        (&["keys", "create", "x", "--project", nobodys], "no such project"),
        (&["keys", "create", "x", "--scope", "root"], "read, write, admin"),
        (&["keys", "create", "two\nlines"], "control character"),
    ] {
        let ended = crosscheck(arguments);
        let errors = String::from_utf8(ended.stderr).unwrap();
        assert!(
            !ended.status.success() && errors.contains(told),
            "{arguments:?}: {errors}"
        );
    }
    process.terminate();
}
