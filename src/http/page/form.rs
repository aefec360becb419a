//! Forms that ask before anything is done.

use super::text::encoded;
use crate::job::standing::PauseScope;

/// A pause's scope as an address has it.
pub(super) fn scope_query(scope: &PauseScope) -> String {
    match scope {
        PauseScope::All => "scope=all".to_owned(),
        PauseScope::Queue(name) => format!("scope=queue&name={}", encoded(name)),
        PauseScope::Tenant(name) => format!("scope=tenant&name={}", encoded(name)),
        PauseScope::Profile(name) => format!("scope=profile&name={}", encoded(name)),
    }
}
