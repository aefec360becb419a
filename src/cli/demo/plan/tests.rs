use std::collections::BTreeSet;

use super::*;
use crate::{
    cli::demo::repository::Repository,
    config,
    job::message::{Message, read},
    local,
};

fn repositories() -> Repositories {
    let repository = |name: &'static str| (name, Repository { url: format!("file:///srv/{name}"), commit: "4f2a".to_owned() });
    ["hello", "website", "cart", "endless", "nightly", "image"].map(repository).into()
}

#[test]
fn every_message_is_read_as_it_is_meant() {
    let config = config::parse(&local::config(([127, 0, 0, 1], 1).into(), local::REGION), "local.toml", []).unwrap();
    for planned in plan(&repositories()).into_iter().chain([image(&repositories(), "docker")]) {
        match read(&planned.body, "message-1", &config.profiles) {
            Ok(Message::Job(job)) => assert_eq!((job.id.as_str(), planned.is_built()), (planned.name, true)),
            Ok(other) => panic!("{other:?}"),
            Err(rejection) => {
                let mut paths: Vec<_> = rejection.problems.iter().map(|problem| problem.path.as_str()).collect();
                paths.sort_unstable();
                assert_eq!((paths.as_slice(), planned.is_built()), (planned.expected.problems, false), "{}", planned.name);
            }
        }
    }
}

#[test]
fn every_way_to_end_is_among_them() {
    let ends: BTreeSet<_> = plan(&repositories()).iter().map(|planned| planned.expected.status.map(Status::as_str)).collect();
    assert_eq!(ends, [None, Some("cancelled"), Some("failed"), Some("succeeded"), Some("timed_out")].into());
}
