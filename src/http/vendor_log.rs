//! What of a vendor's call stands in the request log: never its query or its body, and of its path the route, with
//! what names something of ours filled in.

use crate::domain::category::Category;
use crate::domain::id::{AccountId, OrderId, ProjectId, is_id_of_ours};
use crate::domain::problem::Problem;
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::exchange::vendor_log::{Subject, VendorCall, VendorLog};
use crate::providers::registry;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::{HttpMessage, web};
use serde_json::Value;
use std::collections::HashMap;

/// Reading the log is not logged: looking would change what is seen.
const THE_LOG_ITSELF: &str = "/requests/logs";

/// The name of each operation of the API document, by route and method.
pub struct Operations(HashMap<String, HashMap<String, String>>);

impl Operations {
    /// Those of `document`.
    pub fn of(document: &Value) -> Self {
        let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let paths = document.get("paths").map(object).unwrap_or_default();
        let methods = |path: &Value| {
            let methods = object(path).into_iter();
            let named = methods.filter_map(|(method, operation)| {
                let name = operation.get("operationId")?.as_str()?;
                Some((method.to_uppercase(), name.to_owned()))
            });
            named.collect()
        };
        Self(
            paths
                .iter()
                .map(|(path, value)| (path.clone(), methods(value)))
                .collect(),
        )
    }

    fn named(&self, route: &str, method: &str) -> Option<&str> {
        self.0.get(route)?.get(method).map(String::as_str)
    }
}

/// Hands a request to the log, where it came with a vendor's key.
pub fn note(
    response: &ServiceResponse<impl MessageBody>,
    request_id: RequestId,
    (began, ended): (Timestamp, Timestamp),
) {
    let request = response.request();
    let project = request.extensions().get::<ProjectId>().cloned();
    let (Some(project), Some(route)) = (project, request.match_pattern()) else {
        return;
    };
    let log = request.app_data::<web::Data<VendorLog>>();
    let operations = request.app_data::<web::Data<Operations>>();
    let (Some(log), Some(operations)) = (log, operations) else {
        return;
    };
    let method = request.method().as_str();
    let Some(operation) = operations.named(&route, method) else {
        return;
    };
    if route.starts_with(THE_LOG_ITSELF) {
        return;
    }
    let told: Vec<(&str, &str)> = request
        .match_info()
        .iter()
        .filter(|(_, value)| may_be_told(value))
        .collect();
    let path = told.iter().fold(route, |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), value)
    });
    let header = request.headers().get("x-account-id");
    let header = header.and_then(|value| value.to_str().ok());
    let values = || told.iter().map(|(_, value)| *value);
    log.note(VendorCall {
        project,
        request_id,
        operation: operation.to_owned(),
        subject: subject(&path),
        method: method.to_owned(),
        order: values()
            .find_map(OrderId::parse)
            .or_else(|| request.extensions().get::<Option<OrderId>>().cloned().flatten())
            .map(|order| order.as_str().to_owned()),
        account: values()
            .chain(header)
            .find(|value| AccountId::parse(value).is_some())
            .map(str::to_owned),
        path,
        status: response.status().as_u16(),
        problem: response.response().extensions().get::<Problem>().cloned(),
        began,
        ended,
    });
}

/// A caller may write anything into a path, a candidate's name as well.
fn may_be_told(value: &str) -> bool {
    is_id_of_ours(value) || Category::parse(value).is_some() || registry::find(value).is_some()
}

/// The words of a path are what is neither an id nor left open.
fn subject(path: &str) -> Subject {
    let mut words = path
        .split('/')
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{') && !is_id_of_ours(segment))
        .peekable();
    let is_unified = words.next_if_eq(&"unified").is_some();
    let service = words.next_if(|_| is_unified);
    let resource = words.next();
    Subject {
        service: service.map(str::to_owned),
        resource: resource.map(str::to_owned),
        sub_resource: words.last().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str) -> [Option<String>; 3] {
        let Subject {
            service,
            resource,
            sub_resource,
        } = subject(path);
        [service, resource, sub_resource]
    }

    #[test]
    fn the_words_of_a_path_say_what_it_is_about() {
        let some = |word: &str| Some(word.to_owned());
        let order = "/unified/ats/assessments/orders/ats_ass_02xvJ0nEdbcjBOZlbbGTsE/result";
        assert_eq!(words(order), [some("ats"), some("assessments"), some("result")]);
        assert_eq!(words("/webhooks/{id}"), [None, some("webhooks"), None]);
        assert_eq!(
            words("/webhooks/whk_02xvJ0nEdbcjBOZlbbGTsE/deliveries"),
            [None, some("webhooks"), some("deliveries")]
        );
    }
}
