//! The order as it is documented, and as it is.

use ws_server::gate::Check;

const DOCUMENT: &str = include_str!("../../../REFUSALS-ORDER.md");

/// What the document calls the checks. What comes before there is a head has none.
const TERMS: [(&str, &[Check]); 25] = [
    ("transport", &[]),
    ("head: syntax", &[]),
    ("head: limits", &[]),
    ("head: version", &[Check::HttpVersion]),
    ("head: Host", &[Check::Host]),
    ("head: body", &[Check::Body]),
    ("draining", &[Check::Draining]),
    ("address", &[Check::Address]),
    ("attempts per address", &[Check::Attempts]),
    ("connections per address", &[Check::ConnectionsPerAddress]),
    ("total", &[Check::Connections]),
    ("served host", &[Check::ServedHost]),
    ("route", &[Check::Route]),
    ("method", &[Check::Method]),
    ("upgrade", &[Check::Upgrade]),
    ("WebSocket version", &[Check::WebSocketVersion]),
    ("key", &[Check::Key]),
    ("extension and subprotocol syntax", &[Check::ExtensionOffer, Check::SubprotocolOffer]),
    ("origin", &[Check::Origin]),
    ("authentication", &[Check::Authentication]),
    ("scopes", &[Check::Scopes]),
    ("roles", &[Check::Roles]),
    ("policy", &[Check::Policy]),
    ("quota of the principal", &[Check::PrincipalQuota]),
    ("subprotocol", &[Check::Subprotocol]),
];

#[test]
fn the_order_is_the_documented_one() {
    let checks = |term: &String| {
        let (_, checks) = TERMS.iter().find(|(known, _)| known == term).unwrap_or_else(|| panic!("{term:?}"));
        checks.iter().copied()
    };
    let mut documented: Vec<Check> = terms().iter().flat_map(checks).collect();
    // What a route gets ready is no check of the gate: it follows them all, as the document says below.
    documented.push(Check::Preparation);
    assert_eq!(documented, Check::ALL);
}

/// Every term of the document is known, and every one that is known stands there, once.
#[test]
fn the_order_is_documented_whole() {
    assert_eq!(terms(), TERMS.map(|(term, _)| term));
}

/// What the sentence lists, one after another: `a; b (c, d); e, f.` is a, b: c, b: d, e, f.
fn terms() -> Vec<String> {
    let lines = DOCUMENT.lines().filter_map(|line| line.strip_prefix("> "));
    let sentence = lines.collect::<Vec<_>>().join(" ");
    let sentence = sentence.strip_suffix('.').unwrap();
    let mut terms = Vec::new();
    for stage in sentence.split("; ") {
        let (name, inner) = stage.split_once(" (").unwrap_or(("", stage));
        for term in inner.trim_end_matches(')').split(", ") {
            terms.push(if name.is_empty() { term.to_owned() } else { format!("{name}: {term}") });
        }
    }
    terms
}
