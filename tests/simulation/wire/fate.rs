//! The fate of a call, drawn at random.

use std::{sync::atomic::Ordering, time::Duration};

use super::Wires;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    Throttled,
    Expired,
    Broken,
    /// The call is carried out, and its answer is an error.
    BrokenAfter,
    LostRequest,
    LostReply,
    Hanging,
    HangingAfter,
    /// The request is delayed.
    LateRequest(Duration),
    LateReply(Duration),
    CrashBefore,
    CrashAfter,
}

impl Wires {
    /// Draws the fate of the next call.
    pub(super) fn fate(&self) -> Fate {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.calm.load(Ordering::Relaxed) {
            return Fate::Answered;
        }
        if let Some(after) = self.plan.crashes.get(&call) {
            return if *after { Fate::CrashAfter } else { Fate::CrashBefore };
        }
        let weather = self.weather();
        let fates = [
            (weather.throttled, Fate::Throttled),
            (weather.expired, Fate::Expired),
            (weather.broken, Fate::Broken),
            (weather.broken / 2, Fate::BrokenAfter),
            (weather.lost_requests, Fate::LostRequest),
            (weather.lost_replies, Fate::LostReply),
            (weather.hanging, Fate::Hanging),
            (weather.hanging, Fate::HangingAfter),
            (weather.late, Fate::LateRequest(self.seconds(10))),
            (weather.late, Fate::LateReply(self.seconds(10))),
        ];
        fates.into_iter().find(|(chance, _)| self.draw(*chance)).map_or(Fate::Answered, |(_, fate)| fate)
    }
}
