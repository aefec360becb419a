//! `on-failure`: how a build continues after a failed phase.

use regex::Regex;

/// How often a phase is retried if no number is given.
const RETRIES: u32 = 3;

/// The largest number of retries that CodeBuild accepts.
const MAX_RETRIES: u32 = 100;

/// How a build continues after a failed phase.
#[derive(Debug, Clone)]
pub(in crate::runner) enum OnFailure {
    /// CodeBuild's default: after `BUILD` with `POST_BUILD`, after other phases with the end.
    Default,
    Abort,
    Continue,
    /// Runs the phase again, up to a number of times, if its output matches; then ends.
    Retry {
        times: u32,
        pattern: Regex,
    },
}

impl OnFailure {
    /// Reads `ABORT`, `CONTINUE`, `RETRY`, `RETRY-count`, `RETRY-regex` or `RETRY-count-regex`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "ABORT" => Ok(Self::Abort),
            "CONTINUE" => Ok(Self::Continue),
            "RETRY" => retry(RETRIES, ".*"),
            other => {
                let unknown = || format!("unknown value `{other}`, expected ABORT, CONTINUE, RETRY or RETRY-count-regex");
                let rest = other.strip_prefix("RETRY-").filter(|rest| !rest.is_empty()).ok_or_else(unknown)?;
                let (count, pattern) = rest.split_once('-').unwrap_or((rest, ".*"));
                if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
                    return retry(RETRIES, rest);
                }
                let times = count.parse().ok().filter(|times| *times <= MAX_RETRIES);
                retry(times.ok_or_else(|| format!("`{other}`: the number of retries must be 0 to {MAX_RETRIES}"))?, pattern)
            }
        }
    }

    /// Whether a phase that was retried `retried` times may run again, after it has printed these texts.
    pub(in crate::runner) fn retries(&self, retried: u32, said: &[&str]) -> bool {
        matches!(self, Self::Retry { times, pattern } if retried < *times && said.iter().any(|text| pattern.is_match(text)))
    }
}

fn retry(times: u32, pattern: &str) -> Result<OnFailure, String> {
    let pattern = Regex::new(pattern).map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default();
        format!("`{pattern}` is not a regular expression: {}", why.trim_start_matches("error: "))
    })?;
    Ok(OnFailure::Retry { times, pattern })
}
