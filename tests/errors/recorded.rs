//! What real servers answered when they refused, recorded: each answer once more, and what the client makes of it.
//!
//! `recorded.jsonl` has one a line: the server, the true cause, the answer, the frames after it, how the connection went on
//! where that matters, and behind these what the client says (written where `WS_TESTS_WRITE=1` is set).

use std::fs;

use serde_json::{Map, Value};
use tests::process::workspace;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use ws_client::Error;

use crate::page::steady;
use crate::raw::{self, client, ended, serve};

#[tokio::test]
async fn recorded_answers_are_understood() {
    let file = workspace().join("tests/errors/recorded.jsonl");
    let stated = fs::read_to_string(&file).unwrap();
    let mut found = String::new();
    for line in stated.lines() {
        let Value::Object(mut record) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
        let error = replay(&record).await;
        check(&record, &error);
        record.insert("code".into(), error.code().into());
        record.insert("next".into(), error.next_step().to_string().into());
        record.insert("said".into(), steady(&error.to_string()).into());
        found.push_str(&Value::Object(record).to_string());
        found.push('\n');
    }
    if std::env::var_os("WS_TESTS_WRITE").is_some() {
        return fs::write(&file, found).unwrap();
    }
    for (stated, found) in stated.lines().zip(found.lines()) {
        assert_eq!(stated, found);
    }
}

fn text<'a>(record: &'a Map<String, Value>, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

async fn replay(record: &Map<String, Value>) -> Error {
    let (answer, end) = (text(record, "answer").to_owned(), text(record, "end").to_owned());
    let frames = bytes(text(record, "frames"));
    let address = serve(move |mut stream: TcpStream, accept| async move {
        let answer = answer.replace("{accept}", &accept);
        let _ = stream.write_all(&[answer.as_bytes(), &frames].concat()).await;
        match end.as_str() {
            "resets" if answer.is_empty() => raw::reset(stream).await,
            "stays" => raw::ignore(stream).await,
            // A reset that overtakes what was sent would hide it.
            _ => raw::farewell(stream).await,
        }
    });
    ended(&client(address.await)).await
}

/// What holds of each: nothing that a server says goes astray, and what the text says fits what it decides.
fn check(record: &Map<String, Value>, error: &Error) {
    let (answer, said) = (text(record, "answer"), error.to_string());
    let at = format!("{} ({}): {said}", text(record, "server"), text(record, "cause"));
    let status = answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    if let Some(status) = status.filter(|status| *status != 101 && *status < 1000) {
        assert!(said.contains(&status.to_string()), "{at}");
    }
    assert_eq!(error.retry_after().is_some(), answer.to_ascii_lowercase().contains("retry-after:"), "{at}");
    assert_eq!(error.do_new_credentials_help(), answer.contains("error=\"invalid_token\""), "{at}");
    assert!(said.len() < 600 && !said.chars().any(char::is_control), "{at}");
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}
