//! The pages for operators: counters, health, open connections, and the end of them.

mod pages;
mod revoke;
mod server;

pub(crate) use pages::Pages;
pub(crate) use server::Admin;
