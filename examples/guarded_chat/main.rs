//! A guarded chat: a page, three rooms, and a gate in front of them that always says why.
//!
//! ```text
//! cargo run --example guarded_chat [-- --listen 127.0.0.1:9001]
//! ```
//!
//! Open the printed address in two browser windows and chat; then try the credentials that do not open the
//! door, in the page or with the printed command lines. Each refusal is one line here, with its cause.

mod conversation;
mod credentials;
mod events;
mod names;
mod page;
mod rooms;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use ws_core::refusal::Disclosure;
use ws_server::authenticate::bearer::{Bearer, Source};
use ws_server::{BoundServer, RefusalReport, Server};

use crate::credentials::Credentials;
use crate::rooms::{ROOMS, Room};

/// A chat behind a gate that always says why.
#[derive(Parser)]
struct Flags {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001")]
    listen: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    match start(&flags).await {
        Ok((server, credentials)) => {
            let address = server.local_addr();
            println!("listening on http://{address}/");
            print!("{}", credentials.instructions(&format!("http://{address}")));
            examples::serve_quietly(server).await
        }
        Err(error) => examples::refuse_to_start(&*error),
    }
}

async fn start(flags: &Flags) -> Result<(BoundServer, Credentials), Box<dyn Error>> {
    let credentials = Credentials::mint()?;
    let bearer = Bearer::new("guarded chat", credentials.verifier())
        // A program sends `Authorization`. A page cannot: it offers the subprotocols `bearer` and the token.
        .sources([Source::Header, Source::Subprotocol]);

    let mut server = Server::builder()
        .listen(&flags.listen)
        .page("/", "text/html; charset=utf-8", page::render(&credentials)?)
        // What the page finds out the cause with; any page can.
        .page("/why.js", "text/javascript; charset=utf-8", include_str!("../why.js"))
        // Where the causes are explained: the `type` of each refusal points there.
        .page("/REFUSALS.md", "text/markdown; charset=utf-8", include_str!("../../REFUSALS.md"))
        .documentation("/REFUSALS.md")
        // Tells a stranger everything, which is what one wants to see while one builds something. A server
        // for others keeps the default, `Disclosure::Standard`.
        .disclosure(Disclosure::Full)
        // Browsers hide a refused handshake from the page, so the page asks the same question again as a
        // plain request.
        .dry_run(true)
        .on_refusal(report);
    for rules in ROOMS {
        let room = Arc::new(Room::new(rules));
        let mut route = conversation::route(room)
            .authenticate(bearer.clone())
            .scopes(["chat:read"])
            .authorize(names::rule);
        if let Some(role) = rules.role {
            route = route.roles([role]);
        }
        server = server.route(format!("/rooms/{}", rules.id), route);
    }
    Ok((server.bind().await?, credentials))
}

/// One line for each refusal.
fn report(refusal: &RefusalReport<'_>) {
    // If nobody reads what is printed, the chat goes on.
    let _ = writeln!(std::io::stdout(), "refused: {refusal}");
}
