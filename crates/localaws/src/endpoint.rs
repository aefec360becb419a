//! The endpoint: takes requests and answers them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

#[cfg(feature = "data")]
use std::path::Path;

use bytes::Bytes;
use http::{Request, Response};

#[cfg(feature = "data")]
use crate::store::{self, Store};
use crate::{
    api::{Answer, ApiError},
    change::NotKept,
    clock::Clock,
    codebuild::{self, CodeBuild},
    fault::{Dropped, Fault, Faults},
    journal::Journal,
    lock::lock,
    logs::Logs,
    runner::Runner,
    sns::Sns,
    sqs::Sqs,
    sts,
    wire::{self, Call, Refused, Service},
};

/// The settings of an endpoint.
#[derive(Debug, Clone)]
pub struct Options {
    /// The region's name, in ARNs.
    pub region: String,
    /// The account's twelve digits, in ARNs and queue URLs.
    pub account: String,
    /// The source of time.
    pub clock: Clock,
    /// Runs the builds.
    pub runner: Arc<dyn Runner>,
    /// How many builds run at once in the account; further ones wait in CodeBuild's queue. `None`: no limit.
    pub account_limit: Option<usize>,
    /// How many builds may wait in CodeBuild's queue; further starts are refused.
    pub queue_limit: usize,
    /// The length of a minute in the timeouts of builds.
    pub minute: Duration,
    /// The ARN of the queue that gets the EventBridge events of builds.
    pub build_events: Option<String>,
    /// The faults to inject; `None` outside tests.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Options {
    /// Region `us-east-1`, account `000000000000`, no limit of builds, minutes of 60 seconds, no events of builds, no faults.
    pub fn new(clock: Clock, runner: Arc<dyn Runner>) -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            clock,
            runner,
            account_limit: None,
            queue_limit: usize::MAX,
            minute: Duration::from_mins(1),
            build_events: None,
            faults: None,
        }
    }
}

/// The endpoint. Clones share its state.
#[derive(Debug, Clone)]
pub struct LocalAws {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    account: String,
    sqs: Arc<Sqs>,
    sns: Arc<Sns>,
    codebuild: Arc<CodeBuild>,
    logs: Arc<Logs>,
    faults: Option<Arc<dyn Faults>>,
    /// Shared by the services: writes to the store, if there is one.
    journal: Journal,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl LocalAws {
    /// An empty endpoint in memory. Must be called within a tokio runtime.
    pub fn new(options: Options) -> Self {
        Self::assemble(options, Journal::default())
    }

    /// An endpoint with the data in a folder, which is created if it does not exist. Every call is stored before it is answered. Builds
    /// that were running when the folder was last used are lost, as on AWS when their host fails. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The folder or its database cannot be used.
    #[cfg(feature = "data")]
    pub fn open(options: Options, folder: &Path) -> Result<Self, store::Error> {
        let store = Store::open(folder, &options.region, &options.account)?;
        Self::on(&Arc::new(store), options)
    }

    #[cfg(feature = "data")]
    fn on(store: &Arc<Store>, options: Options) -> Result<Self, store::Error> {
        let endpoint = Self::assemble(options, Journal::new(Arc::clone(store)));
        let Shared { sqs, sns, logs, codebuild, journal, .. } = &*endpoint.shared;
        sqs.load(store)?;
        logs.load(store)?;
        codebuild.load(store)?;
        sns.load(store)?;
        codebuild.resume();
        journal.settle();
        Ok(endpoint)
    }

    fn assemble(options: Options, journal: Journal) -> Self {
        let Options { region, account, clock, runner, account_limit, queue_limit, minute, build_events, faults } = options;
        let sqs = Arc::new(Sqs::new(clock, region.clone(), account.clone()).kept_by(&journal));
        let sns = Arc::new(Sns::new(clock, region.clone(), account.clone(), Arc::clone(&sqs)).kept_by(&journal));
        let logs = Arc::new(Logs::new(clock, region.clone(), account.clone()).kept_by(&journal));
        let events = build_events.map(|queue| to_queue(&sqs, queue));
        let settings = codebuild::Settings {
            clock,
            region,
            account: account.clone(),
            logs: Arc::clone(&logs),
            runner,
            account_limit,
            queue_limit,
            minute,
            events,
        };
        let codebuild = Arc::new(CodeBuild::new(settings).kept_by(&journal));
        Self { shared: Arc::new(Shared { account, sqs, sns, codebuild, logs, faults, journal, calls: Mutex::default() }) }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`Dropped`]: an injected fault cuts the connection.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Dropped> {
        let call = match Call::read(&request) {
            Ok(call) => call,
            Err(Refused { protocol, error }) => return Ok(wire::write(&protocol, None, "", &Err(error))),
        };
        drop(request);
        let Call { service, operation, input, protocol, host } = call;
        self.count(service, &operation);
        let fault = self.shared.faults.as_ref().and_then(|faults| faults.before(service.name(), &operation));
        let mut answer = match suffer(fault).await? {
            Some(error) => Err(error),
            None => self.dispatch(service, &operation, input, host.as_deref()).await,
        };
        let fault = self.shared.faults.as_ref().and_then(|faults| faults.after(service.name(), &operation));
        if let Some(error) = suffer(fault).await? {
            answer = Err(error);
        }
        Ok(wire::write(&protocol, Some(service), &operation, &answer))
    }

    /// CodeBuild, for observers in the same process.
    pub fn codebuild(&self) -> &CodeBuild {
        &self.shared.codebuild
    }

    /// CloudWatch Logs, for tests.
    pub fn logs(&self) -> &Logs {
        &self.shared.logs
    }

    /// How often each operation was called, by names such as `sqs.SendMessage`.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.shared.calls).clone()
    }

    async fn dispatch(&self, service: Service, operation: &str, input: serde_json::Value, host: Option<&str>) -> Answer {
        let shared = &self.shared;
        if !reads(operation) {
            let admitted = shared.journal.admit(|| ROOM + ROOM_PER_BYTE * wire::weight(&input));
            admitted.map_err(|error| not_kept(operation, "it was not carried out", &error))?;
        }
        let answer = match service {
            Service::Sqs => shared.sqs.call(operation, input, host).await,
            Service::Sns => shared.sns.call(operation, input, host),
            Service::Sts => sts::call(operation, &shared.account),
            Service::CodeBuild => shared.codebuild.call(operation, input),
            Service::Logs => shared.logs.call(operation, input),
        };
        // All that the answer shows must be stored, also changes of other calls.
        shared
            .journal
            .commit()
            .map_err(|error| not_kept(operation, "it was carried out and is kept as soon as that is possible", &error))?;
        answer
    }

    fn count(&self, service: Service, operation: &str) {
        let mut calls = lock(&self.shared.calls);
        *calls.entry(format!("{}.{operation}", service.name())).or_default() += 1;
    }
}

/// The room on the disk, in bytes, that a call may need whatever its size: the pages of all tables that it changes, several times.
const ROOM: u64 = 512 * 1024;
/// The room for each byte of its input: a message may go to several queues.
const ROOM_PER_BYTE: u64 = 8;

/// Whether an operation changes nothing. Such an operation is answered on a full disk too.
fn reads(operation: &str) -> bool {
    ["BatchGet", "Describe", "Filter", "Get", "List"].iter().any(|beginning| operation.starts_with(beginning))
}

fn not_kept(operation: &str, outcome: &str, error: &NotKept) -> ApiError {
    tracing::error!(%error, operation, "a call was refused: {outcome}");
    ApiError::new("InternalFailure", format!("{error}: {outcome}")).with_status(500)
}

/// Puts events into a queue, as EventBridge would. While the queue does not exist, events are lost.
fn to_queue(sqs: &Arc<Sqs>, queue: String) -> codebuild::Events {
    let sqs = Arc::clone(sqs);
    Arc::new(move |event| {
        if let Err(error) = sqs.deliver(&queue, event, BTreeMap::new()) {
            tracing::debug!(%error, queue, "a build event found no queue");
        }
    })
}

/// Applies a fault. Returns the error for the caller, if it has one.
async fn suffer(fault: Option<Fault>) -> Result<Option<ApiError>, Dropped> {
    match fault {
        None => Ok(None),
        Some(Fault::Error(error)) => Ok(Some(error)),
        Some(Fault::Drop) => Err(Dropped),
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            Ok(None)
        }
        Some(Fault::Hang) => std::future::pending().await,
    }
}

#[cfg(test)]
mod hostile;
#[cfg(all(test, feature = "data"))]
mod restart;
#[cfg(test)]
mod tests;
