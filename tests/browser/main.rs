//! A real browser: headless Chromium against the examples `guarded_chat` and `echo`, and with `why.js` against servers
//! that refuse for every cause.
//!
//! ```text
//! cargo test --release -p tests --test browser
//! ```
//!
//! Chromium is driven through its debugging protocol, which is JSON over a WebSocket: our own client speaks
//! it. It is looked for at `/usr/bin/chromium` and then on `PATH`.

mod causes;
mod chat;
mod chromium;
mod devtools;
mod echo;
mod refusals;
mod server;
mod why;
