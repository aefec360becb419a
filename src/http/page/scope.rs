//! The scope of a pause as text, and in an address.

use maud::{Markup, html};

use super::text::{Name, encoded};
use crate::job::standing::PauseScope;

/// The scope as text.
pub(super) fn scope(scope: &PauseScope) -> Markup {
    match scope {
        PauseScope::All => html! { "Everything" },
        PauseScope::Queue(name) => html! { "The queue " (Name(name)) },
        PauseScope::Tenant(name) => html! { (Name(name)) },
        PauseScope::Profile(name) => html! { "The profile " (Name(name)) },
    }
}

/// The scope for an address.
pub(super) fn scope_query(scope: &PauseScope) -> String {
    match scope {
        PauseScope::All => "scope=all".to_owned(),
        PauseScope::Queue(name) => format!("scope=queue&name={}", encoded(name)),
        PauseScope::Tenant(name) => format!("scope=tenant&name={}", encoded(name)),
        PauseScope::Profile(name) => format!("scope=profile&name={}", encoded(name)),
    }
}

/// Reads a scope from an address or a form.
pub(super) fn read_scope(kind: &str, name: &str) -> Option<PauseScope> {
    let name = name.trim().to_owned();
    match (kind, name.is_empty()) {
        ("all", _) => Some(PauseScope::All),
        ("queue", false) => Some(PauseScope::Queue(name)),
        ("tenant", false) => Some(PauseScope::Tenant(name)),
        ("profile", false) => Some(PauseScope::Profile(name)),
        _ => None,
    }
}
