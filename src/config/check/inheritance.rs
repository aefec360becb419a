//! Profiles that extend others. A key that a profile does not set comes from the profile that it extends. A key that it sets replaces the
//! inherited value, also of lists and tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{
    document::{Document, join},
    raw, shape,
};

/// The most profiles in one chain.
const LONGEST_CHAIN: usize = 8;

/// Completes every profile from those that it extends. The answer names the profiles whose chain has a fault: which keys they lack is not
/// known.
pub(super) fn resolve(document: &mut Document, raw: &mut BTreeMap<String, raw::Profile>) -> BTreeSet<String> {
    let mut broken = BTreeSet::new();
    let mut resolved = BTreeMap::new();
    for name in raw.keys() {
        let Some(ancestors) = ancestors(document, raw, name) else {
            broken.insert(name.clone());
            continue;
        };
        let mut profile = raw[name].clone();
        for ancestor in ancestors {
            for key in profile.inherit(&raw[&ancestor]) {
                document.inherit(format!("{}.{key}", join("profiles", name)), format!("{}.{key}", join("profiles", &ancestor)));
            }
        }
        resolved.insert(name.clone(), profile);
    }
    raw.extend(resolved);
    broken
}

/// The profiles that a profile extends, the closest first. `None`: one does not exist, or the chain has no end.
fn ancestors(document: &mut Document, raw: &BTreeMap<String, raw::Profile>, name: &str) -> Option<Vec<String>> {
    let mut chain = vec![name.to_owned()];
    while let Some(next) = raw[chain.last()?].extends.clone() {
        let at = format!("{}.extends", join("profiles", chain.last()?));
        if !raw.contains_key(&next) {
            document.fault(&at, missing(&next, raw));
            return None;
        }
        if let Some(start) = chain.iter().position(|earlier| *earlier == next) {
            chain.push(next);
            document.fault(&at, format!("goes round in a circle: {}", chain[start..].join(" extends ")));
            return None;
        }
        chain.push(next);
        if chain.len() > LONGEST_CHAIN {
            let from = format!("{}.extends", join("profiles", name));
            document.fault(&from, format!("begins a chain of more than {LONGEST_CHAIN} profiles: {}, ...", chain.join(" extends ")));
            return None;
        }
    }
    chain.remove(0);
    Some(chain)
}

fn missing(name: &str, raw: &BTreeMap<String, raw::Profile>) -> String {
    let known = raw.keys().map(String::as_str);
    match shape::closest(name, known.clone()) {
        Some(meant) => format!("names no profile; did you mean {meant}?"),
        None => format!("names no profile; there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// Takes over the keys that are not set. The answer has their names.
macro_rules! take_over {
    ($own:ident, $other:ident: $($key:ident),+) => {{
        let mut taken = Vec::new();
        $(if $own.$key.is_none() && $other.$key.is_some() {
            $own.$key = $other.$key.clone();
            taken.push(stringify!($key));
        })+
        taken
    }};
}

impl raw::Profile {
    fn inherit(&mut self, other: &Self) -> Vec<&'static str> {
        let (has_buildspec, was_lambda) = (self.buildspec_file.is_some() || self.buildspec_path.is_some(), self.is_lambda());
        let mut taken = take_over!(
            self, other: project, registry, sources, running, tenants, tenant_sources, revisions, secrets, parameters, platforms, image,
            compute_type, environment_type, arm, images_buildspec, log_group, env
        );
        // A key that excludes a set one is not inherited.
        if !has_buildspec {
            taken.extend(take_over!(self, other: buildspec_file, buildspec_path));
        }
        // Builds on Lambda cannot have these keys, so they are not inherited.
        if !was_lambda {
            taken.extend(take_over!(self, other: timeout_minutes, queued_timeout_minutes, privileged));
        }
        taken
    }

    fn is_lambda(&self) -> bool {
        [&self.compute_type, &self.environment_type].into_iter().flatten().any(|name| name.contains("LAMBDA"))
    }
}
