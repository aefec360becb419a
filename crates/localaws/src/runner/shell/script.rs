//! One command of a buildspec, run as a script in its own shell. CodeBuild seems to do the same: its errors say
//! `/codebuild/output/tmp/script.sh: line 4: x: command not found`. The variables (exported or not) and the directory at the end of a
//! command are written to files for the next one. Functions, aliases, arrays and options are lost.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use tokio::{
    fs::{self, File},
    io::AsyncReadExt,
    process::Command,
};

use super::{environment::Environment, user::User, workspace::Workspace};
use crate::runner::{buildspec::Interpreter, transcript::Transcript};

/// Runs `command.sh` after `variables.sh`. However the command ends the shell, it writes the exported variables, the other variables that
/// are no arrays, the directory, and the names of the variables that the shell itself sets.
const DRIVER: &str = r#"set >|@state@/own
_codebuild_save() {
    set +eux
    @env@ -0 >|@state@/exported
    pwd >|@state@/directory
    IFS='
'
    for _codebuild_name in $(set | LC_ALL=C @sed@ -n '/^[A-Za-z0-9_]*=(/d; s/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
        case "$_codebuild_name" in *[!A-Za-z0-9_]* | _codebuild_*) continue ;; esac
        eval "printf '%s=%s\\0' $_codebuild_name \"\${$_codebuild_name-}\""
    done >|@state@/all
}
trap '_codebuild_save 2>/dev/null' EXIT
. @state@/variables.sh
. @state@/command.sh
"#;

/// Variables that a shell sets itself.
const SHELLS_OWN: [&str; 3] = ["_", "PWD", "SHLVL"];

/// The largest size of each file that a script leaves, in bytes.
const STATE_LIMIT: u64 = 8 * 1024 * 1024;

/// The files that a script leaves.
const LEFT: [&str; 4] = ["own", "exported", "all", "directory"];

/// The programs that scripts need.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) shell: PathBuf,
    env: PathBuf,
    sed: PathBuf,
}

impl Programs {
    /// Finds the programs in the first environment of the build.
    pub(super) fn find(interpreter: Interpreter, environment: &Environment) -> Self {
        Self { shell: environment.program(interpreter.program()), env: environment.program("env"), sed: environment.program("sed") }
    }
}

/// How a script ended.
#[derive(Debug)]
pub(super) struct End {
    /// The exit status. If a signal killed the shell: 128 and the signal's number.
    pub(super) status: i32,
    /// The environment for the next command. `None`: the shell wrote nothing, because it was killed or replaced by another program.
    pub(super) environment: Option<Environment>,
}

/// Runs a command. When this returns, all its output is in the log.
pub(super) async fn run(
    command: &str,
    programs: &Programs,
    environment: &Environment,
    user: Option<&User>,
    workspace: &mut Workspace,
    transcript: &Transcript,
) -> io::Result<End> {
    let state = workspace.state();
    for name in LEFT {
        absent_is_fine(fs::remove_file(state.join(name)).await)?;
    }
    let driver = state.join("script.sh");
    fs::write(&driver, driver_text(&state, programs)).await?;
    fs::write(state.join("variables.sh"), assignments(&environment.unexported)).await?;
    fs::write(state.join("command.sh"), command).await?;

    let directory = if environment.directory.is_dir() { environment.directory.clone() } else { workspace.source() };
    let mut shell = Command::new(&programs.shell);
    shell.arg(&driver).env_clear().envs(&environment.exported).current_dir(directory);
    shell.stdin(Stdio::null()).stdout(workspace.output.inlet()?).stderr(workspace.output.inlet()?);
    workspace.group.enroll(&mut shell);
    if let Some(user) = user {
        shell.uid(user.uid).gid(user.gid);
    }
    let mut shell = shell.spawn()?;
    let status = tokio::select! {
        () = workspace.output.pump(transcript) => return Err(io::Error::other("the build's output is closed")),
        status = shell.wait() => code(status?),
    };
    workspace.output.drain(transcript);
    Ok(End { status, environment: left(&state, environment).await? })
}

/// The environment that a script left, if it began with `before`.
async fn left(state: &Path, before: &Environment) -> io::Result<Option<Environment>> {
    let mut files = Vec::new();
    for name in LEFT {
        let Some(content) = read(&state.join(name)).await? else { return Ok(None) };
        files.push(content);
    }
    let Ok([own, exported, all, mut directory]) = <[_; 4]>::try_from(files) else { return Ok(None) };
    let (Some(mut exported), Some(all)) = (parse(&exported), parse(&all)) else { return Ok(None) };
    for name in SHELLS_OWN {
        exported.remove(OsStr::new(name));
    }
    let own: Vec<_> =
        own.split(|byte| *byte == b'\n').filter_map(|line| Some(&line[..line.iter().position(|byte| *byte == b'=')?])).collect();
    let is_own = |name: &OsStr| own.contains(&name.as_bytes()) && !before.exported.contains_key(name);
    let unexported = all.into_iter().filter(|(name, _)| !exported.contains_key(name) && !is_own(name)).collect();
    directory.pop_if(|last| *last == b'\n');
    Ok(Some(Environment { exported, unexported, directory: PathBuf::from(OsString::from_vec(directory)) }))
}

/// The content of a file. `None`: the file does not exist.
async fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = absent_is_fine(File::open(path).await)? else { return Ok(None) };
    let mut content = Vec::new();
    file.take(STATE_LIMIT + 1).read_to_end(&mut content).await?;
    if content.len() as u64 > STATE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("the variables take more than {STATE_LIMIT} bytes")));
    }
    Ok(Some(content))
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1)
}

/// Reads `NAME=VALUE` texts, each ended by a zero byte. `None`: the last one is incomplete.
fn parse(dump: &[u8]) -> Option<BTreeMap<OsString, OsString>> {
    if dump.is_empty() {
        return Some(BTreeMap::new());
    }
    let pairs = dump.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    let pairs = pairs.filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        Some((OsStr::from_bytes(&pair[..at]).to_owned(), OsStr::from_bytes(&pair[at + 1..]).to_owned()))
    });
    Some(pairs.collect())
}

fn driver_text(state: &Path, programs: &Programs) -> Vec<u8> {
    let mut text = Vec::new();
    for (at, part) in DRIVER.split('@').enumerate() {
        match (at % 2, part) {
            (0, literal) => text.extend_from_slice(literal.as_bytes()),
            (_, "env") => text.extend(quoted(programs.env.as_os_str())),
            (_, "sed") => text.extend(quoted(programs.sed.as_os_str())),
            _ => text.extend(quoted(state.as_os_str())),
        }
    }
    text
}

/// Shell code that sets the variables. Their names are valid in a shell.
fn assignments(variables: &BTreeMap<OsString, OsString>) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in variables {
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(&quoted(value));
        text.push(b'\n');
    }
    text
}

/// A text as one word for a shell.
fn quoted(text: &OsStr) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in text.as_bytes() {
        match byte {
            b'\'' => word.extend_from_slice(br"'\''"),
            other => word.push(*other),
        }
    }
    word.push(b'\'');
    word
}

fn absent_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
