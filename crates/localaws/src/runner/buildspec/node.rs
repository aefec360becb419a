//! YAML as a tree of nodes with their places.
//!
//! The text may come from anybody, so the tree is bounded in depth (including aliases) and in the number of nodes. An alias is the node of
//! its anchor and no copy, so a few lines cannot become gigabytes.

use std::{collections::HashMap, rc::Rc};

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, StructureStyle, Tag};

use super::{mistake, place::Place, syntax};

/// How deep lists and mappings may be nested. A buildspec needs eight levels.
const MAX_DEPTH: usize = 32;

/// How many nodes a buildspec may have. Aliases are not counted.
const MAX_NODES: usize = 100_000;

/// A value and the place where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
    /// Whether it is written with brackets, such as `[a]` and `{a: b}`.
    pub(super) flow: bool,
    /// How many levels of collections it has, itself included.
    height: usize,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    /// A scalar, as it is written.
    Text(String),
    List(Vec<Rc<Node>>),
    Mapping(Vec<(Rc<Node>, Rc<Node>)>),
}

/// A collection that has not ended yet.
struct Open {
    place: Place,
    flow: bool,
    anchor: usize,
    mapping: bool,
    children: Vec<Rc<Node>>,
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// Reads a text that must be one YAML document.
pub(super) fn read(text: &str) -> Result<Rc<Node>, String> {
    let mut tree = Tree::default();
    for next in Parser::new_from_str_with_options(text, Options::default()) {
        let (event, span) = next.map_err(|error| match (Place::of(error.marker()), error.kind()) {
            (place, ErrorKind::RecursionLimitExceeded) => too_deep(place),
            (place, _) => {
                let near = mistake::near(text, place.line());
                format!("not valid YAML: {}", near.unwrap_or_else(|| place.append_to(syntax::rule(&error))))
            }
        })?;
        tree.take(event, Place::of(&span.start))?;
    }
    tree.root.ok_or_else(|| "the buildspec is empty".into())
}

/// The part of the tree that was read so far.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    root: Option<Rc<Node>>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(place.append_to("a buildspec is one YAML document, and a second one begins: remove the line `---`"))
            }
            Event::Scalar(_, _, _, Some(tag)) | Event::SequenceStart(_, _, Some(tag)) | Event::MappingStart(_, _, Some(tag))
                if is_local(&tag) =>
            {
                Err(place.append_to("a `!` before this makes a tag of it, and a buildspec has none: quote text that begins with `!`"))
            }
            Event::Scalar(text, style, anchor, _) => {
                let null = style == ScalarStyle::Plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Text(text.into_owned()) };
                self.add(Node { value, place, flow: false, height: 0 }, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => self.place(Rc::clone(node), place),
                None => Err(place.append_to("an alias stands within its own anchor: write the value out")),
            },
            Event::SequenceStart(style, anchor, _) => self.begin(place, style, anchor, false),
            Event::MappingStart(style, anchor, _) => self.begin(place, style, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, place: Place, style: StructureStyle, anchor: usize, mapping: bool) -> Result<(), String> {
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.open.push(Open { place, flow: style == StructureStyle::Flow, anchor, mapping, children: Vec::new() });
        Ok(())
    }

    fn end(&mut self, place: Place) -> Result<(), String> {
        let Some(Open { place, flow, anchor, mapping, children }) = self.open.pop() else {
            return Err(place.append_to("not valid YAML: an end without a beginning"));
        };
        let height = 1 + children.iter().map(|child| child.height).max().unwrap_or_default();
        let value = if mapping {
            let mut children = children.into_iter();
            Value::Mapping(std::iter::from_fn(|| children.next().zip(children.next())).collect())
        } else {
            Value::List(children)
        };
        self.add(Node { value, place, flow, height }, anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(node.place.append_to(format_args!("the buildspec has more than {MAX_NODES} values")));
        }
        let place = node.place;
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node, place)
    }

    /// Adds a complete node to its collection.
    fn place(&mut self, node: Rc<Node>, place: Place) -> Result<(), String> {
        if self.open.len() + node.height > MAX_DEPTH {
            return Err(too_deep(place));
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }
}

/// Whether the tag is not one of YAML's own, such as `!!str`.
fn is_local(tag: &Tag) -> bool {
    !tag.is_yaml_core_schema()
}

fn too_deep(place: Place) -> String {
    place.append_to(format_args!("lists and mappings are nested more than {MAX_DEPTH} deep"))
}
