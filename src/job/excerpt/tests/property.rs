//! Properties, over any log.

use proptest::prelude::*;

use super::*;

fn log() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        8 => "\\PC{0,30}",
        2 => "[\"\\\\\\x1b\r\t]{0,40}",
        1 => "x{500,3000}",
        1 => Just("error: x".to_owned()),
        1 => Just("[Container] 2026/01/28 20:47:37.1 Running command make".to_owned()),
        1 => Just("[Container] 2026/01/28 20:47:37.1 Phase complete: BUILD State: FAILED".to_owned()),
        1 => Just("[Container] 2026/01/28 20:47:37.1 Phase context status code: X Message: y".to_owned()),
        1 => Just("… 3 lines left out …".to_owned()),
        4 => "#[0-9]{1,2} (ERROR: |DONE |\\[a\\] RUN |[0-9]\\.[0-9] (error: [a-z]{3})?)",
    ];
    prop::collection::vec(line, 0..80)
}

proptest! {
    #[test]
    fn the_budget_holds_and_every_line_is_accounted_for(log in log(), lines in 0_usize..60, bytes in 0_usize..5_000, failed: bool) {
        let part = excerpt(log.iter().map(String::as_str), (lines, bytes), failed);
        prop_assert!(part.text.lines().count() <= lines);
        prop_assert!(line::json_bytes(&part.text) <= bytes);
        prop_assert_eq!(part.lines + part.dropped_lines, log.len());
        if !part.text.is_empty() {
            let left_out: usize = part.text.split('\n').filter_map(LeftOut::parse).map(|mark| mark.lines).sum();
            prop_assert!(left_out <= part.dropped_lines && (failed || left_out == part.dropped_lines));
        }
        prop_assert_eq!(part.truncated, part.dropped_lines > 0 || part.text.contains(" characters left out … "));
        prop_assert!(!part.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
    }

    #[test]
    fn memory_is_bounded(log in log(), failed: bool) {
        let mut excerpter = Excerpter::new(Budget { lines: 10, bytes: 1_000 }, failed);
        for line in log.iter().cycle().take(600) {
            excerpter.push(line);
            prop_assert!(excerpter.recent.len() <= 10 && excerpter.before.len() <= 10 && excerpter.cause.len() <= CAUSE_LINES);
            prop_assert!(excerpter.steps.len() <= STEPS && excerpter.broken.len() <= BROKEN);
            let streams = excerpter.steps.iter().map(|(_, step)| step).chain(excerpter.broken.iter().map(|(step, _)| step));
            prop_assert!(streams.chain([&excerpter.output]).all(|stream| stream.lines() <= stream::LONGEST));
        }
    }
}
