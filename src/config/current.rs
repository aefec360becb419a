//! The present configuration. A reload replaces it; whoever holds the old one keeps it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::Config;

/// A function that gets the present configuration and the next one.
type Hook = Box<dyn Fn(&Config, &Config) + Send + Sync>;

/// The present configuration. Cheap to clone; all clones share it.
#[derive(Clone)]
pub struct Current {
    shared: Arc<Shared>,
}

struct Shared {
    now: RwLock<Arc<Config>>,
    /// One hook for each part of the daemon that has to prepare.
    hooks: Mutex<Vec<Hook>>,
}

impl Current {
    /// The present configuration. The answer does not change with a reload.
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.shared.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Before each reload, calls `hook` with the present configuration and the next one, so that everything is prepared when jobs use it.
    pub fn before_change(&self, hook: impl Fn(&Config, &Config) + Send + Sync + 'static) {
        self.hooks().push(Box::new(hook));
    }

    pub(super) fn set(&self, config: Config) {
        let now = self.now();
        self.hooks().iter().for_each(|hook| hook(&now, &config));
        *self.shared.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    fn hooks(&self) -> std::sync::MutexGuard<'_, Vec<Hook>> {
        self.shared.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Arc<Config>> for Current {
    fn from(config: Arc<Config>) -> Self {
        Self { shared: Arc::new(Shared { now: RwLock::new(config), hooks: Mutex::default() }) }
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.now()).finish()
    }
}
