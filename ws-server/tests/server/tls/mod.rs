//! TLS: certificates, names, clients with certificates of their own, and what comes to the wrong port.

mod clients;
mod files;
mod setup;
mod speaking;
mod wrong_port;
