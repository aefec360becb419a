//! The progress of the loops: each beats its pulse after every turn, and a pulse without a beat for too long makes health red.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The pulses of all loops. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Pulses {
    beats: Arc<Mutex<BTreeMap<String, Beat>>>,
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    last: Instant,
    longest: Duration,
}

/// One loop's pulse. While it exists, its loop must make progress. A loop that has ended drops it.
#[derive(Debug)]
pub struct Pulse {
    name: String,
    pulses: Pulses,
}

impl Pulses {
    /// Adds a loop whose turns take at most `longest`.
    pub fn start(&self, name: impl Into<String>, longest: Duration) -> Pulse {
        let name = name.into();
        self.with(|beats| beats.insert(name.clone(), Beat { last: Instant::now(), longest }));
        Pulse { name, pulses: self.clone() }
    }

    /// The loops without progress, and for how long.
    pub fn stale(&self) -> Vec<(String, Duration)> {
        self.with(|beats| {
            let late = beats.iter().filter(|(_, beat)| beat.last.elapsed() > beat.longest);
            late.map(|(name, beat)| (name.clone(), beat.last.elapsed())).collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Beat>) -> T) -> T {
        work(&mut self.beats.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Pulse {
    /// Notes that the loop has made a turn.
    pub fn beat(&self) {
        self.pulses.with(|beats| {
            if let Some(beat) = beats.get_mut(&self.name) {
                beat.last = Instant::now();
            }
        });
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.pulses.with(|beats| beats.remove(&self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_stops_turning_is_stale_and_one_that_ended_is_not() {
        let pulses = Pulses::default();
        let stuck = pulses.start("stuck", Duration::from_secs(10));
        let ended = pulses.start("ended", Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(11)).await;
        drop(ended);
        let names: Vec<_> = pulses.stale().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["stuck"]);
        stuck.beat();
        assert!(pulses.stale().is_empty());
    }
}
