use proptest::prelude::*;

use super::*;
use crate::handshake::parse_extensions;

/// Everything as large as it gets, to see what the other side asks for.
const OPEN: DeflateConfig = DeflateConfig {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 15,
    client_max_window_bits: 15,
    level: 6,
    threshold: 0,
    max_ratio: None,
};

fn extensions(value: &str) -> Vec<ExtensionOffer> {
    parse_extensions([value.as_bytes()]).unwrap()
}

fn answer(config: &DeflateConfig, offers: &str) -> Option<String> {
    config.negotiate(&extensions(offers)).map(|answer| answer.header)
}

fn accept(config: &DeflateConfig, answer: &str) -> Result<DeflateParams, DeflateAnswerError> {
    config.accept(&extensions(answer)[0])
}

/// RFC 7692 7.1.1, 7.1.2: what is offered is accepted by repeating it, within what we allow.
#[test]
fn a_server_answers_each_parameter() {
    let bounded = DeflateConfig { server_max_window_bits: 12, client_max_window_bits: 11, ..OPEN };
    for (config, offer, expected) in [
        (&OPEN, "permessage-deflate", "permessage-deflate"),
        (&OPEN, "permessage-deflate; client_max_window_bits", "permessage-deflate"),
        (&OPEN, "permessage-deflate; client_max_window_bits=15", "permessage-deflate"),
        (
            &OPEN,
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=8",
        ),
        (
            &OPEN,
            "permessage-deflate; server_max_window_bits=15",
            "permessage-deflate; server_max_window_bits=15",
        ),
        (
            &OPEN,
            "permessage-deflate; server_max_window_bits=9",
            "permessage-deflate; server_max_window_bits=9",
        ),
        (
            &OPEN,
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover",
        ),
        (
            &OPEN,
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
        ),
        (&bounded, "permessage-deflate", "permessage-deflate"),
        (
            &bounded,
            "permessage-deflate; client_max_window_bits; server_max_window_bits=15",
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=11",
        ),
        (
            &bounded,
            "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10",
        ),
        (
            &DeflateConfig::default(),
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
    ] {
        assert_eq!(answer(config, offer).as_deref(), Some(expected), "{offer}");
    }
}

/// RFC 7692 7.1.2.2: a client that has not offered to limit its window is not limited.
#[test]
fn a_client_without_the_parameter_has_the_largest_window() {
    let config = DeflateConfig { server_max_window_bits: 10, client_max_window_bits: 10, ..OPEN };
    let params = config.negotiate(&extensions("permessage-deflate")).unwrap().params;
    assert_eq!((params.server_max_window_bits, params.client_max_window_bits), (10, 15));
}

/// RFC 7692 5, 7.1: each of these declines its offer, and none the next one.
#[test]
fn a_server_declines_what_it_cannot_read_or_do() {
    for params in [
        "server_max_window_bits",
        "server_max_window_bits=0",
        "server_max_window_bits=7",
        "server_max_window_bits=8",
        "server_max_window_bits=16",
        "server_max_window_bits=09",
        "server_max_window_bits=+9",
        "server_max_window_bits=1e1",
        "server_max_window_bits=265",
        "server_max_window_bits=10; server_max_window_bits=10",
        "client_max_window_bits=0",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=-9",
        "client_max_window_bits; client_max_window_bits",
        "server_no_context_takeover=1",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover=true",
        "client_no_context_takeover; client_no_context_takeover",
        "Client_Max_Window_Bits",
        "mux",
    ] {
        let offer = format!("permessage-deflate; {params}");
        assert_eq!(answer(&OPEN, &offer), None, "{offer}");
        let offers = format!("{offer}, permessage-deflate; server_max_window_bits=9, permessage-deflate");
        let expected = "permessage-deflate; server_max_window_bits=9";
        assert_eq!(answer(&OPEN, &offers).as_deref(), Some(expected), "{offer}");
    }
    assert_eq!(answer(&OPEN, "x-webkit-deflate-frame"), None);
    assert_eq!(OPEN.negotiate(&[]), None);
}

/// RFC 7692 7.1.3: what is asked of the server comes with a way out.
#[test]
fn a_client_offers_what_it_wants() {
    assert_eq!(OPEN.offer(), "permessage-deflate; client_max_window_bits");
    let expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
        server_max_window_bits=12; client_max_window_bits, \
        permessage-deflate; client_no_context_takeover; client_max_window_bits";
    assert_eq!(DeflateConfig::default().offer(), expected);
}

#[test]
fn a_client_takes_what_the_server_has_chosen() {
    let params = |server_no_context, client_no_context, server_bits, client_bits| DeflateParams {
        server_no_context_takeover: server_no_context,
        client_no_context_takeover: client_no_context,
        server_max_window_bits: server_bits,
        client_max_window_bits: client_bits,
    };
    for (config, answer, expected) in [
        (&OPEN, "permessage-deflate", params(false, false, 15, 15)),
        (&OPEN, "permessage-deflate; client_max_window_bits=8", params(false, false, 15, 8)),
        (&OPEN, "permessage-deflate; server_max_window_bits=8", params(false, false, 8, 15)),
        (&OPEN, "permessage-deflate; client_no_context_takeover", params(false, true, 15, 15)),
        (&OPEN, "permessage-deflate; server_no_context_takeover", params(true, false, 15, 15)),
        (&DeflateConfig::default(), "permessage-deflate", params(false, true, 15, 12)),
        (
            &DeflateConfig::default(),
            "permessage-deflate; client_max_window_bits=9",
            params(false, true, 15, 9),
        ),
    ] {
        assert_eq!(accept(config, answer), Ok(expected), "{answer}");
    }
}

/// RFC 7692 5.1, 7.1: the client fails the connection.
#[test]
fn a_client_refuses_invalid_answers() {
    use DeflateAnswerError::{
        InvalidWindowBits, MissingValue, OtherExtension, RepeatedParameter, UnexpectedValue, UnknownParameter,
    };
    let invalid = |name, value: &str| InvalidWindowBits { name, value: value.to_owned() };
    for (answer, expected) in [
        ("permessage-bzip2", OtherExtension("permessage-bzip2".to_owned())),
        ("permessage-deflate; mux", UnknownParameter("mux".to_owned())),
        ("permessage-deflate; client_max_window_bits", MissingValue(CLIENT_BITS)),
        ("permessage-deflate; server_max_window_bits", MissingValue(SERVER_BITS)),
        ("permessage-deflate; server_max_window_bits=7", invalid(SERVER_BITS, "7")),
        ("permessage-deflate; client_max_window_bits=16", invalid(CLIENT_BITS, "16")),
        ("permessage-deflate; client_max_window_bits=010", invalid(CLIENT_BITS, "010")),
        (
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            RepeatedParameter(SERVER_NO_CONTEXT),
        ),
        (
            "permessage-deflate; client_max_window_bits=9; client_max_window_bits=9",
            RepeatedParameter(CLIENT_BITS),
        ),
        (
            "permessage-deflate; client_no_context_takeover=0",
            UnexpectedValue { name: CLIENT_NO_CONTEXT, value: "0".to_owned() },
        ),
    ] {
        assert_eq!(accept(&OPEN, answer), Err(expected), "{answer}");
    }
}

fn config() -> impl Strategy<Value = DeflateConfig> {
    (any::<bool>(), any::<bool>(), 0u8..20, 0u8..20).prop_map(|(server, client, server_bits, client_bits)| {
        DeflateConfig {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits,
            ..OPEN
        }
    })
}

proptest! {
    /// Our server and our client always come to an agreement, and neither sends what the other does
    /// not expect.
    #[test]
    fn both_sides_agree(server in config(), client in config()) {
        let answered = server.negotiate(&extensions(&client.offer())).unwrap();
        let theirs = client.accept(&extensions(&answered.header)[0]).unwrap();
        let ours = answered.params;
        prop_assert_eq!(theirs.server_no_context_takeover, ours.server_no_context_takeover);
        prop_assert!(theirs.client_no_context_takeover || !ours.client_no_context_takeover);
        prop_assert!(ours.server_max_window_bits <= theirs.server_max_window_bits);
        prop_assert!(theirs.client_max_window_bits <= ours.client_max_window_bits);
        prop_assert!((9..=15).contains(&ours.server_max_window_bits));
        prop_assert!((8..=15).contains(&theirs.client_max_window_bits));
        prop_assert!(!client.server_no_context_takeover || ours.server_no_context_takeover);
        prop_assert!(ours.server_max_window_bits <= client.server_max_window_bits.clamp(9, 15));
    }
}
