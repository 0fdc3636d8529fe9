//! Which refusals an operation documents: every status that it can answer, with the codes of the catalogue
//! that have it.

use crate::domain::problem::ErrorCode;
use std::collections::BTreeMap;
use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = [$($status:literal),*];)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),*].into_iter().map(|status: u16| (status.to_string(), problem(status))).collect()
            }
        }
    )*};
}

problems! {
    /// What a reading operation can refuse with.
    ReadProblems = [400, 401, 403, 404, 429, 500, 503];
    /// What a writing operation can refuse with.
    WriteProblems = [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 501, 503];
    /// What a reading operation on an account can refuse with.
    AccountReadProblems = [400, 401, 403, 404, 412, 429, 500, 503];
    /// What a writing operation on an account can refuse with.
    AccountWriteProblems = [400, 401, 403, 404, 408, 409, 412, 413, 422, 429, 500, 501, 503];
    /// What readiness can refuse with.
    ReadyProblems = [500, 503];
}

/// The response of a status, naming each errorCode of the catalogue that has it.
fn problem(status: u16) -> RefOr<Response> {
    let codes = ErrorCode::ALL.iter().filter(|code| code.status() == status);
    let told: Vec<_> = codes
        .map(|code| format!("`{}`: {}", code.as_str(), code.meaning()))
        .collect();
    let content = Content::new(Some(Ref::from_schema_name("Error")));
    RefOr::T(
        ResponseBuilder::new()
            .description(told.join("\n\n"))
            .content("application/json", content)
            .build(),
    )
}
