use ws_core::refusal::{Cause, Refusal};

use super::{Admission, ForeignAnswer};
use crate::authenticate::BoxFuture;

/// Gets something ready that a session needs, before the handshake is answered: without it there is no 101.
///
/// Closures are such; their future borrows nothing, so that they take what they need from the admission first.
///
/// ```
/// use ws_core::refusal::{Cause, Refusal};
/// use ws_server::prepare::{Admission, Prepared, Unprepared};
/// use ws_server::{Route, Session};
///
/// # struct Upstream;
/// # async fn connect(path: &str) -> std::io::Result<Upstream> { Ok(Upstream) }
/// let connect = |admission: &Admission<'_>| {
///     let path = admission.request.head().path().to_owned();
///     async move {
///         let upstream = connect(&path).await.map_err(|_| Refusal::new(Cause::UpstreamDown))?;
///         Ok::<_, Unprepared>(Prepared::new(upstream))
///     }
/// };
/// let route = Route::prepared(connect, |session: Session, upstream: Upstream| async move { /* … */ });
/// ```
pub trait Prepare: Send + Sync + 'static {
    /// What is got ready. It goes to the handler, or is dropped where the client has left meanwhile.
    type Value: Send + 'static;

    /// Gets it ready.
    ///
    /// A panic in here, or in the future, refuses the handshake as `internal-error`, and so does one that takes longer
    /// than [`Route::prepare_timeout`](crate::Route::prepare_timeout).
    ///
    /// # Errors
    /// Why the handshake is refused after all.
    ///
    /// # Cancel safety
    /// The future is dropped when the time is over or the client has gone.
    fn prepare<'a>(
        &'a self,
        admission: &'a Admission<'a>,
    ) -> BoxFuture<'a, Result<Prepared<Self::Value>, Unprepared>>;
}

impl<F, R, T> Prepare for F
where
    F: Fn(&Admission<'_>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Prepared<T>, Unprepared>> + Send + 'static,
    T: Send + 'static,
{
    type Value = T;

    fn prepare<'a>(&'a self, admission: &'a Admission<'a>) -> BoxFuture<'a, Result<Prepared<T>, Unprepared>> {
        Box::pin(self(admission))
    }
}

/// What was got ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared<T> {
    pub(super) value: T,
    pub(super) selection: Selection,
}

/// The subprotocol of the 101.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// The one that the gate has selected.
    AsTheGate,
    /// This one, or none.
    Of(Option<String>),
}

impl<T> Prepared<T> {
    /// With the subprotocol that the gate has selected.
    pub const fn new(value: T) -> Self {
        Self { value, selection: Selection::AsTheGate }
    }

    /// Selects another subprotocol, or none, for the 101. It has to be one of those that the client has offered
    /// (RFC 6455 4.2.2).
    #[must_use]
    pub fn select(mut self, subprotocol: Option<String>) -> Self {
        self.selection = Selection::Of(subprotocol);
        self
    }
}

/// Why there is no 101.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unprepared {
    /// The handshake is refused.
    Refused(Refusal),
    /// Somebody else has refused it, and their answer is passed on; the refusal is what our own log says of it.
    Answered(Refusal, ForeignAnswer),
}

impl From<Refusal> for Unprepared {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Cause> for Unprepared {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause.into())
    }
}

impl Unprepared {
    /// Why, for the log.
    pub const fn refusal(&self) -> &Refusal {
        match self {
            Self::Refused(refusal) | Self::Answered(refusal, _) => refusal,
        }
    }
}
