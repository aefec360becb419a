//! Checks over all jobs, after everything has ended.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    ledger::{Entry, Ledger},
    plan::{CROWD, RUNNING},
    telling::counted,
};
use crate::{
    aws::{Clients, logs::Ask},
    engine::{Exit, REASONS},
    job::{build::LogLocation, event::Event},
    local::Local,
};

/// The longest time from a job's event to the deletion of its message.
const DELETES: Duration = Duration::from_secs(10);

/// Something that was looked at.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) good: bool,
    pub(super) text: String,
}

/// Looks at the events together, and at what is left in AWS. `exit`: how the daemon left; `None`: it is still there.
pub(super) async fn audit(ledger: &Ledger, local: &Local, exit: Option<Exit>) -> anyhow::Result<Vec<Finding>> {
    let mut findings = events(ledger);
    let Local { clients, provision, .. } = local;
    let wanted = ledger.entries.iter().filter(|entry| entry.planned.is_built()).count();
    let builds = clients.builds().list(&provision.project, None).await?.ids.len();
    findings.push(Finding {
        good: builds == wanted,
        text: format!("{} for {}, one of which was sent twice", counted(builds, "build"), counted(wanted, "job")),
    });
    findings.extend(last_words(ledger, clients).await?);
    let jobs = clients.queue(&provision.jobs);
    let mut left = jobs.depth().await?;
    // A daemon that runs on deletes a message a moment after its job's event.
    let patience = Instant::now() + DELETES;
    while exit.is_none() && left > 0 && Instant::now() < patience {
        sleep(Duration::from_millis(50)).await;
        left = jobs.depth().await?;
    }
    let drained = match exit {
        Some(Exit::Drained) => "the daemon has ended",
        Some(Exit::Left(_)) => "the daemon left jobs behind",
        None => "the daemon runs on",
    };
    findings.push(Finding {
        good: left == 0 && !matches!(exit, Some(Exit::Left(_))),
        text: format!("{drained}, and {} on the job queue", none(left, "message is", "messages are")),
    });
    findings.push(dead_letters(ledger, local).await?);
    Ok(findings)
}

fn events(ledger: &Ledger) -> Vec<Finding> {
    let all: Vec<_> = ledger.entries.iter().flat_map(|entry| &entry.events).collect();
    let ends = || ledger.entries.iter().filter_map(|entry| entry.end());
    let (peak, longest) = (peak(ends()), longest_wait(ends()));
    let mut ids: Vec<_> = all.iter().map(|event| &event.id).collect();
    ids.sort();
    ids.dedup();
    let wanted: BTreeSet<_> = ledger.entries.iter().flat_map(Entry::wanted_ids).collect();
    vec![
        Finding {
            good: peak == RUNNING && longest >= 1.0,
            text: format!("at most {} at once; a {CROWD} job waited {longest:.1}s for its place", counted(peak, "build")),
        },
        Finding {
            good: ledger.strangers.is_empty() && ids.len() == wanted.len(),
            text: format!(
                "{}, {} ids{}: the job that was sent twice got its end twice, under one id",
                counted(ledger.bodies.len(), "event"),
                ids.len(),
                if ledger.strangers.is_empty() { String::new() } else { format!(" and unknown ones ({})", ledger.strangers.join(", ")) }
            ),
        },
    ]
}

/// The most builds that ran at the same time.
fn peak<'a>(ends: impl Iterator<Item = &'a Event>) -> usize {
    let runs = ends.filter_map(|event| event.data.build.as_ref()).filter_map(|run| Some((run.started_at.clone()?, run.ended_at.clone()?)));
    let mut changes: Vec<(String, i32)> = runs.flat_map(|(start, end)| [(start, 1), (end, -1)]).collect();
    // Of the same millisecond, the end comes first: it gave the place free.
    changes.sort();
    let mut now = 0;
    let most = changes.iter().map(|(_, change)| {
        now += change;
        now
    });
    most.max().and_then(|most| usize::try_from(most).ok()).unwrap_or_default()
}

fn longest_wait<'a>(ends: impl Iterator<Item = &'a Event>) -> f64 {
    let crowd = ends.filter(|event| event.data.job.tenant.as_ref().is_some_and(|tenant| tenant.as_str() == CROWD));
    crowd.filter_map(|event| event.data.timings?.waiting_seconds).fold(0.0, f64::max)
}

/// The log of a build whose command failed ends well all the same: hence the excerpt.
async fn last_words(ledger: &Ledger, clients: &Clients) -> anyhow::Result<Option<Finding>> {
    let mut failed = ledger.entries.iter().filter(|entry| entry.planned.expected.command.is_some());
    let Some((name, log)) = failed.find_map(|entry| Some((entry.planned.name, entry.end()?.data.log.as_ref()?))) else {
        return Ok(None);
    };
    let place = LogLocation { group: log.group.as_str().into(), stream: log.stream.clone(), ..LogLocation::default() };
    let page = clients.logs().page(&place, &Ask::default()).await?;
    let last = page.events.iter().map(|event| event.message.trim_end()).rfind(|line| line.contains("Phase complete: ")).unwrap_or_default();
    let word = last.rsplit(' ').next().unwrap_or_default();
    Ok(Some(Finding {
        good: word == "SUCCEEDED" && !log.excerpt.trim_end().ends_with("SUCCEEDED"),
        text: format!("{name}'s log ends with {word}; the excerpt in its event shows what failed"),
    }))
}

/// The rejected messages as they were sent, and why they are there.
async fn dead_letters(ledger: &Ledger, local: &Local) -> anyhow::Result<Finding> {
    let queue = local.clients.queue(&local.provision.dead_letters);
    let letters = queue.receive(10, Duration::from_secs(30), Duration::ZERO).await?;
    let mut bodies: Vec<_> = letters.iter().map(|letter| letter.body.as_str()).collect();
    let mut wanted: Vec<_> =
        ledger.entries.iter().map(|entry| &entry.planned).filter(|it| !it.is_built()).map(|it| it.body.as_str()).collect();
    bodies.sort_unstable();
    wanted.sort_unstable();
    let reasons = letters.iter().all(|letter| letter.attributes.contains_key(REASONS));
    Ok(Finding {
        good: bodies == wanted && reasons,
        text: format!(
            "{} in the dead-letter queue, {} the reasons",
            none(letters.len(), "message is", "messages are"),
            if reasons { "with" } else { "without" }
        ),
    })
}

fn none(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
