use std::{
    num::NonZero,
    time::{Duration, Instant, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::{hash::PasswordHash, *};
use crate::authenticate::{
    AuthenticationError, Authenticator, CredentialsFault, HandshakeContext, Identity, Scheme,
};

/// Vectors of `crypt_blowfish` and of the reference implementation of argon2.
const ANN: &str = "ann:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const BOB: &str = "bob:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
const EVE: &str = "eve:$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8";

fn users() -> Htpasswd {
    Htpasswd::parse(format!("# users\r\n\r\n  {ANN}\r\n{BOB}:a comment\n{EVE}").as_bytes()).unwrap()
}

async fn ask(by: &Basic, fields: &[(&str, String)]) -> Result<Identity, AuthenticationError> {
    let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, fields.iter().cloned()).unwrap();
    by.authenticate(&HandshakeContext::new(&head, ([192, 0, 2, 1], 1).into(), UNIX_EPOCH)).await
}

async fn with(by: &Basic, user_pass: impl AsRef<[u8]>) -> Result<Identity, AuthenticationError> {
    ask(by, &[("Authorization", format!("Basic {}", STANDARD.encode(user_pass)))]).await
}

fn line_fault(text: &str) -> (usize, LineFault) {
    match Htpasswd::parse(text.as_bytes()).expect_err(text) {
        HtpasswdError::Line { line, fault } => (line, fault),
        HtpasswdError::Read(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_right_password_lets_in() {
    let by = Basic::new("chat", users());
    for (user_pass, subject) in [("ann:U*U", "ann"), ("bob:password", "bob"), ("eve:password", "eve")] {
        let identity = with(&by, user_pass).await.unwrap();
        assert_eq!((identity.scheme(), identity.subject()), (&Scheme::Basic, Some(subject)));
    }
}

/// One answer for wrong passwords and for users who are not there, also to somebody who knows the password of the
/// one whose hash stands in.
#[tokio::test]
async fn wrong_users_and_wrong_passwords_are_the_same() {
    let by = Basic::new("chat", users());
    for user_pass in [
        "ann:",
        "ann:U*",
        "ann:U*U*",
        "ann:password",
        "bob:U*U",
        "eve:Password",
        "Ann:U*U",
        ":",
        ":U*U",
        "mallory:U*U",
        "mallory:password",
        "ann :U*U",
        "zoe:password",
    ] {
        let error = with(&by, user_pass).await.unwrap_err();
        assert_eq!(error, AuthenticationError::CredentialsRejected, "{user_pass}");
    }
    let nobody = Basic::new("chat", Htpasswd::default());
    assert_eq!(with(&nobody, "ann:U*U").await, Err(AuthenticationError::CredentialsRejected));
}

// RFC 7617 2: the password may have colons, and what is not ASCII is UTF-8.
#[tokio::test]
async fn passwords_may_have_colons_and_umlauts() {
    let hash = |password: &str| bcrypt::hash(password, 4).unwrap();
    let text = format!("jörg:{}\nann:{}", hash("pässwörd"), hash("a:b:"));
    let by = Basic::new("chat", Htpasswd::parse(text.as_bytes()).unwrap());
    assert!(with(&by, "jörg:pässwörd").await.is_ok());
    assert!(with(&by, "ann:a:b:").await.is_ok());
    assert!(with(&by, "ann:a").await.is_err());
}

// RFC 7617 2, RFC 9110 11.4
#[tokio::test]
async fn credentials_have_a_form() {
    let by = Basic::new("chat", users());
    let field = |value: &str| vec![("Authorization", value.to_owned())];
    for (fields, expected) in [
        (field("Basic"), CredentialsFault::HeaderSyntax),
        (field("Basic   "), CredentialsFault::HeaderSyntax),
        (field(""), CredentialsFault::HeaderSyntax),
        (vec![("Authorization", "Basic YTpi".to_owned()); 2], CredentialsFault::HeaderRepeated),
        (field("Basic *"), CredentialsFault::UserPassEncoding),
        (field("Basic YTpi YTpi"), CredentialsFault::UserPassEncoding),
        (field("Basic YW5uOlUqVQ"), CredentialsFault::UserPassEncoding),
        (field("Basic YW5u"), CredentialsFault::UserPassColon),
        (field("Basic YTr/"), CredentialsFault::UserPassCharacters),
        (field("Basic YToA"), CredentialsFault::UserPassCharacters),
        (field("Basic CTph"), CredentialsFault::UserPassCharacters),
        (field("Basic YTp/"), CredentialsFault::UserPassCharacters),
    ] {
        let error = ask(&by, &fields).await.unwrap_err();
        assert_eq!(error, AuthenticationError::CredentialsMalformed(expected), "{fields:?}");
    }
    assert_eq!(ask(&by, &[]).await, Err(AuthenticationError::CredentialsMissing));
    assert_eq!(ask(&by, &field("Bearer x")).await, Err(AuthenticationError::SchemeUnsupported));
    assert!(ask(&by, &field("bASIC   YW5uOlUqVQ==")).await.is_ok(), "schemes have no case");
}

#[test]
fn faults_of_a_file_name_the_line_and_the_fix() {
    let (_, hash) = ANN.split_once(':').unwrap();
    for (line, expected) in [
        ("ann", LineFault::NoColon),
        (":x", LineFault::UserName),
        ("a\tb:x", LineFault::UserName),
        ("x:", HashFault::Unknown.into()),
        ("x:secret", HashFault::Unknown.into()),
        ("x:$1$abc$def", HashFault::Unknown.into()),
        ("x:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00", HashFault::Md5.into()),
        ("x:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", HashFault::Sha1.into()),
        ("x:$6$salt$hash", HashFault::ShaCrypt.into()),
        ("x:$5$salt$hash", HashFault::ShaCrypt.into()),
        (&format!("x:{}", hash.replace("$2a$", "$2x$")), HashFault::BcryptVersion.into()),
        (&format!("x:{}", &hash[..59]), HashFault::BcryptSyntax.into()),
        (&format!("x:{}", hash.replace("$05$", "$03$")), HashFault::BcryptCost(3).into()),
        (&format!("x:{}", hash.replace("$05$", "$17$")), HashFault::BcryptCost(17).into()),
        ("x:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", HashFault::Argon2Syntax.into()),
        ("x:$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR", HashFault::Argon2Syntax.into()),
        (&BOB.replace("v=19", "v=20"), HashFault::Argon2Syntax.into()),
        (&BOB.replace("m=256", "m=1"), HashFault::Argon2Syntax.into()),
        (&BOB.replace("m=256", "m=1048577"), HashFault::Argon2Cost.into()),
        (&BOB.replace("t=2", "t=4000000000"), HashFault::Argon2Cost.into()),
    ] {
        assert_eq!(line_fault(&format!("# users\n{ANN}\n{line}\n")), (3, expected), "{line}");
    }
    assert_eq!(line_fault(&format!("{ANN}\n{BOB}\n{ANN}")), (3, LineFault::UserRepeated { first: 1 }));
    let error = Htpasswd::parse(b"\xff:x").unwrap_err();
    assert_eq!(error.to_string(), "line 1: is not UTF-8; save the file in that encoding");
    let error = Htpasswd::from_file("/no/such/file").unwrap_err();
    assert!(error.to_string().starts_with("cannot be read: "), "{error}");
    assert!((users().len(), Htpasswd::default().is_empty()) == (3, true));
}

#[tokio::test]
async fn a_broken_file_keeps_the_old_users() {
    let path = std::env::temp_dir().join(format!("ws-server-htpasswd-{}", std::process::id()));
    let by = Basic::new("chat", users());
    let handle = by.clone();
    std::fs::write(&path, "ann:secret").unwrap();
    let error = handle.reload(&path).unwrap_err();
    assert!(error.to_string().starts_with("line 1: the hash is of no known form"), "{error}");
    assert!(with(&by, "ann:U*U").await.is_ok());
    std::fs::write(&path, BOB).unwrap();
    handle.reload(&path).unwrap();
    assert!(with(&by, "ann:U*U").await.is_err());
    assert!(with(&by, "bob:password").await.is_ok());
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(handle.reload(&path), Err(HtpasswdError::Read(_))));
    assert!(with(&by, "bob:password").await.is_ok());
}

/// Every user who is not there is compared with a hash that is in the file, always with the same one, and all kinds of
/// them stand in.
#[test]
fn a_user_who_is_not_there_has_a_hash_of_the_file() {
    let users = users();
    let mut stand_ins = std::collections::HashSet::new();
    for number in 0..200 {
        let name = format!("nobody {number}");
        let [first, second] = [(); 2].map(|()| users.hash_for(&name).unwrap());
        assert!(!first.1 && std::ptr::eq(first.0, second.0));
        stand_ins.insert(std::ptr::from_ref::<PasswordHash>(first.0));
    }
    let known = ["ann", "bob", "eve"].map(|name| users.hash_for(name).unwrap());
    assert!(known.iter().all(|(hash, known)| *known && stand_ins.contains(&std::ptr::from_ref(*hash))));
    assert_eq!(stand_ins.len(), 3);
    assert!(Htpasswd::default().hash_for("ann").is_none());
}

/// Whoever asks before and after a file has changed learns nothing of who is in it: hardly anybody's time is another.
#[test]
fn a_stand_in_stays_when_the_file_changes() {
    let lines = |numbers: std::ops::Range<usize>| -> Vec<String> {
        numbers
            .map(|number| {
                let (_, hash) = [ANN, BOB, EVE][number * number % 3].split_once(':').unwrap();
                format!("user{number}:{hash}")
            })
            .collect()
    };
    let read = |lines: &[String]| Htpasswd::parse(lines.join("\n").as_bytes()).unwrap();
    let works = |users: &Htpasswd| -> Vec<_> {
        (0..400).map(|number| users.hash_for(&format!("nobody {number}")).unwrap().0.work()).collect()
    };
    let moved = |one: &[_], other: &[_]| one.iter().zip(other).filter(|(one, other)| one != other).count();
    let before = works(&read(&lines(0..60)));
    assert_eq!(moved(&before, &works(&read(&lines(0..60)))), 0, "read again");
    let mut backwards = lines(0..60);
    backwards.reverse();
    assert_eq!(moved(&before, &works(&read(&backwards))), 0, "in another order");
    // Some 7 of 400, of whom half would move if each time were drawn anew.
    for changed in [lines(1..60), lines(0..61)] {
        let moved = moved(&before, &works(&read(&changed)));
        assert!(moved < 40, "{moved}");
    }
    // As often as they are there: two thirds of the hashes have the squares of two thirds of the numbers.
    let bob = read(&[BOB.to_owned()]).hash_for("bob").unwrap().0.work();
    let bobs = before.iter().filter(|work| **work == bob).count();
    assert!((200..330).contains(&bobs), "{bobs}");
}

/// A comparison without a hash would be over in no time. The fastest of some tries, and a wide margin, so that nobody
/// else on this machine counts.
#[test]
fn a_user_who_is_not_there_takes_as_long() {
    let users = Htpasswd::parse(format!("ann:{}", bcrypt::hash("x", 6).unwrap()).as_bytes()).unwrap();
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..9 {
        for (user, fastest) in ["ann", "mallory"].into_iter().zip(&mut fastest) {
            let began = Instant::now();
            assert_eq!(users.verify(user, b"wrong"), Ok(false));
            *fastest = began.elapsed().min(*fastest);
        }
    }
    let [known, unknown] = fastest;
    assert!(unknown > known / 8 && known > unknown / 8, "{known:?} {unknown:?}");
}

#[tokio::test]
async fn the_loop_goes_on_while_passwords_are_hashed() {
    let hash = bcrypt::hash("x", 7).unwrap();
    let by = Basic::new("chat", Htpasswd::parse(format!("ann:{hash}").as_bytes()).unwrap());
    let mut turns = 0;
    let asked = with(&by, "ann:x");
    let mut asked = std::pin::pin!(asked);
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut asked => break answer,
            () = tokio::task::yield_now() => turns += 1,
        }
    };
    assert!(answer.is_ok());
    assert!(turns > 1, "the one thread of this runtime had {turns} turns");
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_back() {
    let hash = bcrypt::hash("x", 8).unwrap();
    let users = Htpasswd::parse(format!("ann:{hash}").as_bytes()).unwrap();
    let by = Basic::new("chat", users).concurrency(NonZero::<usize>::MIN, 1);
    let (one, two, three) = tokio::join!(with(&by, "ann:x"), with(&by, "ann:x"), with(&by, "ann:x"));
    assert!(one.is_ok() && two.is_ok());
    let error = three.unwrap_err();
    assert_eq!(error, AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(1)) });
    assert_eq!(error.cause(), Cause::AuthenticationUnavailable);
    assert!(with(&by, "ann:x").await.is_ok());
}

#[test]
fn nothing_shows_a_hash_or_a_user() {
    let shown = format!("{:?} {:?}", users(), Basic::new("chat", users()));
    assert!(!shown.contains("ann") && !shown.contains("CCCC") && !shown.contains('$'), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_file_is_read_or_refused(text: Vec<u8>) {
        let _ = Htpasswd::parse(&text);
    }

    #[test]
    fn any_hash_is_read_or_refused(text in r"\$(2[aby]|argon2(id|i|d))?\$[!-~]{0,70}") {
        if let Ok(hash) = PasswordHash::parse(&text) {
            prop_assert_eq!(hash.verifies(b"x"), Ok(false));
        }
    }

    #[test]
    fn no_byte_of_a_hash_can_be_changed(place: prop::sample::Index, byte in b'!'..=b'~') {
        let (_, hash) = BOB.split_once(':').unwrap();
        let mut changed = hash.as_bytes().to_vec();
        let place = place.index(changed.len());
        changed[place] = byte;
        let changed = String::from_utf8(changed).unwrap();
        if changed != hash && let Ok(hash) = PasswordHash::parse(&changed) {
            prop_assert_eq!(hash.verifies(b"password"), Ok(false), "{}", changed);
        }
    }
}
