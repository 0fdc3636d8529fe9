//! Package lists: what the vendor stored, and what its list URL last answered.

use super::engine::{Db, StoreError, StoreResult, alone, on};
use super::schema::{own_package_lists, package_uuids, packages};
use crate::domain::category::Category;
use crate::domain::id::{AccountId, ProjectId};
use crate::domain::package::{self, Package};
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
use diesel::prelude::*;
use std::collections::HashMap;

/// Where a list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `PUT` by the vendor.
    Stored,
    /// The last good answer of the vendor's list URL.
    Served,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Served => "served",
        }
    }
}

/// Which list: whose, of what, from where. Without an account it is the project's own.
#[derive(Clone, Debug)]
pub struct List {
    /// Owner.
    pub project: ProjectId,
    /// Category.
    pub category: Category,
    /// Whose list within the project.
    pub account: Option<AccountId>,
    /// Where it comes from.
    pub source: Source,
}

impl List {
    fn account_column(&self) -> &str {
        self.account.as_ref().map(AccountId::as_str).unwrap_or_default()
    }
}

#[derive(Insertable)]
#[diesel(table_name = packages, treat_none_as_default_value = false)]
struct NewPackage<'a> {
    project_id: &'a str,
    category: &'a str,
    list: &'a str,
    account_id: &'a str,
    id: &'a str,
    position: i64,
    name: &'a str,
    body: String,
    updated_at: i64,
}

/// Until the transaction ends, nobody else changes the list.
pub fn lock(db: &mut Db<'_>, list: &List) -> StoreResult<()> {
    let (project, category) = (list.project.as_str(), list.category.as_str());
    let name = [project, category, list.source.as_str(), list.account_column()];
    alone(db, "packages", &name.join(" "))
}

/// The stored list that an account sees: its own where it has one, else the project's.
pub fn seen(
    db: &mut Db<'_>,
    project: &ProjectId,
    category: Category,
    account: &AccountId,
) -> StoreResult<List> {
    let own: Option<String> = on!(db, |c| own_package_lists::table
        .find((project.as_str(), category.as_str(), account.as_str()))
        .select(own_package_lists::account_id)
        .get_result(c)
        .optional())?;
    Ok(List {
        project: project.clone(),
        category,
        account: own.map(|_| account.clone()),
        source: Source::Stored,
    })
}

/// From now on the account that `list` is of sees that one, even while it is empty; or the project's again.
pub fn set_own(db: &mut Db<'_>, list: &List, is_own: bool) -> StoreResult<()> {
    let key = (
        list.project.as_str(),
        list.category.as_str(),
        list.account_column(),
    );
    if !is_own {
        let target = own_package_lists::table.find(key);
        on!(db, |c| diesel::delete(target).execute(c))?;
        return Ok(());
    }
    let row = (
        own_package_lists::project_id.eq(key.0),
        own_package_lists::category.eq(key.1),
        own_package_lists::account_id.eq(key.2),
    );
    on!(db, |c| diesel::insert_into(own_package_lists::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Replaces a whole list. A package that stays as it was keeps its time.
pub fn replace(db: &mut Db<'_>, list: &List, fresh: &[Package], at: Timestamp) -> StoreResult<()> {
    lock(db, list)?;
    let (project, category) = (list.project.as_str(), list.category.as_str());
    let earlier = times(db, list)?;
    let target = packages::table
        .filter(packages::project_id.eq(project))
        .filter(packages::category.eq(category))
        .filter(packages::list.eq(list.source.as_str()))
        .filter(packages::account_id.eq(list.account_column()));
    on!(db, |c| diesel::delete(target).execute(c))?;
    for (position, package) in (0..).zip(fresh) {
        let body = serde_json::to_string(package).map_err(defect)?;
        let row = NewPackage {
            project_id: list.project.as_str(),
            category: list.category.as_str(),
            list: list.source.as_str(),
            account_id: list.account_column(),
            id: &package.id,
            position,
            name: &package.name,
            updated_at: match earlier.get(&package.id) {
                Some((same, updated_at)) if *same == body => *updated_at,
                _ => at.0,
            },
            body,
        };
        on!(db, |c| diesel::insert_into(packages::table)
            .values(&row)
            .execute(c))?;
        let known = (
            package_uuids::project_id.eq(list.project.as_str()),
            package_uuids::category.eq(list.category.as_str()),
            package_uuids::uuid.eq(package::uuid(&list.project, list.category, &package.id).to_string()),
            package_uuids::package_id.eq(&package.id),
        );
        on!(db, |c| diesel::insert_into(package_uuids::table)
            .values(known)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// What stands in a list, by id, and when it last changed.
fn times(db: &mut Db<'_>, list: &List) -> StoreResult<HashMap<String, (String, i64)>> {
    let rows: Vec<(String, String, i64)> = on!(db, |c| packages::table
        .filter(packages::project_id.eq(list.project.as_str()))
        .filter(packages::category.eq(list.category.as_str()))
        .filter(packages::list.eq(list.source.as_str()))
        .filter(packages::account_id.eq(list.account_column()))
        .select((packages::id, packages::body, packages::updated_at))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(id, body, updated_at)| (id, (body, updated_at)))
        .collect())
}

/// The id of the package that was ever in a list of that category and has that UUID.
pub fn id_of(
    db: &mut Db<'_>,
    project: &ProjectId,
    category: Category,
    uuid: &str,
) -> StoreResult<Option<String>> {
    Ok(on!(db, |c| package_uuids::table
        .find((project.as_str(), category.as_str(), uuid))
        .select(package_uuids::package_id)
        .get_result(c)
        .optional())?)
}

/// A whole list in the vendor's order.
pub fn all(db: &mut Db<'_>, list: &List) -> StoreResult<Vec<Package>> {
    let bodies: Vec<String> = on!(db, |c| packages::table
        .filter(packages::project_id.eq(list.project.as_str()))
        .filter(packages::category.eq(list.category.as_str()))
        .filter(packages::list.eq(list.source.as_str()))
        .filter(packages::account_id.eq(list.account_column()))
        .order(packages::position.asc())
        .select(packages::body)
        .load(c))?;
    bodies
        .iter()
        .map(|body| serde_json::from_str(body).map_err(defect))
        .collect()
}

/// A page of a list, by id, so that a list replaced meanwhile neither repeats nor skips what stayed; perhaps only of
/// what changed after a moment.
pub fn page(
    db: &mut Db<'_>,
    list: &List,
    updated_after: Option<Timestamp>,
    page: &Page,
) -> StoreResult<Vec<Package>> {
    let bodies: Vec<String> = on!(db, |c| {
        let mut query = packages::table
            .filter(packages::project_id.eq(list.project.as_str()))
            .filter(packages::category.eq(list.category.as_str()))
            .filter(packages::list.eq(list.source.as_str()))
            .filter(packages::account_id.eq(list.account_column()))
            .order(packages::id.asc())
            .limit(page.limit)
            .select(packages::body)
            .into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(packages::id.gt(after));
        }
        if let Some(at) = updated_after {
            query = query.filter(packages::updated_at.gt(at.0));
        }
        query.load(c)
    })?;
    bodies
        .iter()
        .map(|body| serde_json::from_str(body).map_err(defect))
        .collect()
}

/// The package of that id in a list.
pub fn find(db: &mut Db<'_>, list: &List, id: &str) -> StoreResult<Option<Package>> {
    let body: Option<String> = on!(db, |c| packages::table
        .find((
            list.project.as_str(),
            list.category.as_str(),
            list.source.as_str(),
            list.account_column(),
            id,
        ))
        .select(packages::body)
        .get_result(c)
        .optional())?;
    body.map(|body| serde_json::from_str(&body).map_err(defect))
        .transpose()
}

/// What is known of a package that an account was offered: its own lists first (what the vendor's URL served,
/// then what was stored for it), then the project's.
pub fn known(
    db: &mut Db<'_>,
    project: &ProjectId,
    account: &AccountId,
    category: Category,
    id: &str,
) -> StoreResult<Option<Package>> {
    let body: Option<String> = on!(db, |c| packages::table
        .filter(packages::project_id.eq(project.as_str()))
        .filter(packages::category.eq(category.as_str()))
        .filter(
            packages::account_id
                .eq("")
                .or(packages::account_id.eq(account.as_str())),
        )
        .filter(packages::id.eq(id))
        // "served" < "stored" and "" < any id: the nearest list comes first.
        .order((packages::account_id.desc(), packages::list.asc()))
        .select(packages::body)
        .get_result(c)
        .optional())?;
    body.map(|body| serde_json::from_str(&body).map_err(defect))
        .transpose()
}

fn defect(error: serde_json::Error) -> StoreError {
    StoreError::Defect(format!("packages.body: {error}"))
}
