use ws_core::head::Version;

use super::*;

const PROXY: &str = "10.0.0.1:80";

fn ask(peer: &str, secure: bool, fields: &[(&str, &str)]) -> Result<ForwardedClient, ForwardedError> {
    let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, fields.iter().copied()).unwrap();
    let proxies = TrustedProxies::new(["10.0.0.0/8", "2001:db8:ff::/48"]).unwrap();
    proxies.client(peer.parse().unwrap(), secure, &head)
}

fn address(fields: &[(&str, &str)]) -> String {
    ask(PROXY, false, fields).unwrap().address.to_string()
}

#[test]
fn a_stranger_is_not_believed() {
    for field in ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"] {
        for value in ["for=192.0.2.9;proto=https;host=a.example", "192.0.2.9", "https", "@"] {
            let client = ask("192.0.2.1:4711", false, &[(field, value)]).unwrap();
            assert_eq!(
                (client.address.to_string(), client.secure, client.host),
                ("192.0.2.1:4711".into(), false, None)
            );
        }
    }
    let head =
        RequestHead::from_parts("GET", "/", Version::HTTP_11, [("X-Forwarded-For", "192.0.2.9")]).unwrap();
    let nobody = TrustedProxies::default().client(PROXY.parse().unwrap(), true, &head).unwrap();
    assert_eq!((nobody.address.to_string(), nobody.secure), (PROXY.to_owned(), true));
}

#[test]
fn the_walk_ends_at_the_first_who_is_not_trusted() {
    for (value, client) in [
        ("192.0.2.1", "192.0.2.1:0"),
        ("198.51.100.66, 192.0.2.1", "192.0.2.1:0"),
        ("10.9.9.9, 192.0.2.1", "192.0.2.1:0"),
        ("198.51.100.66, 192.0.2.1, 10.0.0.3, 2001:db8:ff::2, 10.0.0.2", "192.0.2.1:0"),
        ("::ffff:192.0.2.1, ::ffff:10.0.0.2", "192.0.2.1:0"),
        // What a stranger wrote is not even read.
        ("junk, \"192.0.2.1, 192.0.2.1, 10.0.0.2", "192.0.2.1:0"),
        // Nobody but proxies: the farthest is the client.
        ("10.0.0.3, 10.0.0.2", "10.0.0.3:0"),
        // Hidden: whoever hides it stands for it.
        ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2:0"),
    ] {
        assert_eq!(address(&[("X-Forwarded-For", value)]), client, "{value}");
        if !value.contains("junk") {
            let quoted = value.split(", ").map(|address| {
                if address.contains(':') { format!("for=\"[{address}]\"") } else { format!("for={address}") }
            });
            let forwarded = quoted.collect::<Vec<_>>().join(", ");
            assert_eq!(address(&[("Forwarded", &forwarded)]), client, "{forwarded}");
        }
    }
    assert_eq!(address(&[("Forwarded", "for=_hidden")]), PROXY);
    assert_eq!(address(&[]), PROXY);
    assert_eq!(address(&[("Forwarded", "")]), PROXY);
    let mapped = ask("[::ffff:10.0.0.1]:80", false, &[("X-Forwarded-For", "192.0.2.1")]).unwrap();
    assert_eq!(mapped.address.ip().to_string(), "192.0.2.1");
}

#[test]
fn what_a_trusted_proxy_cannot_mean_is_an_error() {
    for (field, value, error) in [
        ("Forwarded", "for=192.0.2.1, for=;", ForwardedError::Element),
        ("Forwarded", "for=192.0.2.1, for=10.0.0.2;for=10.0.0.3", ForwardedError::ParameterRepeated),
        ("Forwarded", "for=elsewhere, for=10.0.0.2", ForwardedError::Node),
        ("X-Forwarded-For", "elsewhere, 10.0.0.2", ForwardedError::Address),
        ("X-Forwarded-Proto", "gopher", ForwardedError::Protocol),
        ("X-Forwarded-Host", "a b", ForwardedError::Host),
    ] {
        assert_eq!(ask(PROXY, false, &[(field, value)]), Err(error), "{value}");
    }
}

/// A proxy that writes one of the two fields passes the other one on as the client sent it.
#[test]
fn two_clients_are_one_too_many() {
    let both = |forwarded: &str, older: &str| {
        ask(PROXY, false, &[("Forwarded", forwarded), ("X-Forwarded-For", older)])
    };
    assert_eq!(both("for=198.51.100.66", "192.0.2.1"), Err(ForwardedError::Contradiction));
    assert_eq!(both("for=192.0.2.1", "198.51.100.66"), Err(ForwardedError::Contradiction));
    assert_eq!(
        both("for=\"192.0.2.1:80\";proto=https", "192.0.2.1").unwrap().address.to_string(),
        "192.0.2.1:80"
    );
    let one = both("for=192.0.2.1;proto=https", "192.0.2.1").unwrap();
    assert!(one.secure, "told by one of them alone");
    for forwarded in ["for=192.0.2.1;proto=https", "for=192.0.2.1;host=evil.example"] {
        let fields = [
            ("Forwarded", forwarded),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", "chat.example"),
        ];
        assert_eq!(ask(PROXY, false, &fields), Err(ForwardedError::Contradiction), "{forwarded}");
    }
    let agreed = [
        ("Forwarded", "for=192.0.2.1;host=Chat.example"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "chat.example"),
    ];
    let client = ask(PROXY, false, &agreed).unwrap();
    assert_eq!((client.secure, client.host.as_deref()), (true, Some("Chat.example")));
    assert_eq!(
        both("for=1.1.1.1, for=192.0.2.1", "2.2.2.2, 192.0.2.1").unwrap().address.to_string(),
        "192.0.2.1:0"
    );
}

#[test]
fn the_scheme_and_the_host_are_those_of_the_clients_connection() {
    let told = |secure, fields: &[(&str, &str)]| {
        let client = ask(PROXY, secure, fields).unwrap();
        (client.secure, client.host.map(String::from))
    };
    let name = |host: &str| Some(host.to_owned());
    assert_eq!(
        told(false, &[("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")]),
        (true, None)
    );
    // Encrypted from the proxy to here says nothing of the client's own connection, if the proxy does.
    assert_eq!(told(true, &[("X-Forwarded-Proto", "http")]), (false, None));
    assert_eq!(told(true, &[("X-Forwarded-For", "192.0.2.1")]), (true, None));
    let chain = "for=192.0.2.1;proto=https;host=a.example, for=10.0.0.2;proto=http;host=b.example";
    assert_eq!(told(false, &[("Forwarded", chain)]), (true, name("a.example")));
    let stranger = "for=198.51.100.66;proto=https;host=a.example, for=192.0.2.1;proto=http;host=b.example";
    assert_eq!(told(false, &[("Forwarded", stranger)]), (false, name("b.example")));
    assert_eq!(
        told(false, &[("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Host", "chat.example:8443")]),
        (false, name("chat.example:8443"))
    );
}
