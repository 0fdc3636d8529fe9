#![no_main]
use crosscheck_fuzz::{prepare, targets::answers::TARGET};

libfuzzer_sys::fuzz_target!(init: prepare(&TARGET), |bytes: &[u8]| (TARGET.check)(bytes));
