//! The only place that spawns tasks. A service that ends before the shutdown is a fault of the daemon; a panic in a job's task ends only
//! that task.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::FutureExt;
use pin_project_lite::pin_project;
use tokio::task::{JoinError, JoinSet};
use tokio_util::{
    sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned},
    task::TaskTracker,
};

use crate::observe;

/// Long-running tasks. Dropping it ends them all.
#[derive(Debug, Default)]
pub struct Services {
    tasks: JoinSet<&'static str>,
}

/// A service that ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// It returned before the shutdown.
    #[error("the {0} ended by itself")]
    Returned(&'static str),
    /// It panicked.
    #[error("a service panicked: {0}")]
    Panicked(String),
}

impl Services {
    /// Starts a service.
    pub fn spawn(&mut self, name: &'static str, service: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            service.await;
            name
        });
    }

    /// Whether all have ended.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Resolves when a service has ended; never if there is none.
    pub async fn ended(&mut self) -> Ended {
        match self.tasks.join_next().await {
            Some(Ok(name)) => Ended::Returned(name),
            Some(Err(error)) => Ended::Panicked(reason(error)),
            None => std::future::pending().await,
        }
    }
}

fn reason(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => panic_message(payload.as_ref()).to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The message of a panic.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// How many jobs' tasks have panicked. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Panics(Arc<AtomicU64>);

impl Panics {
    /// Logs a panic, and counts it.
    pub(crate) fn tell(&self, name: &dyn fmt::Display, payload: &(dyn std::any::Any + Send)) {
        self.0.fetch_add(1, Ordering::Relaxed);
        observe::job_panicked(name, panic_message(payload));
    }

    /// The number of panics since the start.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The tasks that carry one message each. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Jobs {
    tasks: TaskTracker,
    abort: CancellationToken,
    /// Shared with the daemon's health.
    pub(crate) panics: Panics,
}

impl Jobs {
    /// Tasks whose panics are counted in `panics`.
    pub fn new(panics: Panics) -> Self {
        Self { panics, ..Self::default() }
    }

    /// Starts a job's task. A panic is logged, and everything that the job owned (permits, its lease) is released.
    pub fn spawn(&self, name: impl fmt::Display + Send + 'static, job: impl Future<Output = ()> + Send + 'static) {
        let job = UntilAborted { job: AssertUnwindSafe(job).catch_unwind(), aborted: self.abort.clone().cancelled_owned() };
        let panics = self.panics.clone();
        self.tasks.spawn(job.map(move |end| {
            if let Some(Err(payload)) = end {
                panics.tell(&name, payload.as_ref());
            }
        }));
    }

    /// Aborts every job when the answer is dropped, so that no job outlives the engine.
    pub fn abort_on_drop(&self) -> DropGuard {
        self.abort.clone().drop_guard()
    }

    /// The number of tasks.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Resolves when all tasks have ended. No further task may be started.
    pub async fn all_ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

pin_project! {
    /// A job that is dropped where it is when all are aborted: `None` then. `CancellationToken::run_until_cancelled_owned` does the same and
    /// keeps the job's room twice.
    struct UntilAborted<F> {
        #[pin]
        job: F,
        #[pin]
        aborted: WaitForCancellationFutureOwned,
    }
}

impl<F: Future> Future for UntilAborted<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.aborted.poll(context).is_ready() {
            return Poll::Ready(None);
        }
        this.job.poll(context).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_service_that_panics_is_named_by_what_it_said() {
        let mut services = Services::default();
        services.spawn("patient", std::future::pending());
        services.spawn("broken", async { panic!("out of luck") });
        assert_eq!(services.ended().await.to_string(), "a service panicked: out of luck");
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_panics_releases_what_it_owned() {
        let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        let jobs = Jobs::default();
        let permit = permits.clone().acquire_owned().await;
        jobs.spawn("job", async move {
            let _held = permit;
            panic!("boom");
        });
        jobs.all_ended().await;
        assert_eq!(permits.available_permits(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_aborted_job_is_dropped_where_it_is() {
        let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(1));
        let jobs = Jobs::default();
        let permit = permits.clone().acquire_owned().await;
        jobs.spawn("job", async move {
            let _held = permit;
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        drop(jobs.abort_on_drop());
        jobs.all_ended().await;
        assert_eq!(permits.available_permits(), 1);
    }

    #[test]
    fn the_room_of_a_job_is_kept_once() {
        let bytes = size_of::<UntilAborted<[u8; 1000]>>();
        assert!(bytes < 1200, "{bytes}");
    }
}
