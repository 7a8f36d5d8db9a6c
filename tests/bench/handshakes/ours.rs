//! Handshakes on ws-server, authenticated in the way that the first argument names.

use tests::keys;
use ws_server::authenticate::bearer::{Algorithm, Bearer, Key, Verifier};
use ws_server::{Route, Server, ServerLimits, Session};

async fn hold(mut session: Session) -> Result<(), ws_core::net::Error> {
    while session.recv().await?.is_some() {}
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = match std::env::args().nth(1).as_deref() {
        Some("HS256") => Some(Key::secret(Algorithm::Hs256, keys::SECRET)?),
        Some("ES256") => Some(Key::public_pem(Algorithm::Es256, keys::P256_PUBLIC)?),
        Some("RS256") => Some(Key::public_pem(Algorithm::Rs256, keys::RSA_PUBLIC)?),
        _ => None,
    };
    let mut route = Route::new(hold);
    if let Some(key) = key {
        route = route.authenticate(Bearer::new("chat", Verifier::new(key).audience("chat")));
    }
    // All come from one address, with the token of one person.
    let (connections_per_address, connections_per_principal) = (usize::MAX, usize::MAX);
    let limits =
        ServerLimits { connections_per_address, connections_per_principal, ..ServerLimits::default() };
    let server = Server::builder().listen("127.0.0.1:0").limits(limits).route("/chat", route).bind().await?;
    println!("listening on ws://{}/", server.local_addr());
    server.serve().await?;
    Ok(())
}
