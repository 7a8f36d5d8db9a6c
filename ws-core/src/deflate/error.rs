use thiserror::Error;

/// Why a compressed message is not inflated any further; the connection has to be failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InflateError {
    /// The message is larger than the limit, once inflated.
    #[error("the message inflates to more than the limit")]
    TooLarge,
    /// The message inflates to suspiciously many times its size.
    #[error("the message inflates to too many times its size")]
    RatioExceeded,
    /// The data is not DEFLATE data (RFC 1951).
    #[error("the message is not DEFLATE data")]
    Corrupt,
    /// The message ends inside a block (RFC 7692 7.2.2).
    #[error("the message ends inside a DEFLATE block")]
    Incomplete,
}
