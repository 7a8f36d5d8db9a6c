//! Whom to trust, and who to be, in TLS.
