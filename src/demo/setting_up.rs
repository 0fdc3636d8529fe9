//! The first steps of every story: what the vendor does once, and once for each customer.

use super::stage::{Stage, list, text};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// What the vendor offers: id, name and description.
const PACKAGES: [(&str, &str, &str); 2] = [
    (
        "pkg_sql_core",
        "SQL for analysts",
        "Seven queries over a sales database",
    ),
    (
        "pkg_case_45",
        "Business case, 45 minutes",
        "A written answer to one case",
    ),
];

/// The id and the name of the package that is ordered first.
pub const FIRST_PACKAGE: (&str, &str) = {
    let [(id, name, _), _] = PACKAGES;
    (id, name)
};

/// An integration that was made.
pub struct Integration {
    /// Its id.
    pub id: String,
    /// The URL of each operation that the ATS calls.
    pub endpoint_urls: Value,
    /// All that was answered.
    pub shown: Value,
}

/// A customer that was linked.
pub struct Customer {
    /// The account's id.
    pub account: String,
    /// Where the customer's ATS reaches Crosscheck...
    pub base_url: String,
    /// ... and with what.
    pub token: String,
}

impl Stage<'_> {
    /// The vendor says how it uses the ATS. `own` is what this ATS needs for it.
    pub async fn create_integration(&mut self, own: &Value) -> Result<Integration, String> {
        let name = self.ats.name;
        self.step("integration", &format!("the vendor adds {name}"));
        let body = with(
            json!({"provider": self.descriptor.key, "category": self.category.as_str()}),
            own,
        );
        let call = self
            .crosscheck
            .call(Method::POST, "/integrations", Some(&body), 201);
        let shown = call.await?;
        Ok(Integration {
            id: text(&shown, "/id")?.to_owned(),
            endpoint_urls: shown.get("endpoint_urls").cloned().unwrap_or_default(),
            shown,
        })
    }

    /// A customer is linked. `own` is what this ATS needs for it.
    pub async fn link_customer(
        &mut self,
        integration: &Integration,
        what: &str,
        own: &Value,
    ) -> Result<Customer, String> {
        self.step("secrets", what);
        let body = with(
            json!({
                "provider": self.descriptor.key,
                "integration_id": integration.id,
                "origin_owner_id": "customer-318",
                "origin_owner_name": "Fjord Analytics",
            }),
            own,
        );
        let path = self.path("secrets");
        let secrets = self
            .crosscheck
            .call(Method::POST, &path, Some(&body), 201)
            .await?;
        Ok(Customer {
            account: text(&secrets, "/accountId")?.to_owned(),
            base_url: text(&secrets, "/baseUrl")?.to_owned(),
            token: text(&secrets, "/secretKey")?.to_owned(),
        })
    }

    /// Somebody (`who`, with what they do) enters the partner in the ATS. `own` is what this ATS asks for as well.
    pub async fn enter_partner(
        &mut self,
        who: &str,
        (integration, customer): (&Integration, &Customer),
        own: &Value,
    ) -> Result<(), String> {
        let partner = with(
            json!({
                "token": customer.token,
                "base_url": customer.base_url,
                "endpoint_urls": integration.endpoint_urls,
            }),
            own,
        );
        self.printer.show(who, &partner.to_string());
        let entered = self.ats.act(Method::PUT, "/control/partner", Some(&partner));
        entered.await.map(|_| ())
    }

    /// Whether all URLs that the ATS is given begin as the customer's base URL does.
    pub fn check_urls(&self, integration: &Integration, customer: &Customer) -> Result<(), String> {
        for operation in self.descriptor.operations {
            let url = integration.endpoint_urls.get(operation.name);
            let below = format!("{}/{}", customer.base_url, operation.path);
            self.printer.check(
                url.and_then(Value::as_str)
                    .is_some_and(|url| url.starts_with(&below)),
                &format!("the URL of {} is under baseUrl", operation.name),
            )?;
        }
        Ok(())
    }

    /// The vendor says what can be ordered. `own` is what each package has for this ATS's sake.
    pub async fn store_packages(&mut self, own: &Value) -> Result<(), String> {
        self.step("packages", "what the vendor offers");
        let packages = PACKAGES.iter().map(|(id, name, description)| {
            let package = json!({"id": id, "name": name, "description": description, "type": "SKILLS_TEST"});
            with(package, own)
        });
        let packages: Vec<Value> = packages.collect();
        let path = self.path("packages");
        self.crosscheck
            .call(Method::PUT, &path, Some(&json!({"packages": packages})), 200)
            .await?;
        let path = format!("{path}?list=project");
        let stored = self.crosscheck.call_in_brief(Method::GET, &path, 200).await?;
        let stored = list(&stored, "/data")?.len();
        self.printer
            .check(stored == PACKAGES.len(), "both packages are stored")
    }

    /// The vendor says where it wants to be told.
    pub async fn register_webhook(&mut self) -> Result<(), String> {
        self.step("webhook", "where the vendor wants to be told");
        let body = json!({
            "url": self.vendor.webhook_url,
            "name": "sample vendor",
            "events": ["record.new", "record.modified"],
        });
        let call = self.crosscheck.call(Method::POST, "/webhooks", Some(&body), 201);
        let answer = call.await?;
        let secret = text(&answer, "/secret")?;
        self.vendor.trust(secret.to_owned());
        self.printer.check(
            secret.starts_with("whsec_") && self.is_quiet(),
            "the vendor has the secret that signs its events; nothing was sent yet",
        )
    }

    /// What the recruiter can choose: the dialog, with the ATS's ids of the packages in the vendor's order.
    pub async fn open_dialog(&mut self) -> Result<(Value, Vec<String>), String> {
        let dialog = self.ats.act(Method::POST, "/control/dialog", None).await?;
        self.ats.show_calls().await?;
        let offered = list(&dialog, "/packages")?;
        let names = offered
            .iter()
            .map(|package| text(package, "/name").unwrap_or_default());
        self.printer.check(
            names.eq(PACKAGES.iter().map(|(_, name, _)| *name)),
            "the dialog offers the vendor's packages, in their order",
        )?;
        let ids = offered.iter().filter_map(|package| package.get("id"));
        let ids = ids.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let ids = ids.collect();
        Ok((dialog, ids))
    }
}

/// An object with the keys of another one as well.
pub fn with(mut object: Value, more: &Value) -> Value {
    if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
        object.extend(Map::clone(more));
    }
    object
}
