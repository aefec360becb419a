//! A job that is turned away because too many of its tenant wait.

use crate::job::{Job, message::Rejection, problem::Problem};

/// A tenant has as many jobs waiting as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    pub(super) waiting: usize,
}

impl Full {
    /// What the job is told. It may be sent again under its id.
    pub(crate) fn rejection(self, job: &Job) -> Rejection {
        let Job { id, tenant, profile, .. } = job;
        let problem = format!("TENANT_QUEUE_FULL: {} jobs of {tenant} wait already, as many as may; send it again later", self.waiting);
        let problems = vec![Problem { path: "/tenant".to_owned(), problem }];
        Rejection { id: Some(id.clone()), tenant: Some(tenant.clone()), profile: Some(profile.clone()), problems }
    }
}
