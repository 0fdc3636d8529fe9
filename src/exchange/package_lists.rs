//! The package lists that the vendor stores with us: a project's, and those of single accounts.

use super::context::Exchange;
use super::list_page::check_distinct;
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::id::{AccountId, PackageId, ProjectId};
use crate::domain::package::Package;
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::timestamp::Timestamp;
use crate::store::packages::{self as lists, List, Source};
use crate::store::{Db, Page, accounts};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashSet;

impl Exchange {
    /// Replaces the stored list of a project, or of one of its accounts; an empty one takes the account's own away.
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
        let at = self.ambient.now();
        self.write_once(write, move |db| {
            if let Some(account) = &list.account {
                linked(db, &list.project, account)?;
                lists::set_own(db, &list, !fresh.is_empty())?;
            }
            lists::replace(db, &list, &fresh, at)?;
            Ok(count)
        })
        .await
    }

    /// A page of the stored list that an account sees, or of the project's.
    pub async fn page_packages(
        &self,
        of: ListOf,
        updated_after: Option<Timestamp>,
        page: Page,
    ) -> Result<Vec<Package>, Problem> {
        self.store
            .read(move |db| {
                let list = of.find(db)?;
                lists::page(db, &list, updated_after, &page).map_err(Problem::from)
            })
            .await
    }

    /// One package of the stored list that an account sees, or of the project's.
    pub async fn get_package(&self, of: ListOf, id: String) -> Result<Package, Problem> {
        if id.contains('\0') {
            // No database takes a NUL in a text.
            return Err(unknown());
        }
        self.store
            .read(move |db| {
                let list = of.find(db)?;
                lists::find(db, &list, &id)?.ok_or_else(unknown)
            })
            .await
    }

    /// Adds a package to the account's own list, behind all others; one without an id gets one.
    pub async fn create_package(
        &self,
        write: &Write,
        of: ListOf,
        new: NewPackage,
    ) -> Result<Changed, Problem> {
        let made = PackageId::new(self.ambient.uuid());
        let package = Package {
            id: new.id.unwrap_or_else(|| made.as_str().to_owned()),
            name: new.name,
            description: new.description,
            r#type: new.r#type,
            metadata: new.metadata,
            tests: new.tests,
            parameters: new.parameters,
        };
        self.change_list(write, of, move |packages| {
            if packages.iter().any(|known| known.id == package.id) {
                let message =
                    "a package of this id is there already: change it with PATCH, or choose another id";
                let violation = Violation::new("/id", "exists", message);
                return Err(Problem::with(ErrorCode::PackageExists, vec![violation]));
            }
            let id = package.id.clone();
            packages.push(package);
            Ok(id)
        })
        .await
    }

    /// Changes a package of the account's own list.
    pub async fn update_package(
        &self,
        write: &Write,
        of: ListOf,
        id: String,
        change: PackageChange,
    ) -> Result<Changed, Problem> {
        self.change_list(write, of, move |packages| {
            let package = packages.iter_mut().find(|package| package.id == id);
            let package = package.ok_or_else(unknown)?;
            set(&mut package.name, change.name);
            set(&mut package.description, change.description);
            set(&mut package.r#type, change.r#type);
            set(&mut package.metadata, change.metadata);
            set(&mut package.tests, change.tests);
            set(&mut package.parameters, change.parameters);
            Ok(id)
        })
        .await
    }

    /// Removes a package from the account's own list.
    pub async fn delete_package(&self, write: &Write, of: ListOf, id: String) -> Result<Changed, Problem> {
        self.change_list(write, of, move |packages| {
            let before = packages.len();
            packages.retain(|package| package.id != id);
            match packages.len() < before {
                true => Ok(id),
                false => Err(unknown()),
            }
        })
        .await
    }

    /// Changes the account's own list, which begins as what the account saw.
    async fn change_list(
        &self,
        write: &Write,
        of: ListOf,
        change: impl FnOnce(&mut Vec<Package>) -> Result<String, Problem> + Send + 'static,
    ) -> Result<Changed, Problem> {
        let at = self.ambient.now();
        self.write_once(write, move |db| {
            let own = List {
                project: of.project.clone(),
                category: of.category,
                account: of.account.clone(),
                source: Source::Stored,
            };
            lists::lock(db, &own)?;
            let seen = of.find(db)?;
            let mut packages = lists::all(db, &seen)?;
            let id = change(&mut packages)?;
            lists::replace(db, &own, &packages, at)?;
            lists::set_own(db, &own, true)?;
            Ok(Changed { id, at: at.0 })
        })
        .await
    }
}

/// Which stored list: what an account sees, or (without one) the project's.
#[derive(Clone, Debug)]
pub struct ListOf {
    /// Owner.
    pub project: ProjectId,
    /// Category.
    pub category: Category,
    /// Who looks.
    pub account: Option<AccountId>,
}

impl ListOf {
    fn find(&self, db: &mut Db<'_>) -> Result<List, Problem> {
        let Some(account) = &self.account else {
            return Ok(List {
                project: self.project.clone(),
                category: self.category,
                account: None,
                source: Source::Stored,
            });
        };
        linked(db, &self.project, account)?;
        Ok(lists::seen(db, &self.project, self.category, account)?)
    }
}

/// A package to add.
pub struct NewPackage {
    /// The vendor's own id; one is made where it gives none.
    pub id: Option<String>,
    /// What the recruiter reads.
    pub name: String,
    /// More about it.
    pub description: Option<String>,
    /// The vendor's kind.
    pub r#type: Option<String>,
    /// The vendor's own.
    pub metadata: Option<Map<String, Value>>,
    /// The single checks or tests that it bundles.
    pub tests: Option<Vec<Map<String, Value>>>,
    /// What a recruiter may fill in.
    pub parameters: Option<Vec<Map<String, Value>>>,
}

/// What of a package is to change. `None` leaves it, `Some(None)` clears it.
pub struct PackageChange {
    /// What the recruiter reads.
    pub name: Option<String>,
    /// More about it.
    pub description: Option<Option<String>>,
    /// The vendor's kind.
    pub r#type: Option<Option<String>>,
    /// The vendor's own.
    pub metadata: Option<Option<Map<String, Value>>>,
    /// The single checks or tests that it bundles.
    pub tests: Option<Option<Vec<Map<String, Value>>>>,
    /// What a recruiter may fill in.
    pub parameters: Option<Option<Vec<Map<String, Value>>>>,
}

/// A package that was added, changed or removed.
#[derive(Serialize, Deserialize)]
pub struct Changed {
    /// Its id.
    pub id: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

fn unknown() -> Problem {
    Problem::not_found("package")
}

/// An account that is named has to be the project's.
fn linked(db: &mut Db<'_>, project: &ProjectId, account: &AccountId) -> Result<(), Problem> {
    let found = accounts::find(db, project, account)?;
    found
        .map(|_| ())
        .ok_or_else(|| Problem::not_found("account (header x-account-id)"))
}
