//! A flooding tenant beside another that sends a job now and then: what each job waits, by the schedule and first come, first served.

use std::{collections::BTreeMap, fmt::Write, time::Duration};

use slipway::{
    config::Limits,
    job::{
        JobId, Priority, Tenant,
        schedule::{Age, Rules, Schedule, Ticket, Took},
    },
};

const RUNNING: usize = 10;
const SECONDS: i64 = 300;
const FLOOD: i64 = 400;
const QUIET_EVERY_S: i64 = 420;
const LONG_S: i64 = 5 * 3600;

/// When it was sent, how long it waited, both in seconds, and whether it is the flooding tenant's.
type Point = (i64, i64, bool);

/// The picture.
pub(crate) fn svg() -> String {
    let (width, height, left, bottom) = (860.0, 420.0, 64.0, 56.0);
    let (by_share, by_arrival) = (course(true), course(false));
    let most = by_arrival.iter().map(|point| point.1).max().unwrap_or(1) as f64;
    let x = |seconds: i64| left + seconds as f64 / LONG_S as f64 * (width - left - 20.0);
    let y = |seconds: i64| height - bottom - seconds as f64 / most * (height - bottom - 30.0);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" role="img" aria-label="What jobs wait beside a flood">
<style>text{{fill:#333}}.axis{{stroke:#999;stroke-width:1}}.grid{{stroke:#ddd;stroke-width:1}}@media(prefers-color-scheme:dark){{text{{fill:#ddd}}.grid{{stroke:#444}}}}</style>
"#
    );
    for minutes in (0..=(most as i64 / 60)).step_by(30) {
        let at = y(minutes * 60);
        writeln!(svg, r#"<line class="grid" x1="{left}" x2="{}" y1="{at:.1}" y2="{at:.1}"/>"#, width - 20.0).unwrap();
        writeln!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">{minutes} min</text>"#, left - 8.0, at + 4.0).unwrap();
    }
    for hour in 0..=(LONG_S / 3600) {
        let at = x(hour * 3600);
        writeln!(svg, r#"<text x="{at:.1}" y="{}" text-anchor="middle">{hour} h</text>"#, height - bottom + 20.0).unwrap();
    }
    writeln!(svg, r#"<text x="{}" y="{}" text-anchor="middle">when the job was sent</text>"#, width / 2.0, height - 12.0).unwrap();
    writeln!(svg, r#"<text x="8" y="18">what it waited</text>"#).unwrap();
    let mut series = |points: &[Point], flood: bool, colour: &str, name: &str, row: f64| {
        for (sent, waited, _) in points.iter().filter(|point| point.2 == flood) {
            writeln!(svg, r#"<circle cx="{:.1}" cy="{:.1}" r="3" fill="{colour}" fill-opacity="0.7"/>"#, x(*sent), y(*waited)).unwrap();
        }
        let at = 22.0 + row * 20.0;
        writeln!(svg, r#"<circle cx="{}" cy="{}" r="5" fill="{colour}"/>"#, width - 330.0, at - 4.0).unwrap();
        writeln!(svg, r#"<text x="{}" y="{at}">{name}</text>"#, width - 318.0).unwrap();
    };
    series(&by_arrival, false, "#d1495b", "the other tenant, first come, first served", 0.0);
    series(&by_share, false, "#00798c", "the other tenant, as Slipway decides", 1.0);
    series(&by_share, true, "#edae49", "the flooding tenant, as Slipway decides", 2.0);
    svg.push_str("</svg>\n");
    svg
}

/// One tenant sends a flood in the tenth minute, the other a job now and then; each build takes five minutes.
fn course(fair: bool) -> Vec<Point> {
    let (aging, half_life) = (Duration::from_mins(15), Duration::from_hours(1));
    let limits = Limits { running: RUNNING, per_tenant: RUNNING, aging, half_life, ..Limits::default() };
    let mut schedule = Schedule::new(Rules { limits, ..Rules::default() });
    let flood = (0..FLOOD).map(|number| (600 + number / 40, true));
    let quiet = (0..LONG_S / QUIET_EVERY_S).map(|number| (number * QUIET_EVERY_S, false));
    let mut sent: Vec<(i64, bool)> = flood.chain(quiet).collect();
    sent.sort_unstable();
    let (mut points, mut ends, mut number) = (Vec::new(), BTreeMap::new(), 0_u64);
    let mut sent = sent.into_iter().peekable();
    loop {
        let next_end = ends.first_key_value().map(|((at, _), _)| *at);
        let Some(now) = sent.peek().map(|(at, _)| *at).into_iter().chain(next_end).min() else { return points };
        while let Some(entry) = ends.first_entry().filter(|entry| entry.key().0 <= now) {
            schedule.release(entry.remove(), Took::Seconds(SECONDS as f64), now * 1000);
        }
        while let Some((at, flood)) = sent.next_if(|(at, _)| *at <= now) {
            number += 1;
            // First come, first served: as if all were of one tenant.
            let tenant = if flood && fair { "flood" } else { "quiet" };
            schedule.push(ticket(tenant, number, at), (at, flood));
        }
        while let Some(next) = schedule.next(now * 1000, |_| SECONDS as f64) {
            let (at, flood) = next.it;
            points.push((at, now - at, flood));
            ends.insert((now + SECONDS, next.ticket.arrival), next.place);
        }
    }
}

fn ticket(tenant: &str, number: u64, at: i64) -> Ticket {
    Ticket {
        job: JobId::parse(&format!("job-{number}")).unwrap(),
        queue: "jobs".into(),
        profile: "default".to_owned(),
        project: "codebuild".to_owned(),
        tenant: Tenant::parse(tenant).unwrap(),
        repository: "github.com/acme/app".into(),
        priority: Priority::Normal,
        group: None,
        age: Age { enqueued_ms: at * 1000, message_id: format!("{number:09}").into() },
        arrival: number,
    }
}
