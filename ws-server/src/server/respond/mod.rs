//! From a request to its answer, wherever the request was read: by our own listener, by hyper, or in memory.

mod answer;
mod date;
mod dry_run;
mod request;
mod respond_to;
mod upgrade;

pub(super) use answer::Answer;
pub(super) use date::imf_fixdate;
pub(super) use request::{Request, Wish};
pub(super) use respond_to::{Reply, explain_head, respond};
pub(super) use upgrade::Upgrade;
