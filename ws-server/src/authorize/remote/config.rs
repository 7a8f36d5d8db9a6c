use http::{HeaderName, header};
use thiserror::Error;

/// Why a field of the request cannot be forwarded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// This is no name of a field (RFC 9110 5.1).
    #[error("{name:?} is not a field name")]
    Name {
        /// What was given.
        name: String,
    },
    /// The question has this field already, or the connection does.
    #[error("the field {name} is the question's own; what clients send under this name is never forwarded")]
    Reserved {
        /// What was given.
        name: String,
    },
}

/// A field that can be forwarded.
pub(super) fn field(name: &str) -> Result<HeaderName, RemoteError> {
    const CONNECTION: [HeaderName; 9] = [
        header::ACCEPT,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::HOST,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    let field: HeaderName = name.parse().map_err(|_| RemoteError::Name { name: name.to_owned() })?;
    let ours = ["x-auth-", "x-original-", "x-forwarded-"].iter().any(|ours| field.as_str().starts_with(ours));
    if ours || CONNECTION.contains(&field) {
        return Err(RemoteError::Reserved { name: field.as_str().to_owned() });
    }
    Ok(field)
}
