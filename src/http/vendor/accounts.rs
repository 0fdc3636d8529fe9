//! `/accounts`: the linked customers.

use super::{customers_credentials, present};
use crate::domain::category::Category;
use crate::domain::problem::{ErrorCode, Violation};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::accounts::{AccountChange, ShownAccount};
use crate::exchange::connectors::{self, AccountMeta};
use crate::exchange::linked_accounts::AccountStatus;
use crate::exchange::setup_information::SetupInformation;
use crate::http::auth::Caller;
use crate::http::body::{Submitted, WithoutBody};
use crate::http::parameters::Parameters;
use crate::http::problem::Failure;
use crate::providers::registry;
use crate::store::accounts::AccountFilter;
use actix_web::{HttpRequest, delete, get, patch, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_accounts)
        .service(get_account)
        .service(get_account_meta)
        .service(update_account)
        .service(delete_account);
}

/// A change of an account: what is left out stays, null clears.
#[derive(Deserialize, ToSchema)]
struct AccountUpdate {
    /// The customer's credentials for its ATS: a text sets one, null clears it, what is left out stays.
    #[serde(default)]
    #[schema(schema_with = customers_credentials)]
    credentials: Option<Map<String, Value>>,
    /// What you call it.
    #[serde(default, deserialize_with = "present")]
    #[schema(schema_with = label_schema)]
    label: Option<Option<Value>>,
    /// Your id of the customer.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, example = "cust-7")]
    origin_owner_id: Option<String>,
    /// Your name of the customer.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, example = "Globex")]
    origin_owner_name: Option<String>,
    /// Who linked it, at yours.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 255)]
    origin_username: Option<Option<String>>,
    /// Whether it is a customer or a trial of yours.
    #[serde(default)]
    r#type: Option<AccountType>,
    /// Yours.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Map<String, Value>>>,
    /// The provider cannot change: another one is refused.
    #[serde(default)]
    provider: Option<String>,
}

fn label_schema() -> Schema {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Object, Type::Null]))
        .max_length(Some(255))
        .description(Some(
            "What you call it. (StackOne's client can send an object, of which nothing is taken.)",
        ))
        .into()
}

/// A linked customer (StackOne's keys, then ours). Secrets that are set show as asterisks.
#[derive(Serialize, ToSchema)]
struct Account {
    /// Id.
    #[schema(example = "acc_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Provider key.
    #[schema(example = json!(registry::example_key()))]
    provider: String,
    /// The name that people know.
    #[schema(example = json!(registry::example_name()))]
    provider_name: Option<&'static str>,
    /// How it stands: `active`; `inactive` where the ATS cannot be told of results yet; `suspended` where the
    /// integration is disabled.
    #[schema(value_type = AccountStatus)]
    status: &'static str,
    /// Why it is not active.
    status_reasons: Vec<StatusReason>,
    /// Your id of the customer.
    #[schema(example = "cust-7")]
    origin_owner_id: String,
    /// Your name of the customer.
    #[schema(example = "Globex")]
    origin_owner_name: String,
    /// Who linked it, at yours.
    origin_username: Option<String>,
    /// What you call it.
    label: Option<String>,
    /// Whether it is a customer or a trial of yours.
    #[schema(value_type = AccountType)]
    r#type: String,
    /// The customer's credentials that are set.
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
    /// How far the customer's set-up has come.
    setup_information: SetupInformation,
    /// Yours.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// What is ordered.
    #[schema(value_type = Category)]
    category: String,
    /// Through which integration.
    integration_id: String,
    /// What is missing before anything can be sent to the ATS; results are kept until then.
    missing: Vec<Violation>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Whether an account is a customer.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccountType {
    /// A customer.
    Production,
    /// A trial of yours.
    Test,
}

impl AccountType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
        }
    }
}

/// Why an account is not active.
#[derive(Serialize, ToSchema)]
struct StatusReason {
    /// The rule.
    #[schema(example = "credential_missing")]
    code: String,
    /// In words, with the next step.
    #[schema(example = "api_key is missing: set it with PATCH /accounts/{id}")]
    description: String,
    /// When the account last changed.
    #[schema(format = DateTime)]
    timestamp: String,
}

fn show(shown: ShownAccount) -> Account {
    let (status, setup_information) = (shown.status(), shown.setup_information());
    let row = shown.row;
    let updated_at = Timestamp(row.updated_at).to_string();
    let provider = registry::find(&row.provider);
    let disabled = (status == AccountStatus::Suspended).then(|| StatusReason {
        code: ErrorCode::IntegrationDisabled.as_str().to_owned(),
        description: ErrorCode::IntegrationDisabled.meaning().to_owned(),
        timestamp: updated_at.clone(),
    });
    let missing = shown.missing.iter().map(|violation| StatusReason {
        code: violation.code.clone(),
        description: violation.message.clone(),
        timestamp: updated_at.clone(),
    });
    Account {
        provider_name: provider.map(|provider| provider.descriptor().name),
        status: status.as_str(),
        status_reasons: disabled.into_iter().chain(missing).collect(),
        origin_owner_id: row.origin_owner_id,
        origin_owner_name: row.origin_owner_name,
        origin_username: row.origin_username,
        label: row.label,
        r#type: row.kind,
        credentials: shown.credentials,
        setup_information,
        metadata: row.metadata.and_then(|text| serde_json::from_str(&text).ok()),
        category: row.category,
        integration_id: row.integration_id,
        missing: shown.missing,
        created_at: Timestamp(row.created_at).to_string(),
        updated_at,
        id: row.id,
        provider: row.provider,
    }
}

/// Which accounts are listed. Lists may be given several times or with commas.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it documents the parameters, which a form reader does not take as lists"
)]
struct AccountQuery {
    /// Which page, from 1.
    #[param(minimum = 1, maximum = 1000000, default = 1)]
    page: Option<i64>,
    /// How many accounts at most, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 25)]
    page_size: Option<i64>,
    /// Only of this provider.
    #[deprecated]
    provider: Option<String>,
    /// Only of these providers.
    providers: Option<Vec<String>>,
    /// Only of this customer.
    origin_owner_id: Option<String>,
    /// Only of these customers.
    origin_owner_ids: Option<Vec<String>>,
    /// Only these.
    account_ids: Option<Vec<String>>,
    /// Only those that stand so.
    status: Option<Vec<String>>,
}

/// List accounts
///
/// Newest first, as a bare array: an empty page is the end.
#[utoipa::path(tag = "Customers", params(AccountQuery),
    responses((status = 200, description = "A page.", body = Vec<Account>)))]
#[get("/accounts")]
async fn list_accounts(
    exchange: web::Data<Exchange>,
    caller: Caller,
    request: HttpRequest,
) -> Result<web::Json<Vec<Account>>, Failure> {
    let query = Parameters::of(&request);
    let page = query.number("page", 1, 1..=1_000_000)?;
    let size = query.number("page_size", 25, 1..=100)?;
    let filter = AccountFilter {
        ids: query.list(&["account_ids"])?,
        providers: query.list(&["provider", "providers"])?,
        owners: query.list(&["origin_owner_id", "origin_owner_ids"])?,
    };
    let statuses = query.list(&["status"])?;
    let rows = exchange
        .list_accounts(&caller.project, filter, &statuses, ((page - 1) * size, size))
        .await?;
    Ok(web::Json(rows.into_iter().map(show).collect()))
}

/// Get an account
///
/// With what is still missing before its ATS can be told of results.
#[utoipa::path(tag = "Customers", params(("id" = String, Path, description = "Id of the account.")),
    responses((status = 200, description = "The account.", body = Account)))]
#[get("/accounts/{id}")]
async fn get_account(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<Account>, Failure> {
    let shown = exchange.get_account(&caller.project, &id).await?;
    Ok(web::Json(show(shown)))
}

/// Get what an account can do
///
/// The provider's meta for this account: each operation says whether it is available to it, and what is missing where
/// it is not.
#[utoipa::path(tag = "Customers", params(("id" = String, Path, description = "Id of the account.")),
    responses((status = 200, description = "What it can do.", body = AccountMeta)))]
#[get("/accounts/{id}/meta")]
async fn get_account_meta(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<AccountMeta>, Failure> {
    let shown = exchange.get_account(&caller.project, &id).await?;
    Ok(web::Json(connectors::of_account(&shown)?))
}

/// Change an account
///
/// Its labels, and the customer's credentials: results that wait for them are sent at once.
#[utoipa::path(tag = "Customers", request_body = AccountUpdate,
    params(("id" = String, Path, description = "Id of the account.")),
    responses((status = 200, description = "As it is now.", body = Account)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue]))))]
#[patch("/accounts/{id}")]
async fn update_account(
    exchange: web::Data<Exchange>,
    id: web::Path<String>,
    body: Submitted<AccountUpdate>,
) -> Result<web::Json<Account>, Failure> {
    let sent = body.value;
    let change = AccountChange {
        credentials: sent.credentials.unwrap_or_default(),
        label: match sent.label {
            Some(Some(Value::String(label))) => Some(Some(label)),
            Some(None | Some(Value::Null)) => Some(None),
            _ => None,
        },
        origin_owner_id: sent.origin_owner_id,
        origin_owner_name: sent.origin_owner_name,
        origin_username: sent.origin_username,
        kind: sent.r#type.map(|kind| kind.as_str().to_owned()),
        metadata: sent.metadata,
        provider: sent.provider,
    };
    let shown = exchange.update_account(&body.write, &id, change).await?;
    Ok(web::Json(show(shown)))
}

/// Unlink a customer
///
/// Its trigger token stops working and its credentials are forgotten; what was owed to its ATS ends. Its orders stay.
/// The answer is the account as it was.
#[utoipa::path(tag = "Customers", params(("id" = String, Path, description = "Id of the account.")),
    responses((status = 200, description = "It is unlinked.", body = Account)))]
#[delete("/accounts/{id}")]
async fn delete_account(
    exchange: web::Data<Exchange>,
    id: web::Path<String>,
    asked: WithoutBody,
) -> Result<web::Json<Account>, Failure> {
    let shown = exchange.delete_account(&asked.write, &id).await?;
    Ok(web::Json(show(shown)))
}
