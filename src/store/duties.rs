//! Work that one process does for all. Whoever does it holds it by a lease on the database's clock, so that a
//! process that died, or one that hangs, does not keep it from the others.

use super::engine::{Db, StoreResult, clock, on};
use super::schema::duties;
use diesel::prelude::*;

/// Takes the duty `name` for `holder`, or keeps it, for so many milliseconds. False where another holds it.
pub fn take(db: &mut Db<'_>, name: &str, holder: &str, lease_ms: i64) -> StoreResult<bool> {
    let now = clock(db)?;
    let mine = (
        duties::holder.eq(holder),
        duties::leased_until.eq(now.saturating_add(lease_ms)),
    );
    let free = duties::table
        .find(name)
        .filter(duties::leased_until.le(now).or(duties::holder.eq(holder)));
    if on!(db, |c| diesel::update(free).set(mine).execute(c))? == 1 {
        return Ok(true);
    }
    let row = (duties::name.eq(name), mine);
    let made = on!(db, |c| diesel::insert_into(duties::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(made == 1)
}
