//! The tests from outside: a real server on real sockets. The ATS side is `sandbox/` or a plain HTTP client,
//! the vendor side a small receiver; neither shares code with the translators. Time is injected.

mod contracts;
mod greenhouse_flow;
mod harness;
mod house;
