//! How far a customer's set-up is: what `GET /accounts/{id}` tells the vendor of it.

use super::accounts::ShownAccount;
use crate::domain::timestamp::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// How far the customer's side of an account is set up. The times of the page are those of its newest connect session.
#[derive(Serialize, ToSchema)]
pub struct SetupInformation {
    /// The furthest that it got.
    status: SetupStatus,
    /// When the customer first opened the page.
    #[schema(format = DateTime)]
    page_opened_at: Option<String>,
    /// When the customer first said that its part is done.
    #[schema(format = DateTime)]
    page_completed_at: Option<String>,
    /// Until when the page is open, or was.
    #[schema(format = DateTime)]
    page_expires_at: Option<String>,
    /// When the ATS first called with the trigger token.
    #[schema(format = DateTime)]
    first_call_at: Option<String>,
}

/// How far a set-up got.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SetupStatus {
    /// The account was made, and no page for it.
    Linked,
    /// There is a page, and nobody opened it.
    Invited,
    /// The customer opened the page.
    Opened,
    /// The customer says that its part is done.
    Completed,
    /// The ATS has called with the trigger token.
    Connected,
}

impl ShownAccount {
    /// How far it is set up.
    pub fn setup_information(&self) -> SetupInformation {
        let session = self.session.as_ref();
        let opened = session.and_then(|session| session.opened_at);
        let completed = session.and_then(|session| session.completed_at);
        let status = match (session, opened, completed) {
            _ if self.row.first_call_at.is_some() => SetupStatus::Connected,
            (None, _, _) => SetupStatus::Linked,
            (_, _, Some(_)) => SetupStatus::Completed,
            (_, Some(_), _) => SetupStatus::Opened,
            _ => SetupStatus::Invited,
        };
        let shown = |at: Option<i64>| at.map(|at| Timestamp(at).to_string());
        SetupInformation {
            status,
            page_opened_at: shown(opened),
            page_completed_at: shown(completed),
            page_expires_at: shown(session.map(|session| session.expires_at)),
            first_call_at: shown(self.row.first_call_at),
        }
    }
}
