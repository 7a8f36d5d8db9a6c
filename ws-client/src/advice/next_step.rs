//! What to do after an error, in one word.

use std::fmt;
use std::time::Duration;

use ws_core::refusal::Cause;

use crate::connect::ProxyError;
use crate::credentials::CredentialsError;
use crate::ended::Error;
use crate::error::ConnectError;
use crate::refused::{Closed, Refused, Responsible};

/// What whoever connects does next. It sums up what the other methods of an error say; its text says more.
///
/// ```
/// use ws_client::{Error, NextStep};
/// use ws_core::message::{CloseCode, CloseFrame};
///
/// let error = Error::closed(&CloseFrame::new(CloseCode::UNAUTHORIZED, "token-expired"));
/// assert_eq!(error.next_step(), NextStep::RenewCredentials);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NextStep {
    /// Get a fresh credential of the same kind, then connect again.
    RenewCredentials,
    /// Connect again, unchanged; where the server said when, not before that.
    Retry {
        /// The time that the server asked for.
        after: Option<Duration>,
    },
    /// Give credentials, or others: none were sent, or none that are accepted.
    Authenticate,
    /// Ask for the permission that is missing: a scope, a role, an origin or an address that is let in. The same
    /// credentials do not get through without it.
    AskPermission,
    /// Correct something on this side: the address, the request, a setting, a message.
    Correct,
    /// The other side leaves it open why: check the path, the origin and the credentials here, then ask who runs the
    /// server, whose log may know.
    FindOut,
    /// Nothing: the other side has ended the conversation in good order.
    Nothing,
    /// Tell those who are responsible: it is theirs to mend, and until then nothing helps.
    Tell(Responsible),
}

impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RenewCredentials => "renew the credentials, then connect again",
            Self::Retry { after: Some(after) } => {
                return write!(f, "connect again in {} s at the earliest", after.as_secs_f64().ceil());
            }
            Self::Retry { after: None } => "connect again, each time later",
            Self::Authenticate => "give credentials, or others",
            Self::AskPermission => "ask for the permission",
            Self::Correct => "correct it on this side",
            Self::FindOut => "find out why: check path, origin and credentials, then ask who runs the server",
            Self::Nothing => "nothing",
            Self::Tell(Responsible::Proxy) => "tell who runs the proxy",
            Self::Tell(Responsible::Network) => "look at the network",
            Self::Tell(_) => "tell who runs the server",
        })
    }
}

impl Error {
    /// What to do next.
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Connect(error) => error.next_step(),
            Self::Closed(closed) => closed.next_step(),
            Self::Broken(_) | Self::Restore(_) => {
                follows(false, self.is_worth_retrying(), None, None, self.responsible())
            }
        }
    }
}

impl ConnectError {
    /// What to do next.
    pub fn next_step(&self) -> NextStep {
        match self {
            Self::Refused(refused) => refused.next_step(),
            Self::Closed(closed) => closed.next_step(),
            Self::Proxy(ProxyError::Authentication { schemes, .. }) if !takes_passwords(schemes) => {
                NextStep::Correct
            }
            Self::Proxy(ProxyError::Authentication { .. })
            | Self::Credentials(CredentialsError::Denied { .. }) => NextStep::Authenticate,
            // A client that tries again finds them when somebody has corrected them.
            Self::Credentials(
                CredentialsError::File { .. }
                | CredentialsError::Command { .. }
                | CredentialsError::Malformed { .. },
            ) => NextStep::Correct,
            _ => follows(
                self.do_new_credentials_help(),
                self.is_worth_retrying(),
                self.retry_after(),
                None,
                self.responsible(),
            ),
        }
    }
}

impl Refused {
    /// What to do next.
    pub fn next_step(&self) -> NextStep {
        let (renew, retry) = (self.do_new_credentials_help(), self.is_worth_retrying());
        let status = self.likely_cause().and_then(Cause::status).unwrap_or(self.status);
        let open = matches!(self.code(), "forbidden-unexplained" | "refused-unexplained") && status != 400;
        if open && !renew && !retry && self.responsible() == Responsible::Client {
            return NextStep::FindOut;
        }
        follows(renew, retry, self.retry_after, who(self.likely_cause(), status), self.responsible())
    }
}

impl Closed {
    /// What to do next.
    pub fn next_step(&self) -> NextStep {
        let (renew, retry) = (self.do_new_credentials_help(), self.is_worth_retrying());
        // IANA WebSocket Close Code registry: 3000 Unauthorized, 3003 Forbidden.
        let status = match self.frame.as_ref().map(|frame| frame.code) {
            // RFC 6455 7.4.1: a normal closure; against a policy; no code; codes of applications.
            Some(1000) if self.cause().is_none() => return NextStep::Nothing,
            Some(1005 | 1008 | 4000..=4999) if self.cause().is_none() => return NextStep::FindOut,
            Some(3000) => 401,
            Some(3003) => 403,
            _ => 0,
        };
        follows(renew, retry, self.retry_after(), who(self.cause(), status), self.responsible())
    }
}

/// What is asked of whoever is known, or is not, to the server.
fn who(cause: Option<Cause>, status: u16) -> Option<NextStep> {
    match (cause, status) {
        // What stands in the request, not who sends it.
        (
            Some(Cause::OriginMissing | Cause::ClientCertificateRequired | Cause::ClientCertificateRejected),
            _,
        ) => None,
        (_, 401 | 407) => Some(NextStep::Authenticate),
        (_, 403) => Some(NextStep::AskPermission),
        _ => None,
    }
}

/// Whether a proxy takes what its URL can hold.
fn takes_passwords(schemes: &[String]) -> bool {
    schemes.is_empty() || schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"))
}

fn follows(
    renew: bool,
    retry: bool,
    after: Option<Duration>,
    asked: Option<NextStep>,
    responsible: Responsible,
) -> NextStep {
    match (asked, responsible) {
        _ if renew => NextStep::RenewCredentials,
        _ if retry => NextStep::Retry { after },
        (Some(asked), _) => asked,
        (None, Responsible::Client) => NextStep::Correct,
        (None, others) => NextStep::Tell(others),
    }
}
