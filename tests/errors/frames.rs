//! What may end an open connection: frames that break the protocol, and peers that fall silent or vanish.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use ws_client::{Client, Error, NextStep};
use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;
use ws_core::message::{CloseCode, CloseFrame};

use crate::raw::{self, ACCEPTED, SOON, accepting, client, ended, serve};
use crate::row::{AGAIN, Peer, SERVER, Table};

pub(crate) async fn rows(table: &mut Table) {
    violations(table).await;
    compressed(table).await;
    closes(table).await;
    silences(table).await;
    own_mistakes(table).await;
}

async fn violations(table: &mut Table) {
    for (what, frames) in [
        ("a frame with a reserved bit", &b"\xc1\x02hi"[..]),
        ("a frame of a reserved type", b"\x83\x00"),
        ("a fragmented ping", b"\x09\x00"),
        ("a ping of 126 bytes", b"\x89\x7e\x00\x7e"),
        ("a length in more bytes than it takes", b"\x82\x7e\x00\x05hello"),
        ("a length of 2^63", b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
        ("a masked frame", b"\x81\x82\x00\x00\x00\x00hi"),
        ("compression that was not agreed", b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
        ("a continuation of nothing", b"\x80\x02hi"),
        ("a message within a message", b"\x01\x02hi\x81\x02hi"),
        ("a text that is no UTF-8", b"\x81\x01\xff"),
        ("a Close frame of one byte", b"\x88\x01\x03"),
        ("a Close frame with the code 1005", b"\x88\x02\x03\xed"),
        ("a Close frame with a reason that is no UTF-8", b"\x88\x03\x03\xe8\xff"),
    ] {
        // RSV1 without compression is a reserved bit as well; its name says which of the two.
        let error = ended(&client(accepting(frames, raw::linger).await)).await;
        table.add(Peer::Raw, what, ("protocol-violated", SERVER), error);
    }
    let huge = accepting(*b"\x82\x7f\x00\x00\x01\x00\x00\x00\x00\x00", raw::linger).await;
    let limit = ("limit-exceeded", NextStep::Correct);
    table.add(Peer::Raw, "a frame of 1 TiB", limit, ended(&client(huge)).await);
    let small = Limits { frame: 1000, message: 1000, ..Limits::default() };
    let pieces = [&b"\x01\x7e\x03\xe8"[..], &[b'a'; 1000], b"\x80\x01a"].concat();
    let url = format!("ws://{}/", accepting(pieces, raw::linger).await);
    let limited = Client::builder(url).unwrap().limits(small).build();
    table.add(Peer::Raw, "a message that is too long, in pieces", limit, ended(&limited).await);
    let pieces = [&b"\x01\x00"[..], &b"\x00\x00".repeat(5000)].concat();
    let empty = ended(&client(accepting(pieces, raw::linger).await)).await;
    table.add(Peer::Raw, "a message of empty fragments without end", limit, empty);
}

/// RFC 7692: what a server may do once compression is agreed.
async fn compressed(table: &mut Table) {
    let bomb = deflated_zeros();
    let frame = |payload: &[u8]| {
        let mut frame = vec![0xc2, 0x7f];
        frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    };
    let short = |payload: &[u8]| {
        let mut frame = vec![0xc2, u8::try_from(payload.len()).unwrap()];
        frame.extend_from_slice(payload);
        frame
    };
    let corrupt = compressing(short(b"\xff\xff\xff\xff"), DeflateConfig::default(), 1 << 20).await;
    let what = "compressed data that is none";
    table.add(Peer::Raw, what, ("protocol-violated", SERVER), ended(&corrupt).await);
    let limit = ("limit-exceeded", NextStep::Correct);
    let large = compressing(frame(&bomb), DeflateConfig::default(), 1 << 20).await;
    table.add(Peer::Raw, "a bomb: 64 MiB in 0.4", limit, ended(&large).await);
    let strict = DeflateConfig { max_ratio: Some(50), ..DeflateConfig::default() };
    let error = ended(&compressing(frame(&bomb), strict, 1 << 26).await).await;
    table.add(Peer::Raw, "a bomb, where the ratio is limited to 50", limit, error);
}

/// 64 MiB of zeros in DEFLATE (RFC 1951): one block with fixed codes that repeats the byte before, 258 times at once.
fn deflated_zeros() -> Vec<u8> {
    // BFINAL 0, BTYPE 01; the literal 0 is 00110000; length 258 is 11000101, distance 1 is 00000.
    let mut bits = vec![false, true, false];
    bits.extend("00110000".chars().map(|bit| bit == '1'));
    for _ in 0..(64 << 20) / 258 {
        bits.extend("1100010100000".chars().map(|bit| bit == '1'));
    }
    // The end of the block, and of the message.
    bits.extend([false; 7]);
    bits.extend([false; 3]);
    bits.chunks(8)
        .map(|byte| byte.iter().enumerate().fold(0, |sum, (at, &bit)| sum | u8::from(bit) << at))
        .collect()
}

/// A client that has agreed on compression, with a server that then sends these bytes.
async fn compressing(frames: Vec<u8>, config: DeflateConfig, message: usize) -> Client {
    let address = serve(move |mut stream, accept| async move {
        let head = ACCEPTED.replace("{accept}", &accept);
        let head = format!("{head}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        let _ = stream.write_all(&[head.as_bytes(), &frames].concat()).await;
        raw::linger(stream).await;
    })
    .await;
    let limits = Limits { message, ..Limits::default() };
    Client::builder(format!("ws://{address}/")).unwrap().compression(config).limits(limits).build()
}

/// RFC 6455 7.4.1 and the registry of IANA: what a server may say that gives no cause of the catalogue.
async fn closes(table: &mut Table) {
    for (code, next) in [
        (1000, NextStep::Nothing),
        (1001, AGAIN),
        (1002, NextStep::Correct),
        (1003, NextStep::Correct),
        (1007, NextStep::Correct),
        (1008, NextStep::FindOut),
        (1009, NextStep::Correct),
        (1010, NextStep::Correct),
        (1011, AGAIN),
        (1012, AGAIN),
        (1013, AGAIN),
        (1014, AGAIN),
        (3000, NextStep::RenewCredentials),
        (3003, NextStep::AskPermission),
        (3008, AGAIN),
        (4000, NextStep::FindOut),
    ] {
        let [high, low] = u16::to_be_bytes(code);
        let error = ended(&client(accepting([0x88, 2, high, low], raw::farewell).await)).await;
        table.add(Peer::Raw, format!("a Close frame with {code} and no reason"), ("closed", next), error);
    }
    let said = b"\x88\x1b\x0f\xa1bye\n\x1b[2J\xe2\x80\xae ERROR forged...";
    let error = ended(&client(accepting(&said[..], raw::farewell).await)).await;
    table.add(Peer::Raw, "a reason that moves the cursor", ("closed", NextStep::FindOut), error);
}

async fn silences(table: &mut Table) {
    let mut add = |what, code, error| table.add(Peer::Raw, what, (code, AGAIN), error);
    let url = async |address: SocketAddr| format!("ws://{address}/");
    add("101, then the end", "connection-lost", ended(&client(accepting("", raw::leave).await)).await);
    let reset = accepting("", |stream| async move {
        tokio::time::sleep(SOON / 6).await;
        raw::reset(stream).await;
    });
    add("101, then a reset", "connection-lost", ended(&client(reset.await)).await);
    let mute = url(accepting("", raw::ignore).await).await;
    let watchful = Client::builder(mute).unwrap().keepalive(SOON / 3, SOON / 3).build();
    add("101, then silence", "no-pong", ended(&watchful).await);
    let mute = url(accepting("", raw::ignore).await).await;
    let waiting = Client::builder(mute).unwrap().close_timeout(SOON).build();
    let error =
        waiting.connect().await.unwrap().close(CloseFrame::new(CloseCode::NORMAL, "")).await.unwrap_err();
    add("no answer to the client's Close frame", "connection-lost", error.into());
    let deaf = url(accepting("", raw::ignore).await).await;
    let sending = Client::builder(deaf).unwrap().write_timeout(SOON).build();
    let mut socket = sending.connect().await.unwrap();
    let error = loop {
        if let Err(error) = socket.send(vec![0; 100_000]).await {
            break error;
        }
    };
    add("a peer that takes nothing", "peer-stalled", error.into());
}

/// What the caller does wrong.
async fn own_mistakes(table: &mut Table) {
    let mistake = ("not-sendable", NextStep::Correct);
    let mut socket = client(accepting("", raw::linger).await).connect().await.unwrap();
    let error = socket.ping(vec![0; 126]).await.unwrap_err();
    table.add(Peer::None, "a ping of 126 bytes", mistake, Error::from(error));
    let mut socket = client(accepting(*b"\x88\x02\x03\xe8", raw::farewell).await).connect().await.unwrap();
    while matches!(socket.recv().await, Ok(Some(_))) {}
    let error = socket.send("too late").await.unwrap_err();
    table.add(Peer::None, "a message after the end", mistake, Error::from(error));
}
