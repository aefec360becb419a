//! The endpoint: takes a request and gives its answer.

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

/// What an endpoint is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// The region's name, in ARNs.
    pub region: String,
    /// The account's twelve digits, in ARNs and queue URLs.
    pub account: String,
    /// The time.
    pub clock: Clock,
    /// Who carries builds out.
    pub runner: Arc<dyn Runner>,
    /// Builds at once in the account; more wait in CodeBuild's queue. `None`: no bound.
    pub account_limit: Option<usize>,
    /// Builds that may wait in CodeBuild's queue; more are refused.
    pub queue_limit: usize,
    /// How long a minute of a build's timeouts lasts.
    pub minute: Duration,
    /// The ARN of the queue that gets the EventBridge events of builds.
    pub build_events: Option<String>,
    /// What goes wrong; `None` outside tests.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Options {
    /// Region `us-east-1`, account `000000000000`, as many builds as are asked for, minutes of 60 seconds, no events of
    /// builds, no faults.
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

/// The endpoint. A clone is the same endpoint.
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
    /// What the services share of theirs: the store, if there is one.
    journal: Journal,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl LocalAws {
    /// An endpoint with nothing in it, all of it in memory. Must be called within a tokio runtime.
    pub fn new(options: Options) -> Self {
        Self::assemble(options, Journal::default())
    }

    /// An endpoint with what the folder keeps, which it makes if it is not there: a call is kept before it is answered. Builds that ran
    /// when the folder was last left are lost, as they are on AWS with their host. Must be called within a tokio runtime.
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

    /// Answers a request. [`Dropped`] comes of fault injection only.
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

    /// CodeBuild as an observer in the same process sees and steers it.
    pub fn codebuild(&self) -> &CodeBuild {
        &self.shared.codebuild
    }

    /// CloudWatch Logs as a test steers it.
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
        // What an answer tells must be kept, be it this call's work or another's.
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

/// What a call may need on the disk whatever its size: the pages of all tables that it touches, several times.
const ROOM: u64 = 512 * 1024;
/// Of each byte of its input: a message may go to several queues.
const ROOM_PER_BYTE: u64 = 8;

/// Whether an operation changes nothing, so that it is answered on a full disk too.
fn reads(operation: &str) -> bool {
    ["BatchGet", "Describe", "Filter", "Get", "List"].iter().any(|beginning| operation.starts_with(beginning))
}

fn not_kept(operation: &str, outcome: &str, error: &NotKept) -> ApiError {
    tracing::error!(%error, operation, "a call was refused: {outcome}");
    ApiError::new("InternalFailure", format!("{error}: {outcome}")).with_status(500)
}

/// Events go to a queue as EventBridge would put them there; while the queue does not exist they are lost.
fn to_queue(sqs: &Arc<Sqs>, queue: String) -> codebuild::Events {
    let sqs = Arc::clone(sqs);
    Arc::new(move |event| {
        if let Err(error) = sqs.deliver(&queue, event, BTreeMap::new()) {
            tracing::debug!(%error, queue, "a build event found no queue");
        }
    })
}

/// Lets a fault have its effect; an error is for the caller.
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
