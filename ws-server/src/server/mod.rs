//! The builder, the route table, and a server that runs.

mod bound;
mod build;
mod builder;
mod current;
mod delivery;
mod error;
mod http;
mod limits;
mod page;
mod report;
mod respond;
mod route;
mod routes;
mod segment;
mod shared;
mod table;
mod workers;

pub use bound::{BoundServer, ServerHandle};
pub use builder::{Server, ServerBuilder};
pub(crate) use current::Current;
pub use delivery::Delivery;
pub use error::{BuildError, ServeError};
pub use limits::ServerLimits;
pub use page::PageError;
pub use report::{AcceptReport, RefusalReport};
pub(crate) use respond::{Answer, Farewell, Reply, Request, Upgrade, explain_head, refuse, respond};
pub use route::Route;
pub(crate) use shared::{Arrival, Refused, Shared};
pub use table::RouteError;
