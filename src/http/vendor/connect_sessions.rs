//! `/connect_sessions`: pages on which customers set up their side (StackOne's shapes).

use super::accounts::AccountType;
use super::whole;
use crate::domain::problem::ErrorCode;
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::connect_sessions::{NewSession, ShownSession};
use crate::http::body::Submitted;
use crate::http::problem::Failure;
use crate::providers::registry;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_connect_session)
        .service(authenticate_connect_session);
}

/// For how long a page is open where nothing else is said.
const EXPIRES_IN_SECONDS: i64 = 1800;

/// What an account is for where nothing else is said.
const DEFAULT_KIND: &str = "production";

/// The organisation that sessions tell of: the server is the one that there is.
const ORGANIZATION: u32 = 1;

/// A customer who is to set up its side. StackOne's `multiple` and `provider_version` have no effect, like every other
/// field that is not listed: each session without `account_id` makes an account.
#[derive(Deserialize, ToSchema)]
struct NewConnectSession {
    /// Your id of the customer.
    #[schema(example = "cust-7", min_length = 1, max_length = 255)]
    origin_owner_id: String,
    /// Your name of the customer. It stands on the page.
    #[schema(example = "Globex", min_length = 1, max_length = 255)]
    origin_owner_name: String,
    /// Your name of the person who sets it up.
    #[schema(max_length = 255)]
    origin_username: Option<String>,
    /// Which ATS the customer has. Without it the customer chooses on the page.
    #[schema(
        example = json!(registry::example_key()), min_length = 1, max_length = 64,
        extensions(("x-rule" = json!({
            "type": null, "minLength": null, "maxLength": null,
            "oneOf": [{"$ref": "#/components/schemas/ProviderKey"}, {"type": "null"}]
        })))
    )]
    provider: Option<String>,
    /// What is ordered: `assessments`, `background_checks` and `reference_checks` restrict what the customer may
    /// choose; other words do not.
    #[schema(value_type = Option<Vec<SessionCategory>>, max_items = 20)]
    categories: Option<Vec<String>>,
    /// Through which integration, where several fit.
    #[schema(max_length = 64)]
    integration_id: Option<String>,
    /// An account of this customer's, to be set up anew. Without it one is made.
    #[schema(max_length = 64)]
    account_id: Option<String>,
    /// For how many seconds the page is open; half an hour where it is left out.
    #[serde(default, deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 604_800, example = 1800)]
    expires_in: Option<i64>,
    /// Your own, for the account that is made.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// What you call the account that is made.
    #[schema(max_length = 255)]
    label: Option<String>,
    /// What the account that is made is for; `production` where it is left out.
    #[schema(value_type = Option<AccountType>)]
    r#type: Option<String>,
}

/// What is ordered, in our words or in StackOne's.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SessionCategory {
    Assessments,
    BackgroundChecks,
    ReferenceChecks,
    Ats,
    Hris,
    #[serde(rename = "hris-legacy")]
    HrisLegacy,
    Crm,
    Iam,
    Marketing,
    Lms,
    Stackone,
    Documents,
    Ticketing,
    Screening,
    Messaging,
    Accounting,
}

/// A token to look at.
#[derive(Deserialize, ToSchema)]
struct ConnectSessionToken {
    /// The `token` of a session.
    #[schema(
        example = "cs_vd0l5Yw2PTuT3xQ5j1oYq7cLkU2c8pB9sR4nX6zAeGk",
        min_length = 1,
        max_length = 255
    )]
    token: String,
}

/// A page for a customer.
#[derive(Serialize, ToSchema)]
struct ConnectSession {
    /// Id.
    #[schema(example = 3_141_592_653_589_793_i64)]
    id: i64,
    /// Always 1.
    organization_id: u32,
    /// Your project.
    #[schema(example = "prj_02xvJ0nEdbcjBOZlbbGTsE")]
    project_id: String,
    /// As they were sent.
    #[schema(value_type = Vec<SessionCategory>)]
    categories: Vec<String>,
    /// Which ATS, once that is settled.
    provider: Option<String>,
    /// Your id of the customer.
    origin_owner_id: String,
    /// Your name of the customer.
    origin_owner_name: String,
    /// Your name of the person who sets it up.
    origin_username: Option<String>,
    /// The account that is set up; null until the customer has chosen its ATS.
    account_id: Option<String>,
    /// Through which integration, once that is settled.
    integration_id: Option<String>,
    /// What you call the account.
    label: Option<String>,
    /// `production` or `test`.
    #[schema(value_type = AccountType)]
    r#type: String,
    /// Your own.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// What the customer gives its ATS. The page shows it.
    #[schema(example = "ct_vd0l5Yw2PTuT3xQ5j1oYq7cLkU2c8pB9sR4nX6zAeGk")]
    external_trigger_token: String,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// From when on its page is closed.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A page for a customer, with its address.
#[derive(Serialize, ToSchema)]
struct OpenedConnectSession {
    #[serde(flatten)]
    session: ConnectSession,
    /// What opens the page. Shown this once.
    #[schema(example = "cs_vd0l5Yw2PTuT3xQ5j1oYq7cLkU2c8pB9sR4nX6zAeGk")]
    token: String,
    /// The page. Send the customer there; whoever has this address can set up the account.
    #[schema(example = "https://crosscheck.example/connect/cs_vd0l5Yw2PTuT3xQ5j1oYq7cLkU2c8pB9sR4nX6zAeGk")]
    auth_link_url: String,
}

fn show(shown: ShownSession) -> ConnectSession {
    let row = shown.row;
    let categories = row.categories.split(',').filter(|word| !word.is_empty());
    ConnectSession {
        id: row.number,
        organization_id: ORGANIZATION,
        project_id: row.project_id,
        categories: categories.map(str::to_owned).collect(),
        provider: row.provider,
        origin_owner_id: row.origin_owner_id,
        origin_owner_name: row.origin_owner_name,
        origin_username: row.origin_username,
        account_id: row.account_id,
        integration_id: row.integration_id,
        label: row.label,
        r#type: row.kind,
        metadata: row
            .metadata
            .and_then(|metadata| serde_json::from_str(&metadata).ok()),
        external_trigger_token: shown.trigger_token.to_string(),
        created_at: Timestamp(row.created_at).to_string(),
        expires_at: Timestamp(row.expires_at).to_string(),
    }
}

/// Make a page for a customer
///
/// On the page at `auth_link_url` the customer reads what to do in its ATS, copies the trigger token, and gives the
/// credentials that are asked for. Where what you send leaves one ATS and category, the account is made at once; else
/// the customer chooses, and `account_id` is null until then. With `account_id` an account is set up anew. How far the
/// customer is stands in `setup_information` of `GET /accounts/{id}`.
#[utoipa::path(tag = "Customers", request_body = NewConnectSession,
    responses((status = 201, description = "The page is open.", body = OpenedConnectSession)),
    extensions(("x-error-codes" = json!([ErrorCode::NotFound, ErrorCode::InvalidValue, ErrorCode::IntegrationAmbiguous, ErrorCode::NotCapable]))))]
#[post("/connect_sessions")]
async fn create_connect_session(
    exchange: web::Data<Exchange>,
    body: Submitted<NewConnectSession>,
) -> Result<HttpResponse, Failure> {
    let new = body.value;
    let new = NewSession {
        origin_owner_id: new.origin_owner_id,
        origin_owner_name: new.origin_owner_name,
        origin_username: new.origin_username,
        provider: new.provider,
        categories: new.categories.unwrap_or_default(),
        integration_id: new.integration_id,
        account_id: new.account_id,
        label: new.label,
        kind: new.r#type.unwrap_or_else(|| DEFAULT_KIND.to_owned()),
        metadata: new.metadata,
        expires_in: new.expires_in.unwrap_or(EXPIRES_IN_SECONDS),
    };
    let opened = exchange.create_connect_session(&body.write, new).await?;
    Ok(HttpResponse::Created().json(OpenedConnectSession {
        session: show(opened.session),
        auth_link_url: exchange.connect_url(&opened.token),
        token: opened.token.to_string(),
    }))
}

/// Look at a page's token
///
/// The session that the token opens. 404 where it has expired, is wrong, or is another project's.
#[utoipa::path(tag = "Customers", request_body = ConnectSessionToken,
    responses((status = 201, description = "The session.", body = ConnectSession)),
    extensions(("x-error-codes" = json!([ErrorCode::NotFound]))))]
#[post("/connect_sessions/authenticate")]
async fn authenticate_connect_session(
    exchange: web::Data<Exchange>,
    body: Submitted<ConnectSessionToken>,
) -> Result<HttpResponse, Failure> {
    let project = &body.write.project;
    let shown = exchange
        .authenticate_connect_session(project, &body.value.token)
        .await?;
    Ok(HttpResponse::Created().json(show(shown)))
}
