//! The configuration file: what it may say, what it says, and everything that is wrong with it.

mod choice;
mod consistency;
mod fault;
mod keys;
mod limits;
mod local;
mod network;
mod problem;
mod reader;
mod remote;
mod route;
mod schema;
mod server;
mod tokens;
mod units;
mod value;

pub(crate) use choice::{
    Authentication, Authorization, Compression, Delivery, Demand, Disclosure, ProxyProtocol, Renewal,
};
pub(crate) use fault::Fault;
pub(crate) use keys::{KeyEntry, Keys};
pub(crate) use limits::Limits;
pub(crate) use local::{ApiKey, Basic, Cookie, Ticket};
pub(crate) use network::{HttpUrl, ListenAddress, Network, ServedHost, UpstreamTarget};
pub(crate) use problem::{Place, Problem, Problems};
pub(crate) use reader::{Section, Source};
pub(crate) use remote::{Cedar, Introspection, Remote};
pub(crate) use route::Route;
pub(crate) use server::{Config, Tls};
pub(crate) use tokens::{Bearer, KeySource, TokenPlace};
pub(crate) use value::{At, FilePath};

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
