//! Everything that a database holds, as its engine tells it.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use diesel::{SqliteConnection, sql_query};

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
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
        _ => panic!("there is no dump of {database_url} yet"),
    }
}

fn sqlite(path: &str) -> String {
    let mut database = SqliteConnection::establish(path).unwrap();
    let columns = sql_query(
        "SELECT m.name AS \"table\", c.name AS \"column\" FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table'",
    );
    let columns: Vec<Column> = columns.load(&mut database).unwrap();
    let mut dump = String::new();
    for Column { table, column } in columns {
        let values = sql_query(format!(
            "SELECT CAST(\"{column}\" AS BLOB) AS value FROM \"{table}\""
        ));
        let values: Vec<Stored> = values.load(&mut database).unwrap();
        for value in values.into_iter().filter_map(|stored| stored.value) {
            let text = String::from_utf8_lossy(&value).replace('\n', " ");
            dump += &format!("{table}.{column}: {text}\n");
        }
    }
    dump
}
