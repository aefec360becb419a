//! The configuration that holds now. A reload puts another in its place; whoever has taken it keeps what it has.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::Config;

/// Is told of what holds and of what will hold.
type Hook = Box<dyn Fn(&Config, &Config) + Send + Sync>;

/// The configuration that holds now. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Current {
    shared: Arc<Shared>,
}

struct Shared {
    now: RwLock<Arc<Config>>,
    /// One for each part of the daemon that has to prepare: a handful.
    hooks: Mutex<Vec<Hook>>,
}

impl Current {
    /// The whole configuration, which changes no more for whoever holds the answer.
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.shared.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls `hook` with the configuration that holds and the one that takes its place, before it does: what jobs find then is prepared.
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
