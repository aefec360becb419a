//! Reads the values of a buildspec. Each function returns the expected value, or a message with the key, what is wrong, and the place.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    mistake,
    node::{Node, Value},
};

/// A node and the keys that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    node: Rc<Node>,
    path: String,
}

/// The expected kind of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    Text,
    /// The text of a command.
    Command,
    List,
    Mapping,
}

/// How many members a mapping may have, including those that `<<` merges into it.
const MAX_MEMBERS: usize = 10_000;

impl Item {
    pub(super) fn root(node: Rc<Node>) -> Self {
        Self { node, path: String::new() }
    }

    /// A message about this value, with its key and place.
    pub(super) fn wrong(&self, why: impl std::fmt::Display) -> String {
        self.node.place.append_to(format_args!("{}{why}", self.path))
    }

    fn not(&self, expected: Expected) -> String {
        let found = match &self.node.value {
            Value::Text(text) => format!("the text `{}`", mistake::shown(text)),
            other => other.kind().to_owned(),
        };
        let what = match expected {
            Expected::Text | Expected::Command => "text",
            Expected::List => "a list",
            Expected::Mapping => "a mapping",
        };
        self.wrong(format_args!("expected {what}, found {found} ({})", self.cure(expected)))
    }

    /// The advice: what to write instead.
    fn cure(&self, expected: Expected) -> String {
        let cure = match (&self.node.value, expected) {
            (Value::Text(text), _) => return mistake::instead(text, matches!(expected, Expected::List)),
            (Value::Mapping(_), Expected::Command | Expected::Text) if self.node.flow => "quote text that begins with `{`",
            (Value::List(_), Expected::Command | Expected::Text) if self.node.flow => "quote text that begins with `[`",
            (Value::Mapping(_), Expected::Command) => "a command with `: ` in it needs quotes",
            (Value::List(_), Expected::Command) => "write one `- ` before each command, and no list within a list",
            (Value::Mapping(_), Expected::Text) => "write one value there, and quote it if it has `: ` in it",
            (Value::List(_), Expected::Text) => "write one value there, without `- `",
            (Value::Mapping(_), Expected::List) => "write `- ` before each entry",
            (Value::List(_), Expected::Mapping) => "write `key: value` without `- `, each key on a line of its own",
            _ => "write a value there",
        };
        cure.to_owned()
    }

    fn below(&self, key: impl std::fmt::Display, node: &Rc<Node>) -> Self {
        Self { node: Rc::clone(node), path: format!("{}{key}: ", self.path) }
    }

    /// The text of a scalar. `None`: there is no value.
    pub(super) fn text(&self) -> Result<Option<String>, String> {
        match &self.node.value {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.clone())),
            _ => Err(self.not(Expected::Text)),
        }
    }

    /// The members of a mapping by key; no value has no members. The mapping's own members replace those that `<<` merges into it.
    pub(super) fn members(&self) -> Result<BTreeMap<String, Self>, String> {
        let mut members = BTreeMap::new();
        self.collect(&mut members, &mut 0)?;
        Ok(members)
    }

    fn collect(&self, members: &mut BTreeMap<String, Self>, read: &mut usize) -> Result<(), String> {
        let pairs = match &self.node.value {
            Value::Null => return Ok(()),
            Value::Mapping(pairs) => pairs,
            _ => return Err(self.not(Expected::Mapping)),
        };
        *read += 1 + pairs.len();
        if *read > MAX_MEMBERS {
            return Err(self.wrong(format_args!("the mapping has more than {MAX_MEMBERS} members")));
        }
        let mut own = BTreeMap::new();
        let mut merged = Vec::new();
        for (key, value) in pairs {
            let name = match &key.value {
                Value::Text(name) => name.clone(),
                Value::Null => String::new(),
                other => {
                    return Err(key.place.append_to(format_args!(
                        "{}expected a key, found {} (quote text that begins with `{{`, `[` or `?`)",
                        self.path,
                        other.kind()
                    )));
                }
            };
            if name == "<<" {
                merged.push(Self { node: Rc::clone(value), path: self.path.clone() });
            } else if own.insert(name.clone(), self.below(&name, value)).is_some() {
                return Err(key.place.append_to(format_args!("{}the key `{name}` is there twice: keep one of them", self.path)));
            }
        }
        for (name, item) in own {
            members.entry(name).or_insert(item);
        }
        for item in merged {
            match &item.node.value {
                Value::List(nodes) => {
                    for node in nodes {
                        Self { node: Rc::clone(node), path: item.path.clone() }.collect(members, read)?;
                    }
                }
                _ => item.collect(members, read)?,
            }
        }
        Ok(())
    }

    /// The texts of a list without empty entries, such as those with only a comment. No value is an empty list.
    pub(super) fn texts(&self, entry: Expected) -> Result<Vec<String>, String> {
        let nodes = match &self.node.value {
            Value::Null => return Ok(Vec::new()),
            Value::List(nodes) => nodes,
            _ => return Err(self.not(Expected::List)),
        };
        let items = nodes.iter().enumerate().map(|(at, node)| self.below(format_args!("entry {}", at + 1), node));
        items.filter_map(|item| item.text().map_err(|_| item.not(entry)).transpose()).collect()
    }

    /// The texts of a mapping by key. A missing value is an empty text.
    pub(super) fn pairs(&self) -> Result<BTreeMap<String, String>, String> {
        self.members()?.into_iter().map(|(name, item)| Ok((name, item.text()?.unwrap_or_default()))).collect()
    }
}
