//! The client through real proxies: `proxy.py` (CONNECT, in clear and over TLS) and node's `@pondwader/socks5-server`, each
//! with a user name and a password.
//!
//! ```text
//! cargo test --release -p tests --test proxies
//! ```
//!
//! The packages are installed from their registry first.

mod cases;
mod running;
