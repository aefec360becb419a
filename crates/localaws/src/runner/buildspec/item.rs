//! A buildspec's values as they are expected: each reader gives the value or says what is wrong, under which key and where.

use std::{collections::BTreeMap, rc::Rc};

use super::node::{Node, Value};

/// A node and the keys that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    node: Rc<Node>,
    path: String,
}

/// How many members a mapping may have, those included that `<<` takes in.
const MAX_MEMBERS: usize = 10_000;

impl Item {
    pub(super) fn root(node: Rc<Node>) -> Self {
        Self { node, path: String::new() }
    }

    /// What is wrong with this value.
    pub(super) fn wrong(&self, why: impl std::fmt::Display) -> String {
        self.node.place.tell(format_args!("{}{why}", self.path))
    }

    fn not(&self, expected: &str) -> String {
        self.wrong(format_args!("expected {expected}, found {}", self.node.value.kind()))
    }

    fn below(&self, key: impl std::fmt::Display, node: &Rc<Node>) -> Self {
        Self { node: Rc::clone(node), path: format!("{}{key}: ", self.path) }
    }

    /// The text of a scalar; `None`: nothing is there.
    pub(super) fn text(&self) -> Result<Option<String>, String> {
        match &self.node.value {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.clone())),
            _ => Err(self.not("text")),
        }
    }

    /// The members of a mapping by their keys; nothing has no members. Those that `<<` takes in count less than the mapping's own.
    pub(super) fn members(&self) -> Result<BTreeMap<String, Self>, String> {
        let mut members = BTreeMap::new();
        self.collect(&mut members, &mut 0)?;
        Ok(members)
    }

    fn collect(&self, members: &mut BTreeMap<String, Self>, read: &mut usize) -> Result<(), String> {
        let pairs = match &self.node.value {
            Value::Null => return Ok(()),
            Value::Mapping(pairs) => pairs,
            _ => return Err(self.not("a mapping")),
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
                other => return Err(key.place.tell(format_args!("{}expected a key, found {}", self.path, other.kind()))),
            };
            if name == "<<" {
                merged.push(Self { node: Rc::clone(value), path: self.path.clone() });
            } else if own.insert(name.clone(), self.below(&name, value)).is_some() {
                return Err(key.place.tell(format_args!("{}the key `{name}` is there twice", self.path)));
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

    /// The texts of a list without the entries that are empty, as those are of which only a comment is left; nothing is an empty list.
    pub(super) fn texts(&self, hint: &str) -> Result<Vec<String>, String> {
        let nodes = match &self.node.value {
            Value::Null => return Ok(Vec::new()),
            Value::List(nodes) => nodes,
            _ => return Err(self.not("a list")),
        };
        let items = nodes.iter().enumerate().map(|(at, node)| self.below(format_args!("entry {}", at + 1), node));
        items.filter_map(|item| item.text().map_err(|_| item.not(hint)).transpose()).collect()
    }

    /// The texts of a mapping by their keys; where nothing is, the text is empty.
    pub(super) fn pairs(&self) -> Result<BTreeMap<String, String>, String> {
        self.members()?.into_iter().map(|(name, item)| Ok((name, item.text()?.unwrap_or_default()))).collect()
    }
}
