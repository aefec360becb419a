//! Whatever a sender puts into the queue is answered within bounds.
#![no_main]

#[path = "../invariants.rs"]
mod invariants;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    // SQS carries text only.
    if let Ok(body) = std::str::from_utf8(body) {
        invariants::check(body);
    }
});
