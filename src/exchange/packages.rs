//! Packages: what a recruiter is offered, and the lists that the vendor stores with us.

use super::context::Exchange;
use super::customer::Customer;
use super::list_page::check_distinct;
use super::list_url::ListUrl;
use super::request_logs::{AtsCall, Note};
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::package::{self, Offer, Package, Parameter};
use crate::domain::problem::{ErrorCode, Problem};
use crate::providers::provider::{Answer, Refusal};
use crate::store::packages::{self as lists, List, Source};
use crate::store::{Page, StoreError, accounts};
use std::collections::HashSet;

impl Exchange {
    /// What a recruiter is offered: the vendor's list URL first, then its last good answer, then what is
    /// stored (the account's list, else the project's), then the static package.
    pub(super) async fn list_packages(&self, customer: &Customer, call: &AtsCall) -> Result<Answer, Refusal> {
        let packages = self.offered(customer, call).await?;
        let offers = packages.into_iter().map(|package| Offer {
            uuid: package::uuid(&customer.project, customer.category, &package.id),
            package,
        });
        Ok(Answer::Offers(offers.collect()))
    }

    /// What a recruiter may fill in when ordering any of the packages; of parameters with one id the first counts.
    pub(super) async fn list_parameters(
        &self,
        customer: &Customer,
        call: &AtsCall,
    ) -> Result<Answer, Refusal> {
        let packages = self.offered(customer, call).await?;
        let mut seen = HashSet::new();
        let described = packages
            .iter()
            .flat_map(|package| package.parameters.iter().flatten());
        let parameters = described
            .filter_map(Parameter::read)
            .filter(|parameter| seen.insert(parameter.id.clone()));
        Ok(Answer::Parameters(parameters.collect()))
    }

    async fn offered(&self, customer: &Customer, call: &AtsCall) -> Result<Vec<Package>, Refusal> {
        let list_url = ListUrl::of(customer, &self.vault).map_err(Problem::from)?;
        let (trouble, mut entries) = match &list_url {
            None => (None, Vec::new()),
            Some(list_url) => {
                let (fetched, mut entries) = list_url.fetch(self).await;
                match fetched {
                    Ok(packages) => {
                        self.remember(customer, packages.clone()).await;
                        entries.push(self.log_entry(customer, call, 200, Note::default()));
                        self.log(entries).await;
                        return Ok(packages);
                    }
                    Err(violations) => {
                        let problem = Problem::with(ErrorCode::PackageListFailed, violations);
                        (Some(problem), entries)
                    }
                }
            }
        };
        let fallback = self.fallback(customer).await?;
        match trouble {
            Some(problem) if fallback.is_empty() => {
                self.log(entries).await;
                Err(problem.into())
            }
            trouble => {
                let note = Note {
                    problem: trouble.as_ref(),
                    ..Note::default()
                };
                entries.push(self.log_entry(customer, call, 200, note));
                self.log(entries).await;
                Ok(fallback)
            }
        }
    }

    /// Keeps a good answer of the list URL, for when the next one is not, and for the names of what is ordered.
    async fn remember(&self, customer: &Customer, packages: Vec<Package>) {
        let list = customer.list(Source::Served);
        let kept = self.store.read({
            let list = list.clone();
            move |db| lists::all(db, &list)
        });
        if matches!(kept.await, Ok(kept) if kept == packages) {
            return;
        }
        if let Err(error) = self
            .store
            .write(move |db| lists::replace(db, &list, &packages))
            .await
        {
            tracing::warn!(%error, "the package list that was served could not be kept");
        }
    }

    async fn fallback(&self, customer: &Customer) -> Result<Vec<Package>, Problem> {
        let has_url = customer.integration.package_list_url.is_some();
        let served = has_url.then(|| customer.list(Source::Served));
        let own = customer.list(Source::Stored);
        let shared = List {
            account: None,
            ..own.clone()
        };
        let static_id = customer.integration.static_package_id.clone();
        self.store
            .read(move |db| {
                for list in served.iter().chain([&own, &shared]) {
                    let packages = lists::all(db, list)?;
                    if !packages.is_empty() {
                        return Ok::<_, Problem>(packages);
                    }
                }
                Ok(static_id.map(unnamed).into_iter().collect())
            })
            .await
    }

    /// Replaces the stored list of a project, or of one of its accounts.
    pub async fn put_packages(
        &self,
        write: &Write,
        category: Category,
        account: Option<AccountId>,
        fresh: Vec<Package>,
    ) -> Result<usize, Problem> {
        check_distinct(&fresh, "/packages", &mut HashSet::new())
            .map_err(|violations| Problem::with(ErrorCode::InvalidValue, violations))?;
        let count = fresh.len();
        let list = List {
            project: write.project.clone(),
            category,
            account,
            source: Source::Stored,
        };
        self.write_once(write, move |db| {
            ensure_account(db, &list)?;
            lists::replace(db, &list, &fresh)?;
            Ok(count)
        })
        .await
    }

    /// A page of the stored list: the account's own where it has one, else the project's.
    pub async fn page_packages(
        &self,
        project: &ProjectId,
        category: Category,
        account: Option<AccountId>,
        page: Page,
    ) -> Result<Vec<Package>, Problem> {
        let list = List {
            project: project.clone(),
            category,
            account,
            source: Source::Stored,
        };
        self.store
            .read(move |db| {
                ensure_account(db, &list)?;
                let own = list.account.is_some() && lists::exists(db, &list)?;
                let list = if own {
                    list
                } else {
                    List {
                        account: None,
                        ..list
                    }
                };
                lists::page(db, &list, &page).map_err(Problem::from)
            })
            .await
    }

    /// One package of the stored list.
    pub async fn get_package(
        &self,
        project: &ProjectId,
        category: Category,
        account: Option<AccountId>,
        id: String,
    ) -> Result<Package, Problem> {
        if id.contains('\0') {
            // No database takes a NUL in a text.
            return Err(Problem::not_found("package"));
        }
        let list = List {
            project: project.clone(),
            category,
            account,
            source: Source::Stored,
        };
        self.store
            .read(move |db| {
                ensure_account(db, &list)?;
                let shared = List {
                    account: None,
                    ..list.clone()
                };
                for list in [&list, &shared] {
                    if let Some(package) = lists::find(db, list, &id)? {
                        return Ok(package);
                    }
                }
                Err(Problem::not_found("package"))
            })
            .await
    }
}

impl Customer {
    fn list(&self, source: Source) -> List {
        List {
            project: self.project.clone(),
            category: self.category,
            account: Some(self.id.clone()),
            source,
        }
    }
}

/// A package of which only the id is known.
fn unnamed(id: String) -> Package {
    Package {
        name: id.clone(),
        id,
        description: None,
        r#type: None,
        metadata: None,
        tests: None,
        parameters: None,
    }
}

/// An account that is named has to be the project's.
fn ensure_account(db: &mut crate::store::Db<'_>, list: &List) -> Result<(), Problem> {
    let Some(account) = &list.account else {
        return Ok(());
    };
    let found =
        accounts::find(db, &list.project, account).map_err(|error: StoreError| Problem::from(error))?;
    found
        .map(|_| ())
        .ok_or_else(|| Problem::not_found("account (header x-account-id)"))
}
