//! Packages: what a recruiter is offered.

use super::context::Exchange;
use super::customer::Customer;
use super::list_url::ListUrl;
use super::request_logs::{AtsCall, Note};
use crate::domain::package::{self, Offer, Package, Parameter};
use crate::domain::problem::{ErrorCode, Problem};
use crate::providers::provider::{Answer, Refusal};
use crate::store::packages::{self as lists, List, Source};
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
        let at = self.ambient.now();
        if let Err(error) = self
            .store
            .write(move |db| lists::replace(db, &list, &packages, at))
            .await
        {
            tracing::warn!(%error, "the package list that was served could not be kept");
        }
    }

    async fn fallback(&self, customer: &Customer) -> Result<Vec<Package>, Problem> {
        let has_url = customer.integration.package_list_url.is_some();
        let served = has_url.then(|| customer.list(Source::Served));
        let (project, account, category) = (customer.project.clone(), customer.id.clone(), customer.category);
        let static_id = customer.integration.static_package_id.clone();
        self.store
            .read(move |db| {
                let stored = lists::seen(db, &project, category, &account)?;
                for list in served.iter().chain([&stored]) {
                    let packages = lists::all(db, list)?;
                    if !packages.is_empty() {
                        return Ok::<_, Problem>(packages);
                    }
                }
                Ok(static_id.map(unnamed).into_iter().collect())
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
