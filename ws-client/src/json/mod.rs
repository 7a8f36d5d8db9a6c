//! Typed messages: each a JSON text (RFC 8259), over anything that takes and gives [`Message`](ws_core::message::Message)s.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use ws_client::json::{Json, JsonError};
//!
//! #[derive(Serialize)]
//! #[serde(tag = "do", rename_all = "lowercase")]
//! enum Request {
//!     Say { text: String },
//! }
//!
//! #[derive(Deserialize)]
//! struct Said {
//!     by: String,
//!     text: String,
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let socket = ws_client::connect("ws://127.0.0.1:9001/rooms/lobby").await?;
//! let mut room: Json<_, Said, Request> = Json::new(socket);
//! room.send(&Request::Say { text: "hello".to_owned() }).await?;
//! loop {
//!     match room.recv().await {
//!         Ok(Some(said)) => println!("{}: {}", said.by, said.text),
//!         Ok(None) => return Ok(()),
//!         // What is wrong with the message and where; the next one may be better.
//!         Err(error @ (JsonError::Syntax(_) | JsonError::Mismatch(_))) => println!("{error}"),
//!         Err(error) => return Err(error.into()),
//!     }
//! }
//! # }
//! ```
//!
//! How large a message may be is the connection's to say: [`Limits::message`](ws_core::connection::Limits), 1 MiB by
//! default. Values are nested at most 128 deep.

mod error;
#[cfg(test)]
mod json_tests;
mod plain;
mod typed;

pub use error::{JsonError, JsonFault};
pub use plain::{recv_json, send_json};
pub use typed::{Binary, Json};
