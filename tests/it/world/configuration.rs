//! The configuration of a world's daemon: that of local mode, with changes.

use std::sync::Arc;

use slipway::config::{Config, Profile, Reload, ReloadError, TenantLimits};

use super::World;

impl World {
    /// Changes the configuration by overrides, and makes the daemon read it again.
    pub(crate) fn reload(&mut self, overrides: &str) -> Result<Vec<String>, ReloadError> {
        self.overrides = format!("{} {overrides}", self.overrides);
        self.config = Arc::new(configuration(&self.overrides));
        self.read_again()
    }

    /// Makes the daemon read the configuration again.
    pub(crate) fn read_again(&self) -> Result<Vec<String>, ReloadError> {
        let config = Arc::clone(&self.config);
        Reload::new(self.daemon.as_ref().unwrap().current.clone(), move || Ok((*config).clone())).reload()
    }

    /// Removes the dead-letter queue from the configuration: the daemon has to find it by the queue's redrive policy.
    pub(crate) fn name_no_dead_letters(&mut self) {
        Arc::make_mut(&mut self.config).queues[0].dead_letter_url = None;
    }

    /// Changes the configuration for the next daemon, by an override.
    pub(crate) fn set(&mut self, overrides: &str) {
        self.overrides.push_str(overrides);
        self.config = Arc::new(configuration(&self.overrides));
    }

    /// Sets limits of tenants for the next daemon.
    pub(crate) fn limit_tenants(&mut self, tenants: Vec<TenantLimits>) {
        Arc::make_mut(&mut self.config).limits.tenants = tenants;
    }

    /// How many builds may run at once.
    pub(crate) fn running(&self) -> usize {
        self.config.limits.running
    }

    /// Adds a profile. Its project need not exist.
    pub(crate) fn add_profile(&mut self, name: &str, project: &str) {
        let config = Arc::make_mut(&mut self.config);
        let profile = config.profiles["default"].clone();
        config.profiles.insert(name.to_owned(), Profile { name: name.to_owned(), project: project.to_owned(), ..profile });
    }

    /// Sets the queue for rejected messages.
    pub(crate) fn bury_in(&mut self, url: &str) {
        Arc::make_mut(&mut self.config).queues[0].dead_letter_url = Some(url.to_owned());
    }

    /// Removes a profile.
    pub(crate) fn remove_profile(&mut self, name: &str) {
        Arc::make_mut(&mut self.config).profiles.remove(name).unwrap();
    }

    /// Sets the queue for jobs.
    pub(crate) fn take_from(&mut self, url: &str) {
        url.clone_into(&mut Arc::make_mut(&mut self.config).queues[0].url);
    }
}

/// The configuration of local mode with overrides, separated by white space.
pub(super) fn configuration(overrides: &str) -> Config {
    let overrides = overrides.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    slipway::config::parse(include_str!("../../../config/local.toml"), "config/local.toml", overrides).unwrap()
}
