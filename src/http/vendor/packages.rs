//! `/unified/ats/{category}/packages`.

use super::shown_package::{Shape, ShownPackage};
use super::{category, present};
use crate::domain::category::Category;
use crate::domain::package::Package;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::package_lists::{ListOf, NewPackage, PackageChange};
use crate::http::auth::Caller;
use crate::http::body::{Submitted, WithoutBody};
use crate::http::paging::{PageQuery, invalid};
use crate::http::problem::Failure;
use actix_web::{HttpResponse, delete, get, patch, post, put, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(replace_packages)
        .service(list_packages)
        .service(get_package)
        .service(create_package)
        .service(update_package)
        .service(delete_package);
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

/// A page of packages.
#[derive(Serialize, ToSchema)]
struct PackagePage {
    /// The cursor of the page after this one; null at the end.
    next: Option<String>,
    /// The packages.
    #[schema(value_type = Vec<ShownPackage>)]
    data: Vec<Value>,
    /// With `raw`: the ATS's answers that this was made of. None are needed, since the lists are kept here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    raw: Option<[(); 0]>,
}

/// One package.
#[derive(Serialize, ToSchema)]
struct PackageData {
    /// The package.
    #[schema(value_type = ShownPackage)]
    data: Value,
    /// With `raw`: the ATS's answers that this was made of. None are needed, since the lists are kept here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    raw: Option<[(); 0]>,
}

/// Which packages are listed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PackageQuery {
    /// Only packages that changed after this moment.
    #[serde(rename = "filter[updated_after]")]
    #[param(rename = "filter[updated_after]", format = DateTime)]
    filter_updated_after: Option<String>,
    /// The same, as StackOne once had it.
    #[param(format = DateTime)]
    updated_after: Option<String>,
}

/// Whose list: `list=project` is the project's own, which no account is needed for. It is told in words alone: no
/// document can say that one parameter does without another.
#[derive(Deserialize)]
struct WhoseList {
    list: Option<String>,
}

impl PackageQuery {
    fn updated_after(&self) -> Result<Option<Timestamp>, Problem> {
        let named = [
            ("?filter[updated_after]", &self.filter_updated_after),
            ("?updated_after", &self.updated_after),
        ];
        let given = named
            .into_iter()
            .find_map(|(pointer, text)| Some((pointer, text.as_deref().filter(|text| !text.is_empty())?)));
        let Some((pointer, text)) = given else {
            return Ok(None);
        };
        let at = Timestamp::parse_rfc3339(text);
        at.map(Some).ok_or_else(|| {
            invalid(
                pointer,
                "must be an RFC 3339 date-time, such as 2026-02-03T10:12:00Z",
            )
        })
    }
}

impl WhoseList {
    /// The list that is asked for.
    async fn find(
        &self,
        exchange: &Exchange,
        caller: &Caller,
        category: Category,
    ) -> Result<ListOf, Problem> {
        let account = match self.list.as_deref() {
            None | Some("") => Some(caller.required_account(exchange).await?),
            Some("project") => None,
            Some(_) => return Err(invalid("?list", "list must be project, or be left out")),
        };
        Ok(ListOf {
            project: caller.project.clone(),
            category,
            account,
        })
    }
}

/// A package to add.
#[derive(Deserialize, ToSchema)]
struct PackageToAdd {
    /// Your id of it; one is made where you give none.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255, example = "pkg_9f3aK21")]
    id: Option<String>,
    /// What the recruiter reads in the list.
    #[schema(min_length = 1, max_length = 1000, example = "Standard check")]
    name: String,
    /// More about it.
    #[serde(default)]
    #[schema(example = "Identity and criminal record")]
    description: Option<String>,
    /// Your kind of package.
    #[serde(default)]
    r#type: Option<String>,
    /// Yours.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// The single checks or tests that it bundles.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PackageTest>>)]
    tests: Option<Vec<Map<String, Value>>>,
    /// What a recruiter may fill in when ordering.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    parameters: Option<Vec<Map<String, Value>>>,
}

/// A single check or test of a package; whatever else you give it is kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents what is kept as it was sent")]
struct PackageTest {
    /// Your id.
    id: Option<String>,
    /// What it is called.
    #[schema(example = "Criminal record")]
    name: Option<String>,
    /// More about it.
    description: Option<String>,
}

/// A change of a package: what is left out stays, null clears.
#[derive(Deserialize, ToSchema)]
struct PackageUpdate {
    /// What the recruiter reads in the list.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000, example = "Standard check")]
    name: Option<String>,
    /// More about it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Your kind of package.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    r#type: Option<Option<String>>,
    /// Yours.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Option<Map<String, Value>>>,
    /// The single checks or tests that it bundles.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<PackageTest>>)]
    tests: Option<Option<Vec<Map<String, Value>>>>,
    /// What a recruiter may fill in when ordering.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<Object>>)]
    parameters: Option<Option<Vec<Map<String, Value>>>>,
}

/// That a package was changed or removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PackageWritten {
    /// What it was: 200 for a change, 204 for a removal.
    #[schema(example = 200)]
    status_code: u16,
    /// In words.
    #[schema(example = "The package is changed.")]
    message: &'static str,
    /// When.
    #[schema(format = DateTime)]
    timestamp: String,
}

/// That a package was added.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PackageAdded {
    /// The HTTP status again.
    #[schema(example = 201)]
    status_code: u16,
    /// In words.
    #[schema(example = "The package is added.")]
    message: &'static str,
    /// When.
    #[schema(format = DateTime)]
    timestamp: String,
    /// Which.
    data: AddedId,
}

/// The id of what was added.
#[derive(Serialize, ToSchema)]
struct AddedId {
    /// Your id of it, or the one that was made.
    #[schema(example = "pkg_9f3aK21")]
    id: String,
    /// The same.
    #[schema(example = "pkg_9f3aK21")]
    remote_id: String,
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
/// The stored list that the account sees, ordered by id: its own where it has one, else the project's. With
/// `?list=project` it is the project's, and no `x-account-id` is needed. Cursors stay good while the list changes: what
/// stays is shown once.
#[utoipa::path(tag = "Packages",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("x-account-id" = String, Header, description = "Who looks."),
        PageQuery, PackageQuery, Shape
    ),
    responses((status = 200, description = "A page.", body = PackagePage)),
    extensions(("x-error-codes" = json!([ErrorCode::IntegrationDisabled]))))]
#[get("/unified/ats/{category}/packages")]
async fn list_packages(
    exchange: web::Data<Exchange>,
    path: web::Path<String>,
    caller: Caller,
    page: web::Query<PageQuery>,
    whose: web::Query<WhoseList>,
    query: web::Query<PackageQuery>,
    shape: web::Query<Shape>,
) -> Result<web::Json<PackagePage>, Failure> {
    let (raw, updated_after) = (shape.raw()?, query.updated_after()?);
    let list = whose.find(&exchange, &caller, category(&path)?).await?;
    let rows = exchange.page_packages(list, updated_after, page.page()?).await?;
    let paged = page.paged(
        rows,
        |package| &package.id,
        |package| shape.of(ShownPackage::of(package)),
    )?;
    Ok(web::Json(PackagePage {
        next: paged.next,
        data: paged.data,
        raw,
    }))
}

/// Get a package
///
/// Out of the stored list that the account sees; with `?list=project`, which needs no `x-account-id`, out of the
/// project's.
#[utoipa::path(tag = "Packages",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("id" = String, Path, description = "Your id of the package."),
        ("x-account-id" = String, Header, description = "Who looks."),
        Shape
    ),
    responses((status = 200, description = "The package.", body = PackageData)),
    extensions(("x-error-codes" = json!([ErrorCode::IntegrationDisabled]))))]
#[get("/unified/ats/{category}/packages/{id}")]
async fn get_package(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    caller: Caller,
    whose: web::Query<WhoseList>,
    shape: web::Query<Shape>,
) -> Result<web::Json<PackageData>, Failure> {
    let (category_name, id) = path.into_inner();
    let raw = shape.raw()?;
    let list = whose.find(&exchange, &caller, category(&category_name)?).await?;
    let package = exchange.get_package(list, id).await?;
    Ok(web::Json(PackageData {
        data: shape.of(ShownPackage::of(package))?,
        raw,
    }))
}

/// Add a package
///
/// To the account's own list, which begins as what the account saw. `passthrough` is taken from StackOne's clients;
/// there is no ATS that it could go to.
#[utoipa::path(tag = "Packages", request_body = PackageToAdd,
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("x-account-id" = String, Header, description = "Whose list.")
    ),
    responses((status = 201, description = "It is added.", body = PackageAdded)),
    extensions(("x-error-codes" = json!([ErrorCode::PackageExists, ErrorCode::IntegrationDisabled, ErrorCode::InvalidValue]))))]
#[post("/unified/ats/{category}/packages")]
async fn create_package(
    exchange: web::Data<Exchange>,
    path: web::Path<String>,
    body: Submitted<PackageToAdd>,
) -> Result<HttpResponse, Failure> {
    let list = own_list(&exchange, &body.caller, &path).await?;
    let new = NewPackage {
        id: body.value.id,
        name: body.value.name,
        description: body.value.description,
        r#type: body.value.r#type,
        metadata: body.value.metadata,
        tests: body.value.tests,
        parameters: body.value.parameters,
    };
    let added = exchange.create_package(&body.write, list, new).await?;
    Ok(HttpResponse::Created().json(PackageAdded {
        status_code: 201,
        message: "The package is added.",
        timestamp: Timestamp(added.at).to_string(),
        data: AddedId {
            remote_id: added.id.clone(),
            id: added.id,
        },
    }))
}

/// Change a package
///
/// In the account's own list, which begins as what the account saw.
#[utoipa::path(tag = "Packages", request_body = PackageUpdate,
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("id" = String, Path, description = "Your id of the package."),
        ("x-account-id" = String, Header, description = "Whose list.")
    ),
    responses((status = 200, description = "It is changed.", body = PackageWritten)),
    extensions(("x-error-codes" = json!([ErrorCode::IntegrationDisabled, ErrorCode::InvalidValue]))))]
#[patch("/unified/ats/{category}/packages/{id}")]
async fn update_package(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    body: Submitted<PackageUpdate>,
) -> Result<web::Json<PackageWritten>, Failure> {
    let (category_name, id) = path.into_inner();
    let list = own_list(&exchange, &body.caller, &category_name).await?;
    let change = PackageChange {
        name: body.value.name,
        description: body.value.description,
        r#type: body.value.r#type,
        metadata: body.value.metadata,
        tests: body.value.tests,
        parameters: body.value.parameters,
    };
    let changed = exchange.update_package(&body.write, list, id, change).await?;
    Ok(web::Json(PackageWritten {
        status_code: 200,
        message: "The package is changed.",
        timestamp: Timestamp(changed.at).to_string(),
    }))
}

/// Remove a package
///
/// From the account's own list, which begins as what the account saw. Orders of it stay.
#[utoipa::path(tag = "Packages",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("id" = String, Path, description = "Your id of the package."),
        ("x-account-id" = String, Header, description = "Whose list.")
    ),
    responses((status = 200, description = "It is removed.", body = PackageWritten)),
    extensions(("x-error-codes" = json!([ErrorCode::IntegrationDisabled]))))]
#[delete("/unified/ats/{category}/packages/{id}")]
async fn delete_package(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    asked: WithoutBody,
) -> Result<web::Json<PackageWritten>, Failure> {
    let (category_name, id) = path.into_inner();
    let list = own_list(&exchange, &asked.caller, &category_name).await?;
    let removed = exchange.delete_package(&asked.write, list, id).await?;
    Ok(web::Json(PackageWritten {
        status_code: 204,
        message: "The package is removed.",
        timestamp: Timestamp(removed.at).to_string(),
    }))
}

/// The list that the account of the header sees.
async fn own_list(exchange: &Exchange, caller: &Caller, category_name: &str) -> Result<ListOf, Problem> {
    Ok(ListOf {
        project: caller.project.clone(),
        category: category(category_name)?,
        account: Some(caller.required_account(exchange).await?),
    })
}
