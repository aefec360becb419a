//! What is remembered for a time, and of the newest only so many.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::Duration,
};

use tokio::time::Instant;

/// Values by key that are forgotten after a time, the oldest first.
#[derive(Debug)]
pub(super) struct Memory<K, T> {
    window: Duration,
    most: usize,
    values: HashMap<K, (Instant, T)>,
    /// Every put, the oldest first; a key that was put again has an entry for each.
    order: VecDeque<(Instant, K)>,
}

impl<K: Clone + Eq + Hash, T> Memory<K, T> {
    /// For so long, and so many at most.
    pub(super) fn new(window: Duration, most: usize) -> Self {
        Self { window, most, values: HashMap::new(), order: VecDeque::new() }
    }

    pub(super) fn put(&mut self, key: K, value: T) {
        self.forget();
        let now = Instant::now();
        self.order.push_back((now, key.clone()));
        self.values.insert(key, (now, value));
    }

    pub(super) fn get(&mut self, key: &K) -> Option<&T> {
        self.forget();
        self.values.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        self.forget();
        self.values.get_mut(key).map(|(_, value)| value)
    }

    pub(super) fn take(&mut self, key: &K) -> Option<T> {
        self.forget();
        self.values.remove(key).map(|(_, value)| value)
    }

    fn forget(&mut self) {
        while let Some((at, _)) = self.order.front()
            && (at.elapsed() > self.window || self.order.len() > self.most)
        {
            let Some((at, key)) = self.order.pop_front() else { return };
            if self.values.get(&key).is_some_and(|(put, _)| *put == at) {
                self.values.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_old_or_too_much_is_forgotten() {
        let mut memory = Memory::new(Duration::from_secs(10), 3);
        for key in 0..5 {
            memory.put(key, key);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!([0, 1, 2, 3, 4].map(|key| memory.get(&key).is_some()), [false, false, true, true, true]);
        memory.put(2, 20);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!([2, 3, 4].map(|key| memory.get(&key).copied()), [Some(20), None, None]);
        assert_eq!(memory.take(&2), Some(20));
        assert_eq!(memory.get(&2), None);
    }
}
