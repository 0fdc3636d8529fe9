//! Pages of lists, as StackOne has them: `page_size` and an opaque `next`.

use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::store::Page;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const DEFAULT_SIZE: i64 = 25;
const LARGEST_SIZE: i64 = 100;

const NO_CURSOR: &str = "next must be a cursor that an earlier answer gave";

/// How a place in a list is written. Whatever has the form of a cursor is one, so that the form can be documented.
const CURSOR: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many entries at most, 1 to 100.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 25)]
    page_size: Option<String>,
    /// The `next` of the page before.
    #[param(pattern = "^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-]{2,3})?$")]
    next: Option<String>,
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Paged<T> {
    /// The cursor of the page after this one; null at the end.
    pub next: Option<String>,
    /// The entries.
    pub data: Vec<T>,
}

impl PageQuery {
    /// The page as the store takes it: one row more than is shown, to know whether there is another page.
    pub fn page(&self) -> Result<Page, Problem> {
        let after = self
            .next
            .as_deref()
            .filter(|next| !next.is_empty())
            .map(|next| from_cursor(next).ok_or_else(|| invalid("?next", NO_CURSOR)))
            .transpose()?;
        Ok(Page {
            limit: self.size()? + 1,
            after,
        })
    }

    fn size(&self) -> Result<i64, Problem> {
        let Some(text) = self.page_size.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(DEFAULT_SIZE);
        };
        match text.parse() {
            Ok(size) if (1..=LARGEST_SIZE).contains(&size) => Ok(size),
            _ => Err(invalid("?page_size", "page_size must be a number from 1 to 100")),
        }
    }

    /// What is shown of `rows`, and the cursor of what follows. `key` is what the list is ordered by.
    pub fn paged<Row, Shown>(
        &self,
        mut rows: Vec<Row>,
        key: impl Fn(&Row) -> &str,
        show: impl Fn(Row) -> Result<Shown, Problem>,
    ) -> Result<Paged<Shown>, Problem> {
        let size = usize::try_from(self.size()?).unwrap_or_default();
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| more).map(|row| to_cursor(key(row)));
        Ok(Paged {
            next,
            data: rows.into_iter().map(show).collect::<Result<_, _>>()?,
        })
    }
}

/// An id to look for; none where it is empty. No database takes a NUL in a text.
pub fn id_to_find(pointer: &str, text: Option<String>) -> Result<Option<String>, Problem> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.contains('\0') => Err(invalid(pointer, "an id has no NUL character")),
        text => Ok(text),
    }
}

/// A place in a list as it is given out.
pub fn to_cursor(place: &str) -> String {
    CURSOR.encode(place)
}

/// The place that a cursor stands for, be there anything or not; none where it has not the form of a cursor.
pub fn from_cursor(cursor: &str) -> Option<String> {
    let bytes = CURSOR.decode(cursor).ok()?;
    // No database takes a NUL in a text.
    Some(String::from_utf8_lossy(&bytes).replace('\0', ""))
}

/// A query parameter has a value that it cannot have.
pub fn invalid(pointer: &str, message: &str) -> Problem {
    Problem::with(
        ErrorCode::InvalidParameter,
        vec![Violation::new(pointer, "invalid", message)],
    )
}
