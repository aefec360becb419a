//! How long builds take, by the recent builds of the same repository and profile.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// How many recent builds are remembered for each repository and profile.
const RECENT: usize = 32;
/// How many pairs of a repository and a profile are remembered. Beyond that, those that built least recently are forgotten.
const REMEMBERED: usize = 5_000;
/// The expected duration, in seconds, while no duration is known at all.
pub const UNKNOWN_SECONDS: f64 = 300.0;

/// The durations of recent builds, in seconds.
#[derive(Debug, Default)]
pub struct Durations {
    /// By repository, then profile. A page that shows thousands of jobs looks each of them up here.
    of: HashMap<String, HashMap<String, Recent>>,
    /// The pairs in the order of their last builds.
    stamps: BTreeMap<u64, (String, String)>,
    profiles: BTreeMap<String, Recent>,
    all: Recent,
    stamp: u64,
}

#[derive(Debug, Default)]
struct Recent {
    /// The newest last.
    seconds: VecDeque<f64>,
    sorted: Vec<f64>,
    stamp: u64,
}

impl Durations {
    /// Records the duration of a build that ended by itself.
    pub fn record(&mut self, repository: &str, profile: &str, seconds: f64) {
        self.stamp += 1;
        self.all.add(seconds);
        self.profiles.entry(profile.to_owned()).or_default().add(seconds);
        let recent = self.of.entry(repository.to_owned()).or_default().entry(profile.to_owned()).or_default();
        self.stamps.remove(&recent.stamp);
        recent.add(seconds);
        recent.stamp = self.stamp;
        self.stamps.insert(self.stamp, (repository.to_owned(), profile.to_owned()));
        if self.stamps.len() > REMEMBERED
            && let Some((_, (repository, profile))) = self.stamps.pop_first()
            && let Some(profiles) = self.of.get_mut(&repository)
        {
            profiles.remove(&profile);
            if profiles.is_empty() {
                self.of.remove(&repository);
            }
        }
    }

    /// The expected duration in seconds: the mean of the recent builds of the repository and profile, else of the profile, else of all.
    pub fn expected(&self, repository: &str, profile: &str) -> Option<f64> {
        let recent = self.recent(repository, profile)?;
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        Some(recent.seconds.iter().sum::<f64>() / recent.seconds.len() as f64)
    }

    /// The usual durations in seconds: the median, and the time below which nine of ten stay.
    pub fn usual(&self, repository: &str, profile: &str) -> Option<[u64; 2]> {
        let sorted = &self.recent(repository, profile)?.sorted;
        Some([quantile(sorted, 0.5)?, quantile(sorted, 0.9)?].map(whole))
    }

    /// How many seconds a build will still run after `elapsed` seconds, at least and at most: by the recent builds that ran as long.
    pub fn left(&self, repository: &str, profile: &str, elapsed: f64) -> Option<[u64; 2]> {
        let sorted = &self.recent(repository, profile)?.sorted;
        let longer = &sorted[sorted.partition_point(|seconds| *seconds < elapsed)..];
        let left = |part| quantile(longer, part).map(|seconds| whole(seconds - elapsed));
        // A build that runs longer than all known ones says nothing about its end.
        Some([left(0.1).unwrap_or(0), left(0.9).unwrap_or(whole(elapsed))])
    }

    /// Whether no duration is known.
    pub fn is_empty(&self) -> bool {
        self.all.seconds.is_empty()
    }

    fn recent(&self, repository: &str, profile: &str) -> Option<&Recent> {
        let of = self.of.get(repository).and_then(|profiles| profiles.get(profile));
        of.or_else(|| self.profiles.get(profile)).or(Some(&self.all)).filter(|recent| !recent.seconds.is_empty())
    }
}

impl Recent {
    fn add(&mut self, seconds: f64) {
        if self.seconds.len() == RECENT {
            self.seconds.pop_front();
        }
        self.seconds.push_back(seconds.max(0.0));
        self.sorted = self.seconds.iter().copied().collect();
        self.sorted.sort_by(f64::total_cmp);
    }
}

/// The range, at least and at most, for a wait of an expected number of seconds.
pub fn range(seconds: f64) -> [u64; 2] {
    /// The seconds that a start and the next status read take besides.
    const BESIDE: f64 = 10.0;
    [whole(seconds / 1.5), whole(seconds * 1.5 + BESIDE)]
}

fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
    let at = (last as f64 * part).round() as usize;
    sorted.get(at).copied()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(seconds: f64) -> u64 {
    seconds.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(of: &[(&str, &str, f64)]) -> Durations {
        let mut durations = Durations::default();
        for (repository, profile, seconds) in of {
            durations.record(repository, profile, *seconds);
        }
        durations
    }

    #[test]
    fn an_unknown_repository_takes_the_durations_of_its_profile_or_else_of_all() {
        let durations = durations(&[("app", "small", 60.0), ("app", "small", 120.0), ("lib", "large", 600.0)]);
        assert_eq!(durations.expected("app", "small"), Some(90.0));
        assert_eq!(durations.expected("new", "large"), Some(600.0));
        assert_eq!(durations.expected("new", "new"), Some(260.0));
        assert_eq!(Durations::default().expected("app", "small"), None);
    }

    #[test]
    fn the_remaining_time_is_that_of_builds_that_ran_as_long() {
        let durations = durations(&[("a", "p", 60.0), ("a", "p", 100.0), ("a", "p", 110.0), ("a", "p", 200.0)]);
        assert_eq!(durations.usual("a", "p"), Some([110, 200]));
        assert_eq!(durations.left("a", "p", 0.0), Some([60, 200]));
        assert_eq!(durations.left("a", "p", 105.0), Some([5, 95]));
        assert_eq!(durations.left("a", "p", 300.0), Some([0, 300]), "no known build ran as long");
    }

    #[test]
    fn memory_is_bounded_and_recent_pairs_are_kept() {
        let mut durations = Durations::default();
        for number in 0..2 * REMEMBERED {
            durations.record("busy", "p", 10.0);
            durations.record(&format!("repository-{number}"), "p", 60.0);
        }
        assert_eq!((durations.of.len(), durations.stamps.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(durations.expected("busy", "p"), Some(10.0));
        assert_eq!(durations.of["busy"]["p"].seconds.len(), RECENT);
    }
}
