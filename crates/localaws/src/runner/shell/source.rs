//! A build's source and the buildspec in it.

use std::{
    io,
    path::{Path, PathBuf},
};

use tokio::{
    fs::{self, File},
    io::AsyncReadExt,
};

use super::{environment::Environment, git, workspace::Workspace};
use crate::runner::{
    Source,
    buildspec::MAX_SIZE,
    transcript::{Mishap, Transcript},
};

/// Fetches the source into the workspace. Returns the commit, if the source has one.
pub(super) async fn fetch(
    source: &Source,
    workspace: &Workspace,
    base: &Environment,
    transcript: &Transcript,
) -> Result<Option<String>, Mishap> {
    match source.kind.as_str() {
        "NO_SOURCE" => Ok(None),
        "GITHUB" | "GITHUB_ENTERPRISE" | "GITLAB" | "GITLAB_SELF_MANAGED" | "BITBUCKET" => {
            git::fetch(source, workspace, base, transcript).await.map(Some)
        }
        other => Err(Mishap::new("CLIENT_ERROR", format!("local mode cannot fetch sources of type {other}"))),
    }
}

/// The place and the text of the buildspec: as given, or from a file in the source.
pub(super) async fn buildspec(given: Option<&str>, workspace: &Workspace) -> Result<(PathBuf, String), Mishap> {
    match given {
        Some(text) if is_inline(text) => {
            let place = workspace.readonly().join("buildspec.yml");
            fs::write(&place, text).await.map_err(|error| Mishap::fault(format_args!("write {}", place.display()), &error))?;
            Ok((place, text.to_owned()))
        }
        Some(arn) if arn.starts_with("arn:") => Err(Mishap::new("YAML_FILE_ERROR", format!("local mode cannot fetch the buildspec {arn}"))),
        given => {
            let place = workspace.source().join(given.filter(|name| !name.is_empty()).unwrap_or("buildspec.yml"));
            let text = read(&place, &workspace.source()).await.map_err(|error| unread(&place, &error))?;
            Ok((place, text))
        }
    }
}

/// Reads a file of the source. A path that leaves the source, by `..` or a link, is treated as missing.
async fn read(place: &Path, source: &Path) -> io::Result<String> {
    let real = fs::canonicalize(place).await?;
    if !real.starts_with(fs::canonicalize(source).await?) {
        return Err(io::ErrorKind::NotFound.into());
    }
    if !fs::metadata(&real).await?.is_file() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // A file that is larger than a buildspec may be is refused later, by its size.
    let mut text = String::new();
    File::open(real).await?.take(MAX_SIZE as u64 + 1).read_to_string(&mut text).await?;
    Ok(text)
}

fn unread(place: &Path, error: &io::Error) -> Mishap {
    let why = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "no such file or directory",
        io::ErrorKind::IsADirectory => "is not a file",
        io::ErrorKind::InvalidData => "is not text in UTF-8 (save the file as UTF-8)",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => "is not a file name",
        // A link to itself. This kind of error has no stable name yet.
        _ if error.raw_os_error() == Some(nix::libc::ELOOP) => "too many symbolic links",
        _ => return Mishap::fault(format_args!("read {}", place.display()), error),
    };
    Mishap::new("YAML_FILE_ERROR", format!("stat {}: {why}", place.display()))
}

/// YAML has a line break or a mapping, and a path has neither.
fn is_inline(buildspec: &str) -> bool {
    buildspec.contains('\n') || buildspec.contains(": ") || buildspec.trim_start().starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::is_inline;

    #[test]
    fn yaml_is_distinguished_from_a_path() {
        for (given, inline) in [
            ("version: 0.2\nphases:\n", true),
            ("{version: 0.2, phases: {}}", true),
            ("{\"version\":0.2}", true),
            ("buildspec.yml", false),
            ("ci/build spec.yaml", false),
            ("arn:aws:s3:::bucket/buildspec.yml", false),
        ] {
            assert_eq!(is_inline(given), inline, "{given}");
        }
    }
}
