//! AWS on a bad day: some calls are refused, some are not answered, or CodeBuild is slow.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use localaws::{
    ApiError,
    fault::{Fault, Faults},
};

/// One call in so many goes wrong.
const ONE_IN: u32 = 20;

/// A bad day that is switched on and off.
#[derive(Debug)]
pub(crate) struct BadDay {
    pub(crate) on: AtomicBool,
    /// What a call of CodeBuild takes longer, in milliseconds.
    pub(crate) slow_ms: AtomicU64,
    rng: Mutex<fastrand::Rng>,
    pub(crate) errors: AtomicU64,
    pub(crate) throttles: AtomicU64,
    pub(crate) drops: AtomicU64,
}

impl BadDay {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let rng = Mutex::new(fastrand::Rng::with_seed(seed));
        let [slow_ms, errors, throttles, drops] = [0; 4].map(AtomicU64::new);
        Arc::new(Self { on: AtomicBool::new(false), slow_ms, rng, errors, throttles, drops })
    }

    /// Whether this call goes wrong, and in which of two ways.
    fn draw(&self) -> Option<u32> {
        let mut rng = self.rng.lock().unwrap();
        (self.on.load(Ordering::Relaxed) && rng.u32(0..ONE_IN) == 0).then(|| rng.u32(0..2))
    }
}

impl Faults for BadDay {
    fn before(&self, service: &str, _: &str) -> Option<Fault> {
        let slow_ms = self.slow_ms.load(Ordering::Relaxed);
        if service == "codebuild" && slow_ms > 0 {
            return Some(Fault::Delay(Duration::from_millis(slow_ms)));
        }
        if self.draw()? == 0 {
            self.errors.fetch_add(1, Ordering::Relaxed);
            return Some(Fault::Error(ApiError::new("InternalError", "a bad day").with_status(500)));
        }
        self.throttles.fetch_add(1, Ordering::Relaxed);
        let (code, status) = if service == "sns" { ("Throttled", 429) } else { ("ThrottlingException", 400) };
        Some(Fault::Error(ApiError::new(code, "Rate exceeded").with_status(status)))
    }

    fn after(&self, _: &str, _: &str) -> Option<Fault> {
        self.draw()?;
        self.drops.fetch_add(1, Ordering::Relaxed);
        Some(Fault::Drop)
    }
}
