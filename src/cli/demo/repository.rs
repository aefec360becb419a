//! The sample repositories: made with git in the scratch folder.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use anyhow::{Context, anyhow, bail};
use tokio::process::Command;
use url::Url;

/// A repository to be made.
struct Sample {
    name: &'static str,
    tag: Option<&'static str>,
    /// Names and contents.
    files: &'static [(&'static str, &'static str)],
}

macro_rules! sample {
    ($name:literal, $tag:expr, $($file:literal),+) => {
        Sample { name: $name, tag: $tag, files: &[$(($file, include_str!(concat!("sample/", $name, "/", $file)))),+] }
    };
}

const SAMPLES: [Sample; 6] = [
    sample!("hello", None, "buildspec.yml", "greeting.txt"),
    sample!("website", Some("v1.2.0"), "buildspec.yml", "index.html"),
    sample!("cart", None, "buildspec.yml", "price.sh", "test.sh"),
    sample!("endless", None, "buildspec.yml"),
    sample!("nightly", None, "buildspec.yml"),
    sample!("image", None, "buildspec.yml", "Dockerfile", "motd"),
];

/// Who commits and when, so that the commits are the same every time; and nothing of the user's configuration.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("GIT_AUTHOR_NAME", "Slipway"),
    ("GIT_AUTHOR_EMAIL", "demo@slipway.invalid"),
    ("GIT_AUTHOR_DATE", "2026-01-05T09:00:00Z"),
    ("GIT_COMMITTER_NAME", "Slipway"),
    ("GIT_COMMITTER_EMAIL", "demo@slipway.invalid"),
    ("GIT_COMMITTER_DATE", "2026-01-05T09:00:00Z"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("LC_ALL", "C"),
];

/// A repository on this machine.
#[derive(Debug)]
pub(super) struct Repository {
    /// `file:///…`
    pub(super) url: String,
    /// The one commit in it.
    pub(super) commit: String,
}

/// The repositories by name.
pub(super) type Repositories = BTreeMap<&'static str, Repository>;

/// Makes every repository in a folder of its own below `root`.
pub(super) async fn make(root: &Path) -> anyhow::Result<Repositories> {
    let made = SAMPLES.iter().map(|sample| async move { Ok((sample.name, sample.make(root).await?)) });
    futures_util::future::try_join_all(made).await.map(|made| made.into_iter().collect())
}

impl Sample {
    async fn make(&self, root: &Path) -> anyhow::Result<Repository> {
        let folder = root.join(self.name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (name, content) in self.files {
            fs::write(folder.join(name), content).with_context(|| format!("cannot write {name} in {}", folder.display()))?;
        }
        git(&folder, &["init", "--quiet", "--template="]).await?;
        git(&folder, &["add", "--all"]).await?;
        git(&folder, &["commit", "--quiet", "--message", "A sample"]).await?;
        if let Some(tag) = self.tag {
            git(&folder, &["tag", tag]).await?;
        }
        let commit = git(&folder, &["rev-parse", "HEAD"]).await?;
        let url = Url::from_file_path(&folder).map_err(|()| anyhow!("{} is not an absolute path", folder.display()))?;
        Ok(Repository { url: url.into(), commit: commit.trim().to_owned() })
    }
}

/// Runs git and gives what it prints.
async fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    git.env_clear().envs(crate::cli::variable("PATH").map(|path| ("PATH", path))).env("HOME", folder).envs(ENVIRONMENT);
    let output = git.output().await.context("cannot run git, which the sample repositories and the builds need")?;
    if !output.status.success() {
        bail!("git {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
