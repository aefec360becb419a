//! One shell that runs commands one after another, as they are given to it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{environment::Environment, room::Room};
use crate::runner::{buildspec::Interpreter, transcript::Transcript};

/// Runs `command.sh` each time it is told to and tells the status. It speaks with the session over what were its standard input and
/// output; commands see neither, so nothing they print or read can disturb it. However the shell ends, it leaves its environment and
/// directory behind.
const DRIVER: &str = r#"exec 8<&0 9>&1 </dev/null >&2
_codebuild_save() { {
    @env@ -0 >|@state@/environment
    pwd >|@state@/directory
} 2>/dev/null; }
trap _codebuild_save EXIT
while { IFS= read -r _codebuild_go <&8; } 2>/dev/null; do
    . @state@/command.sh 8<&- 9>&-
    { echo "$?" >&9; } 2>/dev/null
done
_codebuild_save
"#;

/// Variables that a shell makes for itself.
const SHELLS_OWN: [&str; 3] = ["_", "PWD", "SHLVL"];

/// A running shell.
#[derive(Debug)]
pub(super) struct Session {
    shell: Child,
    /// Tells the shell to go on; closed, it ends.
    go: Option<ChildStdin>,
    statuses: Lines<BufReader<ChildStdout>>,
    state: PathBuf,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// The exit status; 128 and the signal's number when the shell was killed.
    pub(super) status: i32,
    /// Whether the shell ended with it, as by `exit`.
    pub(super) last: bool,
}

/// The programs that a session needs.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) shell: PathBuf,
    env: PathBuf,
}

impl Programs {
    /// Finds the programs in the environment that the build begins with.
    pub(super) fn find(interpreter: Interpreter, environment: &Environment) -> Self {
        Self { shell: environment.program(interpreter.program()), env: environment.program("env") }
    }
}

impl Session {
    pub(super) async fn start(programs: &Programs, environment: &Environment, room: &Room) -> io::Result<Self> {
        let state = room.state();
        for name in ["environment", "directory"] {
            absent_is_fine(fs::remove_file(state.join(name)).await)?;
        }
        let driver = state.join("script.sh");
        fs::write(&driver, driver_text(&state, &programs.env)).await?;
        let directory = if environment.directory.is_dir() { environment.directory.clone() } else { room.source() };
        let mut command = Command::new(&programs.shell);
        command.arg(&driver).env_clear().envs(&environment.variables).current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(room.output.inlet()?);
        room.group.enroll(&mut command);
        let mut shell = command.spawn()?;
        let (Some(go), Some(statuses)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err(io::Error::other("the shell has no pipes"));
        };
        Ok(Self { shell, go: Some(go), statuses: BufReader::new(statuses).lines(), state })
    }

    /// Runs a command; everything it printed is in the log when this returns.
    pub(super) async fn run(&mut self, command: &str, room: &mut Room, transcript: &Transcript) -> io::Result<End> {
        fs::write(self.state.join("command.sh"), command).await?;
        if let Some(go) = &mut self.go
            && go.write_all(b"\n").await.is_err()
        {
            // The shell is gone already; its status tells.
            self.go = None;
        }
        let end = tokio::select! {
            () = room.output.pump(transcript) => return Err(io::Error::other("the build's output is closed")),
            Ok(Some(status)) = self.statuses.next_line() => End { status: status.trim().parse().unwrap_or(1), last: false },
            status = self.shell.wait() => End { status: code(status?), last: true },
        };
        room.output.drain(transcript);
        Ok(end)
    }

    /// Lets the shell end and gives what it leaves behind. `None`: it left nothing, as when it was killed.
    pub(super) async fn leave(mut self, room: &mut Room, transcript: &Transcript) -> io::Result<Option<Environment>> {
        self.go = None;
        tokio::select! {
            () = room.output.pump(transcript) => {}
            status = self.shell.wait() => { status?; }
        }
        room.output.drain(transcript);
        room.output.finish(transcript);
        let variables = absent_is_fine(fs::read(self.state.join("environment")).await)?.and_then(|dump| parse(&dump));
        let directory = absent_is_fine(fs::read(self.state.join("directory")).await)?;
        Ok(variables.zip(directory).map(|(variables, mut directory)| {
            directory.pop_if(|last| *last == b'\n');
            Environment { variables, directory: PathBuf::from(OsString::from_vec(directory)) }
        }))
    }
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(1)
}

/// What `env -0` writes: `NAME=VALUE`, each ended by a zero byte.
fn parse(dump: &[u8]) -> Option<BTreeMap<OsString, OsString>> {
    let pairs = dump.strip_suffix(b"\0")?.split(|byte| *byte == 0);
    let mut variables: BTreeMap<_, _> = pairs
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((OsStr::from_bytes(&pair[..at]).to_owned(), OsStr::from_bytes(&pair[at + 1..]).to_owned()))
        })
        .collect();
    for name in SHELLS_OWN {
        variables.remove(OsStr::new(name));
    }
    Some(variables)
}

fn driver_text(state: &Path, env: &Path) -> Vec<u8> {
    let env = quoted(env);
    let state = quoted(state);
    let mut text = Vec::new();
    for (at, part) in DRIVER.split('@').enumerate() {
        text.extend_from_slice(match (at % 2, part) {
            (0, literal) => literal.as_bytes(),
            (_, "env") => &env,
            _ => &state,
        });
    }
    text
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> Vec<u8> {
    let mut word = vec![b'\''];
    for byte in path.as_os_str().as_bytes() {
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
