//! From a request to its answer, wherever the request was read: by our own listener, by hyper, or in memory.

mod admit;
mod answer;
mod date;
mod dry_run;
mod farewell;
mod request;
mod respond_to;
mod upgrade;

pub(crate) use answer::Answer;
pub(crate) use date::imf_fixdate;
pub(crate) use farewell::Farewell;
pub(crate) use request::{Request, Wish};
pub(crate) use respond_to::{Reply, explain_head, refuse, respond};
pub(crate) use upgrade::Upgrade;
