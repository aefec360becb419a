//! Whether a job ended as it should.

use super::{ledger::Entry, telling};
use crate::job::{event::Event, outcome::Status};

/// Everything about a job that is not as it should be, in words.
pub(super) fn differences(entry: &Entry) -> Vec<String> {
    let Some(event) = entry.end() else { return vec!["no terminal event came".to_owned()] };
    let mut found = Vec::new();
    let (mut wanted, mut came) = (entry.wanted_ids(), entry.events.iter().map(|event| event.id.clone()).collect::<Vec<_>>());
    wanted.sort();
    came.sort();
    if wanted != came {
        found.push(format!("its events are {} instead of {}", came.join(", "), wanted.join(", ")));
    }
    found.extend(compare(entry, event));
    found
}

/// The terminal event against what it must say.
fn compare(entry: &Entry, event: &Event) -> Vec<String> {
    let expected = &entry.planned.expected;
    let data = &event.data;
    let mut found = Vec::new();
    let mut differ = |what: &str, wanted: &str, is: Option<&str>| {
        let is = is.map_or("nothing".to_owned(), |is| format!("{is:?}"));
        found.push(format!("{what} is {is} instead of {wanted:?}"));
    };
    if data.status != expected.status {
        let word = |status: Option<Status>| status.map_or("rejected", Status::as_str);
        differ("the end", word(expected.status), Some(word(data.status)));
        // All else differs for that reason.
        return found;
    }
    let commit = data.job.source.as_ref().and_then(|source| source.commit.as_deref());
    if let Some(wanted) = expected.commit.as_deref().filter(|wanted| Some(*wanted) != commit) {
        differ("the commit", wanted, commit);
    }
    let made = data.images.first().map(|image| image.reference.as_str());
    if let Some(wanted) = expected.made.filter(|wanted| !made.is_some_and(|made| made.contains(wanted))) {
        differ("what was made", wanted, made);
    }
    let failure = data.failure.as_ref();
    let phase = failure.and_then(|failure| failure.phase.as_deref());
    let code = failure.and_then(|failure| failure.code.as_deref());
    let command = failure.and_then(|failure| failure.command.as_deref());
    for (what, wanted, is) in
        [("the failed phase", expected.phase, phase), ("the code", expected.code, code), ("the command", expected.command, command)]
    {
        if wanted != is {
            differ(what, wanted.unwrap_or("nothing"), is);
        }
    }
    let message = failure.map(|failure| failure.message.as_str());
    if let Some(wanted) = expected.says.filter(|wanted| !message.is_some_and(|message| message.contains(wanted))) {
        differ("the failure's message", wanted, message);
    }
    let excerpt: Vec<_> = data.log.iter().flat_map(|log| log.excerpt.lines()).map(telling::without_time).collect();
    for line in expected.excerpt.iter().filter(|wanted| !excerpt.iter().any(|line| line == **wanted)) {
        found.push(format!("the log's excerpt lacks {line:?}"));
    }
    let mut paths: Vec<_> = data.problems.iter().map(|problem| problem.path.as_str()).collect();
    paths.sort_unstable();
    if paths != expected.problems {
        found.push(format!("the problems are at {paths:?} instead of {:?}", expected.problems));
    }
    found
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
