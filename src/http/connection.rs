//! A bound on open connections. A new one replaces the one that has been idle longest, so that health answers however many connections a
//! client holds.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The open connections. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    places: BTreeMap<u64, Place>,
}

#[derive(Debug)]
struct Place {
    /// When the connection was opened, or its last request was answered. `None`: a request is being answered.
    idle_since: Option<Instant>,
    close: CancellationToken,
}

/// The place of an open connection. Free when it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    id: u64,
    connections: Connections,
    /// Cancelled when a new connection needs the place.
    pub(super) close: CancellationToken,
}

impl Connections {
    /// One of `limit` places. If none is free, the place of the connection that has been idle longest. `None`: no connection is idle.
    pub(super) fn open(&self, limit: usize) -> Option<Connection> {
        self.with(|open| {
            if open.places.len() >= limit && !open.close_idle() {
                return None;
            }
            let (id, close) = (open.next, CancellationToken::new());
            open.next += 1;
            open.places.insert(id, Place { idle_since: Some(Instant::now()), close: close.clone() });
            Some(Connection { id, connections: self.clone(), close })
        })
    }

    /// Closes the connection that has been idle longest, if there is one.
    pub(super) fn close_idle(&self) -> bool {
        self.with(Open::close_idle)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Open) -> T) -> T {
        work(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Open {
    fn close_idle(&mut self) -> bool {
        let idle = self.places.iter().filter_map(|(id, place)| Some((place.idle_since?, *id))).min();
        let place = idle.and_then(|(_, id)| self.places.remove(&id));
        place.map(|place| place.close.cancel()).is_some()
    }
}

impl Connection {
    /// Answers a request. The place is not taken away meanwhile.
    pub(super) async fn answering<T>(&self, answer: impl Future<Output = T>) -> T {
        self.set(None);
        let answer = answer.await;
        self.set(Some(Instant::now()));
        answer
    }

    fn set(&self, idle_since: Option<Instant>) {
        self.connections.with(|open| {
            if let Some(place) = open.places.get_mut(&self.id) {
                place.idle_since = idle_since;
            }
        });
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.with(|open| open.places.remove(&self.id));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::{future::pending, time::Duration};

    use futures_util::FutureExt;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_gives_way_and_one_that_is_answered_does_not() {
        let connections = Connections::default();
        let open = || connections.open(2).ok_or("no place");
        let (first, second) = (open().unwrap(), open().unwrap());
        advance(Duration::from_secs(1)).await;
        first.answering(async {}).await;
        let third = open().unwrap();
        assert!(second.close.is_cancelled() && !first.close.is_cancelled());
        // Another connection has the place already.
        drop(second);

        let (mut one, mut other) = (Box::pin(first.answering(pending::<()>())), Box::pin(third.answering(pending::<()>())));
        assert_eq!(((&mut one).now_or_never(), (&mut other).now_or_never()), (None, None));
        assert!(open().is_err(), "both are answered");
        drop(one);
        drop(first);
        assert!(open().is_ok());
    }
}
