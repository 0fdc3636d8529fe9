//! What a translation costs beside its floor. Ours: the bytes of a `send_test` in, the bytes of its `record.new`
//! out, as `serve` does it. The floor: serde_json parses the same bytes into derived structures and writes an
//! event of the same content from derived structures, with no check, no mapping seam and no raw payload.
//!
//! `cargo bench --bench translate`; fails where ours takes more than 1.5 times the floor.
#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot run should say so and stop"
)]
#![expect(clippy::panic, reason = "as above")]
#![expect(clippy::as_conversions, reason = "counts and nanoseconds, far from any limit")]

mod support;

use crosscheck::domain::category::Category;
use crosscheck::domain::event::{Event, EventType};
use crosscheck::domain::id::{EventId, OrderId};
use crosscheck::domain::order::Record;
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::providers::descriptor::Operation;
use crosscheck::providers::provider::{Inquiry, Provider, Request};
use crosscheck::providers::registry;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::percentile;

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(60);
const BAR: f64 = 1.5;
const AT: Timestamp = Timestamp(1_770_113_520_123);
const ORDER: u128 = 0x019c_2f7a_8b3c_7d11_9e20_5b6a_1f0c_44d2;
const EVENT: u128 = 0x019c_2f7a_8b3c_7d12_8a01_77c3_90be_e5f6;

fn main() -> ExitCode {
    let provider = registry::find("greenhouse").unwrap();
    let operation = provider.descriptor().operation("send_test").unwrap();
    let signed = support::send_test(480_112);
    let bodies = [
        ("links as documented", without_query(&signed)),
        ("a signed link", signed.clone()),
        ("the same, escaped", signed.replace('&', r"\u0026")),
    ];
    println!(
        "{:<20} {:>8} {:>9} {:>10} {:>10} {:>7}",
        "send_test", "bytes in", "bytes out", "floor ns", "ours ns", "ratio"
    );
    let mut worst = 0.0_f64;
    for (name, body) in &bodies {
        let event = translate(provider, operation, body.as_bytes());
        assert_same(&event, &floor::translate(body.as_bytes()));
        let (floor, ours) = race(
            || drop(black_box(floor::translate(black_box(body.as_bytes())))),
            || {
                drop(black_box(translate(
                    provider,
                    operation,
                    black_box(body.as_bytes()),
                )))
            },
        );
        let ratio = ours / floor;
        worst = worst.max(ratio);
        println!(
            "{name:<20} {:>8} {:>9} {floor:>10.0} {ours:>10.0} {ratio:>7.2}",
            body.len(),
            event.len()
        );
    }
    println!("bar: at most {BAR} times the floor; medians of {ROUNDS} interleaved rounds");
    if worst > BAR {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// The same with links as short as in Greenhouse's documents.
fn without_query(body: &str) -> String {
    let (start, rest) = body.split_once("?algorithm").unwrap();
    let (_, end) = rest.split_once('"').unwrap();
    format!("{start}\"{end}")
}

fn translate(provider: &dyn Provider, operation: &Operation, body: &[u8]) -> Vec<u8> {
    let request = Request {
        path: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body,
    };
    let Ok(Inquiry::PlaceOrder(order)) = provider.read(operation, &request) else {
        panic!("the sample is no send_test");
    };
    let category = Category::Assessments;
    let id = OrderId::new(category, uuid::Uuid::from_u128(black_box(ORDER)));
    let event = Event {
        event_type: EventType::RecordNew.as_str(),
        id: &EventId::new(uuid::Uuid::from_u128(black_box(EVENT))),
        record_id: id.as_str(),
        category: Some(category),
        at: AT,
        data_key: category.record_key(),
        data: Record::of(&id, *order, None),
    };
    event.render().unwrap()
}

/// Both events say the same, whatever the order of their keys.
fn assert_same(ours: &[u8], floor: &[u8]) {
    let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(read(ours), read(floor));
}

/// Median nanoseconds of each, in rounds that alternate, so that what disturbs one disturbs the other.
fn race(floor: impl Fn(), ours: impl Fn()) -> (f64, f64) {
    let (floor_runs, our_runs) = (runs_in_a_round(&floor), runs_in_a_round(&ours));
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        times.0.push(time(&floor, floor_runs));
        times.1.push(time(&ours, our_runs));
    }
    times.0.sort_by(f64::total_cmp);
    times.1.sort_by(f64::total_cmp);
    (percentile(&times.0, 0.5), percentile(&times.1, 0.5))
}

fn runs_in_a_round(work: &impl Fn()) -> u32 {
    let (began, mut runs) = (Instant::now(), 0);
    while began.elapsed() < ROUND {
        work();
        runs += 1;
    }
    runs
}

fn time(work: &impl Fn(), runs: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..runs {
        work();
    }
    began.elapsed().as_nanos() as f64 / f64::from(runs)
}

/// The least that serde_json can do: derived structures in, derived structures out, text borrowed.
mod floor {
    use serde::{Deserialize, Serialize};
    use std::borrow::Cow;

    #[derive(Serialize, Deserialize)]
    struct SendTest<'a> {
        #[serde(borrow)]
        partner_test_id: Cow<'a, str>,
        #[serde(borrow)]
        candidate: Applicant<'a>,
        #[serde(borrow)]
        sent_by: Cow<'a, str>,
        #[serde(borrow)]
        url: Cow<'a, str>,
    }

    #[derive(Serialize, Deserialize)]
    struct Applicant<'a> {
        #[serde(borrow)]
        first_name: Cow<'a, str>,
        #[serde(borrow)]
        last_name: Cow<'a, str>,
        #[serde(borrow)]
        preferred_name: Cow<'a, str>,
        #[serde(borrow)]
        email: Cow<'a, str>,
        #[serde(borrow)]
        phone_number: Cow<'a, str>,
        #[serde(borrow)]
        resume_url: Cow<'a, str>,
        #[serde(borrow)]
        greenhouse_profile_url: Cow<'a, str>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct RecordNew<'a> {
        event_type: &'a str,
        event_id: &'a str,
        record_id: &'a str,
        event_data: EventData<'a>,
        sync_type: &'a str,
        sync_data_type: &'a str,
        sync_job_id: &'a str,
        sync_run_id: &'a str,
        triggered_at: i64,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct EventData<'a> {
        candidate_assessment: CandidateAssessment<'a>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct CandidateAssessment<'a> {
        id: &'a str,
        application_id: &'a str,
        assessment_package: Package<'a>,
        candidate: Candidate<'a>,
        job_id: Option<&'a str>,
        callback_url: &'a str,
        meta_data: Option<&'a str>,
        origin_data: &'a SendTest<'a>,
        status: &'a str,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Package<'a> {
        id: &'a str,
        name: Option<&'a str>,
        description: Option<&'a str>,
        r#type: Option<&'a str>,
        meta_data: Option<&'a str>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Candidate<'a> {
        id: &'a str,
        first_name: &'a str,
        last_name: &'a str,
        emails: [Email<'a>; 1],
        phones: [Phone<'a>; 1],
        links: [&'a str; 2],
        location: Option<&'a str>,
    }

    #[derive(Serialize)]
    struct Email<'a> {
        email: &'a str,
        r#type: &'a str,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Phone<'a> {
        phone_number: &'a str,
        r#type: &'a str,
    }

    /// The ids and times stand here as text: what they are made of is no part of the floor.
    pub fn translate(body: &[u8]) -> Vec<u8> {
        let sent: SendTest<'_> = serde_json::from_slice(body).unwrap();
        let applicant = &sent.candidate;
        let event = RecordNew {
            event_type: "record.new",
            event_id: "evt_032MtWYwmNl2rT91dJC2Le",
            record_id: "ats_ass_032MtWYwmNkibtAn8wIf3a",
            event_data: EventData {
                candidate_assessment: CandidateAssessment {
                    id: "ats_ass_032MtWYwmNkibtAn8wIf3a",
                    application_id: "9480112",
                    assessment_package: Package {
                        id: &sent.partner_test_id,
                        name: None,
                        description: None,
                        r#type: None,
                        meta_data: None,
                    },
                    candidate: Candidate {
                        id: "480112",
                        first_name: &applicant.first_name,
                        last_name: &applicant.last_name,
                        emails: [Email {
                            email: &applicant.email,
                            r#type: "PERSONAL",
                        }],
                        phones: [Phone {
                            phone_number: &applicant.phone_number,
                            r#type: "NOT_SPECIFIED",
                        }],
                        links: [&applicant.resume_url, &applicant.greenhouse_profile_url],
                        location: None,
                    },
                    job_id: None,
                    callback_url: &sent.url,
                    meta_data: None,
                    origin_data: &sent,
                    status: "NOT_SPECIFIED",
                },
            },
            sync_type: "real_time",
            sync_data_type: "ats_assessments",
            sync_job_id: "real_time",
            sync_run_id: "real_time_1770113520123",
            triggered_at: 1_770_113_520_123,
        };
        serde_json::to_vec(&event).unwrap()
    }
}
