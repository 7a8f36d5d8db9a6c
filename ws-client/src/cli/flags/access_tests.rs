use std::time::Duration;

use clap::Parser;

use super::Access;
use crate::Timeouts;

#[derive(Parser)]
struct Only {
    #[command(flatten)]
    access: Access,
}

fn access(flags: &[&str]) -> Access {
    Only::try_parse_from(std::iter::once(&"ws").chain(flags)).expect("valid flags").access
}

#[test]
fn what_is_wrong_names_the_flag_and_the_fix_and_no_secret() {
    for (flags, words) in [
        (["--header", "hunter2"], "--header: write it as 'Name: value'"),
        (["--header", "Origin: hunter2"], "--header Origin: use --origin"),
        (["--token", "hunter2 "], "--token: "),
        (["--basic", "hunter2"], "--basic: write it as USER:PASSWORD"),
        (["--origin", "a.example"], "--origin: "),
        (["--subprotocol", "a b"], "--subprotocol: "),
        (["--resolve", "a.example"], "--resolve \"a.example\": write it as HOST:ADDRESS"),
        (["--ca", "/nowhere"], "--ca: cannot read /nowhere"),
        (["--cert", "/nowhere"], "--cert, --key: cannot read /nowhere"),
        (["--pin", "x"], "--pin: "),
        (["--proxy", "ftp://a:hunter2@b"], "--proxy: ftp:// is no kind of proxy"),
    ] {
        let complaint = access(&flags).builder("wss://a.example").expect_err("bad usage").to_string();
        assert!(complaint.contains(words) && !complaint.contains("hunter2"), "{complaint}");
    }
}

/// The library's methods are no flags.
#[test]
fn credentials_in_the_address_belong_into_flags() {
    let complaint = access(&[]).builder("ws://ann:hunter2@a.example").expect_err("bad usage").to_string();
    for words in ["--basic USER:PASSWORD", "--token-file FILE"] {
        assert!(complaint.contains(words), "{complaint}");
    }
    assert!(!complaint.contains("hunter2") && !complaint.contains("Builder"), "{complaint}");
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    for flags in [
        &["--token", "a", "--basic", "a:b"][..],
        &["--token", "a", "--token-file", "b"],
        &["--token-file", "a", "--token-command", "b"],
        &["--token", "a", "--renew-in-band"],
        &["--proxy", "http://a", "--no-proxy"],
        &["--proxy", "http://a", "--unix-socket", "b"],
        &["--key", "k.pem"],
        &["--token-in", "query", "--token", "a"],
        &["--timeout", "0s"],
    ] {
        assert!(Only::try_parse_from(std::iter::once(&"ws").chain(flags)).is_err(), "{flags:?}");
    }
}

#[test]
fn no_debug_text_has_a_secret() {
    let access = access(&["--token", "hunter2", "--header", "X: hunter2"]);
    let builder = access.builder("ws://a.example").expect("valid");
    assert!(!format!("{access:?} {builder:?}").contains("hunter2"));
}

/// What advises a longer time where a stage ran out of its own has to be true.
#[test]
fn a_longer_time_is_one_for_each_stage() {
    let timeouts = |flags: &[&str]| {
        let builder = access(flags).builder("ws://127.0.0.1:1/").map_err(|error| error.to_string());
        builder.expect("valid").build().timeouts
    };
    assert_eq!(timeouts(&[]), Timeouts::default());
    let longer = timeouts(&["--timeout", "60s"]);
    let Timeouts { dns, tcp, proxy, tls, credentials, handshake, total, .. } = longer;
    assert_eq!([dns, tcp, proxy, tls, credentials, handshake, total], [Duration::from_secs(60); 7]);
}
