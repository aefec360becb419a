//! A build from `DOWNLOAD_SOURCE` to `UPLOAD_ARTIFACTS`.

use std::collections::BTreeMap;

use super::{Shell, block::Commands, environment::Environment, script::Programs, source, workspace::Workspace};
use crate::{
    codebuild::phase::Phase,
    runner::{
        Assignment, Ending,
        buildspec::{Block, Buildspec, OnFailure},
        report::Report,
        transcript::{Mishap, Transcript},
    },
};

/// A build that has ended by itself.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) ending: Ending,
    pub(super) exported: BTreeMap<String, String>,
}

/// Runs the build in its workspace.
pub(super) async fn run(
    shell: &Shell,
    assignment: &Assignment,
    report: &dyn Report,
    transcript: &Transcript,
    workspace: &mut Workspace,
) -> Finished {
    transcript.enter(Phase::DownloadSource);
    let prepared = prepare(shell, assignment, report, transcript, workspace).await;
    transcript.leave(Phase::DownloadSource, prepared.as_ref().err());
    let (spec, environment) = match prepared {
        Ok(prepared) => prepared,
        Err(mishap) => return Finished { ending: ending(&mishap), exported: BTreeMap::new() },
    };

    let programs = Programs::find(spec.shell, &Environment::base(&shell.inherited, workspace));
    let mut commands = Commands { workspace, transcript, programs, version: spec.version, environment };
    let ending = phases(&spec, &mut commands, transcript).await;
    Finished { ending, exported: exported(assignment, &spec, &commands.environment) }
}

/// Fetches the source and reads the buildspec. Everything that can be wrong before the first command is found here.
async fn prepare(
    shell: &Shell,
    assignment: &Assignment,
    report: &dyn Report,
    transcript: &Transcript,
    workspace: &mut Workspace,
) -> Result<(Buildspec, Environment), Mishap> {
    transcript.waiting();
    let base = Environment::base(&shell.inherited, workspace);
    let commit = source::fetch(&assignment.source, workspace, &base, transcript).await?;
    if let Some(commit) = &commit {
        report.resolved(commit);
    }
    transcript.downloaded(workspace.source().display());

    let (location, text) = source::buildspec(assignment.buildspec.as_deref(), workspace).await?;
    transcript.say(format_args!("YAML location is {}", location.display()));
    let spec = Buildspec::parse(&text).map_err(|why| Mishap::new("YAML_FILE_ERROR", transcript.mask().text(&why)))?;
    for note in &spec.notes {
        transcript.say(note);
    }
    transcript.say("Processing environment variables");
    let (environment, values) = base.of_build(assignment, &spec, &shell.vault, commit.as_deref())?;
    transcript.hide(values.iter().map(String::as_str));
    transcript.say(format_args!("Moving to directory {}", workspace.source().display()));
    let counts: Vec<_> = spec.phases.iter().map(|(phase, block)| (*phase, block.commands.len() + block.finally.len())).collect();
    transcript.registered(&counts);
    Ok((spec, environment))
}

/// Runs the phases like CodeBuild: `POST_BUILD` follows a failed `BUILD`, but nothing follows a failed `INSTALL` or `PRE_BUILD`.
async fn phases(spec: &Buildspec, commands: &mut Commands<'_>, transcript: &Transcript) -> Ending {
    let mut ended = Ending::Succeeded;
    for phase in [Phase::Install, Phase::PreBuild, Phase::Build, Phase::PostBuild] {
        transcript.enter(phase);
        commands.environment.set("CODEBUILD_BUILD_SUCCEEDING", if ended == Ending::Succeeded { "1" } else { "0" });
        let block = spec.block(phase);
        let mishap = match block {
            Some(block) => commands.run(phase, block).await.err(),
            None => None,
        };
        transcript.leave(phase, mishap.as_ref());
        if let Some(mishap) = mishap {
            ended = ending(&mishap);
            if ended == Ending::Fault || !goes_on(phase, block) {
                return ended;
            }
        }
    }
    transcript.enter(Phase::UploadArtifacts);
    transcript.leave(Phase::UploadArtifacts, None);
    ended
}

fn ending(mishap: &Mishap) -> Ending {
    if mishap.is_fault() { Ending::Fault } else { Ending::Failed }
}

/// Whether the build continues after `phase` failed.
fn goes_on(phase: Phase, block: Option<&Block>) -> bool {
    match block.map_or(&OnFailure::Default, |block| &block.on_failure) {
        OnFailure::Continue => true,
        OnFailure::Abort | OnFailure::Retry { .. } => false,
        OnFailure::Default => phase >= Phase::Build,
    }
}

/// The final values of the exported variables. AWS's own variables and those whose values a store holds cannot be exported.
fn exported(assignment: &Assignment, spec: &Buildspec, environment: &Environment) -> BTreeMap<String, String> {
    let is_stored = |name: &str| spec.is_stored(name) || assignment.stored.contains_key(name);
    let exportable = spec.exported.iter().filter(|name| !name.starts_with("AWS_") && !is_stored(name));
    exportable.filter_map(|name| Some((name.clone(), environment.value(name)?.to_string_lossy().into_owned()))).collect()
}
