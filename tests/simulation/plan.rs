//! The events of one simulated world, all drawn from a seed.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
    time::Duration,
};

use fastrand::Rng;
use localaws::runner::{Assignment, scripted::Script};
use serde_json::{Value, json};

/// The events of a world.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The deeds from outside, in the order of time.
    pub(crate) deeds: Vec<(Duration, Deed)>,
    /// How each build runs, by job and attempt.
    pub(crate) scripts: Scripts,
    /// Overrides of the daemon's configuration, without the prefix.
    pub(crate) config: Vec<(&'static str, String)>,
    pub(crate) running: usize,
    pub(crate) per_tenant: usize,
    /// How many builds the account runs at once.
    pub(crate) account_limit: Option<usize>,
    pub(crate) weather: Weather,
    /// The calls, counted over all daemons, at which the daemon that makes them is killed. Whether that is before or after they are carried
    /// out.
    pub(crate) crashes: BTreeMap<u64, bool>,
    /// Whether a second daemon works on the same queue.
    pub(crate) twins: bool,
    /// From this time on, CodeBuild refuses to list builds.
    pub(crate) lookups_denied: Option<Duration>,
    /// The deduplication window: the time in which the same id is the same job.
    pub(crate) deduplication: Duration,
    /// Whether the configuration names the dead-letter queue. If not, the daemon has to find it by the queue's redrive policy.
    pub(crate) names_dead_letters: bool,
}

/// An action from outside.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// A message is sent. It can be received after this delay.
    Send(Value, Duration),
    /// The daemon gets a signal, and the next one starts at once.
    Restart,
    /// The daemon is killed between two calls.
    Kill,
    /// The machine sleeps for this time: no daemon does anything.
    Sleep(Duration),
    /// The account's limit changes.
    Limit(usize),
}

/// How often calls fail, in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    pub(crate) throttled: u32,
    /// The credentials have expired, and there are no new ones yet.
    pub(crate) expired: u32,
    pub(crate) broken: u32,
    pub(crate) lost_requests: u32,
    pub(crate) lost_replies: u32,
    pub(crate) hanging: u32,
    pub(crate) late: u32,
    /// Received messages that are delivered again while they are held.
    pub(crate) duplicates: u32,
    /// Deletes that are accepted but not carried out.
    pub(crate) forgotten_deletes: u32,
    /// Batch answers without any entries. The batch may have been carried out or not.
    pub(crate) cut_batches: u32,
    /// Starts that are refused when they are repeated after a lost answer.
    pub(crate) refused_again: u32,
    /// Pushed events that are lost, doubled or late.
    pub(crate) bad_events: u32,
}

impl Weather {
    pub(crate) fn is_fair(self) -> bool {
        self == Self::default()
    }
}

/// How builds run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripts(BTreeMap<String, Vec<Course>>);

#[derive(Debug, Clone, Copy)]
enum Course {
    Succeeds(Duration),
    Fails(Duration),
    Faults(Duration),
    NoImage,
    Hangs,
}

impl Scripts {
    pub(crate) fn script(&self, assignment: &Assignment) -> Script {
        let variable = |name| assignment.environment.get(name).map(String::as_str).unwrap_or_default();
        match self.course(variable("SLIPWAY_JOB_ID"), variable("SLIPWAY_ATTEMPT").parse().unwrap_or(1)) {
            Course::Succeeds(time) => Script::succeeds().taking(time),
            Course::Fails(time) => Script::fails("make", "no rule to make target", 2).taking(time),
            Course::Faults(time) => Script::faults().taking(time),
            Course::NoImage => Script::provisioning_error(),
            Course::Hangs => Script::hangs(),
        }
    }

    /// The status of a job after these attempts, unless it is ended early.
    pub(crate) fn end(&self, job: &str, mut attempts: RangeInclusive<u32>) -> &'static str {
        let end = |attempt| match self.course(job, attempt) {
            Course::Succeeds(_) => Some("succeeded"),
            Course::Fails(_) => Some("failed"),
            Course::Hangs => Some("timed_out"),
            Course::Faults(_) | Course::NoImage => None,
        };
        attempts.find_map(end).unwrap_or("errored")
    }

    fn course(&self, job: &str, attempt: u32) -> Course {
        let courses = self.0.get(job).map(Vec::as_slice).unwrap_or_default();
        courses.get(attempt as usize - 1).or(courses.last()).copied().unwrap_or(Course::Succeeds(Duration::from_secs(30)))
    }
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let span = minutes(&mut rng, 1..20);
        let (mut deeds, mut scripts) = (Vec::new(), Scripts::default());
        for number in 0..rng.usize(1..16) {
            let at = span.mul_f64(rng.f64());
            let id = format!("job-{number}");
            let mut job = job(&mut rng, &id);
            scripts.0.insert(id.clone(), courses(&mut rng));
            match rng.u32(0..20) {
                0 => job["profile"] = json!("nobody-has-it"),
                1 => {
                    job.as_object_mut().map(|job| job.remove("id"));
                }
                2 => deeds.push((at + minutes(&mut rng, 0..15), Deed::Send(job.clone(), Duration::ZERO))),
                3 | 4 => {
                    let wish = json!({ "version": 1, "cancel": id });
                    deeds.push((span.mul_f64(rng.f64()), Deed::Send(wish, Duration::ZERO)));
                }
                _ => {}
            }
            // SQS delays a message by up to 15 minutes. A late message need not be the last one of its group.
            let late = if rng.u32(0..6) == 0 { minutes(&mut rng, 0..15) } else { Duration::ZERO };
            deeds.push((at, Deed::Send(job, late)));
        }
        for _ in 0..rng.usize(0..3) {
            let deed = match rng.u32(0..4) {
                0 => Deed::Restart,
                1 => Deed::Kill,
                2 => Deed::Sleep(minutes(&mut rng, 1..30)),
                _ => Deed::Limit(rng.usize(1..6)),
            };
            deeds.push((span.mul_f64(1.5 * rng.f64()), deed));
        }
        deeds.sort_by_key(|(at, _)| *at);
        let running = rng.usize(1..6);
        let per_tenant = rng.usize(1..=running);
        let (visibility, wait, interval) = (rng.u32(30..121), rng.u32(1..21), rng.u32(1..31));
        let grace = if rng.bool() { 1 } else { 600 };
        let deduplication = if rng.u32(0..6) == 0 { Duration::from_mins(1) } else { Duration::from_hours(12) };
        Self {
            deeds,
            scripts,
            config: vec![
                ("LIMITS__RUNNING", running.to_string()),
                ("LIMITS__PER_TENANT", per_tenant.to_string()),
                ("LIMITS__DEDUPLICATION", format!("{}s", deduplication.as_secs())),
                ("LIMITS__WAITING", rng.usize(1..20).to_string()),
                ("QUEUES__0__VISIBILITY", format!("{visibility}s")),
                ("QUEUES__0__WAIT", format!("{wait}s")),
                ("WATCH__INTERVAL", format!("{interval}s")),
                ("SHUTDOWN__GRACE", format!("{grace}s")),
                ("RETRY__ATTEMPTS", rng.u32(1..4).to_string()),
            ],
            running,
            per_tenant,
            account_limit: rng.bool().then(|| rng.usize(1..4)),
            weather: weather(&mut rng),
            crashes: (0..rng.usize(0..5)).map(|_| (rng.u64(1..400), rng.bool())).collect(),
            twins: rng.u32(0..5) == 0,
            lookups_denied: (rng.u32(0..12) == 0).then(|| span.mul_f64(rng.f64())),
            deduplication,
            names_dead_letters: rng.bool(),
        }
    }
}

fn job(rng: &mut Rng, id: &str) -> Value {
    let priority = ["high", "normal", "low"][rng.usize(0..3)];
    let mut job = json!({
        "version": 1,
        "id": id,
        "source": { "url": "https://github.com/acme/app" },
        "tenant": format!("team-{}", rng.u32(0..3)),
        "priority": priority,
        "timeout_minutes": 5,
    });
    if rng.u32(0..4) == 0 {
        let on_conflict = if rng.bool() { "queue" } else { "supersede" };
        job["group"] = json!({ "key": format!("group-{}", rng.u32(0..2)), "on_conflict": on_conflict });
    }
    job
}

fn courses(rng: &mut Rng) -> Vec<Course> {
    let attempts = rng.usize(1..4);
    (0..attempts)
        .map(|_| {
            let time = Duration::from_secs(rng.u64(0..240));
            match rng.u32(0..12) {
                0 | 1 => Course::Fails(time),
                2 | 3 => Course::Faults(time),
                4 => Course::NoImage,
                5 => Course::Hangs,
                6 => Course::Succeeds(Duration::ZERO),
                _ => Course::Succeeds(time),
            }
        })
        .collect()
}

/// Every third world has no faults. The others have faults of some kinds.
fn weather(rng: &mut Rng) -> Weather {
    if rng.u32(0..3) == 0 {
        return Weather::default();
    }
    let mut often = || if rng.bool() { rng.u32(0..60) } else { 0 };
    Weather {
        throttled: often(),
        expired: often(),
        broken: often(),
        lost_requests: often(),
        lost_replies: often(),
        hanging: often() / 4,
        late: often(),
        duplicates: often(),
        forgotten_deletes: often(),
        cut_batches: often(),
        refused_again: 8 * often(),
        bad_events: 4 * often(),
    }
}

fn minutes(rng: &mut Rng, range: Range<u64>) -> Duration {
    Duration::from_secs(rng.u64(range.start * 60..range.end * 60))
}
