use proptest::prelude::*;
use ws_core::head::Version;

use super::*;

fn head(fields: &[(&str, &str)]) -> RequestHead {
    RequestHead::from_parts("GET", "/", Version::HTTP_11, fields.iter().copied()).unwrap()
}

fn hops(fields: &[(&str, &str)]) -> Result<Vec<Hop>, ForwardedError> {
    let head = head(fields);
    let standard: Vec<_> = forwarded(&head).collect();
    standard.into_iter().chain(x_forwarded(&head)).collect()
}

fn one(value: &str) -> Result<Hop, ForwardedError> {
    let mut hops = hops(&[("Forwarded", value)])?;
    assert_eq!(hops.len(), 1, "{value}");
    Ok(hops.remove(0))
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

// RFC 7239 4: the examples.
#[test]
fn the_examples_of_the_standard() {
    assert_eq!(one(r#"for="_gazonk""#).unwrap(), Hop::default());
    assert_eq!(
        one(r#"For="[2001:db8:cafe::17]:4711""#).unwrap().client,
        Some(at("[2001:db8:cafe::17]:4711"))
    );
    let full = one("for=192.0.2.60;proto=http;by=203.0.113.43").unwrap();
    assert_eq!((full.client, full.secure), (Some(at("192.0.2.60:0")), Some(false)));
    let two = hops(&[("Forwarded", "for=192.0.2.43, for=198.51.100.17")]).unwrap();
    assert_eq!(
        two.iter().map(|hop| hop.client).collect::<Vec<_>>(),
        [Some(at("198.51.100.17:0")), Some(at("192.0.2.43:0"))]
    );
    // RFC 7239 7.1: lines and elements of one line are the same.
    let lines = hops(&[("Forwarded", "for=192.0.2.43"), ("Forwarded", "for=198.51.100.17")]).unwrap();
    assert_eq!(lines, two);
    // RFC 7239 7.4.
    assert_eq!(one(r#"for=192.0.2.43;by="[2001:db8:cafe::17]""#).unwrap().client, Some(at("192.0.2.43:0")));
}

#[test]
fn values_may_be_tokens_or_quoted_and_names_in_any_case() {
    let hop = one(r#"HOST="chat.example:8443";Proto="WSS";For="\1\92.0.2.1:80";secret="a\"b, c;d""#).unwrap();
    assert_eq!(
        hop,
        Hop { client: Some(at("192.0.2.1:80")), secure: Some(true), host: Some("chat.example:8443".into()) }
    );
    assert_eq!(one("for=192.0.2.1 ; proto=http;").unwrap().secure, Some(false));
    assert_eq!(one(";;proto=https").unwrap().secure, Some(true));
    assert_eq!(hops(&[("Forwarded", ", for=192.0.2.1, ,")]).unwrap().len(), 1);
    assert_eq!(hops(&[("Forwarded", "")]).unwrap(), []);
}

#[test]
fn what_is_no_element_is_told() {
    for (value, error) in [
        ("for", ForwardedError::Element),
        ("for=", ForwardedError::Element),
        ("=192.0.2.1", ForwardedError::Element),
        ("for =192.0.2.1", ForwardedError::Element),
        ("for=192.0.2.1 proto=http", ForwardedError::Element),
        (r#"for="192.0.2.1"x"#, ForwardedError::Element),
        (r#"for="192.0.2.1"#, ForwardedError::Element),
        // RFC 7239 4: a colon and brackets need quotes.
        ("for=192.0.2.1:80", ForwardedError::Element),
        ("for=[2001:db8::1]", ForwardedError::Element),
        ("for=192.0.2.1;FOR=192.0.2.2", ForwardedError::ParameterRepeated),
        ("for=example.com", ForwardedError::Node),
        ("for=192.0.2.256", ForwardedError::Node),
        (r#"for="2001:db8::1""#, ForwardedError::Node),
        (r#"for="[192.0.2.1]""#, ForwardedError::Node),
        (r#"for="[2001:db8::1]80""#, ForwardedError::Node),
        (r#"for="192.0.2.1:""#, ForwardedError::Node),
        (r#"for="192.0.2.1:65536""#, ForwardedError::Node),
        (r#"for="192.0.2.1:000080""#, ForwardedError::Node),
        (r#"for="192.0.2.1:+80""#, ForwardedError::Node),
        (r#"for="""#, ForwardedError::Node),
        ("for=_", ForwardedError::Node),
        ("for=_a!b", ForwardedError::Node),
        ("proto=ftp", ForwardedError::Protocol),
        (r#"host="a b""#, ForwardedError::Host),
    ] {
        assert_eq!(one(value), Err(error), "{value}");
    }
}

// RFC 7239 6.3, 6.2: what only the proxy understands.
#[test]
fn hidden_nodes_and_ports() {
    for value in ["unknown", "Unknown", "_SEVKISEK", "_a.b-c_1", r#""_hidden:80""#, r#""unknown:_port""#] {
        assert_eq!(one(&format!("for={value}")).unwrap().client, None, "{value}");
    }
    assert_eq!(one(r#"for="192.0.2.1:_port""#).unwrap().client, Some(at("192.0.2.1:0")));
}

#[test]
fn the_older_fields() {
    let hops =
        |fields: &[(&str, &str)]| hops(fields).map(|hops| hops.into_iter().map(|hop| hop.client).collect());
    let of = |value: &str| hops(&[("X-Forwarded-For", value)]);
    for (value, expected) in [
        ("192.0.2.1", "192.0.2.1:0"),
        ("192.0.2.1:80", "192.0.2.1:80"),
        ("2001:db8::1", "[2001:db8::1]:0"),
        ("[2001:db8::1]", "[2001:db8::1]:0"),
        (" [2001:db8::1]:80 ", "[2001:db8::1]:80"),
    ] {
        assert_eq!(of(value), Ok(vec![Some(at(expected))]), "{value}");
    }
    assert_eq!(of("unknown, 192.0.2.1"), Ok(vec![Some(at("192.0.2.1:0")), None]));
    for value in ["", "192.0.2", "example.com", "192.0.2.1 192.0.2.2", "[192.0.2.1]", "_hidden"] {
        assert_eq!(of(value), Err::<Vec<_>, _>(ForwardedError::Address), "{value}");
    }
    let lines = [("X-Forwarded-For", "192.0.2.1, 192.0.2.2"), ("X-Forwarded-For", "192.0.2.3")];
    let expected = ["192.0.2.3:0", "192.0.2.2:0", "192.0.2.1:0"].map(|client| Some(at(client)));
    assert_eq!(hops(&lines), Ok(expected.into()));
}

#[test]
fn protocol_and_host_belong_to_a_hop() {
    let told = |fields: &[(&str, &str)]| {
        let hops = hops(fields).unwrap();
        hops.into_iter().map(|hop| (hop.secure, hop.host.map(String::from))).collect::<Vec<_>>()
    };
    let addresses = ("X-Forwarded-For", "192.0.2.1, 192.0.2.2");
    // One for each hop, or the nearest proxy's.
    assert_eq!(
        told(&[
            addresses,
            ("X-Forwarded-Proto", "https, http"),
            ("X-Forwarded-Host", "a.example, b.example")
        ]),
        [(Some(false), Some("b.example".to_owned())), (Some(true), Some("a.example".to_owned()))]
    );
    assert_eq!(told(&[addresses, ("X-Forwarded-Proto", "https")]), [(Some(true), None), (None, None)]);
    assert_eq!(
        told(&[addresses, ("X-Forwarded-Proto", "http, http, https")]),
        [(Some(true), None), (None, None)]
    );
    assert_eq!(told(&[("X-Forwarded-Proto", "https")]), [(Some(true), None)]);
    assert_eq!(told(&[]), []);
}

fn element() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("for=192.0.2.1;proto=https".to_owned()),
        Just(r#"for="[2001:db8::1]:80";host="a.example""#.to_owned()),
        Just("for=_hidden".to_owned()),
        Just(r#"for=unknown;x="a, \"b\\", c""#.replace("\", c\"", "\"")),
        "[ -~]{0,12}".prop_map(|text| {
            format!(r#"for=198.51.100.1;note="{}""#, text.replace('\\', r"\\").replace('"', "\\\""))
        }),
    ]
}

/// The oracle: from the left, as the grammar is written.
fn split(line: &str) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in line.chars() {
        match c {
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        parts.last_mut().unwrap().push(c);
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

proptest! {
    #[test]
    fn the_end_is_read_as_the_grammar_says(line in proptest::collection::vec(element(), 0..5)) {
        let line = line.join(" , ");
        let from_the_end: Vec<_> = elements(line.as_bytes()).map(|e| String::from_utf8(e.to_vec()).unwrap()).collect();
        prop_assert_eq!(from_the_end.into_iter().rev().collect::<Vec<_>>(), split(&line));
    }

    /// A client sends anything; the proxy appends its element, in the same line or in another.
    #[test]
    fn nothing_in_front_changes_the_last_element(junk in "[ -~]{0,40}", element in element(), same in any::<bool>()) {
        let together = format!("{junk}, {element}");
        let lines = [("Forwarded", if same { &*together } else { &*junk }), ("Forwarded", &*element)];
        let lines = if same { &lines[..1] } else { &lines };
        let head = head(lines);
        prop_assert_eq!(forwarded(&head).next(), Some(one(&element)));
        let older = head_of_addresses(&junk);
        prop_assert_eq!(x_forwarded(&older).next().unwrap().unwrap().client, Some(at("192.0.2.7:0")));
    }

    #[test]
    fn nothing_panics(value in proptest::collection::vec(prop_oneof![Just(b' '), 0x21_u8..=0xff], 0..60)) {
        let value = value.into_iter().filter(|&byte| byte != 0x7f).collect::<Vec<_>>();
        for element in elements(&value) {
            let _ = hop(element);
        }
        let (_, _, _) = (address(&value), node(&value), authority(&value));
    }
}

fn head_of_addresses(junk: &str) -> RequestHead {
    head(&[("X-Forwarded-For", &format!("{junk}, 192.0.2.7"))])
}
