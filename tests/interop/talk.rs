//! The conversation that every pair holds: what the client says, and what the server answers.
//!
//! The server echoes, and obeys two commands: `!pieces` is answered with a text in fragments, `!close`
//! by closing the connection with [`FAREWELL`]. The scripts for other runtimes beside this file speak the same.

use std::time::Duration;

/// The close code and reason that each side sends in its turn.
pub(crate) const FAREWELL: (u16, &str) = (4002, "so long, Grüße ☃");
/// What a server answers `!pieces` with, cut between the bytes of a character.
pub(crate) const IN_PIECES: [&[u8]; 4] = [b"split: \xe2", b"", b"\x98\x83 and \xf0\x9f", b"\xa6\x80"];
/// A conversation takes no longer.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// What one end hears from the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    /// The close code and reason, if there were any.
    Close(Option<(u16, String)>),
}

/// One end of a connection, whichever library drives it.
pub(crate) trait Talker {
    async fn text(&mut self, text: &str);
    async fn binary(&mut self, data: &[u8]);
    /// Sends a text message in these fragments, with a ping after the first; false if its API cannot.
    async fn pieces(&mut self, pieces: &[&[u8]]) -> bool;
    /// Sends a ping; false if its API does not show the pong.
    async fn ping(&mut self, payload: &[u8]) -> bool;
    /// Sends a close frame. What follows is told by [`Talker::hear`].
    async fn close(&mut self, code: u16, reason: &str);
    /// Waits for the next message, pong or close. Pings are answered and not told.
    async fn hear(&mut self) -> Heard;
}

/// The client's part on its first connection, up to the close that it asks the server for.
pub(crate) async fn converse(client: &mut impl Talker) {
    for text in texts() {
        client.text(&text).await;
        assert_eq!(hear_message(client).await, Heard::Text(text));
    }
    for data in binaries() {
        client.binary(&data).await;
        assert_eq!(hear_message(client).await, Heard::Binary(data));
    }
    for payload in [&b""[..], b"are you there?", &[0xff; 125]] {
        if client.ping(payload).await {
            assert_eq!(client.hear().await, Heard::Pong(payload.to_vec()));
        }
    }
    if client.pieces(&IN_PIECES).await {
        assert_eq!(hear_message(client).await, Heard::Text(in_one_piece()));
    }
    client.text("!pieces").await;
    assert_eq!(hear_message(client).await, Heard::Text(in_one_piece()));
    client.text("!close").await;
    assert_eq!(hear_message(client).await, farewell());
}

/// The client's part on its second connection: it closes, and hears its code back.
pub(crate) async fn take_leave(client: &mut impl Talker) {
    client.text("before I go").await;
    assert_eq!(hear_message(client).await, Heard::Text("before I go".to_owned()));
    client.close(FAREWELL.0, FAREWELL.1).await;
    hear_code_echoed(client).await;
}

/// The server's part: answers until the connection closes as it should.
pub(crate) async fn answer(server: &mut impl Talker) {
    loop {
        match hear_message(server).await {
            Heard::Text(text) if text == "!pieces" => {
                if !server.pieces(&IN_PIECES).await {
                    server.text(&in_one_piece()).await;
                }
            }
            Heard::Text(text) if text == "!close" => {
                server.close(FAREWELL.0, FAREWELL.1).await;
                return hear_code_echoed(server).await;
            }
            Heard::Text(text) => server.text(&text).await,
            Heard::Binary(data) => server.binary(&data).await,
            close @ Heard::Close(_) => return assert_eq!(close, farewell()),
            Heard::Pong(_) => {}
        }
    }
}

/// RFC 6455 5.5.1: the answer to a close frame typically echoes its code; the answer's reason is free.
async fn hear_code_echoed(talker: &mut impl Talker) {
    match hear_message(talker).await {
        Heard::Close(Some((code, _))) => assert_eq!(code, FAREWELL.0),
        other => panic!("a close frame expected, not {other:?}"),
    }
}

fn farewell() -> Heard {
    Heard::Close(Some((FAREWELL.0, FAREWELL.1.to_owned())))
}

fn in_one_piece() -> String {
    String::from_utf8(IN_PIECES.concat()).expect("the pieces make UTF-8")
}

async fn hear_message(talker: &mut impl Talker) -> Heard {
    loop {
        let heard = talker.hear().await;
        if !matches!(heard, Heard::Pong(_)) {
            return heard;
        }
    }
}

/// Empty, short, both sides of each form of the length, every width of UTF-8, and 1 MiB.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", "hello", "Καλημέρα, мир, 世界, 🦀 e\u{301} \u{0} \u{feff} \u{10ffff}"].map(str::to_owned).into();
    texts.extend([125, 126, 127, 65_535, 65_536].map(|length| "x".repeat(length)));
    texts.push("🦀".repeat(1024 * 1024 / 4));
    texts
}

fn binaries() -> Vec<Vec<u8>> {
    let bytes = |length: usize| (0..=255).cycle().take(length).collect::<Vec<u8>>();
    [0, 1, 256, 1024 * 1024].map(bytes).into()
}
