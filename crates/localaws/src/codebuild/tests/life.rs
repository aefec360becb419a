//! A build from its start to its end.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_build_runs_its_phases_and_keeps_its_settings() {
    let world = World::new(None, 10);
    let id = world.start(json!({
        "sourceVersion": "main",
        "sourceLocationOverride": "https://github.com/acme/other.git",
        "gitCloneDepthOverride": 1,
        "imageOverride": "builder:2",
        "timeoutInMinutesOverride": 30,
        "environmentVariablesOverride": [{"name": "B", "value": "start"}, {"name": "C", "value": "start", "type": "PLAINTEXT"}],
    }));
    let submitted = world.build(&id);
    assert_eq!(submitted["currentPhase"], "QUEUED");
    assert_eq!(submitted["logs"]["groupName"], Value::Null);
    assert_eq!(submitted["logs"]["cloudWatchLogsArn"], "arn:aws:logs:us-east-1:000000000000:log-group:null:log-stream:null");
    assert!(submitted["logs"]["deepLink"].as_str().unwrap().ends_with("group=null;stream=null"));
    settle().await;
    let provisioning = world.build(&id);
    assert_eq!(provisioning["currentPhase"], "PROVISIONING");
    assert_eq!(provisioning["logs"]["groupName"], "/aws/codebuild/slipway");
    assert_eq!(provisioning["logs"]["streamName"], id.split(':').nth(1).unwrap());
    assert_eq!(provisioning["exportedEnvironmentVariables"], Value::Null);

    let build = world.ended(&id).await;
    let phases: Vec<_> = build["phases"].as_array().unwrap().iter().map(|phase| phase["phaseType"].as_str().unwrap()).collect();
    assert_eq!(phases, ["SUBMITTED", "QUEUED", "PROVISIONING", "BUILD", "COMPLETED"]);
    assert_eq!(build["phases"][3]["durationInSeconds"], 60);
    assert_eq!(build["phases"][4].as_object().unwrap().keys().collect::<Vec<_>>(), ["phaseType", "startTime"]);
    assert_eq!(
        (&build["buildStatus"], &build["buildNumber"], &build["arn"]),
        (&json!("SUCCEEDED"), &json!(1), &json!(format!("arn:aws:codebuild:us-east-1:000000000000:build/{id}")))
    );
    assert!((build["endTime"].as_f64().unwrap() - build["startTime"].as_f64().unwrap() - 65.0).abs() < 0.1);
    let source = json!({"type": "GITHUB", "location": "https://github.com/acme/other.git", "buildspec": "ci.yml", "gitCloneDepth": 1});
    assert_eq!((&build["source"], &build["sourceVersion"]), (&source, &json!("main")));
    assert_eq!((&build["resolvedSourceVersion"], &build["timeoutInMinutes"]), (&json!("abc123"), &json!(30)));
    assert_eq!((&build["environment"]["image"], &build["queuedTimeoutInMinutes"]), (&json!("builder:2"), &json!(480)));
    let variables: Vec<_> = build["environment"]["environmentVariables"].as_array().unwrap().iter().map(|v| v["value"].clone()).collect();
    assert_eq!(variables, ["project", "start", "start"]);
    assert_eq!(build["exportedEnvironmentVariables"], json!([{"name": "IMAGE", "value": "second"}]));
}

#[tokio::test(start_paused = true)]
async fn each_line_of_output_is_one_event_and_an_incomplete_line_waits_for_its_rest() {
    let world = World::new(None, 10);
    let id = world.start(doing("hang"));
    let read = || {
        let stream = id.split(':').nth(1).unwrap();
        let input = json!({"logGroupName": "/aws/codebuild/slipway", "logStreamName": stream, "startFromHead": true});
        let answer = world.logs.call("GetLogEvents", input).unwrap();
        answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    sleep(Duration::from_secs(6)).await;
    assert_eq!(read(), ["one\n", "two\n", "\n"]);
    world.ok("StopBuild", json!({"id": id}));
    assert_eq!(read(), ["one\n", "two\n", "\n", "three"], "the end writes the rest");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(read().last().unwrap(), "late\n", "output that comes after the end is kept");
}

#[tokio::test(start_paused = true)]
async fn the_status_follows_from_the_end_of_the_build() {
    let world = World::new(None, 10);
    for (what, status, phase, context) in [
        ("succeed", "SUCCEEDED", "SUCCEEDED", ""),
        ("fail", "FAILED", "FAILED", "COMMAND_EXECUTION_ERROR"),
        ("fault", "FAULT", "FAULT", ""),
        ("panic", "FAULT", "FAULT", "INTERNAL_SERVICE_ERROR"),
        // AWS reports a build that timed out as FAILED; only its phase says why.
        ("hang", "FAILED", "TIMED_OUT", "BUILD_TIMED_OUT"),
        ("ignore", "FAILED", "TIMED_OUT", "BUILD_TIMED_OUT"),
    ] {
        let id = world.start(doing(what));
        let build = world.ended(&id).await;
        assert_eq!(build["buildStatus"], status, "{what}");
        let (phase_status, found) = world.phase(&id, "BUILD");
        assert_eq!((phase_status, &found["statusCode"]), (json!(phase), &json!(context)), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_or_running_build_can_be_stopped() {
    let world = World::new(Some(1), 2);
    let running = world.start(doing("hang"));
    let queued = world.start(json!({}));
    let next = world.start(json!({}));
    sleep(Duration::from_secs(10)).await;

    let stopped = world.ok("StopBuild", json!({"id": queued}));
    assert_eq!((&stopped["build"]["buildStatus"], &stopped["build"]["buildComplete"]), (&json!("STOPPED"), &json!(true)));
    assert_eq!(world.phase(&queued, "QUEUED").0, "STOPPED");
    settle().await;
    world.start(json!({}));

    let arn = world.build(&running)["arn"].clone();
    world.ok("StopBuild", json!({"id": arn}));
    assert_eq!(world.phase(&running, "BUILD").0, "STOPPED");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.status(&running), "STOPPED COMPLETED", "the result of an interrupted runner is ignored");
    assert_eq!(world.status(&next), "IN_PROGRESS PROVISIONING");

    world.ended(&next).await;
    assert_eq!(world.ok("StopBuild", json!({"id": next}))["build"]["buildStatus"], "SUCCEEDED");
    assert!(world.refused("StopBuild", json!({"id": "slipway:none"})).starts_with("ResourceNotFoundException"));
}

#[tokio::test(start_paused = true)]
async fn a_runner_gets_references_to_stored_values_separately() {
    let world = World::new(None, 10);
    let variables = json!([
        {"name": "A", "value": "plain"},
        {"name": "B", "value": "/ci/token", "type": "PARAMETER_STORE"},
        {"name": "C", "value": "app:key", "type": "SECRETS_MANAGER"},
        {"name": "DO", "value": "tell"},
    ]);
    let id = world.start(json!({"environmentVariablesOverride": variables}));
    let build = world.ended(&id).await;
    let expected = r#"["A", "DO"] {"B": Parameter("/ci/token"), "C": Secret("app:key")}"#;
    assert_eq!(build["exportedEnvironmentVariables"][1], json!({"name": "TOLD", "value": expected}));
    assert_eq!(build["environment"]["environmentVariables"][1], json!({"name": "B", "value": "/ci/token", "type": "PARAMETER_STORE"}));
}

#[tokio::test(start_paused = true)]
async fn each_change_of_status_is_an_event_of_eventbridge() {
    let world = World::new(None, 10);
    let id = world.start(doing("fail"));
    let arn = world.ended(&id).await["arn"].clone();
    let events: Vec<Value> = world.events.lock().unwrap().iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let statuses: Vec<_> = events.iter().map(|event| event["detail"]["build-status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["IN_PROGRESS", "FAILED"]);
    for event in &events {
        assert_eq!((&event["detail-type"], &event["source"]), (&json!("CodeBuild Build State Change"), &json!("aws.codebuild")));
        assert_eq!((&event["detail"]["build-id"], &event["resources"][0]), (&arn, &arn));
        assert_eq!(event["detail"]["project-name"], "slipway");
    }
    let [first, last] = [&events[0], &events[1]].map(|event| &event["detail"]["additional-information"]);
    assert_eq!(events[0]["time"], "2026-11-22T10:22:00Z");
    assert_eq!(first["build-start-time"], "Nov 22, 2026 10:22:00 AM");
    assert_eq!((&first["build-complete"], &last["build-complete"]), (&json!(false), &json!(true)));
    assert_eq!((&first["logs"]["group-name"], &last["logs"]["group-name"]), (&Value::Null, &json!("/aws/codebuild/slipway")));
    assert_eq!(last["timeout-in-minutes"].to_string(), "60.0");
    assert_eq!(last["environment"]["environment-variables"][2], json!({"name": "DO", "value": "fail", "type": "PLAINTEXT"}));
    assert_eq!(
        last["phases"][2],
        json!({
            "phase-type": "PROVISIONING",
            "phase-status": "SUCCEEDED",
            "phase-context": [": "],
            "start-time": "Nov 22, 2026 10:22:00 AM",
            "end-time": "Nov 22, 2026 10:22:05 AM",
            "duration-in-seconds": 5.0,
        })
    );
    assert_eq!(last["phases"][3]["phase-context"], json!(["COMMAND_EXECUTION_ERROR: exit status 1"]));
    assert_eq!(last["phases"][4], json!({"phase-type": "COMPLETED", "start-time": "Nov 22, 2026 10:22:05 AM"}));
}
