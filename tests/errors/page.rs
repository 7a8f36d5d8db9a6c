//! The page: written by a run, and compared with each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use tests::process::{target, workspace};

use crate::coverage;
use crate::row::{Peer, Row};

const PAGE: &str = "CLIENT-ERRORS.md";

const HEAD: &str = "\
# What the client says when it cannot connect, or no longer

Each error of `ws-client`, provoked by a real peer: what was provoked, what the client said, and the right next step.
The suite `errors` provokes them anew in each run and compares what it finds with this page, which it has written
(`WS_TESTS_WRITE=1 cargo test --release -p tests --test errors`). No variant of an error lacks a row: the suite reads
their names in the sources.

The columns after the text are what programs ask an error for: `code()`, `responsible()`, `is_worth_retrying()` with
`retry_after()`, `do_new_credentials_help()` and `next_step()`. In the texts, `PORT` stands for a port and `ID` for an
identifier, which are others in each run.

";

/// What is not the same in each run is replaced: ports, identifiers, times that a server chooses.
pub(crate) fn steady(text: &str) -> String {
    let mut steady = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        steady.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_port =
            matches!(digits, 4 | 5) && before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == ']');
        steady.push_str(if is_port { ":PORT" } else { ":" });
        rest = if is_port { &after[digits..] } else { after };
    }
    steady.push_str(rest);
    let steady = without_pin(&without_directory(&steady));
    after_each(&after_each(&steady, "retry after ", "N"), "come back in ", "N")
}

/// The name of a directory of this suite's, which is another in each run.
fn without_directory(text: &str) -> String {
    let Some(at) = text.find("ws-tests-") else { return text.to_owned() };
    let begin = text[..at].rfind([' ', '"']).map_or(0, |space| space + 1);
    let end = text[at..].find('/').map_or(text.len(), |slash| at + slash);
    format!("{}DIR{}", &text[..begin], without_directory(&text[end..]))
}

/// A pin (SHA-256 in base64) is that of a key which is another in each run.
fn without_pin(text: &str) -> String {
    let is_pin = |word: &str| word.len() == 44 && word.ends_with('=') && !word.contains(' ');
    let words = text.split_inclusive([' ', '(', ')']).map(|part| {
        let word = part.trim_end_matches([' ', '(', ')']);
        if is_pin(word) { part.replace(word, "PIN") } else { part.to_owned() }
    });
    words.collect()
}

/// The number after each of these words, replaced.
fn after_each(text: &str, words: &str, with: &str) -> String {
    let mut parts = text.split(words);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let _ = write!(out, "{words}{}{}", if digits > 0 { with } else { "" }, &part[digits..]);
    }
    out
}

/// Holds the rows against the page; where programs have not run, only the lines of the others.
pub(crate) fn compare(programs: &[Peer], rows: &[Row]) {
    let page = workspace().join(PAGE);
    let whole = programs == Peer::PROGRAMS;
    let found = render(rows);
    if std::env::var_os("WS_TESTS_WRITE").is_some() {
        assert!(whole, "the page is written by a run of everything");
        fs::write(&page, found).unwrap();
        return;
    }
    let stated = fs::read_to_string(&page).unwrap_or_default();
    let copy = target().join("tmp").join(PAGE);
    fs::create_dir_all(target().join("tmp")).unwrap();
    fs::write(&copy, &found).unwrap();
    if whole {
        for (stated, found) in stated.lines().zip(found.lines()) {
            assert_eq!(stated, found, "{PAGE}; this run's is {}", copy.display());
        }
        assert_eq!(stated.lines().count(), found.lines().count(), "{PAGE}; see {}", copy.display());
        return;
    }
    let stated = lines(&stated, |peer| !left_out(programs, peer));
    let found = lines(&found, |_| true);
    for (key, line) in &found {
        assert_eq!(stated.get(key), Some(line), "{PAGE}; this run's is {}", copy.display());
    }
    assert_eq!(stated.len(), found.len(), "{PAGE} has lines that nothing provokes");
}

/// The variants that the page shows for programs that have not run.
pub(crate) fn variants_of_others(programs: &[Peer]) -> Vec<String> {
    let page = fs::read_to_string(workspace().join(PAGE)).unwrap_or_default();
    let lines = lines(&page, |peer| left_out(programs, peer));
    let paths = lines.values().filter_map(|line| line.split(" | ").nth(2)).map(|cell| cell.trim_matches('`'));
    paths.flat_map(|path| [path.to_owned(), format!("Connect::{path}")]).collect()
}

fn left_out(programs: &[Peer], peer: &str) -> bool {
    Peer::PROGRAMS.iter().any(|program| program.to_string() == peer && !programs.contains(program))
}

/// The lines of the table by what was provoked, and by whom.
fn lines(page: &str, of: impl Fn(&str) -> bool) -> BTreeMap<(String, String), String> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what "));
    rows.filter_map(|line| {
        let mut cells = line.trim_start_matches("| ").split(" | ");
        let (what, peer) = (cells.next()?.to_owned(), cells.next()?.to_owned());
        of(&peer).then(|| ((what, peer), line.to_owned()))
    })
    .collect()
}

fn render(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(
        "| what was provoked | by | error | what the client said | code | whose turn | again? | new credentials? | next step |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let Row { what, peer, path, code, said, responsible, again, credentials, next } = row;
        let error = path.strip_prefix(&["Connect".to_owned()][..]).unwrap_or(path).join("::");
        let credentials = if *credentials { "yes" } else { "no" };
        let cells = [
            what.clone(),
            peer.to_string(),
            format!("`{error}`"),
            said.clone(),
            format!("`{code}`"),
            responsible.clone(),
            again.clone(),
            credentials.to_owned(),
            next.clone(),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('<', "&lt;"));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push_str("\nVariants that no row shows:\n\n");
    for (name, why) in coverage::elsewhere() {
        let _ = writeln!(text, "- `{name}`: {why}.");
    }
    text
}

#[test]
fn what_changes_is_replaced() {
    assert_eq!(
        steady("nothing listens on 127.0.0.1:4711: start"),
        "nothing listens on 127.0.0.1:PORT: start"
    );
    assert_eq!(steady("127.0.0.1 and rooms.example:35393/: 80"), "127.0.0.1 and rooms.example:PORT/: 80");
    assert_eq!(steady("192.0.2.1:80"), "192.0.2.1:80");
    assert_eq!(steady("server-full: retry after 17 s"), "server-full: retry after N s");
    assert_eq!(steady("in /tmp/ws-tests-12-0/a.sock: x"), "in DIR/a.sock: x");
    assert_eq!(steady("plain"), "plain");
}
