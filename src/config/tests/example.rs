//! The annotated example has every key, and is right with and without what it comments out.

use serde_json::Value as Schema;

use super::{LEAST, read};
use crate::config::{Envelope, raw};

const EXAMPLE: &str = include_str!("../../../config/slipway.toml");

#[test]
fn the_example_is_the_least_configuration_with_every_default_spelled_out() {
    assert_eq!(read(EXAMPLE).unwrap(), read(LEAST).unwrap());
}

#[test]
fn the_example_has_every_key() {
    let mut expected = Vec::new();
    keys(&raw::schema(), "", "", &mut expected);
    assert!(expected.len() > 20, "{expected:?}");
    // What is commented out counts, whole sections included.
    let example = EXAMPLE.replace("\n# [", "\n[");
    for (section, key) in expected {
        // It takes a second profile to extend the first.
        let section = if key == "extends = " { "[profiles.small]".to_owned() } else { section };
        let after = example.split_once(&format!("\n{section}\n")).unwrap_or_else(|| panic!("no {section}")).1;
        let body = after.split("\n[").next().unwrap();
        let said = body.lines().any(|line| line.trim_start_matches("# ").starts_with(&key));
        assert!(said, "{section} {key}");
    }
}

/// Every key by the header of its section; of a table with free names, one entry that any of its keys answers.
fn keys(schema: &Schema, path: &str, header: &str, found: &mut Vec<(String, String)>) {
    for (key, schema) in schema["properties"].as_object().unwrap() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match schema {
            schema if schema["items"]["properties"].is_object() => keys(&schema["items"], &path, &format!("[[{path}]]"), found),
            schema if schema["additionalProperties"]["properties"].is_object() => {
                keys(&schema["additionalProperties"], &format!("{path}.default"), &format!("[{path}.default]"), found);
            }
            schema if schema["additionalProperties"].is_object() => found.push((format!("[{path}]"), String::new())),
            schema if schema["properties"].is_object() => keys(schema, &path, &format!("[{path}]"), found),
            _ => found.push((header.to_owned(), format!("{key} = "))),
        }
    }
}

#[test]
fn what_the_example_comments_out_is_right_as_well() {
    // Of two keys that exclude each other one stays a comment.
    let alternatives = ["buildspec_file", "secret"];
    let all = EXAMPLE.lines().filter(|line| alternatives.iter().all(|key| !line.starts_with(&format!("# {key} ="))));
    let all: Vec<&str> = all.map(uncommented).collect();
    let all = read(&all.join("\n")).unwrap();
    assert_eq!(all.limits.per_tenant, 10);
    let profile = &all.profiles["default"];
    assert_eq!(all.queues[0].envelope, Some(Envelope::Sns));
    assert!(all.queues[0].dead_letter_url.is_some() && all.watch.events_queue_url.is_some() && profile.registry.is_some());
    assert_eq!(profile.arm.as_ref().unwrap().environment_type.as_deref(), Some("ARM_CONTAINER"));
    assert_eq!((profile.env.len(), profile.tenant_sources.len(), profile.hosts.len()), (1, 1, 1));
}

/// The line without its comment sign if it sets a key or opens a section.
fn uncommented(line: &str) -> &str {
    let set = |rest: &&str| rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    line.strip_prefix("# ").filter(set).unwrap_or(line)
}
