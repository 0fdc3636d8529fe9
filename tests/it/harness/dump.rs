//! Everything that a database holds, as its engine tells it.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Nullable<Binary>)]
    value: Option<Vec<u8>>,
}

/// Every value of every column of every table, one to a line: `table.column: value`. Bytes that are no text are
/// replaced, so what lies plain among them is legible.
pub fn dump(database_url: &str) -> String {
    match database_url.split_once("://") {
        Some(("sqlite", path)) => sqlite(path),
        _ => postgres(database_url),
    }
}

fn sqlite(path: &str) -> String {
    let mut database = SqliteConnection::establish(path).unwrap();
    let columns = sql_query(
        "SELECT m.name AS \"table\", c.name AS \"column\", c.type AS \"kind\" \
         FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table'",
    );
    let columns: Vec<Column> = columns.load(&mut database).unwrap();
    let bytes = |column: &Column| format!("CAST(\"{}\" AS BLOB)", column.column);
    lines(columns, bytes, |query| {
        sql_query(query).load(&mut database).unwrap()
    })
}

fn postgres(url: &str) -> String {
    let mut database = PgConnection::establish(url).unwrap();
    let columns = sql_query(
        "SELECT table_name::text AS \"table\", column_name::text AS \"column\", data_type::text AS \"kind\" \
         FROM information_schema.columns WHERE table_schema = 'public'",
    );
    let columns: Vec<Column> = columns.load(&mut database).unwrap();
    let bytes = |column: &Column| match column.kind.as_str() {
        "bytea" => format!("\"{}\"", column.column),
        _ => format!("convert_to(\"{}\"::text, 'UTF8')", column.column),
    };
    lines(columns, bytes, |query| {
        sql_query(query).load(&mut database).unwrap()
    })
}

fn lines(
    columns: Vec<Column>,
    bytes: impl Fn(&Column) -> String,
    mut load: impl FnMut(String) -> Vec<Stored>,
) -> String {
    let mut dump = String::new();
    for one in columns {
        let query = format!("SELECT {} AS value FROM \"{}\"", bytes(&one), one.table);
        for value in load(query).into_iter().filter_map(|stored| stored.value) {
            let text = String::from_utf8_lossy(&value).replace('\n', " ");
            dump += &format!("{}.{}: {text}\n", one.table, one.column);
        }
    }
    dump
}
