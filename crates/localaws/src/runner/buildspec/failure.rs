//! `on-failure`: what becomes of a build whose phase failed.

use regex::Regex;

/// How often a phase is tried again when no number is given.
const RETRIES: u32 = 3;

/// The most that CodeBuild takes.
const MAX_RETRIES: u32 = 100;

/// Where a build goes from a failed phase.
#[derive(Debug, Clone)]
pub(in crate::runner) enum OnFailure {
    /// As CodeBuild does by default: from `BUILD` to `POST_BUILD`, from elsewhere to the end.
    Default,
    Abort,
    Continue,
    /// Into the same phase again, so many times, if what it said matches; then to the end.
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

    /// Whether a phase that has been tried again `retried` times deserves one more, after these texts.
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
