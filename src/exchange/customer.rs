//! Whose call an ATS's call is.

use super::context::Exchange;
use super::gathering::Gathering;
use crate::domain::category::Category;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem};
use crate::providers::provider::{Claim, Provider, Refusal};
use crate::store::Store;
use crate::store::accounts::{self, AccountRow};
use crate::store::integrations::IntegrationRow;

/// The account that a call belongs to.
pub struct Customer {
    /// Its project.
    pub project: ProjectId,
    /// Its id.
    pub id: AccountId,
    /// Its category.
    pub category: Category,
    /// The account.
    pub account: AccountRow,
    /// How it is linked.
    pub integration: IntegrationRow,
}

/// Where the hashes of the tokens that a call may have come with are handed in: the account and integration of the
/// first that is somebody's comes back.
pub(super) type Identities = Gathering<Vec<Vec<u8>>, Option<(AccountRow, IntegrationRow)>>;

/// How many reads run at a time.
const AT_ONCE: usize = 2;

/// Starts looking up whose tokens are whose.
pub(super) fn identities(store: Store) -> Identities {
    Gathering::start(AT_ONCE, move |claims: Vec<Vec<Vec<u8>>>| {
        let store = store.clone();
        async move {
            let mut hashes = claims.concat();
            hashes.sort_unstable();
            hashes.dedup();
            let found = store.read(move |db| accounts::by_tokens(db, &hashes)).await?;
            let of = |hash: &Vec<u8>| {
                found
                    .iter()
                    .find(|(account, _)| account.trigger_token_hash == *hash)
            };
            let claimed = claims
                .iter()
                .map(|hashes| Ok(hashes.iter().find_map(of).cloned()));
            Ok(claimed.collect())
        }
    })
}

impl Customer {
    fn of((account, integration): (AccountRow, IntegrationRow)) -> Option<Self> {
        Some(Self {
            project: ProjectId::parse(&account.project_id)?,
            id: AccountId::parse(&account.id)?,
            category: Category::parse(&account.category)?,
            account,
            integration,
        })
    }
}

impl Exchange {
    /// Whose call it is. `tenant_id` is what the URL says, where it says anything.
    pub async fn identify(
        &self,
        provider: &dyn Provider,
        claim: Claim,
        tenant_id: Option<&str>,
    ) -> Result<Customer, Refusal> {
        let Claim::Tokens(tokens) = claim;
        let hashes = tokens
            .iter()
            .map(|token| self.vault.lookup("trigger_token", token));
        let found = self.identities.add(hashes.collect()).await?;
        let customer = found.and_then(Customer::of).ok_or(Refusal::Unauthenticated)?;
        if customer.account.provider != provider.descriptor().key {
            return Err(Refusal::Unauthenticated);
        }
        if !customer.integration.enabled {
            return Err(Problem::of(ErrorCode::IntegrationDisabled).into());
        }
        let expected = customer.integration.tenant_id.as_deref();
        match (tenant_id, expected) {
            (Some(sent), Some(expected)) if sent != expected => Err(Refusal::Unknown("tenant-id")),
            _ => {
                if customer.account.first_call_at.is_none() {
                    self.note_first_call(customer.id.clone());
                }
                Ok(customer)
            }
        }
    }

    /// Notes that an account's ATS has called. The answer does not wait for it: should it be lost, the next call is noted.
    fn note_first_call(&self, account: AccountId) {
        let (store, at) = (self.store.clone(), self.ambient.now());
        tokio::spawn(async move {
            let noted = store
                .write(move |db| {
                    // Who changes the account meanwhile writes all of it.
                    accounts::lock(db, &account)?;
                    accounts::note_first_call(db, &account, at)
                })
                .await;
            if let Err(error) = noted {
                tracing::warn!(%error, "the first call of an ATS could not be noted");
            }
        });
    }
}
