//! `slipway demo`: shows local mode with jobs of every kind, in a minute.

mod audit;
mod container;
mod ledger;
mod page;
mod paint;
mod plan;
mod play;
mod repository;
mod scratch;
mod screen;
mod table;
mod telling;
mod verdict;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Args;
use tokio_util::sync::CancellationToken;

use self::{audit::audit, ledger::Ledger, paint::Tone, play::Play, scratch::Scratch, screen::Screen};
use super::{Exit, daemon};
use crate::{
    clock::Clock,
    config,
    engine::{self, Vitals},
    local::{self, Builds, Local},
    shutdown::Shutdown,
    supervise::Services,
};

/// Show local mode at work: jobs of every kind, in a minute
#[derive(Debug, Args)]
#[command(after_help = "\
Starts the embedded AWS endpoint and the daemon on a free port with sample
repositories of its own, sends the jobs, prints every event as it arrives and
then how each job ended. Takes less than a minute and leaves nothing behind,
unless told to --keep. Needs git; with docker, podman or buildah one job builds
a real image. The status page shows all of it while it happens.

Exit codes: 0 every job ended as it should; 1 one did not, or something is
missing.

Examples:
  slipway demo
  slipway demo --open --keep")]
pub(super) struct Demo {
    /// Open the status page in a browser, where there is one; its address is printed anyway
    #[arg(long)]
    open: bool,

    /// Stay up after the end, so that the status page can be looked at, until Ctrl-C; then keep the sample repositories and every event,
    /// and say where
    #[arg(long)]
    keep: bool,
}

/// How long a minute of a build's timeout lasts here: CodeBuild's shortest timeout of five minutes would be too long.
const MINUTE: Duration = Duration::from_secs(1);
/// Overrides of local mode's configuration: a low limit, a short excerpt, and short waits.
const OVERRIDES: [(&str, &str); 6] = [
    ("SLIPWAY__LIMITS__RUNNING", "2"),
    ("SLIPWAY__LOG__LINES", "16"),
    ("SLIPWAY__LOG__SETTLE", "1s"),
    ("SLIPWAY__QUEUES__0__WAIT", "1s"),
    ("SLIPWAY__SHUTDOWN__GRACE", "5s"),
    ("SLIPWAY__WATCH__INTERVAL", "500ms"),
];

impl Demo {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let mut screen = Screen::open();
        let scratch = Scratch::new()?;
        let (mut services, mut ledger, mut local) = (Services::default(), Ledger::default(), None);
        let (asked, played) = (Shutdown::default(), CancellationToken::new());
        let stay = Stay { asked: &asked, played: &played };
        let shown = tokio::select! {
            biased;
            failed = daemon::signals(&asked) => Err(failed).context("cannot listen to signals"),
            () = stay.interrupted() => Ok(None),
            shown = show(&self, stay, &scratch, &mut services, &mut screen, &mut ledger, &mut local) => shown.map(Some),
        };
        screen.close();
        // No build outlives the demo, however it ended.
        if let Some(local) = &local {
            scratch.end_builds(local).await;
        }
        let kept = if self.keep {
            Some(scratch.keep(&ledger)?)
        } else {
            scratch.remove().await?;
            None
        };
        let exit = match shown? {
            Some(true) => Exit::Done,
            Some(false) => Exit::Failed,
            None => {
                screen.say("Interrupted: the builds that ran were stopped.")?;
                Exit::Failed
            }
        };
        if let Some(folder) = kept {
            screen.say(&format!("The repositories and the events are in {}", folder.display()))?;
        }
        Ok(exit)
    }
}

/// How long the demo stays up.
#[derive(Debug, Clone, Copy)]
struct Stay<'a> {
    asked: &'a Shutdown,
    /// Set when every job has ended: a signal is no interruption any more then.
    played: &'a CancellationToken,
}

impl Stay<'_> {
    async fn interrupted(self) {
        self.asked.drain.cancelled().await;
        if self.played.is_cancelled() {
            self.asked.leave.cancelled().await;
        }
    }

    async fn over(self) {
        self.played.cancel();
        self.asked.drain.cancelled().await;
    }
}

/// Runs the demo. The answer is whether all jobs ended as they should.
async fn show(
    demo: &Demo,
    stay: Stay<'_>,
    scratch: &Scratch,
    services: &mut Services,
    screen: &mut Screen,
    ledger: &mut Ledger,
    started: &mut Option<Local>,
) -> anyhow::Result<bool> {
    screen.say(&screen.paint.paint(Tone::Bold, "Slipway demo"))?;
    screen.say("An AWS endpoint, the daemon and sample repositories, all in this one process.")?;
    screen.say(&format!("At most {} builds run at once; a minute of a build's timeout lasts a second here.", plan::RUNNING))?;
    screen.say("")?;

    let (folder, home) = (scratch.repositories(), scratch.home());
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let builds = Builds { minute: MINUTE, ..Builds::below(scratch.builds()) };
    let start = local::start(any_port, local::REGION, None, builds, services, CancellationToken::new());
    let (local, repositories) = tokio::join!(Box::pin(start), repository::make(&folder));
    let (local, repositories) = (&*started.insert(local?), repositories?);
    screen.say(&format!("Endpoint      http://{}", local.address))?;
    screen.say(&format!("Repositories  {} in {}", repositories.len(), folder.display()))?;

    let overrides = OVERRIDES.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = config::parse(&local::config(local.address, local::REGION), "config/local.toml", overrides)?;
    let shutdown = Shutdown::default();
    let vitals = Vitals::default();
    let address = page::serve(&config, &vitals, services).await?;
    screen.say(&format!("Status page   {address}"))?;
    if demo.open && !page::open(&address) {
        screen.say("              (there is no browser here to open it in)")?;
    }
    screen.say("")?;
    let engine = engine::run(Arc::new(config), local.clients.clone(), Clock::system(), vitals, shutdown.clone());
    let mut engine = Box::pin(engine);
    let mut play = Play::new(local, &repositories, screen, ledger);
    let left_out = tokio::select! {
        left_out = Box::pin(play.run(&home)) => left_out?,
        ended = &mut engine => anyhow::bail!("the daemon ended too early: {ended:?}"),
        ended = services.ended() => return Err(ended.into()),
    };
    let exit = if demo.keep {
        None
    } else {
        shutdown.drain.cancel();
        Some(engine.as_mut().await?)
    };
    play.late().await?;
    screen.close();

    let findings = audit(ledger, local, exit).await?;
    let left_out = left_out.as_deref().map(|why| (plan::IMAGE, why));
    let all_good = table::print(screen, ledger, left_out, &findings)?;
    screen.say("")?;
    if all_good {
        screen.say(&format!("All of it went as it should, in {:.0} seconds.", screen.seconds()))?;
        screen.say("To send jobs of your own: slipway local")?;
    } else {
        screen.say("Not everything went as it should: see the lines marked ✗.")?;
    }
    if demo.keep {
        screen.say(&format!("The status page stays at {address} until Ctrl-C."))?;
        tokio::select! {
            () = stay.over() => {}
            ended = &mut engine => anyhow::bail!("the daemon ended too early: {ended:?}"),
            ended = services.ended() => return Err(ended.into()),
        }
        shutdown.drain.cancel();
        engine.await?;
    }
    Ok(all_good)
}
