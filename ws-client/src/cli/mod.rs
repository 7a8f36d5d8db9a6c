//! The program `ws`.
//!
//! ```text
//!  args ──▶ flags ──▶ Builder ──▶ connect ──▶ session ◀──▶ input (editor | lines)
//!                                     │            └──────▶ screen (show: text, json, dump)
//!                                     └──▶ failure: what was decided, and what to do
//! ```

// Their documentation is the program's help, which is no Markdown.
#[allow(clippy::doc_markdown, rustdoc::bare_urls)]
mod args;
mod close_codes;
mod conclusion;
mod connect;
mod dump;
mod duration;
mod editor;
mod failure;
#[allow(clippy::doc_markdown, rustdoc::bare_urls)]
mod flags;
mod heads;
mod history;
mod input;
mod interrupts;
mod json;
mod lines;
mod link;
mod pings;
mod run;
mod screen;
mod session;
mod show;
mod source;
mod states;
mod style;
mod trace;
mod welcome;

pub use run::main;
