//! What is wrong before anything is sent: the address and the request.

use std::iter;

use ws_client::{Client, ConnectError, Error, NextStep, connect};

use crate::row::{Peer, Table};

pub(crate) async fn rows(table: &mut Table) {
    const URL: (&str, NextStep) = ("url-invalid", NextStep::Correct);
    let long = format!("ws://rooms.example/{}", "a".repeat(70_000));
    for (what, url) in [
        ("an empty URL", ""),
        ("a URL of 70,019 bytes", &long),
        ("a line break after the URL", "ws://rooms.example/\n"),
        ("a backslash in the URL", r"ws:\\rooms.example\"),
        ("a URL without a scheme", "rooms.example/lobby"),
        ("an address of a page, `http://`", "http://rooms.example/"),
        ("an address of a page, `https://`", "https://rooms.example/"),
        ("`ftp://`", "ftp://rooms.example/"),
        ("a URL without a host", "ws:///lobby"),
        ("an IPv6 address without brackets", "ws://::1/"),
        ("an IPv6 address that is none", "ws://[::rooms]/"),
        ("a port of 70000", "ws://rooms.example:70000/"),
        ("a fragment in the URL", "ws://rooms.example/#lobby"),
        ("a percent sign in the URL", "ws://rooms.example/?discount=100%"),
    ] {
        table.add(Peer::None, what, URL, connect(url).await.unwrap_err());
    }
    table.add(
        Peer::None,
        "a password in the URL",
        URL,
        connect("ws://ann:secret@rooms.example/").await.unwrap_err(),
    );
    request(table).await;
}

async fn request(table: &mut Table) {
    const REQUEST: (&str, NextStep) = ("request-invalid", NextStep::Correct);
    let builder = || Client::builder("ws://rooms.example/").unwrap();
    let two = || builder().header("Authorization", "Bearer a").unwrap().header("Authorization", "Bearer b");
    for (what, error) in [
        ("a header with a space in its name", builder().header("X Trace", "1").unwrap_err()),
        ("a header with a line break in its value", builder().header("X-Trace", "1\r\n").unwrap_err()),
        ("a header of the handshake's own", builder().header("Host", "other.example").unwrap_err()),
        ("`Authorization` twice", two().unwrap_err()),
        ("a token with `Bearer` before it", builder().bearer_token("Bearer abc").unwrap_err()),
        ("a user name with a colon", builder().basic_auth("ann:b", "secret").unwrap_err()),
        ("a password with a line break", builder().basic_auth("ann", "secret\n").unwrap_err()),
        ("a cookie with a space in its name", builder().cookie("my session", "1").unwrap_err()),
        ("a cookie with a semicolon in its value", builder().cookie("session", "1; a=2").unwrap_err()),
        ("an origin with a path", builder().origin("https://app.example.com/").unwrap_err()),
        ("a subprotocol with a space", builder().subprotocols(["chat v2"]).unwrap_err()),
        ("a subprotocol twice", builder().subprotocols(iter::repeat_n("chat", 2)).unwrap_err()),
    ] {
        table.add(Peer::None, what, REQUEST, Error::from(error));
    }
    let error: ConnectError =
        builder().resource("lobby").build().connect_over(tokio::io::empty()).await.unwrap_err();
    table.add(Peer::None, "a resource without a slash", REQUEST, error);
}
