//! No module imports, directly or by others, a module that imports it.

use std::collections::BTreeSet;

use super::imports::{Imports, code, imports, modules};

#[test]
fn no_modules_import_each_other_in_a_circle() {
    for folder in ["src", "crates/localaws/src"] {
        let imports = imports(&modules(folder));
        assert!(imports.len() > 50 && imports.values().map(BTreeSet::len).sum::<usize>() > 150, "{folder} was not read");
        let circles = circles(&imports);
        assert!(circles.is_empty(), "{folder}:\n{}", circles.join("\n"));
    }
}

/// Each import that closes a circle, with the shortest way back.
fn circles(imports: &Imports) -> Vec<String> {
    let mut found = Vec::new();
    for (module, imported) in imports {
        for other in imported {
            if let Some(way) = way(imports, other, module).filter(|way| way.iter().min() == Some(other)) {
                found.push(format!("{module} -> {}", way.join(" -> ")));
            }
        }
    }
    found
}

/// The shortest way from one module to another by imports, including both ends.
fn way(imports: &Imports, from: &str, to: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen = BTreeSet::from([from.to_owned()]);
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last().unwrap();
            if last == to {
                return Some(way);
            }
            for next in imports.get(last).into_iter().flatten().filter(|next| seen.insert((*next).clone())) {
                longer.push(way.iter().chain([next]).cloned().collect());
            }
        }
        ways = longer;
    }
    None
}

#[test]
fn circles_of_every_form_are_found() {
    let table: &[(&[(&str, &str)], usize)] = &[
        (&[("a", "use crate::b::B;"), ("b", "use crate::c;"), ("c", "fn c() { crate::a::a() }")], 1),
        (&[("a", "use crate::{\n    b::{self, B},\n    c,\n};"), ("b", ""), ("c", "use super::{d, a::{A as Other, B}};")], 1),
        (&[("a", "mod b;\nmod c;"), ("a::b", "use super::c::C;"), ("a::c", "let b = super::b::new();")], 1),
        (&[("a", "mod b;\nuse b::B;"), ("a::b", "use crate::c;"), ("c", "use super::a::A;")], 1),
        (&[("a", "mod b;\nfn a() { self::b::b() }"), ("a::b", "use crate::{a, c};"), ("c", "")], 0),
        (&[("a", "use crate::c;"), ("b", "use crate::{a, c};"), ("c", "")], 0),
        (&[("a", "mod b;\nmod c;"), ("a::b", "use super::A;"), ("a::c", "use super::{A, b};")], 0),
        (&[("a", "mod b;\nuse self::b::B;"), ("a::b", "// use super::A;\nuse super::super::c;"), ("c", "")], 0),
        (&[("a", "use crate::b;"), ("b", "#[cfg(test)]\nmod tests {\n    use crate::a;\n}")], 0),
    ];
    for (files, expected) in table {
        let modules = files.iter().map(|(module, text)| ((*module).to_owned(), code(text))).collect();
        let circles = circles(&imports(&modules));
        assert_eq!(circles.len(), *expected, "{files:?}: {circles:?}");
    }
}
