//! The limits that SECURITY.md promises are those of the code.

use std::time::Duration;

use ws_core::connection::{Limits, Role};
use ws_core::net::SocketConfig;
use ws_server::ServerLimits;
use ws_server::authenticate::bearer::TOKEN_LIMIT;
use ws_server::gate::GateConfig;

/// The cells of the row that begins with `limit`.
fn row(limit: &str) -> String {
    let begins = format!("| {limit} | ");
    let row = include_str!("../../SECURITY.md").lines().find_map(|line| line.strip_prefix(&begins));
    row.unwrap_or_else(|| panic!("no row for {limit}")).to_owned()
}

fn bytes(count: usize) -> String {
    if count >= 1 << 20 { format!("{} MiB", count >> 20) } else { format!("{} KiB", count >> 10) }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[test]
fn limits_are_documented_as_they_are() {
    let server = ServerLimits::default();
    let gate = GateConfig::default();
    let socket = SocketConfig::new(Role::Server);
    let Limits { frame, message, fragments, output } = socket.limits;
    assert_eq!((frame, gate.authentication_timeout), (message, gate.authorization_timeout));
    assert_eq!((server.connections, fragments), (10_000, 1024), "written with a comma");
    for (limit, default) in [
        ("connections", "10,000".to_owned()),
        ("connections of one IPv4 address or IPv6 /64", server.connections_per_address.to_string()),
        ("requests on a connection that is not upgraded", server.requests.to_string()),
        ("bytes of a head", bytes(server.head.bytes)),
        ("a line of a head", bytes(server.head.line)),
        ("fields of a head", server.head.fields.to_string()),
        ("request target", bytes(server.head.target)),
        ("time for a head", seconds(server.handshake_timeout)),
        ("time for authentication, then for authorization", seconds(gate.authentication_timeout)),
        ("time for an answer to be taken", seconds(server.handshake_timeout)),
        ("a token", bytes(TOKEN_LIMIT)),
        ("a frame, a message (after inflating)", bytes(message)),
        ("fragments of a message", "1,024".to_owned()),
        ("bytes queued for a peer", bytes(output)),
        ("a write without progress", seconds(socket.write_timeout)),
        ("closing handshake", seconds(socket.close_timeout)),
        ("sessions during a shutdown, and a session that is ended by policy", seconds(server.drain_timeout)),
        (
            "connections of one principal (scheme, issuer and subject)",
            format!("{};", server.connections_per_principal),
        ),
        ("time for the first message, where that says who it is", seconds(server.handshake_timeout)),
    ] {
        let row = row(limit);
        let documented =
            row.strip_prefix(&default).unwrap_or_else(|| panic!("{limit}: {default}, not {row}"));
        assert!(documented.starts_with([' ', ',']), "{limit}: {default}, not {row}");
    }
    assert!(row("attempts of one IPv4 address or IPv6 /64").starts_with("off,"));
    assert_eq!(gate.attempts_per_address, None);
    let (interval, answer) = (socket.ping_interval.map(seconds), seconds(socket.pong_timeout));
    let silence = format!("ping after {}, an answer within {answer} ", interval.unwrap_or_default());
    assert!(row("silence").starts_with(&silence), "{silence}");
    assert!(row("compression").starts_with("off ") && socket.deflate.is_none());
}
