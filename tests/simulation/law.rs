//! The laws that must hold in every world.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use localaws::codebuild::BuildView;
use serde_json::Value;

use crate::plan::{Deed, Plan};

/// The results of a world.
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) attempts: u32,
    /// How many daemons have run.
    pub(crate) lives: usize,
    /// The ids of messages, with what was sent.
    pub(crate) sent: &'a [(String, Value)],
    /// The events that the subscriber got, in order.
    pub(crate) events: &'a [Value],
    pub(crate) builds: &'a [BuildView],
    /// The bodies of the messages in the job queue.
    pub(crate) left: &'a [String],
    /// The bodies of the messages in the dead-letter queue.
    pub(crate) dead: &'a [String],
    pub(crate) kills: usize,
    /// How often each message was received, by its id.
    pub(crate) receives: &'a BTreeMap<String, u32>,
    /// Jobs whose start was refused after an answer had been lost.
    pub(crate) refused: &'a BTreeSet<String>,
}

/// The laws that a world breaks, in words.
pub(crate) fn broken(world: &World<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    ends(world, &mut broken);
    builds(world, &mut broken);
    retries(world, &mut broken);
    limits(world, &mut broken);
    messages(world, &mut broken);
    receives(world, &mut broken);
    groups(world, &mut broken);
    broken
}

/// Every job ends. All its terminal events have the same id and the same status.
fn ends(world: &World<'_>, broken: &mut Vec<String>) {
    let mut statuses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in world.events {
        let (kind, id) = (text(&event["type"]), text(&event["id"]));
        if kind == "slipway.job.finished" {
            statuses.entry(id).or_default().push(text(&event["data"]["status"]));
        } else if kind == "slipway.job.rejected" {
            statuses.entry(id).or_default().push("rejected");
        }
    }
    let expected: BTreeSet<String> = jobs(world)
        .map(|(message, job)| {
            let id = job["id"].as_str().unwrap_or(message);
            format!("{id}/{}", if is_valid(job) { "finished" } else { "rejected" })
        })
        .collect();
    for id in &expected {
        if !statuses.contains_key(id.as_str()) {
            broken.push(format!("{id} has no terminal event"));
        }
    }
    for (id, statuses) in &statuses {
        if !expected.contains(*id) {
            broken.push(format!("{id} is a terminal event of a job that was not sent"));
        }
        truth(world, id, statuses, broken);
        // Only the daemon's memory tells why a job was ended early.
        let forgotten = world.lives > 1 && statuses.iter().any(|status| matches!(*status, "cancelled" | "superseded" | "errored"));
        // After the window, the same id is another job.
        let another = world.plan.deduplication < Duration::from_hours(1) && is_repeated(world, id);
        if !forgotten && !another && statuses.iter().any(|status| status != &statuses[0]) {
            broken.push(format!("{id} has different statuses: {statuses:?}"));
        }
    }
}

/// The status of a job follows from its builds, or from a cancellation.
fn truth(world: &World<'_>, event: &str, statuses: &[&str], broken: &mut Vec<String>) {
    let Some(id) = event.strip_suffix("/finished") else { return };
    // An attempt without a build: CodeBuild refused it, or did not answer.
    let may_be_refused = world.plan.lookups_denied.is_some() || world.refused.contains(id);
    let built = world.builds.iter().filter(|build| build.variables["SLIPWAY_JOB_ID"] == id);
    let built = built.filter_map(|build| build.variables["SLIPWAY_ATTEMPT"].parse().ok()).min();
    let end = world.plan.scripts.end(id, built.filter(|_| may_be_refused).unwrap_or(1)..=world.attempts);
    let of_job = |(message, job): &(&str, &Value)| job["id"].as_str().unwrap_or(message) == id;
    let group = jobs(world).find(of_job).map_or(&Value::Null, |(_, job)| &job["group"]["key"]);
    let supersedes = |job: &Value| job["group"]["key"] == *group && job["group"]["on_conflict"] == "supersede";
    let is_superseded = jobs(world).any(|other| !of_job(&other) && supersedes(other.1));
    for status in statuses {
        let is_true = match *status {
            // Only the daemon's memory tells why a build was stopped.
            "cancelled" if is_superseded && world.lives > 1 => true,
            "cancelled" => world.sent.iter().any(|(_, body)| body["cancel"] == *id),
            "superseded" => is_superseded,
            // CodeBuild did not say whether there was a build, or refused to start it.
            "errored" if may_be_refused => true,
            status => status == end,
        };
        if !is_true {
            broken.push(format!("{id} has the status {status} instead of {end}"));
        }
    }
}

/// An attempt is built once. A second attempt follows only after a platform fault.
fn builds(world: &World<'_>, broken: &mut Vec<String>) {
    let mut attempts: BTreeMap<(&str, u32), Vec<&BuildView>> = BTreeMap::new();
    for build in world.builds {
        let attempt = build.variables["SLIPWAY_ATTEMPT"].parse().unwrap();
        attempts.entry((&build.variables["SLIPWAY_JOB_ID"], attempt)).or_default().push(build);
    }
    for ((job, attempt), builds) in &mut attempts {
        builds.sort_by_key(|build| build.start_ms);
        let again = world.plan.deduplication < Duration::from_hours(1) && is_repeated(world, &format!("{job}/finished"));
        let beside = builds.windows(2).any(|pair| pair[0].end_ms.is_none_or(|end| end > pair[1].start_ms));
        if builds.len() > 1 && (beside || !again) {
            broken.push(format!("attempt {attempt} at {job} was built {} times", builds.len()));
        }
        if *attempt > world.attempts {
            broken.push(format!("{job} got attempt {attempt} of {}", world.attempts));
        }
        for build in builds {
            if build.end_ms.is_none() {
                broken.push(format!("a build of {job} runs for ever"));
            }
        }
    }
}

/// Another attempt follows only after a platform fault, or after a refusal of CodeBuild.
fn retries(world: &World<'_>, broken: &mut Vec<String>) {
    for build in world.builds.iter().filter(|build| build.variables["SLIPWAY_ATTEMPT"] != "1") {
        let (job, attempt) = (&build.variables["SLIPWAY_JOB_ID"], build.variables["SLIPWAY_ATTEMPT"].parse::<u32>().unwrap());
        let is_before = |other: &&BuildView| {
            other.variables["SLIPWAY_JOB_ID"] == *job && other.variables["SLIPWAY_ATTEMPT"] == (attempt - 1).to_string()
        };
        let mut before = world.builds.iter().filter(is_before).peekable();
        let was_refused = before.peek().is_none() && (world.refused.contains(job) || world.plan.lookups_denied.is_some());
        let failed = before.any(|before| !matches!(before.status, "SUCCEEDED" | "IN_PROGRESS" | "STOPPED"));
        if !failed && !was_refused {
            broken.push(format!("{job} got attempt {attempt} after one that needed none"));
        }
    }
}

/// A clean restart costs a message at most one receive.
fn receives(world: &World<'_>, broken: &mut Vec<String>) {
    let restarts = world.plan.deeds.iter().filter(|(_, deed)| matches!(deed, Deed::Restart)).count();
    let slept = world.plan.deeds.iter().any(|(_, deed)| matches!(deed, Deed::Sleep(_)));
    if world.plan.twins || world.kills > 0 || slept || !world.plan.weather.is_fair() {
        return;
    }
    for (message, count) in world.receives {
        if *count as usize > 1 + restarts {
            broken.push(format!("the message {message} was received {count} times over {restarts} restarts"));
        }
    }
}

/// An older job of a group is not started beside or after a newer one that supersedes it.
fn groups(world: &World<'_>, broken: &mut Vec<String>) {
    // Two daemons know of each other's builds only by looking them up.
    if world.plan.twins || world.plan.lookups_denied.is_some() {
        return;
    }
    let started = |id: &str| -> Vec<u64> {
        world.builds.iter().filter(|build| build.variables["SLIPWAY_JOB_ID"] == *id).map(|build| build.start_ms).collect()
    };
    let enqueued = |id: &str| -> Option<Value> {
        let build = world.builds.iter().find(|build| build.variables["SLIPWAY_JOB_ID"] == *id)?;
        Some(serde_json::from_str::<Value>(&build.variables["SLIPWAY_RECORD"]).ok()?["enqueued_at"].clone())
    };
    let grouped: Vec<(&str, &Value)> = jobs(world)
        .filter(|(_, job)| is_valid(job) && job.get("group").is_some())
        .map(|(message, job)| (job["id"].as_str().unwrap_or(message), job))
        .collect();
    for (at, (old, job)) in grouped.iter().enumerate() {
        for (new, other) in &grouped[at + 1..] {
            let supersedes = other["group"]["key"] == job["group"]["key"] && other["group"]["on_conflict"] == "supersede";
            // If both were sent in the same millisecond, either may be the older one.
            let tie = enqueued(old).is_some_and(|at| Some(at) == enqueued(new));
            if !supersedes
                || tie
                || old == new
                || is_repeated(world, &format!("{old}/finished"))
                || is_repeated(world, &format!("{new}/finished"))
            {
                continue;
            }
            if let Some(first) = started(new).into_iter().min()
                && started(old).into_iter().any(|start| start > first)
            {
                broken.push(format!("{old} was built after {new}, which supersedes it"));
            }
        }
    }
}

/// The operator's limits hold at every moment, also over restarts.
fn limits(world: &World<'_>, broken: &mut Vec<String>) {
    // Each of two daemons has its own limits and groups.
    if world.plan.twins {
        return;
    }
    let spans = |filter: &dyn Fn(&BuildView) -> bool| most(world.builds.iter().filter(|build| filter(build)));
    let mut check = |what: &str, limit: usize, most: usize| {
        if most > limit {
            broken.push(format!("{most} builds at once {what}, where {limit} are allowed"));
        }
    };
    check("in all", world.plan.running, spans(&|_| true));
    for name in values(world, "SLIPWAY_TENANT") {
        let of = |build: &BuildView| build.variables.get("SLIPWAY_TENANT").map(String::as_str) == Some(name);
        check(&format!("for {name}"), world.plan.per_tenant, spans(&of));
    }
    for name in values(world, "SLIPWAY_GROUP") {
        let of = |build: &BuildView| build.variables.get("SLIPWAY_GROUP").map(String::as_str) == Some(name);
        check(&format!("of {name}"), 1, spans(&of));
    }
}

fn values<'a>(world: &World<'a>, variable: &str) -> BTreeSet<&'a str> {
    world.builds.iter().filter_map(|build| build.variables.get(variable).map(String::as_str)).collect()
}

/// The largest number of builds that ran at once. A build that ends leaves room for one that starts in the same millisecond.
fn most<'a>(builds: impl Iterator<Item = &'a BuildView>) -> usize {
    let mut changes: Vec<(u64, i32)> = Vec::new();
    for build in builds.filter(|build| build.end_ms != Some(build.start_ms)) {
        changes.push((build.start_ms, 1));
        changes.extend(build.end_ms.map(|end| (end, -1)));
    }
    changes.sort_unstable();
    let mut now = 0;
    changes
        .into_iter()
        .map(|(_, change)| {
            now += change;
            now
        })
        .max()
        .map_or(0, |most| usize::try_from(most).unwrap_or_default())
}

/// No message is left or lost. The dead-letter queue has the rejected messages and nothing else.
fn messages(world: &World<'_>, broken: &mut Vec<String>) {
    for body in world.left {
        broken.push(format!("a message was left: {body}"));
    }
    let rejected: BTreeSet<String> = jobs(world).filter(|(_, job)| !is_valid(job)).map(|(_, job)| job.to_string()).collect();
    let dead: BTreeSet<String> = world.dead.iter().cloned().collect();
    for body in rejected.symmetric_difference(&dead) {
        broken.push(format!("not as it should be in the dead-letter queue: {body}"));
    }
}

fn jobs<'a>(world: &World<'a>) -> impl Iterator<Item = (&'a str, &'a Value)> {
    world.sent.iter().filter(|(_, body)| body.get("source").is_some()).map(|(id, body)| (id.as_str(), body))
}

/// Whether a job was sent more than once.
fn is_repeated(world: &World<'_>, event: &str) -> bool {
    let id = event.strip_suffix("/finished");
    jobs(world).filter(|(message, job)| Some(job["id"].as_str().unwrap_or(message)) == id).count() > 1
}

fn is_valid(job: &Value) -> bool {
    job.get("profile").is_none()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
