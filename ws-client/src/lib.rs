//! ws-client
