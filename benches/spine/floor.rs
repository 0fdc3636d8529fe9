//! The floor, a process of its own: the least that stores a `send_test` durably before it answers and then forwards
//! it. It reads nothing of the body, knows no accounts, seals and signs nothing, and does not note what came of
//! a delivery.

use super::clients::Target;
use super::server::Server;
use super::sink::Sink;
use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Semaphore, mpsc, oneshot};

const DATABASE: &str = "CROSSCHECK_BENCH_FLOOR_DATABASE";
const RECEIVER: &str = "CROSSCHECK_BENCH_FLOOR_RECEIVER";
/// As many as Crosscheck sends at once.
const SENDS: usize = 64;

diesel::table! {
    orders (id) {
        id -> Text,
        body -> Binary,
    }
}

/// Whether this process is to be the floor.
pub fn is_wanted() -> bool {
    std::env::var_os(DATABASE).is_some()
}

/// Starts the floor in `place`, and a sink for it.
pub fn start(place: &Path) -> (Server, Sink, Target) {
    std::fs::create_dir(place).unwrap();
    let sink = Sink::start();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .env(DATABASE, place.join("floor.db"))
        .env(RECEIVER, format!("http://{}/hook", sink.address));
    let server = Server::start(command, place);
    let target = Target {
        address: server.address,
        path: "/send_test".to_owned(),
        authorization: "none".to_owned(),
    };
    (server, sink, target)
}

/// What waits for its commit.
type Waiting = (String, web::Bytes, oneshot::Sender<()>);

struct Floor {
    writer: mpsc::Sender<Waiting>,
    client: reqwest::Client,
    sends: Arc<Semaphore>,
    receiver: String,
    next: AtomicU64,
}

/// Is the floor until it is killed.
pub fn run() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let (writer, works) = mpsc::channel(1024);
    std::thread::spawn(|| write(works));
    let floor = web::Data::new(Floor {
        writer,
        client: reqwest::Client::new(),
        sends: Arc::new(Semaphore::new(SENDS)),
        receiver: std::env::var(RECEIVER).unwrap(),
        next: AtomicU64::new(0),
    });
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            App::new()
                .app_data(floor.clone())
                .route("/send_test", web::post().to(send_test))
        };
        let server = HttpServer::new(app).bind("127.0.0.1:0").unwrap();
        println!("listening on http://{}", server.addrs().first().unwrap());
        server.run().await.unwrap();
    });
    ExitCode::SUCCESS
}

async fn send_test(floor: web::Data<Floor>, body: web::Bytes) -> HttpResponse {
    let id = format!("ats_ass_{:022}", floor.next.fetch_add(1, Ordering::Relaxed));
    let (done, durable) = oneshot::channel();
    floor.writer.send((id.clone(), body.clone(), done)).await.unwrap();
    durable.await.unwrap();
    let mut event = format!(r#"{{"eventType":"record.new","recordId":"{id}","originData":"#).into_bytes();
    event.extend_from_slice(&body);
    event.push(b'}');
    actix_web::rt::spawn(async move {
        let _turn = floor.sends.acquire().await;
        let request = floor
            .client
            .post(&floor.receiver)
            .header("content-type", "application/json")
            .body(event);
        request.send().await.unwrap();
    });
    let answer = format!(r#"{{"partner_interview_id":"{id}"}}"#);
    HttpResponse::Ok().content_type("application/json").body(answer)
}

/// Commits everything that waits in one transaction, then tells everybody.
fn write(mut works: mpsc::Receiver<Waiting>) {
    let mut database = SqliteConnection::establish(&std::env::var(DATABASE).unwrap()).unwrap();
    database
        .batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;
             CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY, body BLOB NOT NULL);",
        )
        .unwrap();
    let mut batch = Vec::new();
    while works.blocking_recv_many(&mut batch, 256) > 0 {
        let stored = database.immediate_transaction(|database| {
            batch.iter().try_for_each(|(id, body, _)| {
                let row = (orders::id.eq(id), orders::body.eq(body.as_ref()));
                diesel::insert_into(orders::table)
                    .values(row)
                    .execute(database)
                    .map(|_| ())
            })
        });
        stored.unwrap();
        for (_, _, done) in batch.drain(..) {
            // A client may have gone away.
            let _ = done.send(());
        }
    }
}
