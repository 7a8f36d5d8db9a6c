//! A connection before it is a WebSocket: HTTP/1.1 requests and their answers.

mod answer;
mod conversation;
mod date;
mod dry_run;
mod request;
mod upgrade;
mod wire;

pub(super) use conversation::Conversation;
pub(super) use date::imf_fixdate;
