//! The central buildspec as it is sent to CodeBuild. Its first command writes the script of all phases. CodeBuild prints each command
//! before it runs it, which would put three hundred lines at the beginning of every log. It does not print variables, so the script is sent
//! compressed in variables of the buildspec, and the command is short.

use std::{fmt::Write as _, io::Write as _, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};

/// The buildspec as its source has it.
const SOURCE: &str = include_str!("../../deploy/buildspec.yml");

/// The command that writes the script: its beginning and its end.
const BEGIN: &str = "cat >\"$SLIPWAY_WORK/slipway.sh\" <<'END_OF_SCRIPT'\n";
const END: &str = "\n        END_OF_SCRIPT\n";
/// The indentation of the script in the YAML.
const INDENT: &str = "        ";
/// The variables section of the buildspec.
const ENV: &str = "\nenv:\n";
/// The most characters of a part: a variable's value has at most 4,096.
const MAX_VALUE: usize = 4096;

static PACKED: LazyLock<String> = LazyLock::new(|| packed(SOURCE).unwrap_or_else(|| SOURCE.to_owned()));

/// The central buildspec with its script compressed.
pub(super) fn text() -> &'static str {
    &PACKED
}

/// `None`: the text has no such script.
fn packed(source: &str) -> Option<String> {
    let (before, rest) = source.split_once(BEGIN)?;
    let (script, after) = rest.split_once(END)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for line in script.lines() {
        writeln!(gzip, "{}", line.strip_prefix(INDENT).unwrap_or(line)).ok()?;
    }
    let script = STANDARD.encode(gzip.finish().ok()?);
    let (mut variables, mut names) = ("  variables:\n".to_owned(), String::new());
    for (index, part) in script.as_bytes().chunks(MAX_VALUE).enumerate() {
        let (name, part) = (format!("SLIPWAY_SCRIPT_{index}"), std::str::from_utf8(part).ok()?);
        writeln!(variables, "    {name}: \"{part}\"").ok()?;
        write!(names, "${name}").ok()?;
    }
    let (head, before) = before.split_once(ENV)?;
    let write = format!("printf %s \"{names}\" | base64 -d | gunzip >\"$SLIPWAY_WORK/slipway.sh\"");
    Some(format!("{head}{ENV}{variables}{before}{write}\n{after}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::process::Command;

    use serde_json::Value;

    use super::*;

    /// The script that a buildspec's first command writes, and all else that the buildspec says.
    fn written(spec: &str) -> (String, Value) {
        let mut spec: Value = serde_saphyr::from_str(spec).unwrap();
        let command = spec["phases"]["install"]["commands"][0].take();
        let told = format!("{}\ncat \"$SLIPWAY_WORK/slipway.sh\"\nrm -r \"$SLIPWAY_WORK\"", command.as_str().unwrap());
        let variables = spec["env"].as_object_mut().unwrap().remove("variables").unwrap_or_default();
        let variables = variables.as_object().into_iter().flatten().map(|(name, value)| (name, value.as_str().unwrap()));
        let output = Command::new("bash").args(["-euo", "pipefail", "-c", &told]).envs(variables).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), spec)
    }

    #[test]
    fn the_packed_buildspec_writes_the_very_script_and_says_all_else_the_same() {
        assert_eq!(written(text()), written(SOURCE));
    }

    #[test]
    fn its_commands_are_a_short_line_each_and_its_variables_are_not_too_long() {
        let spec: Value = serde_saphyr::from_str(text()).unwrap();
        let phases = spec["phases"].as_object().unwrap().values();
        let commands = phases.flat_map(|phase| phase["commands"].as_array().unwrap()).map(|command| command.as_str().unwrap());
        assert!(commands.clone().count() > 5);
        for command in commands {
            assert_eq!(command.trim_end().lines().count(), 1, "{command}");
            assert!(command.len() < 250, "{command}");
        }
        for value in spec["env"]["variables"].as_object().unwrap().values() {
            assert!(value.as_str().unwrap().len() <= MAX_VALUE, "{value}");
        }
    }
}
