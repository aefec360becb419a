//! The program's version.

use std::sync::LazyLock;

/// The revision of the sources: `build.rs` asks git, or the `Dockerfile` sets it.
const REVISION: Option<&str> = option_env!("SLIPWAY_REVISION");

static VERSION: LazyLock<String> = LazyLock::new(|| told(env!("CARGO_PKG_VERSION"), REVISION));

/// The version, and the revision where it is known.
pub(super) fn version() -> &'static str {
    &VERSION
}

fn told(version: &str, revision: Option<&str>) -> String {
    match revision {
        Some(revision) if !revision.is_empty() => format!("{version} ({revision})"),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn the_revision_is_told_where_it_is_known() {
        for (revision, expected) in [(Some("1a2b3c4d"), "0.1.0 (1a2b3c4d)"), (Some(""), "0.1.0"), (None, "0.1.0")] {
            assert_eq!(told("0.1.0", revision), expected);
        }
    }
}
