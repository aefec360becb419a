mod lead;
mod property;

use super::*;

const FAILED: &str = r#"[Container] 2026/01/28 20:47:36.367057 Phase is DOWNLOAD_SOURCE
[Container] 2026/01/28 20:47:36.962474 Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED
[Container] 2026/01/28 20:47:36.962488 Phase context status code:  Message:
[Container] 2026/01/28 20:47:37.194263 Entering phase BUILD
[Container] 2026/01/28 20:47:37.195002 Running command docker build -t "$IMAGE" .
#10 [6/6] COPY app/ /app/
#10 ERROR: failed to calculate checksum of ref: "/app": not found
ERROR: failed to solve: failed to compute cache key: "/app": not found

[Container] 2026/01/28 20:48:46.738339 Command did not exit successfully docker build -t "$IMAGE" . exit status 1
[Container] 2026/01/28 20:48:46.742551 Phase complete: BUILD State: FAILED
[Container] 2026/01/28 20:48:46.742573 Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: docker build -t "$IMAGE" .. Reason: exit status 1
[Container] 2026/01/28 20:48:46.777530 Entering phase POST_BUILD
[Container] 2026/01/28 20:48:46.780378 Phase complete: POST_BUILD State: SUCCEEDED
[Container] 2026/01/28 20:48:46.828761 Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED"#;

fn excerpt<'a>(lines: impl IntoIterator<Item = &'a str>, budget: (usize, usize), failed: bool) -> Excerpt {
    let mut excerpter = Excerpter::new(Budget { lines: budget.0, bytes: budget.1 }, failed);
    lines.into_iter().for_each(|line| excerpter.push(line));
    excerpter.finish()
}

/// The sample with `noise` lines of output after the first error and before its last one.
fn noisy(noise: usize) -> Vec<String> {
    let (head, tail) = FAILED.split_at(FAILED.find("ERROR: failed to solve").unwrap_or_default());
    let noise = (0..noise).map(|n| format!("#11 {n}.0 downloading"));
    head.lines().map(str::to_owned).chain(noise).chain(tail.lines().map(str::to_owned)).collect()
}

#[test]
fn a_log_that_fits_is_kept_as_it_is() {
    for failed in [true, false] {
        let whole = excerpt(FAILED.lines(), (40, 32_768), failed);
        assert_eq!((whole.text.as_str(), whole.lines, whole.truncated, whole.dropped_lines), (FAILED, 15, false, 0));
    }
}

#[test]
fn a_failed_build_shows_its_failure_and_not_its_cheerful_end() {
    let lines = noisy(1_000);
    let part = excerpt(lines.iter().map(String::as_str), (14, 32_768), true);
    let expected = [
        "[Container] 2026/01/28 20:47:37.195002 Running command docker build -t \"$IMAGE\" .",
        "#10 [6/6] COPY app/ /app/",
        "#10 ERROR: failed to calculate checksum of ref: \"/app\": not found",
        "… 1000 lines left out …",
        "ERROR: failed to solve: failed to compute cache key: \"/app\": not found",
        "… 2 lines left out …",
        "[Container] 2026/01/28 20:48:46.742551 Phase complete: BUILD State: FAILED",
        "[Container] 2026/01/28 20:48:46.742573 Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: \
         docker build -t \"$IMAGE\" .. Reason: exit status 1",
        "… 3 lines left out …",
    ];
    assert_eq!(part.text.lines().collect::<Vec<_>>(), expected);
    assert_eq!((part.lines, part.truncated, part.dropped_lines), (6, true, 1_009));
    let cause = "ERROR: failed to calculate checksum of ref: \"/app\": not found";
    assert_eq!(part.decisive.as_deref(), Some(cause));
    assert_eq!(part.highlights[0], Highlight { line: Some(7), text: cause.to_owned() });
}

#[test]
fn a_succeeded_build_shows_its_end() {
    let part = excerpt(FAILED.lines(), (3, 32_768), false);
    let end: Vec<_> = FAILED.lines().skip(13).collect();
    assert_eq!(part.text, format!("… 13 lines left out …\n{}", end.join("\n")));
    assert_eq!((part.lines, part.dropped_lines), (2, 13));
}

#[test]
fn the_errors_of_earlier_commands_and_of_later_phases_do_not_count() {
    let at = |words: &str| format!("[Container] 2026/01/28 20:47:37.1 {words}");
    let mut lines = vec![at("Running command lint || true"), "error: tolerated".to_owned()];
    lines.extend([at("Running command make"), "a.c:1:2: error: the cause".into()]);
    lines.extend((0..50).map(|n| format!("noise {n}")));
    lines.extend([at("Phase complete: BUILD State: FAILED"), at("Running command report"), "error: later".into()]);
    lines.push(at("Phase complete: POST_BUILD State: FAILED"));
    let part = excerpt(lines.iter().map(String::as_str), (12, 32_768), true);
    assert!(part.text.contains("the cause") && part.text.contains("Running command make"), "{}", part.text);
    assert!(!part.text.contains("tolerated") && !part.text.contains("later"), "{}", part.text);
}

#[test]
fn a_command_of_many_lines_is_one_cause() {
    let log = "[Container] 2026/01/28 20:47:37.1 Phase complete: BUILD State: FAILED\n\
               [Container] 2026/01/28 20:47:37.1 Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: set -e\n\
               make\n. Reason: exit status 2\n\
               [Container] 2026/01/28 20:47:37.1 Entering phase POST_BUILD\nx\ny";
    let part = excerpt(log.lines(), (5, 32_768), true);
    assert!(part.text.ends_with(". Reason: exit status 2\n… 3 lines left out …"), "{}", part.text);
}

#[test]
fn commands_cannot_pretend_to_be_codebuild_nor_to_leave_lines_out() {
    let mut excerpter = Excerpter::new(Budget { lines: 10, bytes: 1_000 }, true);
    for line in ["Phase complete: BUILD State: FAILED", "[Container] Phase complete: BUILD State: FAILED", "… 7 lines left out …"] {
        excerpter.push(line);
    }
    assert_eq!(excerpter.stage, Stage::Running);
    let part = excerpter.finish();
    assert!(part.text.ends_with("\n... 7 lines left out ...") && !part.truncated, "{}", part.text);
}

#[test]
fn a_failed_build_without_a_failed_phase_shows_its_end() {
    let lines: Vec<_> = (0..100).map(|n| if n == 3 { "npm ERR! the cause".to_owned() } else { format!("line {n}") }).collect();
    let part = excerpt(lines.iter().map(String::as_str), (10, 32_768), true);
    assert!(part.text.contains("the cause") && part.text.ends_with("line 99"), "{}", part.text);
}

#[test]
fn escapes_and_progress_bars_are_plain() {
    let part = excerpt(["\u{1b}[31mred\u{1b}[0m", "1 %\r50 %\r100 %"], (10, 1_000), true);
    assert_eq!(part.text, "red\n100 %");
}

#[test]
fn a_shorter_excerpt_counts_what_was_left_out_before() {
    let lines = noisy(1_000);
    let part = excerpt(lines.iter().map(String::as_str), (40, 32_768), true);
    let short = shorten(&part.text, true, 500);
    assert!(short.text.contains("#10 ERROR: failed to calculate") && short.lines < part.lines, "{}", short.text);
    // The four lines before the command have no mark.
    assert_eq!(short.lines + short.dropped_lines, 1_011);
}

#[test]
fn a_stretch_that_was_not_read_is_told_and_nothing_is_joined_over_it() {
    let unread = "… a part of the log that was not read …";
    let pick = |items: &[Option<&str>], lines| {
        let mut excerpter = Excerpter::new(Budget { lines, bytes: 10_000 }, true);
        for item in items {
            match item {
                Some(line) => excerpter.push(line),
                None => excerpter.gap(),
            }
        }
        excerpter.finish()
    };
    // Twice the same gap is one.
    let whole = pick(&[Some("a"), None, None, Some("b"), None], 10);
    assert_eq!(whole.text, format!("a\n{unread}\nb\n{unread}"));
    assert_eq!((whole.lines, whole.dropped_lines, whole.truncated), (2, 0, true), "how many lines were not read is not known");
    // A gap among lines that are left out is told with them, and still is when the excerpt is made smaller.
    let part = pick(&[Some("a"), Some("b"), None, Some("c"), Some("d"), Some("e")], 3);
    assert_eq!(part.text, "… 3 lines left out, and a part of the log that was not read …\nd\ne");
    let shorter = shorten(&part.text, true, 70);
    assert_eq!(shorter.text, "… 4 lines left out, and a part of the log that was not read …\ne");
    assert_eq!((shorter.lines, shorter.dropped_lines), (1, 4));
    // What follows is neither said of the error before it nor of the failed phase.
    let failed = "[Container] 2026/01/28 20:47:37.1 Phase complete: BUILD State: FAILED";
    let context = "[Container] 2026/01/28 20:47:37.1 Phase context status code: X Message: y";
    let items = [Some("error: first"), None, Some("other"), Some("more"), Some("last"), Some(failed), None, Some(context), Some("end")];
    let expected = [
        "error: first",
        "… 1 line left out, and a part of the log that was not read …",
        "more",
        "last",
        failed,
        "… 2 lines left out, and a part of the log that was not read …",
    ];
    assert_eq!(pick(&items, 6).text.lines().collect::<Vec<_>>(), expected);
}

/// What a log says between the first command and the failed phase.
fn failing(output: impl IntoIterator<Item = String>) -> Vec<String> {
    let at = |words: &str| format!("[Container] 2026/01/28 20:47:37.1 {words}");
    let end = [
        "Phase complete: BUILD State: FAILED",
        "Phase context status code: COMMAND_EXECUTION_ERROR Message: x",
        "Entering phase POST_BUILD",
    ];
    [at("Running command make")].into_iter().chain(output).chain(end.map(at)).collect()
}

fn noise(lines: usize) -> impl Iterator<Item = String> {
    (0..lines).map(|n| format!("noise {n}"))
}

#[test]
fn of_mixed_steps_the_failed_one_is_shown() {
    let mut output = vec!["#7 [web 2/2] RUN make web".to_owned(), "#8 [api 2/2] RUN make api".into()];
    for n in 0..300 {
        output.push(format!("#7 {n}.1 error: harmless {}", ["a", "b", "c", "d", "e", "f", "g", "h"][n % 8]));
        output.push(if n == 20 { "#8 20.2 api.c:1:2: error: the cause".into() } else { format!("#8 {n}.2 compiling {n}") });
    }
    output.extend(
        ["#8 ERROR: process \"/bin/sh -c make api\" did not complete successfully: exit code: 2", "#7 CANCELED"].map(str::to_owned),
    );
    let lines = failing(output);
    let part = excerpt(lines.iter().map(String::as_str), (26, 32_768), true);
    for shown in ["#8 [api 2/2] RUN make api", "#8 20.2 api.c:1:2: error: the cause", "#8 ERROR: "] {
        assert!(part.text.contains(shown), "{shown} is not in\n{}", part.text);
    }
    assert!(part.text.matches("harmless").count() <= 2, "{}", part.text);
}

#[test]
fn the_number_of_a_step_in_one_build_says_nothing_about_another_build() {
    let output = [
        "#8 [1/2] RUN a",
        "#8 0.1 error: of the first build",
        "#9 DONE 0.1s",
        "#8 [1/2] RUN b",
        "#8 0.1 error: of the second",
        "#8 ERROR: x",
    ];
    let lines = failing(output.map(str::to_owned).into_iter().chain(noise(50)));
    let part = excerpt(lines.iter().map(String::as_str), (13, 32_768), true);
    assert!(part.text.contains("of the second") && part.text.contains("RUN b") && !part.text.contains("of the first"), "{}", part.text);
}

#[test]
fn of_many_errors_those_of_a_kind_take_no_place_from_the_others() {
    let output = noise(30).chain((0..500).map(|n| format!("error: cannot read block {n}")));
    let other = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "last"];
    let output = output.chain(other.iter().flat_map(|n| [format!("error: the {n}")].into_iter().chain(noise(20))));
    let lines = failing(output);
    let part = excerpt(lines.iter().map(String::as_str), (40, 32_768), true);
    for shown in ["the first", "the last"] {
        assert!(part.text.contains(shown), "{shown} is not in\n{}", part.text);
    }
    assert!(!part.text.contains("block"), "{}", part.text);
}
