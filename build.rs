//! Hands over the revision that `slipway --version` tells: `SLIPWAY_REVISION` where it is set, else git's. Where neither is, there is none.

use std::{path::Path, process::Command};

#[expect(clippy::disallowed_methods, reason = "a build script's arguments are its environment")]
fn main() {
    println!("cargo::rerun-if-env-changed=SLIPWAY_REVISION");
    let set = std::env::var("SLIPWAY_REVISION").ok().filter(|revision| !revision.is_empty());
    // Sources without a repository of their own may lie in somebody else's.
    let revision = set.or_else(|| if Path::new(".git").exists() { head() } else { None });
    if let Some(revision) = revision {
        println!("cargo::rustc-env=SLIPWAY_REVISION={revision}");
    }
}

/// The commit that is checked out. It is asked for again when another one is.
fn head() -> Option<String> {
    // Whichever of them there are: a branch's own file may be packed with others, and a missing file would make every build a new one.
    let branch = git(&["symbolic-ref", "-q", "HEAD"]);
    for name in ["HEAD", "logs/HEAD"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}
