//! The rules of limits.

use std::time::Duration;

use crate::config::{Limits, RepositoryLimits, TenantLimits, WhenFull, default, document::Document, raw};

/// SQS's limit on messages in flight in one queue: a job's message is in flight while it waits and while it runs.
const IN_FLIGHT: usize = 120_000;
/// The greatest weight of a tenant or a queue.
pub(super) const MOST_WEIGHT: u32 = 1000;
/// The most entries for tenants, and for repositories: each new name is compared with all.
const ENTRIES: usize = 1000;

pub(super) fn limits(document: &mut Document, raw: raw::Limits) -> Option<Limits> {
    let running = document.number("limits.running", raw.running, (1, IN_FLIGHT));
    let per_tenant = match raw.per_tenant {
        Some(_) => document.number("limits.per_tenant", raw.per_tenant, (1, IN_FLIGHT)),
        None => running,
    };
    if running.zip(per_tenant).is_some_and(|(running, per_tenant)| per_tenant > running) {
        document.fault("limits.per_tenant", "must be at most limits.running");
    }
    let most = running.unwrap_or(IN_FLIGHT);
    let per_repository = raw.per_repository.map(|number| document.number("limits.per_repository", Some(number), (1, most)));
    let waiting = document.number("limits.waiting", raw.waiting.or(Some(default::WAITING)), (1, IN_FLIGHT));
    if running.zip(waiting).is_some_and(|(running, waiting)| running + waiting > IN_FLIGHT) {
        document.fault(
            "limits.waiting",
            format!("must be at most {IN_FLIGHT} together with limits.running, SQS's limit on messages in flight"),
        );
    }
    let waiting_bytes = raw.waiting_bytes.as_deref().unwrap_or(default::WAITING_BYTES);
    let waiting_bytes = document.size("limits.waiting_bytes", waiting_bytes, ("1MiB", "1GiB"));
    let mut duration =
        |key, text: Option<&str>, default, least| document.duration(key, text.unwrap_or(default), least, Duration::from_hours(7 * 24));
    let deduplication = duration("limits.deduplication", raw.deduplication.as_deref(), default::DEDUPLICATION, Duration::ZERO);
    let aging = duration("limits.aging", raw.aging.as_deref(), default::AGING, Duration::from_secs(1));
    let half_life = duration("limits.half_life", raw.half_life.as_deref(), default::HALF_LIFE, Duration::from_mins(1));
    let tenants = entries(document, "limits.tenants", raw.tenants, |document, path, raw| {
        tenant(document, path, raw, most, per_tenant.unwrap_or(most))
    });
    let repositories =
        entries(document, "limits.repositories", raw.repositories, |document, path, raw| repository(document, path, raw, most));
    Some(Limits {
        running: running?,
        per_tenant: per_tenant?,
        per_repository: whole(per_repository)?,
        tenants: tenants?,
        repositories: repositories?,
        aging: aging?,
        half_life: half_life?,
        waiting: waiting?,
        waiting_bytes: waiting_bytes?,
        deduplication: deduplication?,
    })
}

/// Reads every entry of a list, also after one with a fault.
fn entries<R, T>(
    document: &mut Document,
    path: &str,
    raw: Option<Vec<R>>,
    mut read: impl FnMut(&mut Document, &dyn Fn(&str) -> String, R) -> Option<T>,
) -> Option<Vec<T>> {
    let raw = raw.unwrap_or_default();
    if raw.len() > ENTRIES {
        document.fault(path, format!("must have at most {ENTRIES} entries"));
        return None;
    }
    let read = raw.into_iter().enumerate().map(|(index, raw)| read(document, &|key| format!("{path}[{index}].{key}"), raw));
    read.collect::<Vec<_>>().into_iter().collect()
}

fn tenant(
    document: &mut Document,
    path: &dyn Fn(&str) -> String,
    raw: raw::TenantLimits,
    most: usize,
    per_tenant: usize,
) -> Option<TenantLimits> {
    let pattern = document.required(&path("match"), raw.pattern, tenant_pattern);
    let running = raw.running.map(|number| document.number(&path("running"), Some(number), (1, most)));
    let at_least = running.flatten().unwrap_or(per_tenant);
    let burst = raw.burst.map(|number| document.number(&path("burst"), Some(number), (at_least, most)));
    let weight = document.number(&path("weight"), raw.weight.or(Some(default::WEIGHT)), (1, MOST_WEIGHT));
    let waiting = raw.waiting.map(|number| document.number(&path("waiting"), Some(number), (1, IN_FLIGHT)));
    let when_full = match raw.when_full.as_deref().unwrap_or(default::WHEN_FULL) {
        "wait" => Some(WhenFull::Wait),
        "reject" => Some(WhenFull::Reject),
        _ => {
            document.fault(&path("when_full"), "must be \"wait\" or \"reject\"");
            None
        }
    };
    if raw.when_full.is_some() && raw.waiting.is_none() {
        document.fault(&path("when_full"), "says what happens beyond `waiting`, which is missing");
    }
    Some(TenantLimits {
        pattern: pattern?,
        running: whole(running)?,
        burst: whole(burst)?,
        weight: weight?,
        waiting: whole(waiting)?,
        when_full: when_full?,
    })
}

fn repository(document: &mut Document, path: &dyn Fn(&str) -> String, raw: raw::RepositoryLimits, most: usize) -> Option<RepositoryLimits> {
    let pattern = document.required(&path("match"), raw.pattern, repository_pattern);
    let running = document.number(&path("running"), raw.running, (1, most));
    Some(RepositoryLimits { pattern: pattern?, running: running? })
}

/// A value that may be left out.
#[expect(clippy::option_option, reason = "left out, wrong, or right")]
pub(super) fn whole<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

fn tenant_pattern(text: &str) -> Result<(), &'static str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-*".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(());
    }
    Err("must be a tenant or a pattern of tenants: 1 to 64 characters of A-Z, a-z, 0-9, '.', '_', '-' and '*'")
}

fn repository_pattern(text: &str) -> Result<(), &'static str> {
    let plain = !text.is_empty() && text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && !text.contains("://") {
        return Ok(());
    }
    Err("must be a repository or a pattern of repositories without the scheme, like \"github.com/acme/*\"")
}
