//! Finds a container engine that works. A client without an engine builds nothing, so the engine must answer.

use std::{io, path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// In the order in which they are taken.
const ENGINES: [&str; 3] = ["docker", "podman", "buildah"];
/// An engine that takes longer to answer counts as none.
const PATIENCE: Duration = Duration::from_secs(5);
/// What builds see of the environment and engines need. A build's home is its own, so no engine is asked with the user's.
const VARIABLES: [&str; 2] = ["PATH", "DOCKER_HOST"];

/// The engine's program, or why there is none.
pub(super) async fn find(home: &Path) -> Result<&'static str, String> {
    let answers = futures_util::future::join_all(ENGINES.map(|engine| ask(engine, home))).await;
    choose(&answers)
}

/// What became of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Works,
    Silent,
    Absent,
}

async fn ask(engine: &'static str, home: &Path) -> Answer {
    let mut info = Command::new(engine);
    info.arg("info").env_clear().env("HOME", home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    info.envs(VARIABLES.iter().filter_map(|name| Some((name, crate::cli::variable(name)?))));
    match timeout(PATIENCE, info.status()).await {
        Ok(Ok(status)) if status.success() => Answer::Works,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Answer::Absent,
        _ => Answer::Silent,
    }
}

fn choose(answers: &[Answer]) -> Result<&'static str, String> {
    let those = |wanted: Answer| ENGINES.into_iter().zip(answers).filter(move |(_, answer)| **answer == wanted).map(|(engine, _)| engine);
    if let Some(engine) = those(Answer::Works).next() {
        return Ok(engine);
    }
    let silent: Vec<_> = those(Answer::Silent).collect();
    Err(match silent.as_slice() {
        [] => format!("none of {} is installed", ENGINES.join(", ")),
        [engine] => format!("{engine} is installed, but its engine does not answer"),
        engines => format!("{} are installed, but do not answer", engines.join(" and ")),
    })
}

#[cfg(test)]
mod tests {
    use super::{Answer::*, choose};

    #[test]
    fn the_first_engine_that_answers_is_taken_and_else_it_is_said_why_none_is() {
        for (answers, expected) in [
            ([Works, Works, Works], Ok("docker")),
            ([Silent, Absent, Works], Ok("buildah")),
            ([Silent, Absent, Absent], Err("docker is installed, but its engine does not answer")),
            ([Silent, Absent, Silent], Err("docker and buildah are installed, but do not answer")),
            ([Absent, Absent, Absent], Err("none of docker, podman, buildah is installed")),
        ] {
            assert_eq!(choose(&answers), expected.map_err(str::to_owned), "{answers:?}");
        }
    }
}
