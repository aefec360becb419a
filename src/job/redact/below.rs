//! Values that stand below their names: `"name": "DB_PASSWORD",` and then `"value": "x"`, `private_token: |` and then `x`, `["password"]=>` and
//! then `string(1) "x"`.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    assignment::is_open,
    compile,
    name::speaks_of_secrets,
    value::{Name, Value},
};

/// So many lines below its name a value may stand, and so many lines a text may have.
const RECORD: usize = 4;
const BLOCK: usize = 40;

/// `- name: DB_PASSWORD`, `"ParameterKey": "DbPassword",`, `"db.password": {`, `variable "db_password" {`.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r#"(?i)^[\s+~{-]*(?:\\?["']?(?:name|key|variable|parameterkey|optionname)\\?["']?\s*[:=]\s*\\?["']?(?P<name>[a-z_][\w.-]*)\\?["']?\s*,?"#,
        r#"|(?:variable\s+|output\s+)?["'](?P<object>[a-z_][\w.-]*)["']\s*:?\s*\{)\s*$"#,
    ))
});
static GIVEN: LazyLock<Regex> =
    LazyLock::new(|| compile(r#"(?i)^[\s+~-]*\\?["']?(?:value|parametervalue|stringvalue|default|current|secret)\\?["']?\s*[:=]"#));
/// `private_token: |-`, `["password"]=>`, `"token":`.
static UNGIVEN: LazyLock<Regex> = LazyLock::new(|| compile(r"(?P<sign>:|=>|=)\s*(?P<block>[|>][+-]?[0-9]?)?\s*$"));
/// The whole of a line.
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| compile(r#"^\s*(?:string\([0-9]+\)\s+)?(?:"(?P<double>[^"]+)"|'(?P<single>[^']+)')\s*[,;]?\s*$"#));

/// What lines leave open.
#[derive(Debug, Default)]
pub(super) struct Below {
    /// By the step that printed the name.
    open: Option<(Option<u32>, Open)>,
}

#[derive(Debug, Clone, Copy)]
enum Open {
    /// A record whose value is to come, in so many lines.
    Record(usize),
    /// A text whose lines are indented deeper than this, and have no more lines.
    Block(usize, usize),
    /// A value in the next line.
    Next,
}

impl Below {
    /// Tells where in the next line a value lies. `named`: the line may have a name that speaks of secrets.
    pub(super) fn find(&mut self, step: Option<u32>, text: &str, named: bool, found: impl FnMut(Range<usize>)) {
        if let Some((_, open)) = self.open.take_if(|(of, _)| *of == step) {
            self.open = open.goes_on(text, found).map(|open| (step, open));
        }
        if named && let Some(open) = Open::by(text) {
            self.open = Some((step, open));
        }
    }

    /// CodeBuild speaks: nothing goes on.
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}

impl Open {
    /// What a line leaves open.
    fn by(text: &str) -> Option<Self> {
        let begin = text.trim_start_matches([' ', '\t', '+', '~', '{', '-', '\\']);
        let may_name = begin.starts_with(['n', 'N', 'k', 'K', 'v', 'V', 'p', 'P', 'o', 'O', '"', '\'']);
        if let Some(groups) = if may_name { NAMED.captures(text) } else { None } {
            let name = groups.name("name").or_else(|| groups.name("object"));
            return name.filter(|name| speaks_of_secrets(name.as_str())).map(|_| Self::Record(RECORD));
        }
        let is_open = |c: char| matches!(c, ':' | '=' | '>' | '|' | '+' | '-') || c.is_ascii_digit();
        let groups = if text.trim_end().ends_with(is_open) { UNGIVEN.captures(text) } else { None }?;
        let name = Name::before(text, groups.name("sign")?.start()).filter(|name| speaks_of_secrets(name.text))?;
        let begins = text[..name.start].trim_start_matches([' ', '\t', '-', '+', '~', '[', '"', '\'']).is_empty();
        match groups.name("block") {
            Some(_) if begins => Some(Self::Block(indent(text), BLOCK)),
            None if begins && name.quoted => Some(Self::Next),
            _ => None,
        }
    }

    /// Tells where in a line a value lies, and what the line leaves open.
    fn goes_on(self, text: &str, mut found: impl FnMut(Range<usize>)) -> Option<Self> {
        let place = |value: &str| {
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            start..start + value.len()
        };
        match self {
            Self::Record(lines) => {
                if let Some(given) = GIVEN.find(text) {
                    if let Some(value) = Value::at(text, given.end()).filter(|value| !is_open(value.text)) {
                        found(value.range);
                    }
                    return None;
                }
                // Another one begins, or this one ends.
                let is_over = text.trim_start().starts_with(['}', ']', '-']);
                (lines > 1 && !is_over).then(|| Self::Record(lines - 1))
            }
            Self::Block(depth, lines) => {
                let line = text.trim();
                if !line.is_empty() && indent(text) <= depth {
                    return None;
                }
                if !line.contains(char::is_whitespace) && !is_open(line) {
                    found(place(line));
                }
                (lines > 1).then(|| Self::Block(depth, lines - 1))
            }
            Self::Next => {
                let groups = QUOTED.captures(text)?;
                let value = groups.name("double").or_else(|| groups.name("single"))?;
                if !is_open(value.as_str()) {
                    found(value.range());
                }
                None
            }
        }
    }
}

/// Blanks at the beginning of a line.
fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}
