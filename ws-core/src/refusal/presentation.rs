use super::TraceStep;

/// How much a refusal tells a stranger. The log always has everything.
///
/// No level tells a secret, a token, a key, or whether a user exists: such things never enter a
/// [`Refusal`](super::Refusal).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Disclosure {
    /// Everything, with the detail of this occurrence and the checks that were made. For development.
    Full,
    /// The code, the title, what to do about it, and what the RFCs let a server say.
    #[default]
    Standard,
    /// The status and the fields that it demands, with the same body for every cause of one status.
    Minimal,
}

/// How a server presents its refusals.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// How much is told.
    pub disclosure: Disclosure,
    /// The server's name in `Refused-By`, a token.
    pub name: &'a str,
    /// The identifier of this request, a token of fixed length that stands in the log as well.
    pub request_id: &'a str,
    /// The address of the catalogue's documentation; with `#` and the code it is a problem's `type`.
    pub documentation: &'a str,
    /// The checks that were made, for [`Disclosure::Full`]; no other level tells them, and no 404 does.
    pub trace: &'a [TraceStep],
}

impl<'a> Presentation<'a> {
    /// The name of a server that was given no other.
    pub const DEFAULT_NAME: &'static str = "ws-server";

    /// A presentation for one request under the default name, at [`Disclosure::Standard`].
    pub fn new(request_id: &'a str, documentation: &'a str) -> Self {
        Self {
            disclosure: Disclosure::default(),
            name: Self::DEFAULT_NAME,
            request_id,
            documentation,
            trace: &[],
        }
    }
}
