//! How jobs ended here: their events, so that a repeat gets the first one's; the newest, up to a size.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::memory::Memory;
use crate::job::{JobId, event::Publication};

/// Ids of ended jobs that are remembered: they take some 200 bytes each.
const IDS: usize = 100_000;
/// What the remembered events take at most.
const EVENT_BYTES: usize = 32 * 1024 * 1024;

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Event(Arc<Publication>),
    /// The event was forgotten for want of room. CodeBuild still knows the build.
    Forgotten,
}

/// Ended jobs.
#[derive(Debug)]
pub(super) struct Ends {
    events: Memory<JobId, End>,
    /// The events that are held, the oldest first.
    held: VecDeque<(JobId, usize)>,
    bytes: usize,
}

impl Ends {
    pub(super) fn new(window: Duration) -> Self {
        Self { events: Memory::new(window, IDS), held: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn put(&mut self, id: JobId, event: Arc<Publication>) {
        let size = event.body.len() + event.attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        self.held.push_back((id.clone(), size));
        self.bytes += size;
        self.events.put(id, End::Event(event));
        while self.bytes > EVENT_BYTES || self.held.len() > IDS {
            let Some((id, size)) = self.held.pop_front() else { return };
            self.bytes -= size;
            if let Some(event) = self.events.get_mut(&id) {
                *event = End::Forgotten;
            }
        }
    }

    /// A job's end, if it has ended within the window.
    pub(super) fn get(&mut self, id: &JobId) -> Option<End> {
        self.events.get(id).cloned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_newest_events_are_held_and_the_ids_of_the_others() {
        let mut ends = Ends::new(Duration::from_hours(1));
        let id = |number: usize| JobId::parse(&format!("job-{number}")).unwrap();
        let body = "x".repeat(EVENT_BYTES / 10);
        for number in 0..15 {
            let event = Publication {
                id: format!("job-{number}/finished"),
                group: String::new(),
                subject: String::new(),
                body: body.clone(),
                attributes: BTreeMap::new(),
            };
            ends.put(id(number), Arc::new(event));
        }
        assert_eq!(ends.get(&id(4)), Some(End::Forgotten));
        assert!(matches!(ends.get(&id(14)), Some(End::Event(_))));
        assert!(ends.bytes <= EVENT_BYTES);
        assert_eq!(ends.get(&id(15)), None);
    }
}
