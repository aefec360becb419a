//! Requests: tokens, retries, lists, and refusals.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_token_returns_its_build_for_five_minutes() {
    let world = World::new(None, 10);
    let request = |depth: u64| json!({"idempotencyToken": "job-1", "gitCloneDepthOverride": depth});
    let first = world.start(request(1));
    sleep(Duration::from_secs(299)).await;
    assert_eq!(world.start(request(1)), first);
    assert_eq!(
        world.refused("StartBuild", with_project(request(2))),
        "InvalidInputException: Request parameter mismatch for idempotency token"
    );
    sleep(Duration::from_secs(1)).await;
    assert_ne!(world.start(request(2)), first, "the token is forgotten");
    assert_ne!(world.start(json!({})), world.start(json!({})), "without a token each start is a build");
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_does_not_use_its_token() {
    let world = World::new(Some(0), 0);
    let request = json!({"idempotencyToken": "job-1"});
    world.refused("StartBuild", with_project(request.clone()));
    world.codebuild.set_account_limit(Some(1));
    world.start(request);
    assert_eq!(world.codebuild.builds().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn builds_are_listed_newest_first_a_hundred_a_page() {
    let world = World::new(Some(10), 1000);
    let ids: Vec<_> = (0..250).map(|_| world.start(json!({}))).collect();
    let newest: Vec<_> = ids.iter().rev().cloned().collect();
    for operation in ["ListBuildsForProject", "ListBuilds"] {
        let mut input = if operation == "ListBuilds" { json!({}) } else { with_project(json!({})) };
        let mut pages = Vec::new();
        let mut listed = Vec::new();
        loop {
            let answer = world.ok(operation, input.clone());
            let page = answer["ids"].as_array().unwrap();
            pages.push(page.len());
            listed.extend(page.iter().map(|id| id.as_str().unwrap().to_owned()));
            world.start(json!({}));
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        let listed: Vec<_> = listed.into_iter().filter(|id| ids.contains(id)).collect();
        assert_eq!((&pages[..2], &listed), (&[100, 100][..], &newest), "{operation}: builds that start meanwhile move nothing");
    }
    let ordered = json!({"projectName": "slipway", "sortOrder": "ASCENDING"});
    assert!(world.refused("ListBuildsForProject", ordered).starts_with("InvalidInputException"));
    assert_eq!(world.ok("ListBuilds", json!({"sortOrder": "ASCENDING"}))["ids"][0], ids[0]);
}

#[tokio::test(start_paused = true)]
async fn unknown_builds_are_listed_as_such_and_ended_builds_can_be_deleted() {
    let world = World::new(None, 10);
    let (ended, running) = (world.start(json!({})), world.start(doing("hang")));
    world.ended(&ended).await;
    let deletion = world.ok("BatchDeleteBuilds", json!({"ids": [ended, running]}));
    assert_eq!(deletion["buildsDeleted"].as_array().unwrap().len(), 1);
    assert_eq!(deletion["buildsNotDeleted"][0]["id"], running);
    let answer = world.ok("BatchGetBuilds", json!({"ids": [ended, running]}));
    assert_eq!((&answer["buildsNotFound"], &answer["builds"][0]["id"]), (&json!([ended]), &json!(running)));
    assert_eq!(world.ok("ListBuilds", json!({}))["ids"], json!([running]));
}

#[tokio::test(start_paused = true)]
async fn a_failed_build_is_retried_automatically_and_by_hand() {
    let world = World::new(None, 10);
    let mut input = doing("fail");
    input["autoRetryLimitOverride"] = json!(2);
    let first = world.start(input);
    sleep(Duration::from_mins(2)).await;
    let builds = world.codebuild.builds();
    assert_eq!(builds.iter().map(|build| build.status).collect::<Vec<_>>(), ["FAILED"; 3]);
    let [first_view, last] = [&first, &builds[2].id].map(|id| world.build(id));
    assert_eq!(first_view["autoRetryConfig"]["nextAutoRetry"], world.build(&builds[1].id)["arn"]);
    assert_eq!(last["autoRetryConfig"]["autoRetryNumber"], 2);

    let by_hand = id(&world.ok("RetryBuild", json!({"id": first})));
    assert_eq!(world.build(&by_hand)["environment"], first_view["environment"]);
}

#[tokio::test(start_paused = true)]
async fn inputs_that_aws_refuses_are_refused() {
    let world = World::new(None, 10);
    let long = "x".repeat(4097);
    for (operation, input, error) in [
        ("StartBuild", json!({}), "InvalidInputException: 1 validation error detected: Value null at 'projectName'"),
        (
            "StartBuild",
            json!({"projectName": "none"}),
            "ResourceNotFoundException: Project cannot be found: arn:aws:codebuild:us-east-1:000000000000:project/none",
        ),
        (
            "StartBuild",
            with_project(json!({"timeoutInMinutesOverride": 4})),
            "InvalidInputException: 1 validation error detected: Value '4' at 'timeoutInMinutesOverride' failed to satisfy \
             constraint: Member must have value greater than or equal to 5",
        ),
        ("StartBuild", with_project(json!({"timeoutInMinutesOverride": 2161})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"queuedTimeoutInMinutesOverride": 481})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"sourceTypeOverride": "SVN"})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"sourceTypeOverride": "NO_SOURCE", "buildspecOverride": ""})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"idempotencyToken": "x".repeat(65)})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"imageOverride": 7})), "SerializationException"),
        (
            "StartBuild",
            with_project(json!({"environmentVariablesOverride": [{"name": "A", "value": long}]})),
            "InvalidInputException: Invalid environment variable A",
        ),
        ("StartBuild", with_project(json!({"environmentVariablesOverride": [{"value": ""}]})), "InvalidInputException"),
        (
            "StartBuild",
            with_project(json!({"environmentVariablesOverride": [{"name": "CODEBUILD_SRC_DIR", "value": "/"}]})),
            "InvalidInputException: Invalid environment variable CODEBUILD_SRC_DIR",
        ),
        ("BatchGetBuilds", json!({"ids": []}), "InvalidInputException"),
        ("BatchGetBuilds", json!({"ids": vec!["a:b"; 101]}), "InvalidInputException"),
        ("ListBuilds", json!({"nextToken": "?"}), "InvalidInputException: Invalid next token"),
        ("CreateProject", project("slipway"), "ResourceAlreadyExistsException: Project already exists"),
        ("CreateProject", project("no spaces"), "InvalidInputException"),
        ("UpdateProject", json!({"name": "none"}), "ResourceNotFoundException"),
        ("ListBuildBatches", json!({}), "UnknownOperationException"),
    ] {
        let refusal = world.refused(operation, input.clone());
        assert!(refusal.starts_with(error), "{operation} {input}: {refusal}");
    }
    assert!(world.codebuild.builds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn projects_are_listed_updated_and_deleted() {
    let world = World::new(None, 10);
    world.ok("CreateProject", project("another"));
    let updated = world.ok("UpdateProject", json!({"name": "slipway", "description": "builds", "timeoutInMinutes": 90}));
    assert_eq!((&updated["project"]["timeoutInMinutes"], &updated["project"]["serviceRole"]), (&json!(90), &project("")["serviceRole"]));
    assert_eq!(world.ok("ListProjects", json!({}))["projects"], json!(["another", "slipway"]));
    assert_eq!(world.ok("ListProjects", json!({"sortBy": "CREATED_TIME"}))["projects"], json!(["another", "slipway"]));
    world.ok("DeleteProject", json!({"name": "another"}));
    let answer = world.ok("BatchGetProjects", json!({"names": ["slipway", "another"]}));
    assert_eq!((&answer["projects"][0], &answer["projectsNotFound"]), (&updated["project"], &json!(["another"])));
}
