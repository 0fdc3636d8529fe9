//! SQL that is prepared once for each connection. diesel prepares its `sql`, its `sql_query` and its `update` anew each
//! time, which costs a way to a server and a plan; what every order and every delivery needs is written with these.

use diesel::backend::Backend;
use diesel::expression::{AsExpression, TypedExpressionType, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{SqlType, Untyped};
use std::marker::PhantomData;

/// An expression of the type `ST` in words that are always the same. A partial index, for one, is used only where it
/// can be read in the statement itself that it is about the same rows.
#[derive(Clone, Copy, Debug)]
pub struct Literal<ST> {
    sql: &'static str,
    sql_type: PhantomData<ST>,
}

/// The expression that `sql` spells.
pub fn literal<ST>(sql: &'static str) -> Literal<ST> {
    let sql_type = PhantomData;
    Literal { sql, sql_type }
}

impl<ST: TypedExpressionType> Expression for Literal<ST> {
    type SqlType = ST;
}

impl<ST, From> AppearsOnTable<From> for Literal<ST> where Self: Expression {}

impl<ST, From> SelectableExpression<From> for Literal<ST> where Self: Expression {}

impl<ST, GroupBy> ValidGrouping<GroupBy> for Literal<ST> {
    type IsAggregate = is_aggregate::Never;
}

impl<ST> QueryId for Literal<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST, DB: Backend> QueryFragment<DB> for Literal<ST> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(self.sql);
        Ok(())
    }
}

/// A statement of which only the values change.
pub struct Statement<'a, DB> {
    parts: Vec<Box<dyn QueryFragment<DB> + 'a>>,
}

impl<'a, DB: Backend> Statement<'a, DB> {
    /// One that begins like this.
    pub fn new(sql: &'static str) -> Self {
        let parts = Vec::new();
        Self { parts }.sql(sql)
    }

    /// Goes on like this.
    pub fn sql(mut self, sql: &'static str) -> Self {
        self.parts.push(Box::new(literal::<Untyped>(sql)));
        self
    }

    /// Goes on with a value, and then like this.
    pub fn bind<ST, T>(mut self, value: T, sql: &'static str) -> Self
    where
        ST: SqlType + TypedExpressionType,
        T: AsExpression<ST>,
        T::Expression: QueryFragment<DB> + 'a,
    {
        self.parts.push(Box::new(value.as_expression()));
        self.sql(sql)
    }
}

impl<DB: Backend> QueryFragment<DB> for Statement<'_, DB> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.parts
            .iter()
            .try_for_each(|part| part.walk_ast(pass.reborrow()))
    }
}

impl<DB> QueryId for Statement<'_, DB> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> Query for Statement<'_, DB> {
    type SqlType = Untyped;
}

impl<DB, Connection> RunQueryDsl<Connection> for Statement<'_, DB> {}
