//! The first steps of the story: what the vendor does once, and once for each customer.

use super::story::{Story, text};
use reqwest::Method;
use serde_json::{Value, json};

/// What the vendor offers: id, name and description.
pub const PACKAGES: [(&str, &str, &str); 2] = [
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

/// The operations of Greenhouse whose URLs its partner support wants.
const OPERATIONS: [&str; 4] = ["list_tests", "send_test", "test_status", "response_error"];

const PARTNER_USERNAME: &str = "assessments-example";
const PARTNER_PASSWORD: &str = "what-greenhouse-sent-the-vendor";

/// An integration that was made.
pub struct Integration {
    id: String,
    endpoint_urls: Value,
}

impl Story<'_> {
    /// The vendor says how it uses Greenhouse.
    pub async fn create_integration(&self) -> Result<Integration, String> {
        self.printer.step(1, "integration: the vendor adds Greenhouse");
        let body = json!({
            "provider": "greenhouse",
            "category": "assessments",
            "tenant_id": "northern-lights",
            "partner_username": PARTNER_USERNAME,
            "partner_password": PARTNER_PASSWORD,
        });
        let answer = self
            .crosscheck
            .call(Method::POST, "/integrations", Some(&body), 201)
            .await?;
        let endpoint_urls = answer.get("endpoint_urls").cloned().unwrap_or_default();
        self.printer.check(
            answer
                .get("partner_password")
                .is_none_or(|shown| shown != PARTNER_PASSWORD),
            "the partner password is not shown again",
        )?;
        self.printer.check(
            OPERATIONS.iter().all(|operation| {
                text(&endpoint_urls, &format!("/{operation}"))
                    .is_ok_and(|url| url.ends_with("?tenant-id=northern-lights"))
            }),
            "endpoint_urls are the four URLs that Greenhouse's partner form asks for, tenant included",
        )?;
        Ok(Integration {
            id: text(&answer, "/id")?.to_owned(),
            endpoint_urls,
        })
    }

    /// A customer is linked, and gives its secrets to Greenhouse. Returns the account's id.
    pub async fn link_customer(&mut self, integration: &Integration) -> Result<String, String> {
        self.printer
            .step(2, "secrets: a customer is linked, and gives them to Greenhouse");
        let body = json!({
            "provider": "greenhouse",
            "integration_id": integration.id,
            "origin_owner_id": "customer-318",
            "origin_owner_name": "Fjord Analytics",
        });
        let secrets = self
            .crosscheck
            .call(Method::POST, "/unified/ats/assessments/secrets", Some(&body), 201)
            .await?;
        let base = text(&secrets, "/baseUrl")?;
        let secret_key = text(&secrets, "/secretKey")?;
        for operation in OPERATIONS {
            let url = text(&integration.endpoint_urls, &format!("/{operation}"))?;
            self.printer.check(
                url.starts_with(&format!("{base}/{operation}")),
                &format!("the URL of {operation} is under baseUrl"),
            )?;
        }
        let partner = json!({
            "token": secret_key,
            "base_url": base,
            "endpoint_urls": integration.endpoint_urls,
            "partner_username": PARTNER_USERNAME,
            "partner_password": PARTNER_PASSWORD,
        });
        self.printer
            .show("Greenhouse's partner support enters", &partner.to_string());
        self.greenhouse
            .act(Method::PUT, "/control/partner", Some(&partner))
            .await?;
        Ok(text(&secrets, "/accountId")?.to_owned())
    }

    /// The vendor says what can be ordered.
    pub async fn store_packages(&self) -> Result<(), String> {
        self.printer.step(3, "packages: what the vendor offers");
        let packages: Vec<Value> = PACKAGES
            .iter()
            .map(|(id, name, description)| {
                json!({"id": id, "name": name, "description": description, "type": "SKILLS_TEST"})
            })
            .collect();
        let path = "/unified/ats/assessments/packages";
        self.crosscheck
            .call(Method::PUT, path, Some(&json!({"packages": packages})), 200)
            .await?;
        let stored = self.crosscheck.call_in_brief(Method::GET, path, 200).await?;
        let stored = stored.get("data").and_then(Value::as_array).map(Vec::len);
        self.printer
            .check(stored == Some(PACKAGES.len()), "both packages are stored")
    }

    /// The vendor says where it wants to be told.
    pub async fn register_webhook(&self) -> Result<(), String> {
        self.printer.step(4, "webhook: where the vendor wants to be told");
        let body = json!({
            "url": self.vendor.webhook_url,
            "name": "sample vendor",
            "events": ["record.new", "record.modified"],
        });
        let answer = self
            .crosscheck
            .call(Method::POST, "/webhooks", Some(&body), 201)
            .await?;
        let secret = text(&answer, "/secret")?;
        self.vendor.trust(secret.to_owned());
        self.printer.check(
            secret.starts_with("whsec_") && self.vendor.count() == 0,
            "the vendor has the secret that signs its events; nothing was sent yet",
        )
    }
}
