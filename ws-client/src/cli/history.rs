//! Where the lines that were typed are kept.

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::Value;

/// Lines that are kept.
pub(super) const LINES: usize = 1000;

/// The file of the history, below the user's directory for state; `None` where there is none.
pub(super) fn file() -> Option<PathBuf> {
    locate(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

/// Whether a line may be kept: not one with a token, as sent to be known again on a live connection.
pub(super) fn may_keep(line: &str) -> bool {
    let message: Option<Value> = serde_json::from_str(line).ok();
    message.is_none_or(|message| message.get("token").is_none())
}

// The XDG Base Directory Specification: state goes to $XDG_STATE_HOME, an absolute path, or ~/.local/state.
fn locate(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".local/state")))
        .or_else(|| variable("LOCALAPPDATA").map(PathBuf::from))?;
    Some(state.join("ws").join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_in_the_directory_for_state() {
        let with = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, value)| (*name, OsString::from(*value))).collect();
            locate(|name| set.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone()))
        };
        let home = ("HOME", "/home/ann");
        assert_eq!(with(&[home]), Some("/home/ann/.local/state/ws/history".into()));
        assert_eq!(with(&[home, ("XDG_STATE_HOME", "/state")]), Some("/state/ws/history".into()));
        assert_eq!(
            with(&[home, ("XDG_STATE_HOME", "state")]),
            Some("/home/ann/.local/state/ws/history".into())
        );
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn tokens_are_not_kept() {
        assert!(!may_keep(r#"{"type":"authenticate","token":"hunter2"}"#));
        assert!(may_keep("hello") && may_keep(r#"{"type":"say"}"#) && may_keep("[1]"));
    }
}
