//! Reads the configuration again while the daemon runs. It is applied as a whole or not at all.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Config, Current, Error, Limits, Topic};
use crate::observe;

type Read = dyn Fn() -> Result<Config, Error> + Send + Sync;

/// Reads the configuration again. Cheap to clone.
#[derive(Clone)]
pub struct Reload {
    current: Current,
    read: Arc<Read>,
    /// Held while one reload is under way: the next one begins with what it has made.
    turn: Arc<Mutex<()>>,
}

/// Why a reload changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The configuration cannot be read, or is wrong: why, every fault of it.
    #[error("nothing has changed: {0}")]
    Faulty(String),
    /// It differs from the one that holds in keys that are read at the start only: these.
    #[error("nothing has changed: only a restart can change {}", .0.join(", "))]
    Fixed(Vec<String>),
}

impl Reload {
    /// Puts what `read` reads in the place of `current`.
    pub fn new(current: Current, read: impl Fn() -> Result<Config, Error> + Send + Sync + 'static) -> Self {
        Self { current, read: Arc::new(read), turn: Arc::default() }
    }

    /// Reads the configuration again. What it says holds for every job that is received from now on; a job that was received before keeps
    /// its profile. The answer names the keys that have changed.
    pub fn reload(&self) -> Result<Vec<String>, ReloadError> {
        let outcome = self.replace();
        match &outcome {
            Ok(changed) => observe::configuration_read_again(changed),
            Err(error) => observe::configuration_refused(error),
        }
        outcome
    }

    fn replace(&self) -> Result<Vec<String>, ReloadError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (old, new) = (self.current.now(), (self.read)().map_err(faulty)?);
        let fixed = fixed(&old, &new);
        if !fixed.is_empty() {
            return Err(ReloadError::Fixed(fixed));
        }
        let changed = changed(&old, &new);
        if !changed.is_empty() {
            self.current.set(new);
        }
        Ok(changed)
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").field("current", &self.current).finish_non_exhaustive()
    }
}

fn faulty(error: Error) -> ReloadError {
    ReloadError::Faulty(match error {
        Error::Unreadable { ref source, .. } => format!("{error}: {source}"),
        Error::Faulty(faults) => faults.to_string(),
    })
}

/// What differs and holds from the start to the end of the process.
fn fixed(old: &Config, new: &Config) -> Vec<String> {
    if old.queues.len() != new.queues.len() {
        return vec!["queues".to_owned()];
    }
    let queues = old.queues.iter().zip(&new.queues).enumerate().flat_map(|(index, (old, new))| {
        let keys = [
            ("url", old.url != new.url),
            ("dead_letter_url", old.dead_letter_url != new.dead_letter_url),
            ("visibility", old.visibility != new.visibility),
            ("wait", old.wait != new.wait),
            ("envelope", old.envelope != new.envelope),
            ("report_dead_letters", old.report_dead_letters != new.report_dead_letters),
        ];
        different(keys).map(move |key| format!("queues[{index}].{key}"))
    });
    let keys = [
        ("topic.arn", old.topic.arn != new.topic.arn),
        ("topic.max_bytes", old.topic.max_bytes != new.topic.max_bytes),
        ("limits.deduplication", old.limits.deduplication != new.limits.deduplication),
        ("watch.interval", old.watch.interval != new.watch.interval),
        ("watch.events_queue_url", old.watch.events_queue_url != new.watch.events_queue_url),
        ("log.settle", old.log.settle != new.log.settle),
        ("log.reads_per_second", old.log.reads_per_second != new.log.reads_per_second),
        ("http.listen", old.http.listen != new.http.listen),
        ("http.api", old.http.api != new.http.api),
        ("http.tokens", old.http.tokens != new.http.tokens),
        ("http.history", old.http.history != new.http.history),
        ("http.history_bytes", old.http.history_bytes != new.http.history_bytes),
    ];
    queues.chain(different(keys).map(str::to_owned)).collect()
}

/// What else differs: sections that have changed, and of limits and profiles which.
fn changed(old: &Config, new: &Config) -> Vec<String> {
    let events = |topic: &Topic| [topic.queued, topic.started, topic.finished, topic.rejected];
    // A further limit has to be named here: the compiler asks for it.
    let Limits { running, per_tenant, per_repository, tenants, repositories, aging, half_life, waiting, waiting_bytes, deduplication: _ } =
        &old.limits;
    let limits = [
        ("limits.running", *running != new.limits.running),
        ("limits.per_tenant", *per_tenant != new.limits.per_tenant),
        ("limits.per_repository", *per_repository != new.limits.per_repository),
        ("limits.tenants", *tenants != new.limits.tenants),
        ("limits.repositories", *repositories != new.limits.repositories),
        ("limits.aging", *aging != new.limits.aging),
        ("limits.half_life", *half_life != new.limits.half_life),
        ("limits.waiting", *waiting != new.limits.waiting),
        ("limits.waiting_bytes", *waiting_bytes != new.limits.waiting_bytes),
    ];
    let mut changed: Vec<String> = different(limits).map(str::to_owned).collect();
    let sections = [
        ("queues", old.queues != new.queues),
        ("topic.events", events(&old.topic) != events(&new.topic)),
        ("retry", old.retry != new.retry),
        ("log", old.log != new.log),
        ("telemetry", old.telemetry != new.telemetry),
        ("shutdown", old.shutdown != new.shutdown),
    ];
    changed.extend(different(sections).map(str::to_owned));
    let names: std::collections::BTreeSet<&String> = old.profiles.keys().chain(new.profiles.keys()).collect();
    let of = |config: &Config, name: &str| config.profiles.get(name).cloned();
    changed.extend(names.into_iter().filter(|name| of(old, name) != of(new, name)).map(|name| format!("profiles.{name}")));
    changed
}

fn different<const N: usize>(keys: [(&'static str, bool); N]) -> impl Iterator<Item = &'static str> {
    keys.into_iter().filter(|(_, is_different)| *is_different).map(|(key, _)| key)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_has_changed_is_named() {
        let config = |more: &str| {
            let text = include_str!("../../config/local.toml").to_owned() + more;
            crate::config::parse(&text, "local.toml", [("SLIPWAY__LIMITS__RUNNING".to_owned(), "7".to_owned())]).unwrap()
        };
        let (old, mut new) = (config(""), config("\n[[limits.tenants]]\nmatch = \"team-*\"\nrunning = 2\n"));
        new.limits.half_life *= 2;
        new.limits.running += 1;
        assert_eq!(changed(&old, &new), ["limits.running", "limits.tenants", "limits.half_life"]);
    }
}
