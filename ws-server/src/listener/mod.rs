//! From a listening socket to an accepted connection that has its place among the others.

mod accept;
mod bind;
mod places;

pub(crate) use accept::accept_loop;
pub use bind::BindError;
pub(crate) use bind::{ListenAddress, bind};
pub(crate) use places::{Crowded, Entry, Place, Places};
