//! Runs a check over a corpus, on any toolchain.

use std::{fs, panic, path::Path};

/// Feeds every file of `corpus/TARGET` to `check`, and a few bytes that need no file.
pub fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<_> =
        fs::read_dir(&corpus).expect("the corpus").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() > 5, "{} has {} files", corpus.display(), files.len());
    for file in files {
        let data = fs::read(&file).expect("a file");
        let verdict = panic::catch_unwind(|| check(&data));
        assert!(verdict.is_ok(), "the check fails for {}", file.display());
    }
    check(&[]);
    for byte in 0..=u8::MAX {
        check(&[byte]);
        check(&[0, byte, byte]);
    }
}
