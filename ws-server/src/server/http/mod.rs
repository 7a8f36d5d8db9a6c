//! A connection before it is a WebSocket: HTTP/1.1 requests and their answers.

mod conversation;
mod entrance;
mod wire;

pub(super) use conversation::Conversation;
