//! The state that all daemons of a world share.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use localaws::LocalAws;
use tokio::time::Instant;

use super::{Life, Wire};
use crate::{
    bug::Bug,
    plan::{Plan, Weather},
};

/// The state that all daemons of a world share.
#[derive(Debug)]
pub(crate) struct Wires {
    pub(super) aws: LocalAws,
    pub(super) rng: Mutex<Rng>,
    pub(super) plan: Plan,
    pub(super) bug: Option<Bug>,
    pub(super) calls: AtomicU64,
    /// After the last deed there are no more faults, so that everything can end.
    pub(super) calm: AtomicBool,
    pub(super) began: Instant,
    pub(super) trace: Mutex<Vec<String>>,
    /// The largest number of receives of each message.
    pub(super) receives: Mutex<BTreeMap<String, u32>>,
    /// The tokens of starts whose answer was lost, with the answer to a repeated start.
    pub(super) unanswered: Mutex<BTreeMap<String, Option<(u16, &'static str)>>>,
    /// Jobs whose start was refused.
    pub(super) refused: Mutex<BTreeSet<String>>,
}

impl Wires {
    pub(crate) fn new(aws: &LocalAws, plan: &Plan, seed: u64, bug: Option<Bug>) -> Arc<Self> {
        let rng = Mutex::new(Rng::with_seed(seed ^ 0x5eed));
        let calls = AtomicU64::new(0);
        Arc::new(Self {
            aws: aws.clone(),
            rng,
            plan: plan.clone(),
            bug,
            calls,
            calm: AtomicBool::new(false),
            began: Instant::now(),
            trace: Mutex::default(),
            receives: Mutex::default(),
            unanswered: Mutex::default(),
            refused: Mutex::default(),
        })
    }

    pub(crate) fn wire(self: &Arc<Self>) -> (Wire, Arc<Life>) {
        let life = Arc::<Life>::default();
        (Wire { shared: Arc::clone(self), life: Arc::clone(&life) }, life)
    }

    /// The age of the world.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// Every call in order: its time, its operation and its fate.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.trace.lock().unwrap().clone()
    }

    pub(super) fn count_receive(&self, message: String, count: u32) {
        let mut receives = self.receives.lock().unwrap();
        let most = receives.entry(message).or_default();
        *most = count.max(*most);
    }

    /// How often each message was received, by its id.
    pub(crate) fn receives(&self) -> BTreeMap<String, u32> {
        self.receives.lock().unwrap().clone()
    }

    /// The jobs whose start was refused.
    pub(crate) fn refused(&self) -> BTreeSet<String> {
        self.refused.lock().unwrap().clone()
    }

    /// Draws with a probability in thousandths.
    pub(crate) fn draw(&self, chance: u32) -> bool {
        self.rng.lock().unwrap().u32(0..1000) < chance
    }

    pub(crate) fn seconds(&self, most: u64) -> Duration {
        Duration::from_secs(self.rng.lock().unwrap().u64(0..=most))
    }

    pub(crate) fn weather(&self) -> Weather {
        if self.calm.load(Ordering::Relaxed) { Weather::default() } else { self.plan.weather }
    }
}
