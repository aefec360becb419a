//! Fetches a source with git.
//!
//! The caller of `StartBuild` chooses the location and the version. git never gets either where it could be an option: the location follows
//! a `--`, and the version is looked up among the references of the repository or is a hexadecimal number.

mod refs;

use std::{io, process::Stdio};

use tokio::{
    fs,
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

use self::refs::{Refs, Wanted};
use super::{environment::Environment, workspace::Workspace};
use crate::runner::{
    Source,
    transcript::{Mishap, Transcript},
};

/// The protocols that git may use, also for submodules.
const PROTOCOLS: &str = "file:http:https";

/// The largest output of git, in bytes: some 500,000 references.
const PRINTED_LIMIT: usize = 64 * 1024 * 1024;

/// The largest error output of git, in bytes.
const SAID_LIMIT: usize = 64 * 1024;

/// The name for messages of most of the git commands.
const CLONE: &str = "git clone";

/// git's whole configuration. A build runs the repository's code anyway, so the owner of the repository does not matter.
const CONFIGURATION: &str = "\
[safe]\n\tdirectory = *\n\
[core]\n\thooksPath = /dev/null\n\
[protocol \"ext\"]\n\tallow = never\n\
[gc]\n\tauto = 0\n\
[maintenance]\n\tauto = false\n\
[advice]\n\tdetachedHead = false\n\
[init]\n\tdefaultBranch = main\n";

/// Clones the source into the workspace's source directory. Returns the commit that is checked out.
pub(super) async fn fetch(source: &Source, workspace: &Workspace, base: &Environment, transcript: &Transcript) -> Result<String, Mishap> {
    let Some(location) = source.location.as_deref().filter(|location| !location.is_empty()) else {
        return Err(client_error("the source has no location"));
    };
    let git = Git::prepare(workspace, base).await?;
    let fetched = git.fetch(location, source).await;
    let failed = match fetched {
        Ok(commit) => return Ok(commit),
        Err(failed) => failed,
    };
    let version = source.version.as_deref().unwrap_or_default();
    let of_source = |what: &str| client_error(format!("{what} for primary source and source version {version}").trim_end());
    Err(match failed {
        Failed::NoSuchVersion => of_source("reference not found"),
        Failed::Machine(error) => Mishap::fault("git cannot be run", &error),
        Failed::Git { doing, said } => {
            for line in said.lines() {
                transcript.print(&format!("{line}\n"));
            }
            match codebuilds_words(&said) {
                Some(words) if doing == CLONE => of_source(words),
                _ => client_error(format!("{doing} failed: {}", said.trim_end())),
            }
        }
    })
}

/// CodeBuild's text for an error that git reports about a whole repository.
fn codebuilds_words(said: &str) -> Option<&'static str> {
    let said = said.to_ascii_lowercase();
    let any = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
    if any(&["could not read username", "could not read password", "authentication failed", "requested url returned error: 403"]) {
        Some("authentication required")
    } else if any(&["does not appear to be a git repository", "remote: repository not found", "' not found\n", "' does not exist\n"]) {
        Some("repository not found")
    } else {
        None
    }
}

fn client_error(message: impl Into<String>) -> Mishap {
    Mishap::new("CLIENT_ERROR", message)
}

#[derive(Debug)]
enum Failed {
    NoSuchVersion,
    /// A git command that failed: what it was for, and its error output.
    Git {
        doing: &'static str,
        said: String,
    },
    /// git could not be started.
    Machine(io::Error),
}

struct Git<'a> {
    workspace: &'a Workspace,
    environment: Environment,
}

impl<'a> Git<'a> {
    async fn prepare(workspace: &'a Workspace, base: &Environment) -> Result<Self, Mishap> {
        let configuration = workspace.state().join("gitconfig");
        let written = fs::write(&configuration, CONFIGURATION).await;
        written.map_err(|error| Mishap::fault("git cannot be configured", &error))?;
        let mut environment = base.clone();
        environment.set("GIT_CONFIG_GLOBAL", configuration);
        environment.set("GIT_CONFIG_NOSYSTEM", "1");
        environment.set("GIT_TERMINAL_PROMPT", "0");
        // The error output is compared with English texts.
        environment.set("LC_ALL", "C");
        environment.set("GIT_ALLOW_PROTOCOL", PROTOCOLS);
        Ok(Self { workspace, environment })
    }

    async fn fetch(&self, location: &str, source: &Source) -> Result<String, Failed> {
        let refs = Refs::parse(&self.run(CLONE, &["ls-remote", "--", location]).await?);
        let wanted = refs.locate(source.version.as_deref()).ok_or(Failed::NoSuchVersion)?;
        self.run(CLONE, &["init", "--quiet", "--template="]).await?;
        self.run(CLONE, &["remote", "add", "--", "origin", location]).await?;

        let depth = format!("--depth={}", source.depth);
        let shallow = source.depth > 0;
        if !shallow || matches!(wanted, Wanted::Abbreviated(_)) {
            self.fetch_all().await?;
        }
        let commit = match &wanted {
            Wanted::Reference(name) => {
                let mut fetch = vec!["fetch", "--quiet"];
                fetch.extend(shallow.then_some(depth.as_str()));
                fetch.extend(["origin", name]);
                self.run(CLONE, &fetch).await?;
                self.commit("FETCH_HEAD").await?
            }
            Wanted::Commit(id) => {
                // Some servers refuse a commit that no reference names, and some commits belong to no branch or tag.
                if shallow && self.attempt(&["fetch", "--quiet", &depth, "origin", id]).await?.is_none() {
                    self.fetch_all().await?;
                }
                match self.commit(id).await? {
                    None if self.attempt(&["fetch", "--quiet", "origin", id]).await?.is_some() => self.commit(id).await?,
                    found => found,
                }
            }
            Wanted::Abbreviated(id) => self.commit(id).await?,
        };
        let commit = commit.ok_or(Failed::NoSuchVersion)?;
        self.run("git checkout", &["checkout", "--quiet", "--detach", &commit]).await?;
        if source.submodules {
            self.run("git submodule update", &["submodule", "--quiet", "update", "--init", "--recursive"]).await?;
        }
        Ok(commit)
    }

    /// Fetches all branches and tags with their history.
    async fn fetch_all(&self) -> Result<String, Failed> {
        self.run(CLONE, &["fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"]).await
    }

    /// The commit with this name, if there is exactly one.
    async fn commit(&self, name: &str) -> Result<Option<String>, Failed> {
        let name = format!("{name}^{{commit}}");
        let found = self.attempt(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).await?;
        Ok(found.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()))
    }

    /// Runs a git command that may fail. `None`: it failed.
    async fn attempt(&self, arguments: &[&str]) -> Result<Option<String>, Failed> {
        match self.run(CLONE, arguments).await {
            Ok(printed) => Ok(Some(printed)),
            Err(Failed::Machine(error)) => Err(Failed::Machine(error)),
            Err(_) => Ok(None),
        }
    }

    /// Runs git and returns its output.
    async fn run(&self, doing: &'static str, arguments: &[&str]) -> Result<String, Failed> {
        let mut command = Command::new("git");
        command.args(arguments).env_clear().envs(&self.environment.exported).current_dir(self.workspace.source());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.workspace.group.enroll(&mut command);
        let mut git = command.spawn().map_err(Failed::Machine)?;
        let (stdout, stderr) = (git.stdout.take(), git.stderr.take());
        let ended = tokio::try_join!(first(stdout, PRINTED_LIMIT), first(stderr, SAID_LIMIT), git.wait());
        let (printed, said, status) = ended.map_err(Failed::Machine)?;
        match printed {
            _ if printed.len() > PRINTED_LIMIT => Err(Failed::Git { doing, said: format!("git prints more than {PRINTED_LIMIT} bytes") }),
            _ if status.success() => Ok(String::from_utf8_lossy(&printed).into_owned()),
            _ => Err(Failed::Git { doing, said: String::from_utf8_lossy(&said).into_owned() }),
        }
    }
}

/// Reads to the end, or up to one byte more than the limit. Later writes of the process then fail.
async fn first(pipe: Option<impl AsyncRead + Unpin>, limit: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(limit as u64 + 1).read_to_end(&mut read).await?;
    }
    Ok(read)
}
