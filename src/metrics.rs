//! What is counted and timed for the operator's monitoring, in Prometheus's words. The only file that names metrics:
//! labels are words of ours, routes and keys of providers, never anything that somebody sent.

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What the text of the metrics is called.
pub use prometheus_text::CONTENT_TYPE;

/// An HTTP request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Request {
    /// `GET`; `other` where it is none that HTTP knows.
    pub method: &'static str,
    /// The route's template; `none` where the path is none of ours.
    pub route: String,
    /// HTTP status.
    pub status: u16,
}

/// A call of an ATS's that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AtsCall {
    /// The provider's key.
    pub provider: &'static str,
    /// The ATS's name of the endpoint; `none` where the token or the endpoint was none of ours.
    pub operation: &'static str,
    /// HTTP status.
    pub status: u16,
}

/// An order that an ATS placed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Order {
    /// The provider's key.
    pub provider: &'static str,
    /// `placed`, or `repeated` where it stood before.
    pub outcome: &'static str,
}

/// One try to send a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Attempt {
    /// `delivery` or `push`.
    pub kind: &'static str,
    /// The provider's key; empty where it is not about an ATS, or was not known.
    pub provider: String,
    /// `arrived`, `failed`, `unready`, `gone` or `never`.
    pub outcome: &'static str,
}

/// The end of a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Ended {
    /// `delivery` or `push`.
    pub kind: &'static str,
    /// `succeeded`, `exhausted`, `rejected`, `superseded` or `quarantined`.
    pub status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// The upper ends of the buckets of what is timed. No call of ours lasts longer than the last.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0,
];

/// How long things take.
type Seconds<L> = Family<L, Histogram, Buckets>;

#[derive(Clone)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

/// The metrics of one process. They start at nothing with it.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    request_seconds: Seconds<Route>,
    ats_calls: Family<AtsCall, Counter>,
    orders: Family<Order, Counter>,
    attempts: Family<Attempt, Counter>,
    attempt_seconds: Seconds<Kind>,
    ended: Family<Ended, Counter>,
    oldest_due: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::default();
        let request_seconds = Seconds::new_with_constructor(Buckets);
        let ats_calls = Family::default();
        let orders = Family::default();
        let attempts = Family::default();
        let attempt_seconds = Seconds::new_with_constructor(Buckets);
        let ended = Family::default();
        let oldest_due = Gauge::default();
        let mut registry = Registry::with_prefix("crosscheck");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs", version);
        let help = "HTTP requests answered";
        registry.register("requests", help, Family::clone(&requests));
        let help = "Seconds from a request's head to the head of its answer";
        registry.register("request_seconds", help, Family::clone(&request_seconds));
        let help =
            "Calls of ATSs answered, by endpoint; none where the token or the endpoint was none of ours";
        registry.register("ats_calls", help, Family::clone(&ats_calls));
        let help = "Orders that ATSs placed; repeated: it stood before, nothing was stored";
        registry.register("orders", help, Family::clone(&orders));
        let help = "Tries to send a delivery to a webhook or a push to an ATS";
        registry.register("attempts", help, Family::clone(&attempts));
        let help = "Seconds that such a try took";
        registry.register("attempt_seconds", help, Family::clone(&attempt_seconds));
        let help = "Deliveries and pushes that the worker ended; all but succeeded and superseded can be retried by hand";
        registry.register("jobs_ended", help, Family::clone(&ended));
        let help = "For how many seconds what waits longest has been due, in all replicas together; what waits for an \
                    endpoint or ATS that fails counts, too; NaN while the database does not answer";
        registry.register("oldest_due_seconds", help, Gauge::clone(&oldest_due));
        Self {
            registry,
            requests,
            request_seconds,
            ats_calls,
            orders,
            attempts,
            attempt_seconds,
            ended,
            oldest_due,
        }
    }
}

impl Metrics {
    /// A request was answered after so long.
    pub fn requested(&self, request: Request, took: Duration) {
        let route = Route {
            route: request.route.clone(),
        };
        self.request_seconds
            .get_or_create(&route)
            .observe(took.as_secs_f64());
        self.requests.get_or_create(&request).inc();
    }

    /// An ATS was answered.
    pub fn ats_called(&self, call: &AtsCall) {
        self.ats_calls.get_or_create(call).inc();
    }

    /// An ATS placed an order.
    pub fn ordered(&self, order: &Order) {
        self.orders.get_or_create(order).inc();
    }

    /// A job was tried, by a call that took so long where there was one.
    pub fn tried(&self, attempt: &Attempt, took: Option<Duration>) {
        if let Some(took) = took {
            let kind = Kind { kind: attempt.kind };
            self.attempt_seconds
                .get_or_create(&kind)
                .observe(took.as_secs_f64());
        }
        self.attempts.get_or_create(attempt).inc();
    }

    /// A job ended, and that is on record.
    pub fn ended(&self, ended: &Ended) {
        self.ended.get_or_create(ended).inc();
    }

    /// All of it in Prometheus's text format. `overdue` is for how many seconds what waits longest has been due.
    pub fn text(&self, overdue: f64) -> String {
        self.oldest_due.set(overdue);
        let mut text = String::new();
        // Fails only where a text cannot be written to.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_and_timed_under_its_labels() {
        let metrics = Metrics::default();
        let request = |status| Request {
            method: "GET",
            route: "/accounts/{id}".to_owned(),
            status,
        };
        metrics.requested(request(200), Duration::from_millis(2));
        metrics.requested(request(200), Duration::from_millis(300));
        metrics.requested(request(404), Duration::from_millis(1));
        let attempt = Attempt {
            kind: "push",
            provider: "an_ats".to_owned(),
            outcome: "arrived",
        };
        metrics.tried(&attempt, Some(Duration::from_millis(40)));
        let text = metrics.text(1.5);
        for line in [
            "# TYPE crosscheck_requests_total counter",
            "crosscheck_requests_total{method=\"GET\",route=\"/accounts/{id}\",status=\"200\"} 2",
            "crosscheck_requests_total{method=\"GET\",route=\"/accounts/{id}\",status=\"404\"} 1",
            "crosscheck_request_seconds_count{route=\"/accounts/{id}\"} 3",
            "crosscheck_request_seconds_bucket{route=\"/accounts/{id}\",le=\"0.0025\"} 2",
            "crosscheck_attempts_total{kind=\"push\",provider=\"an_ats\",outcome=\"arrived\"} 1",
            "crosscheck_oldest_due_seconds 1.5",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
        assert!(
            metrics
                .text(f64::NAN)
                .contains("crosscheck_oldest_due_seconds NaN")
        );
    }
}
