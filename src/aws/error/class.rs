//! The classes of errors, and AWS's names for each. `tests/errors/classes.tsv` checks the table against AWS's own models.

/// What an error means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Too many calls: go slower.
    Throttled,
    /// No capacity for another build now.
    Capacity,
    /// AWS could not do it now, or its answer cannot be read: try again.
    Transient,
    /// No answer came, so whether it was done is not known: try again.
    Unreachable,
    /// No credentials, or none that are valid now. All calls fail until that is corrected, and no job fails because of it.
    Credentials,
    /// A permission is missing: the caller's, or that of AWS for the key that encrypts the resource.
    Denied,
    /// The resource does not exist.
    NotFound,
    /// The request will never be accepted as it is.
    Invalid,
}

impl Class {
    /// The name used in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Capacity => "capacity",
            Self::Transient => "transient",
            Self::Unreachable => "unreachable",
            Self::Credentials => "credentials",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
        }
    }

    /// Whether the same call may succeed later without a change by anybody.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Throttled | Self::Transient | Self::Unreachable | Self::Credentials => true,
            Self::Capacity | Self::Denied | Self::NotFound | Self::Invalid => false,
        }
    }

    /// Whether AWS has answered with a refusal. The same call may succeed after somebody has changed something.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Denied | Self::NotFound | Self::Invalid)
    }

    /// By AWS's name for the error, else by the HTTP status.
    pub(super) fn of(code: &str, status: u16) -> Self {
        let name = Name::of(code);
        match name.text {
            _ if name.of_key => match name.text {
                "Throttling" | "Throttled" => Self::Throttled,
                // The key is disabled, missing, in the wrong state or for another usage: the operator has to act. The resource itself
                // exists.
                _ => Self::Denied,
            },
            "Throttling"
            | "Throttled"
            | "RequestThrottled"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "SlowDown"
            | "OverLimit"
            | "LimitExceeded"
            | "ProvisionedThroughputExceeded"
            | "BandwidthLimitExceeded"
            | "EC2Throttled" => Self::Throttled,
            "AccountLimitExceeded" => Self::Capacity,
            "InternalError"
            | "InternalFailure"
            | "InternalServerError"
            | "ServiceUnavailable"
            | "RequestTimeout"
            | "RequestAborted"
            | "TransactionInProgress"
            | "PriorRequestNotComplete"
            | "OperationAborted"
            | "ConcurrentAccess"
            | "QueueDeletedRecently" => Self::Transient,
            "ExpiredToken"
            | "ExpiredTokenId"
            | "InvalidToken"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "UnrecognizedClient"
            | "MissingAuthenticationToken"
            | "AuthFailure"
            | "InvalidSignature"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature" => Self::Credentials,
            _ if is_of_clock(name.text) => Self::Credentials,
            "AccessDenied"
            | "AuthorizationError"
            | "NotAuthorized"
            | "UnauthorizedOperation"
            | "OptInRequired"
            | "AccountSuspended"
            | "InvalidSecurity" => Self::Denied,
            "ResourceNotFound" | "NotFound" | "QueueDoesNotExist" | "NonExistentQueue" => Self::NotFound,
            _ => match status {
                429 => Self::Throttled,
                // Below 400 it is no refusal, but the answer cannot be read.
                ..=399 | 500.. => Self::Transient,
                401 | 403 => Self::Denied,
                404 => Self::NotFound,
                _ => Self::Invalid,
            },
        }
    }
}

/// What to do about credentials that are not valid.
pub(super) fn cure(code: &str) -> &'static str {
    match Name::of(code).text {
        name if is_of_clock(name) => "set this machine's clock",
        "ExpiredToken" | "ExpiredTokenId" => "renew the credentials",
        _ => "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_PROFILE, or the role of this process",
    }
}

/// Whether a signature is refused because of its time.
fn is_of_clock(name: &str) -> bool {
    matches!(name, "RequestExpired" | "RequestInTheFuture" | "RequestTimeTooSkewed")
}

/// AWS's name for an error, the same for each protocol: SQS's JSON errors have the names of the older query protocol.
struct Name<'a> {
    text: &'a str,
    /// Whether it is about the KMS key that encrypts the resource.
    of_key: bool,
}

impl<'a> Name<'a> {
    fn of(code: &'a str) -> Self {
        let services = ["AWS.SimpleQueueService.", "AWS.SimpleNotificationService."];
        let bare = services.iter().find_map(|service| code.strip_prefix(service)).unwrap_or(code);
        let key = ["KMS.", "KMS", "Kms"].iter().find_map(|key| bare.strip_prefix(key));
        let name = key.unwrap_or(bare);
        Self { text: name.strip_suffix("Exception").unwrap_or(name), of_key: key.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every error that AWS's models name for an operation used here (`tests/outside/test_errors.py` holds the table complete), and what
    /// else arrives: the common errors, SQS's older names.
    #[test]
    fn every_error_that_aws_names_has_its_class() {
        let table = include_str!("../../../tests/errors/classes.tsv");
        let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        assert!(rows.len() > 60, "{} rows", rows.len());
        for row in rows {
            let [code, status, class] = row[..] else { panic!("{row:?}") };
            assert_eq!(Class::of(code, status.parse().unwrap_or_default()).name(), class, "{code} with {status}");
        }
    }

    #[test]
    fn an_unknown_name_is_classified_by_the_status() {
        use Class::{Denied, Invalid, NotFound, Throttled, Transient};
        for (status, class) in [(503, Transient), (429, Throttled), (403, Denied), (404, NotFound), (400, Invalid), (200, Transient)] {
            assert_eq!(Class::of("SomethingNew", status), class, "{status}");
        }
    }
}
