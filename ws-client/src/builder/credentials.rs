//! Which credentials are sent, and where.

use super::Builder;
use crate::credentials::Credentials;

impl Builder {
    /// Sends a token of `credentials`, in `Authorization: Bearer TOKEN` (RFC 6750 2.1).
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.0.identity.credentials = Some(credentials);
        self
    }
}
