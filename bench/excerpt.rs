//! How fast a log becomes an excerpt, in megabytes of log a second and core: joined to lines, redacted, searched for its cause and picked
//! from. It counts the CPU time of the thread, so that what else the machine does is not measured. `cargo bench --bench excerpt`.
#![expect(clippy::print_stdout, reason = "the result is for people")]
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::{fs, hint::black_box};

use slipway::job::{
    excerpt::{Budget, Excerpter},
    redact::Redactor,
    rejoin::Rejoin,
};

#[path = "../tests/it/corpus/noise.rs"]
mod noise;

/// Megabytes of log in each measure.
const SIZE: usize = 48;
/// As CloudWatch gives them: events of a line each, and the longest event.
const LONGEST_EVENT: usize = 1 << 20;

/// The CPU time of this thread in seconds.
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// The most memory that the process has held, in megabytes.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn run<'a>(events: impl Iterator<Item = &'a str>) {
    let secrets = ["correct horse battery staple", "hunter2-hunter3", "s3cr3t/with+signs"].map(str::to_owned);
    let (mut rejoin, mut redactor) = (Rejoin::default(), Redactor::new(secrets.into_iter()));
    let mut excerpter = Excerpter::new(Budget { lines: 40, bytes: 32 * 1024 }, true);
    excerpter.push("[Container] 2026/11/25 10:00:00.000001 Running command make");
    for event in events {
        rejoin.push(event, |line| excerpter.push(&redactor.line(line)));
    }
    rejoin.finish(|line| excerpter.push(&redactor.line(line)));
    black_box((excerpter.finish(), redactor.count()));
}

fn report(name: &str, lines: &[String]) {
    let bytes: usize = lines.iter().map(String::len).sum();
    let times = SIZE * 1_000_000 / bytes + 1;
    let before = cpu();
    for _ in 0..times {
        run(lines.iter().map(String::as_str));
    }
    let seconds = cpu() - before;
    #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
    let rate = (times * bytes) as f64 / 1e6 / seconds;
    println!("{name:<44} {rate:>7.1} MB/s a core");
}

fn main() {
    let with_break = |line: String| line + "\n";
    let mut noise = noise::Noise::new(1, false);
    let plain: Vec<_> = noise.lines(60_000).into_iter().map(with_break).collect();
    let mut noise = noise::Noise::new(1, true);
    let named: Vec<_> = noise.lines(60_000).into_iter().map(with_break).collect();
    let errors: Vec<_> = plain
        .iter()
        .enumerate()
        .map(|(n, line)| if n % 20 == 0 { format!("src/a{n}.c:{n}:1: error: unknown type name 'x{n}'\n") } else { line.clone() })
        .collect();
    let secrets: Vec<_> =
        plain
            .iter()
            .enumerate()
            .map(|(n, line)| {
                if n % 20 == 0 {
                    format!("export API_TOKEN={n}aB3xY7aB3xY7 && curl -u me:hunter{n} https://x.test\n")
                } else {
                    line.clone()
                }
            })
            .collect();
    report("60,000 lines, nothing wrong", &plain);
    report("a fifth of them with names of trouble", &named);
    report("every twentieth an error", &errors);
    report("every twentieth with a secret", &secrets);
    report(
        "progress in colours, carriage returns",
        &vec!["\u{1b}[32m 10 %\u{1b}[0m\r\u{1b}[32m 20 %\u{1b}[0m part of the work\n".to_owned(); 60_000],
    );
    report("nothing but names, signs and URLs", &["password=$".repeat(6_000) + "\n", "a://b:".repeat(10_000) + "\n"]);
    let (before, part) = (peak(), "x".repeat(LONGEST_EVENT));
    run(std::iter::once("\n").chain(std::iter::repeat_n(part.as_str(), 60)));
    println!("{:<44} {:>7.1} MB more at the peak", "one line of 60 MB", peak() - before);
}
