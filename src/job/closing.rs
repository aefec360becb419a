//! How the log of a build ends, so that a reader knows whether it has the whole log. The last phase depends on the build: `POST_BUILD` and
//! `UPLOAD_ARTIFACTS` run only if `BUILD` ran, so the log of a build that failed in `INSTALL` ends with `INSTALL`.

use super::{agent, build::Build};

/// The phases that write to the log.
const LOGGED: [&str; 6] = ["DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"];
/// The usual last phase, for builds whose phases do not tell: a build without its source gets no further than `DOWNLOAD_SOURCE`.
const USUAL: [&str; 2] = ["UPLOAD_ARTIFACTS ", "DOWNLOAD_SOURCE State: FAILED"];

/// How a build's log must end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The text with which the line about the last phase's end begins.
    end: Option<String>,
    /// The last of several lines of the reason that CodeBuild gives for that phase. `None`: the reason has one line.
    last: Option<String>,
}

/// How much of a log's end was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    /// The latest line about the end of a phase.
    end: Option<String>,
    /// Whether the reason for that phase has begun.
    explained: bool,
    /// The last line.
    last: String,
}

impl Closing {
    /// From a build as it is known now. A running build has only the usual end.
    pub fn of(build: &Build) -> Self {
        let mut logged = build.phases.iter().filter(|phase| phase.status.is_some() && LOGGED.contains(&&*phase.name));
        let Some(phase) = logged.next_back().filter(|_| build.has_ended()) else { return Self { end: None, last: None } };
        let message = phase.contexts.last().map_or("", |context| context.message.trim_end());
        let last = message.lines().skip(1).last().map(|line| line.trim().to_owned());
        Self { end: Some(format!("{} ", phase.name)), last }
    }

    /// Whether the end of the last phase was read. Then all output of commands was read too, and only lines of CodeBuild's agent may be
    /// missing.
    pub fn is_in(&self, ending: &Ending) -> bool {
        ending.end.as_ref().is_some_and(|seen| match &self.end {
            Some(end) => seen.starts_with(end),
            None => USUAL.iter().any(|end| seen.starts_with(end)),
        })
    }

    /// Whether the very last line was read. CodeBuild gives its reason after the end of a phase (`Phase context status code: ...`), and the
    /// reason of the last phase is the end of the log.
    pub fn is_last_in(&self, ending: &Ending) -> bool {
        let explains = |line| agent::words(line).is_some_and(agent::explains_phase);
        self.is_in(ending) && ending.explained && self.last.as_ref().map_or_else(|| explains(&ending.last), |last| *last == ending.last)
    }
}

impl Ending {
    /// Takes the events that follow. Each has one or more whole lines.
    pub fn read<'a>(&mut self, messages: impl Iterator<Item = &'a str>) {
        let mut last = None;
        for message in messages {
            let words = agent::words(message).unwrap_or_default();
            if let Some(end) = agent::phase_end(words) {
                self.end = Some(end.trim_end().to_owned());
                self.explained = false;
            }
            self.explained |= agent::explains_phase(words);
            last = Some(message);
        }
        if let Some(line) = last.and_then(|message| message.lines().last()) {
            line.trim().clone_into(&mut self.last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::build::{Context, Phase};

    fn build(phases: &[(&str, &str, &str)]) -> Build {
        let phase = |&(name, status, message): &(&str, &str, &str)| Phase {
            name: name.into(),
            status: Some(status.into()),
            contexts: Some(message)
                .filter(|it| !it.is_empty())
                .map(|it| Context { code: "X".into(), message: it.into() })
                .into_iter()
                .collect(),
            ..Phase::default()
        };
        Build { status: "FAILED".into(), phases: phases.iter().map(phase).collect(), ..Build::default() }
    }

    /// Whether the end of the log and its very last line are in these lines. Lines of CodeBuild's agent begin with a `+` here.
    fn closed(build: &Build, log: &str) -> (bool, bool) {
        let lines: Vec<_> = log.lines().map(|line| line.replacen('+', "[Container] 2026/01/28 20:47:36.367057 ", 1) + "\n").collect();
        let (closing, mut ending) = (Closing::of(build), Ending::default());
        // Each line arrives on a page of its own.
        for line in &lines {
            ending.read(std::iter::once(line.as_str()));
        }
        let mut at_once = Ending::default();
        at_once.read(lines.iter().map(String::as_str));
        assert_eq!(ending, at_once);
        (closing.is_in(&ending), closing.is_last_in(&ending))
    }

    const SOURCE: (&str, &str, &str) = ("DOWNLOAD_SOURCE", "SUCCEEDED", "");
    const REST: [(&str, &str, &str); 2] = [("FINALIZING", "SUCCEEDED", ""), ("COMPLETED", "", "")];

    #[test]
    fn the_end_of_the_log_depends_on_the_phases_that_ran() {
        let way = |phases: &[(&str, &str, &str)]| build(&[&[("PROVISIONING", "SUCCEEDED", ""), SOURCE][..], phases, &REST[..]].concat());
        let built = way(&[("BUILD", "FAILED", "make. Reason: 2"), ("POST_BUILD", "SUCCEEDED", ""), ("UPLOAD_ARTIFACTS", "SUCCEEDED", "")]);
        let install = way(&[("INSTALL", "FAILED", "make. Reason: 2")]);
        let aborted = way(&[("BUILD", "FAILED", "make\nall\n. Reason: 2\n")]);
        let unfetched = build(&[("DOWNLOAD_SOURCE", "FAILED", "no such branch")]);
        let running = Build { status: "IN_PROGRESS".into(), ..install.clone() };
        for (build, log, expected) in [
            (&built, "+Phase complete: BUILD State: FAILED\n+Phase context status code: X Message: make. Reason: 2", (false, false)),
            (&built, "+Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED", (true, false)),
            (&built, "+Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\n+Phase context status code:  Message: ", (true, true)),
            (&built, "+Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\n+Phase context status code:  Message: \n+More", (true, false)),
            (&built, "Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED\nPhase context status code:  Message: ", (false, false)),
            (&install, "+Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED\n+Phase context status code:  Message: ", (false, false)),
            (&install, "+Phase complete: INSTALL State: FAILED\n+Phase context status code: X Message: make. Reason: 2", (true, true)),
            (&aborted, "+Phase complete: BUILD State: FAILED_WITH_ABORT\n+Phase context status code: X Message: make\nall", (true, false)),
            (&aborted, "+Phase complete: BUILD State: FAILED\n+Phase context status code: X Message: make\nall\n. Reason: 2", (true, true)),
            (&unfetched, "+Phase complete: DOWNLOAD_SOURCE State: FAILED\n+Phase context status code: X Message: no", (true, true)),
            (&running, "+Phase complete: INSTALL State: FAILED\n+Phase context status code: X Message: make. Reason: 2", (false, false)),
            (&running, "+Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED", (true, false)),
            (&Build::default(), "+Phase complete: DOWNLOAD_SOURCE State: FAILED\n+Phase context status code: X Message: no", (true, true)),
        ] {
            assert_eq!(closed(build, log), expected, "{log}\n{build:?}");
        }
    }
}
