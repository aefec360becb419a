//! What single lines of a failed command mean.

use super::*;

/// The log of a build whose command printed these lines and failed.
fn made(lines: &str) -> String {
    let (begin, end) = (at("Running command make"), at("Phase complete: BUILD State: FAILED"));
    let context =
        at("Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: make. Reason: exit status 1");
    format!("{begin}{lines}\n{end}{context}")
}

#[test]
fn the_last_cause_counts_unless_it_commonly_follows_from_another() {
    for (lines, code) in [
        (["no basic auth credentials", "cp: x: No space left on device"], "DISK_FULL"),
        (["cp: x: No space left on device", "no basic auth credentials"], "REGISTRY_LOGIN_FAILED"),
        (["cp: x: No space left on device", "Killed"], "DISK_FULL"),
        (["Killed", "manifest unknown"], "IMAGE_PULL_FAILED"),
        (
            [
                "#3 ERROR: docker.io/acme/base:9: not found",
                "ERROR: failed to solve: failed to create LLB definition: docker.io/acme/base:9: not found",
            ],
            "IMAGE_PULL_FAILED",
        ),
        (["name unknown: The repository with name 'a' does not exist in the registry", "pull access denied"], "REPOSITORY_NOT_FOUND"),
    ] {
        assert_eq!(explained(&made(&lines.join("\n"))).code.unwrap(), code, "{lines:?}");
    }
}

#[test]
fn every_message_about_a_kill_is_recognised() {
    for (line, is_kill) in [
        ("The build process was killed (i.e. SIGKILL)", true),
        ("error: build process was killed (i.e. SIGKILL)", true),
        ("Killed", true),
        ("/bin/sh: line 3:  4711 Killed                  node build.js", true),
        ("bash: line 1: 12 Killed npm run build", true),
        ("make: *** [Makefile:7: all] Killed", true),
        ("make: *** [Makefile:7: all] Error 137", true),
        ("Next.js build worker exited with code: null and signal: SIGKILL", true),
        ("A jest worker process (pid=41) was terminated by another process: signal=SIGKILL, exitCode=null.", true),
        ("error Command failed with signal \"SIGKILL\".", true),
        ("npm error signal SIGKILL", true),
        ("/usr/lib/go/pkg/tool/compile: signal: killed", true),
        ("process didn't exit successfully: `rustc x` (signal: 9, SIGKILL: kill)", true),
        ("collect2: fatal error: ld terminated with signal 9 [Killed]", true),
        ("g++: fatal error: Killed signal terminated program cc1plus", true),
        ("Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)", true),
        ("PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)", true),
        ("container app exited with code 137", true),
        ("virtual memory exhausted: Cannot allocate memory", true),
        ("worker killed the idle connection", false),
        ("test kills::sigkill_is_sent ... ok", false),
        ("exited with code 1", false),
        ("line 137: not found", false),
    ] {
        let expected = if is_kill { "OUT_OF_MEMORY" } else { "COMMAND_EXECUTION_ERROR" };
        assert_eq!(explained(&made(line)).code.unwrap(), expected, "{line}");
    }
}

/// A killed process does not know the sender of the signal: `kill -9 $$` looks like the kernel.
#[test]
fn out_of_memory_is_reported_as_certain_only_if_the_log_says_so() {
    let (begin, end) = (at("Running command make"), at("Phase complete: BUILD State: FAILED"));
    for (said, status, is_fact) in [
        ("", 137, false),
        ("Killed", 137, false),
        ("make: *** [Makefile:7: all] Error 137", 2, false),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", 134, true),
        ("java.lang.OutOfMemoryError: Java heap space\nKilled", 137, true),
        ("Memory cgroup out of memory: Killed process 4711 (node)", 137, true),
    ] {
        let failed = at(&format!("Command did not exit successfully make exit status {status}"));
        let message = format!("Error while executing command: make. Reason: exit status {status}");
        let context = at(&format!("Phase context status code: COMMAND_EXECUTION_ERROR Message: {message}"));
        let result = explained(&format!("{begin}{said}\n{failed}{end}{context}"));
        assert_eq!(result.code.as_deref(), Some("OUT_OF_MEMORY"), "{said}");
        let (fact, guess) = ("the build ran out of memory", "was killed (SIGKILL), most often because memory ran out");
        assert_eq!((result.message.contains(fact), result.message.contains(guess)), (is_fact, !is_fact), "{said}: {}", result.message);
    }
}

/// The output of a Dockerfile's commands is the sender's, and so is a login that they try.
#[test]
fn output_of_a_dockerfile_is_not_taken_for_a_refused_login_of_the_build() {
    for (line, code) in [
        ("no basic auth credentials", "REGISTRY_LOGIN_FAILED"),
        ("#3 ERROR: pull of base:9: no basic auth credentials", "REGISTRY_LOGIN_FAILED"),
        ("#7 0.312 no basic auth credentials", "COMMAND_EXECUTION_ERROR"),
        ("0.312 no basic auth credentials", "COMMAND_EXECUTION_ERROR"),
        ("error: slipway: the source has no commit 4f2a", "REVISION_NOT_FOUND"),
        ("error: slipway: the source has no commit 4f2a\nerror: slipway: docker could not build app", "COMMAND_EXECUTION_ERROR"),
        ("#7 0.312 error: slipway: the source has no commit 4f2a", "COMMAND_EXECUTION_ERROR"),
        ("#7 0.312 cp: x: No space left on device", "DISK_FULL"),
    ] {
        assert_eq!(explained(&made(line)).code.as_deref(), Some(code), "{line}");
    }
}

#[test]
fn a_failed_pull_is_recognised_for_every_tool() {
    for line in [
        "failed to do request: Head \"https://registry.test/v2/base/manifests/9\": dial tcp: lookup registry.test: no such host",
        "#4 ERROR: failed to do request: Get https://registry.test/v2/base/blobs/sha256:0c4c: EOF",
        "Error response from daemon: Get \"https://registry.test/v2/base/manifests/9\": net/http: TLS handshake timeout",
        "unexpected status from HEAD request to https://registry.test/v2/base/manifests/9: 403 Forbidden",
        "Error: initializing source docker://registry.test/base:9: reading manifest 9 in registry.test/base: manifest unknown",
        "Error: creating build container: pinging container registry registry.test: Get \"https://registry.test/v2/\": EOF",
    ] {
        assert_eq!(explained(&made(line)).code.as_deref(), Some("IMAGE_PULL_FAILED"), "{line}");
    }
}
