//! `/unified/ats/{category}/packages`.

use super::category;
use crate::domain::package::Package;
use crate::domain::problem::{ErrorCode, Problem};
use crate::exchange::Exchange;
use crate::http::auth::Caller;
use crate::http::body::Submitted;
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use actix_web::{get, put, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(replace_packages)
        .service(list_packages)
        .service(get_package);
}

/// A whole list.
#[derive(Deserialize, ToSchema)]
struct PackageList {
    /// In the order in which a recruiter shall see them.
    #[schema(max_items = 10000)]
    packages: Vec<Package>,
}

/// What became of a list.
#[derive(Serialize, ToSchema)]
struct PackageListStored {
    /// How many packages the list has now.
    count: usize,
}

/// A package as it is shown: the vendor's id stands twice, for StackOne's clients.
#[derive(Serialize, ToSchema)]
struct ShownPackage {
    /// Your id.
    id: String,
    /// Your id.
    remote_id: String,
    /// What the recruiter reads.
    name: String,
    /// More about it.
    description: Option<String>,
    /// Your kind of package.
    r#type: Option<String>,
    /// Yours.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// The single checks or tests that it bundles.
    #[schema(value_type = Option<Vec<Object>>)]
    tests: Option<Vec<Map<String, Value>>>,
    /// What a recruiter may fill in when ordering.
    #[schema(value_type = Option<Vec<Object>>)]
    parameters: Option<Vec<Map<String, Value>>>,
}

/// One package.
#[derive(Serialize, ToSchema)]
struct PackageData {
    /// The package.
    data: ShownPackage,
}

fn show(package: Package) -> Result<ShownPackage, Problem> {
    Ok(ShownPackage {
        remote_id: package.id.clone(),
        id: package.id,
        name: package.name,
        description: package.description,
        r#type: package.r#type,
        metadata: package.metadata,
        tests: package.tests,
        parameters: package.parameters,
    })
}

/// Replace a package list
///
/// With `x-account-id` that account's own list, which it sees instead of the project's. A list URL of the
/// integration goes before both.
#[utoipa::path(tag = "Packages", request_body = PackageList,
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("x-account-id" = Option<String>, Header, description = "Whose list; without it the project's.")
    ),
    responses((status = 200, description = "The list is as sent.", body = PackageListStored)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue]))))]
#[put("/unified/ats/{category}/packages")]
async fn replace_packages(
    exchange: web::Data<Exchange>,
    path: web::Path<String>,
    body: Submitted<PackageList>,
) -> Result<web::Json<PackageListStored>, Failure> {
    let category = category(&path)?;
    let account = body.caller.account(&exchange).await?;
    let packages = body.value.packages;
    let count = exchange
        .put_packages(&body.write, category, account, packages)
        .await?;
    Ok(web::Json(PackageListStored { count }))
}

/// List packages
///
/// The stored list, ordered by id: with `x-account-id` that account's own where it has one.
#[utoipa::path(tag = "Packages",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("x-account-id" = Option<String>, Header, description = "Whose list; without it the project's."),
        PageQuery
    ),
    responses((status = 200, description = "A page.", body = Paged<ShownPackage>)))]
#[get("/unified/ats/{category}/packages")]
async fn list_packages(
    exchange: web::Data<Exchange>,
    path: web::Path<String>,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<ShownPackage>>, Failure> {
    let (category, account) = (category(&path)?, caller.account(&exchange).await?);
    let rows = exchange
        .page_packages(&caller.project, category, account, query.page()?)
        .await?;
    Ok(web::Json(query.paged(rows, |package| &package.id, show)?))
}

/// Get a package
///
/// Out of the stored list.
#[utoipa::path(tag = "Packages",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("id" = String, Path, description = "Your id of the package."),
        ("x-account-id" = Option<String>, Header, description = "Whose list; without it the project's.")
    ),
    responses((status = 200, description = "The package.", body = PackageData)))]
#[get("/unified/ats/{category}/packages/{id}")]
async fn get_package(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    caller: Caller,
) -> Result<web::Json<PackageData>, Failure> {
    let (category_name, id) = path.into_inner();
    let (category, account) = (category(&category_name)?, caller.account(&exchange).await?);
    let package = exchange
        .get_package(&caller.project, category, account, id)
        .await?;
    Ok(web::Json(PackageData { data: show(package)? }))
}
