//! From a configuration to a server: the files that it names are read, and its parts are put together.

mod authenticators;
mod authorizers;
mod bearer;
mod files;
mod parts;
mod routes;
mod server;
mod tls;

pub(crate) use files::FileFault;
pub(crate) use parts::Parts;
pub(crate) use server::{Assembled, assemble};
