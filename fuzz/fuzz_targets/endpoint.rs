//! Whatever a client calls the embedded endpoint with is answered by what it asked for or by its own error.
#![no_main]

#[path = "../endpoint.rs"]
mod endpoint;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|calls: &[u8]| {
    if let Ok(calls) = std::str::from_utf8(calls) {
        endpoint::check(calls);
    }
});
