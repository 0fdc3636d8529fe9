#![no_main]
use crosscheck_fuzz::{prepare, targets::faces::TARGET};

libfuzzer_sys::fuzz_target!(init: prepare(&TARGET), |bytes: &[u8]| (TARGET.check)(bytes));
