//! Which entries of the request log are asked for: StackOne's filters, and ours. StackOne's SDK sends them without
//! `filter[...]` around their names, so both spellings are taken.

use crate::domain::id::RequestLogId;
use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::http::paging::{PageQuery, invalid};
use crate::store::request_logs::{Direction, Filter, Part};
use serde::Deserialize;
use utoipa::IntoParams;

/// How many values one filter takes.
const VALUES: usize = 100;

/// The filters. A list has commas between its values, 100 at most; an entry has to be one of each list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Of these accounts.
    #[serde(rename = "filter[account_ids]", alias = "account_ids")]
    account_ids: Option<String>,
    /// With these request ids.
    #[serde(rename = "filter[request_ids]", alias = "request_ids")]
    request_ids: Option<String>,
    /// About these orders.
    #[serde(rename = "filter[order_ids]", alias = "order_ids")]
    order_ids: Option<String>,
    /// `ats_to_us`, `us_to_ats`, `vendor_to_us`, `us_to_vendor`.
    #[serde(rename = "filter[directions]", alias = "directions")]
    #[param(pattern = "^[ ,]*((ats_to_us|us_to_ats|vendor_to_us|us_to_vendor) *(,[ ,]*|$)){0,100}$")]
    directions: Option<String>,
    /// Of these operations.
    #[serde(rename = "filter[operations]", alias = "operations")]
    operations: Option<String>,
    /// `GET`, `POST`, ...
    #[serde(rename = "filter[http_methods]", alias = "http_methods")]
    http_methods: Option<String>,
    /// About these providers, by their keys.
    #[serde(rename = "filter[providers]", alias = "providers")]
    providers: Option<String>,
    /// Of your calls: `ats` for the unified API.
    #[serde(rename = "filter[services]", alias = "services")]
    services: Option<String>,
    /// Of your calls: a category of the unified API, or the first word of the path.
    #[serde(rename = "filter[resources]", alias = "resources")]
    resources: Option<String>,
    /// Of your calls: the last word of the path.
    #[serde(rename = "filter[sub_resources]", alias = "sub_resources")]
    sub_resources: Option<String>,
    /// No entry has a child resource: with a value nothing is listed.
    #[serde(rename = "filter[child_resources]", alias = "child_resources")]
    child_resources: Option<String>,
    /// Of your calls: `list`, `get`, `create`, `update`, ...
    #[serde(rename = "filter[actions]", alias = "actions")]
    actions: Option<String>,
    /// Who called: `ats`, `vendor`, `crosscheck`.
    #[serde(rename = "filter[source_types]", alias = "source_types")]
    source_types: Option<String>,
    /// No entry has an id of its source: with a value nothing is listed.
    #[serde(rename = "filter[source_ids]", alias = "source_ids")]
    source_ids: Option<String>,
    /// No entry has a value of its source: with a value nothing is listed.
    #[serde(rename = "filter[source_values]", alias = "source_values")]
    source_values: Option<String>,
    /// Answered with these, such as `200,404`.
    #[serde(rename = "filter[status_codes]", alias = "status_codes")]
    #[param(pattern = "^[ ,]*([1-5][0-9]{2} *(,[ ,]*|$)){0,100}$")]
    status_codes: Option<String>,
    /// `true`: all went well; `false`: it did not.
    #[serde(rename = "filter[success]", alias = "success")]
    #[param(value_type = Option<bool>)]
    success: Option<String>,
    /// Begun then or later.
    #[serde(rename = "filter[start_date]", alias = "start_date")]
    #[param(format = DateTime)]
    start_date: Option<String>,
    /// Begun then or earlier.
    #[serde(rename = "filter[end_date]", alias = "end_date")]
    #[param(format = DateTime)]
    end_date: Option<String>,
    /// `event_datetime` (the default; also `eventDatetime` and `created_at`). There is no other order.
    #[serde(alias = "filter[order_by]")]
    #[param(pattern = "^(event_datetime|eventDatetime|created_at)?$")]
    order_by: Option<String>,
    /// `desc`, the newest first, or `asc`.
    #[serde(alias = "filter[order_direction]")]
    #[param(default = "desc", pattern = "^(asc|desc)?$")]
    order_direction: Option<String>,
}

impl LogQuery {
    /// The filter as the store takes it.
    pub fn filter(&self) -> Result<Filter, Problem> {
        Ok(Filter {
            accounts: list("account_ids", self.account_ids.as_deref())?,
            requests: list("request_ids", self.request_ids.as_deref())?,
            orders: list("order_ids", self.order_ids.as_deref())?,
            directions: self.directions()?,
            operations: list("operations", self.operations.as_deref())?,
            methods: list("http_methods", self.http_methods.as_deref())?
                .map(|methods| methods.iter().map(|method| method.to_ascii_uppercase()).collect()),
            providers: list("providers", self.providers.as_deref())?,
            services: list("services", self.services.as_deref())?,
            resources: list("resources", self.resources.as_deref())?,
            sub_resources: list("sub_resources", self.sub_resources.as_deref())?,
            actions: list("actions", self.actions.as_deref())?,
            statuses: words("status_codes", self.status_codes.as_deref(), status)?,
            success: one(
                "success",
                self.success.as_deref(),
                "true or false",
                |text| match text {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => None,
                },
            )?,
            since: date("start_date", self.start_date.as_deref())?,
            until: date("end_date", self.end_date.as_deref())?,
        })
    }

    /// Which part of the list, and in which order.
    pub fn part(&self, page: &PageQuery) -> Result<Part, Problem> {
        let by = self.order_by.as_deref().unwrap_or_default();
        if !["", "event_datetime", "eventDatetime", "created_at"].contains(&by) {
            let message = "the log is in the order of time: leave order_by out, or write event_datetime";
            return Err(invalid("?order_by", message));
        }
        let ascending = match self.order_direction.as_deref().unwrap_or_default() {
            "" | "desc" => false,
            "asc" => true,
            _ => return Err(invalid("?order_direction", "order_direction is asc or desc")),
        };
        let page = page.page()?;
        Ok(Part {
            ascending,
            limit: page.limit,
            after: page.after.map(|place| read_place(&place).unwrap_or_default()),
        })
    }

    /// Directions are asked for by name, and by who called.
    fn directions(&self) -> Result<Option<Vec<&'static str>>, Problem> {
        let named = words("directions", self.directions.as_deref(), Direction::parse)?;
        let sources = list("source_types", self.source_types.as_deref())?;
        let nothing_has = [&self.child_resources, &self.source_ids, &self.source_values];
        if nothing_has.into_iter().flatten().any(|value| !value.is_empty()) {
            return Ok(Some(Vec::new()));
        }
        if named.is_none() && sources.is_none() {
            return Ok(None);
        }
        let wanted = Direction::ALL.into_iter().filter(|direction| {
            let source = source_type(*direction);
            named.as_ref().is_none_or(|named| named.contains(direction))
                && sources
                    .as_ref()
                    .is_none_or(|sources| sources.iter().any(|one| one == source))
        });
        Ok(Some(wanted.map(Direction::as_str).collect()))
    }
}

/// Who called.
pub fn source_type(direction: Direction) -> &'static str {
    match direction {
        Direction::AtsToUs => "ats",
        Direction::VendorToUs => "vendor",
        Direction::UsToAts | Direction::UsToVendor => "crosscheck",
    }
}

/// The values of a list; none where it is empty or not sent. No database takes a NUL in a text.
fn list(name: &str, text: Option<&str>) -> Result<Option<Vec<String>>, Problem> {
    words(name, text, |word| (!word.contains('\0')).then(|| word.to_owned()))
}

/// The values of a list, read.
fn words<T>(
    name: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>, Problem> {
    let pointer = format!("?filter[{name}]");
    let words = text.unwrap_or_default().split(',').map(str::trim);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    if words.len() > VALUES {
        return Err(invalid(
            &pointer,
            &format!("{name} takes {VALUES} values at most"),
        ));
    }
    let read: Option<Vec<T>> = words.into_iter().map(read).collect();
    let read = read.ok_or_else(|| invalid(&pointer, &format!("{name} has a value that it cannot have")))?;
    Ok((!read.is_empty()).then_some(read))
}

fn one<T>(
    name: &str,
    text: Option<&str>,
    wanted: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    let refuse = || invalid(&format!("?filter[{name}]"), &format!("{name} must be {wanted}"));
    text.map(|text| read(text).ok_or_else(refuse)).transpose()
}

fn date(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let wanted = "an RFC 3339 date-time, such as 2026-02-03T10:12:00Z";
    one(name, text, wanted, Timestamp::parse_rfc3339)
}

fn status(text: &str) -> Option<i64> {
    text.parse().ok().filter(|status| (100..600).contains(status))
}

/// The time and id at a place; none where nothing can be there.
fn read_place(place: &str) -> Option<(i64, String)> {
    let (at, id) = place.split_once('.')?;
    Some((at.parse().ok()?, RequestLogId::parse(id)?.as_str().to_owned()))
}
