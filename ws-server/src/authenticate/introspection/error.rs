use thiserror::Error;

/// Why credentials of our own cannot be shown to the introspection endpoint. None of these repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientCredentialsError {
    /// A control character in the client's id (RFC 6749 A.1).
    #[error("the client's id has a control character")]
    Id,
    /// A control character in the client's secret (RFC 6749 A.2).
    #[error(
        "the client's secret has a control character; take away the line break at its end, if it is that"
    )]
    Secret,
    /// A token that is empty, or has something else than visible ASCII (RFC 6750 2.1).
    #[error(
        "the client's token is empty, or has spaces, control or other characters than ASCII; take away the line break at \
         its end, if it is that"
    )]
    Token,
}
