//! The services of the embedded endpoint have the same parts, which import each other in one direction only.

use std::collections::BTreeSet;

use super::imports::{Imports, imports, modules};

const SERVICES: [&str; 4] = ["codebuild", "logs", "sns", "sqs"];

/// The parts of a service, from the ground up. Each may import those before it.
const PARTS: [&str; 6] = ["error", "model", "row", "state", "operation", "load"];
/// The parts that only CodeBuild has, for its runners.
const PORT: [&str; 2] = ["progress", "runner"];

#[test]
fn all_services_have_the_same_parts() {
    let imports = imports(&modules("crates/localaws/src"));
    for service in SERVICES {
        let parts: BTreeSet<&str> = imports.keys().filter_map(|module| part(service, module)).filter(|part| !PORT.contains(part)).collect();
        assert_eq!(parts, BTreeSet::from(PARTS), "{service}");
    }
    let wrong = wrong(&imports);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The part of a service that contains a module. `None` for other modules and for the service itself.
fn part<'a>(service: &str, module: &'a str) -> Option<&'a str> {
    module.strip_prefix(service)?.strip_prefix("::")?.split("::").next()
}

/// The imports that run upward within a service, and those of a model other than models of other services.
fn wrong(imports: &Imports) -> Vec<String> {
    let place = |part: &str| PARTS.iter().position(|known| *known == part);
    let mut wrong = Vec::new();
    for (module, imported) in imports {
        for (other, service) in imported.iter().flat_map(|other| SERVICES.map(|service| (other, service))) {
            let upward = match (part(service, module), part(service, other)) {
                (Some(own), Some(other)) => place(own).zip(place(other)).is_some_and(|(own, other)| own < other),
                (Some(_), None) => false,
                // A module of another service, or the service itself.
                (None, other_part) => {
                    let is_model = SERVICES.iter().any(|service| part(service, module) == Some("model"));
                    is_model && (other == service || other_part.is_some_and(|part| part != "model"))
                }
            };
            if upward {
                wrong.push(format!("{module} imports {other}"));
            }
        }
    }
    wrong
}

#[test]
fn imports_that_run_upward_are_found() {
    let table = [
        ("sqs::model::queue", "sqs::row", true),
        ("sqs::row", "sqs::state::queue", true),
        ("sqs::state", "sqs::operation::send", true),
        ("sns::model::message", "sqs::operation", true),
        ("codebuild::model::transcript", "logs", true),
        ("sns::model::message", "sqs::model::attribute", false),
        ("sqs::operation::send", "sqs::model::queue", false),
        ("sns::operation::delivery", "sqs", false),
        ("codebuild::progress", "codebuild::state", false),
    ];
    for (module, other, expected) in table {
        let imports = Imports::from([(module.to_owned(), BTreeSet::from([other.to_owned()]))]);
        assert_eq!(!wrong(&imports).is_empty(), expected, "{module} imports {other}");
    }
}
