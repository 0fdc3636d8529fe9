//! `/accounts/{id}`: one linked customer.

use crate::domain::category::Category;
use crate::domain::problem::{ErrorCode, Violation};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::accounts::ShownAccount;
use crate::http::auth::Caller;
use crate::http::body::Submitted;
use crate::http::problem::Failure;
use actix_web::{get, patch, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_account).service(update_account);
}

/// A change of an account.
#[derive(Deserialize, ToSchema)]
struct AccountUpdate {
    /// The customer's credentials for its ATS: a text sets one, null clears it, what is left out stays.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    credentials: Option<Map<String, Value>>,
}

/// A linked customer. Secrets that are set show as asterisks.
#[derive(Serialize, ToSchema)]
struct Account {
    /// Id.
    #[schema(example = "acc_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Provider key.
    provider: String,
    /// What is ordered.
    #[schema(value_type = Category)]
    category: String,
    /// Through which integration.
    integration_id: String,
    /// Your id of the customer.
    origin_owner_id: String,
    /// Your name of the customer.
    origin_owner_name: String,
    /// The customer's credentials that are set.
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
    /// What is missing before anything can be sent to the ATS; results are kept until then.
    missing: Vec<Violation>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

fn show(shown: ShownAccount) -> Account {
    Account {
        id: shown.row.id,
        provider: shown.row.provider,
        category: shown.row.category,
        integration_id: shown.row.integration_id,
        origin_owner_id: shown.row.origin_owner_id,
        origin_owner_name: shown.row.origin_owner_name,
        credentials: shown.credentials,
        missing: shown.missing,
        created_at: Timestamp(shown.row.created_at).to_string(),
        updated_at: Timestamp(shown.row.updated_at).to_string(),
    }
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

/// Change an account
///
/// Sets the customer's credentials. Results that wait for them are sent at once.
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
    let sent = body.value.credentials.unwrap_or_default();
    let shown = exchange.update_account(&body.write, &id, sent).await?;
    Ok(web::Json(show(shown)))
}
