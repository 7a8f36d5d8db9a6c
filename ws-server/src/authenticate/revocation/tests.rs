use std::fs;
use std::sync::atomic::AtomicUsize;
use std::time::UNIX_EPOCH;

use super::*;
use crate::authenticate::Scheme;

const SOON: Duration = Duration::from_secs(20);

fn ann() -> Identity {
    Identity::new(Scheme::Bearer)
        .with_subject("ann")
        .with_issuer("https://id.example")
        .with_credential_id("j1")
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn by_credential_and_by_subject_and_of_which_issuer() {
    let hit = |revocation: Revocation| {
        let revocations = Revocations::new();
        assert!(!revocations.is_revoked(&ann(), at(0)));
        revocations.revoke(revocation).unwrap();
        revocations.is_revoked(&ann(), at(0))
    };
    assert!(hit(Revocation::credential("j1")));
    assert!(!hit(Revocation::credential("ann")), "a subject is no credential");
    assert!(!hit(Revocation::subject("j1")), "nor the other way round");
    assert!(hit(Revocation::subject("ann")));
    assert!(!hit(Revocation::subject("Ann")));
    assert!(hit(Revocation::subject("ann").of_issuer("https://id.example")));
    assert!(!hit(Revocation::subject("ann").of_issuer("https://other.example")));
    assert!(!hit(Revocation::credential("j1").of_issuer("https://other.example")));
    let revocations = Revocations::new();
    revocations.revoke(Revocation::subject("ann")).unwrap();
    assert!(!revocations.is_revoked(&Identity::anonymous(), at(0)));
}

#[test]
fn until_a_time_and_no_longer() {
    let revocations = Revocations::new();
    revocations.revoke(Revocation::credential("j1").until(at(10))).unwrap();
    assert!(revocations.is_revoked(&ann(), at(9)));
    assert!(!revocations.is_revoked(&ann(), at(10)));
    revocations.revoke(Revocation::credential("j1")).unwrap();
    assert!(revocations.is_revoked(&ann(), at(10)), "the same again, for good");
    assert_eq!(revocations.len(), 1);
    assert!(revocations.restore(&Revocation::credential("j1")) && revocations.is_empty());
    assert!(!revocations.restore(&Revocation::credential("j1")));
    assert!(!revocations.is_revoked(&ann(), at(9)));
}

#[test]
fn there_is_room_for_so_many_and_those_that_are_over_make_room() {
    let revocations = Revocations::with_capacity(2);
    revocations.revoke(Revocation::credential("a").until(at(1))).unwrap();
    revocations.revoke(Revocation::subject("b")).unwrap();
    revocations.revoke(Revocation::subject("c")).unwrap();
    let full = revocations.revoke(Revocation::subject("d")).unwrap_err();
    assert_eq!(full.to_string(), "no more than 2 revocations can be kept");
    revocations.revoke(Revocation::subject("b").until(at(2))).unwrap();
    assert_eq!(revocations.len(), 2);
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl OnRevocation for Counter {
    fn revoked(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn whoever_watches_is_told_of_each_addition() {
    let revocations = Revocations::new();
    let counter = Arc::new(Counter::default());
    let watcher: Arc<dyn OnRevocation> = counter.clone();
    revocations.watch(Arc::downgrade(&watcher));
    revocations.revoke(Revocation::subject("a")).unwrap();
    revocations.clone().revoke(Revocation::subject("b")).unwrap();
    assert_eq!((counter.0.load(Ordering::SeqCst), revocations.version()), (2, 2));
}

#[test]
fn a_file_is_read_again_when_it_changes_and_kept_while_it_cannot_be_read() {
    let path = std::env::temp_dir().join(format!("ws-server-revoked-{}", std::process::id()));
    let missing = Revocations::new().watch_file(&path).unwrap_err();
    assert!(matches!(missing, RevocationError::File { .. }), "{missing}");
    fs::write(&path, "j0\n").unwrap();
    let revocations = Revocations::with_capacity(3);
    revocations.watch_file(&path).unwrap();
    assert!(!revocations.is_revoked(&ann(), at(0)));
    let wait_for = |revoked: bool| {
        let begun = std::time::Instant::now();
        while revocations.is_revoked(&ann(), at(0)) != revoked {
            assert!(begun.elapsed() < SOON);
            thread::sleep(Duration::from_millis(10));
        }
    };
    fs::write(&path, "j0\nj1\n").unwrap();
    wait_for(true);
    // Neither a file that is gone nor one with too many lines takes anything back.
    let others = |name: &str| {
        let identity = ann().with_credential_id(name);
        revocations.is_revoked(&identity, at(0))
    };
    fs::remove_file(&path).unwrap();
    revocations.0.read_files();
    fs::write(&path, "a\nb\nc\nd\n").unwrap();
    revocations.0.read_files();
    assert!(others("j1") && !others("a"));
    fs::write(&path, "j00\n").unwrap();
    wait_for(false);
    revocations.watch_file(&path).unwrap();
    assert_eq!(revocations.len(), 1, "it is there once");
    assert!(revocations.unwatch_file(&path) && !revocations.unwatch_file(&path) && revocations.is_empty());
    fs::remove_file(&path).unwrap();
}

/// A file that has too much is taken as soon as there is room, even if nobody touches it again.
#[test]
fn a_file_with_too_much_waits_for_room() {
    let path = std::env::temp_dir().join(format!("ws-server-revoked-much-{}", std::process::id()));
    let write = |text: &str| {
        fs::write(&path, text).unwrap();
        // Old enough for its time to count.
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        fs::File::options().write(true).open(&path).unwrap().set_modified(hour_ago).unwrap();
    };
    write("a\n");
    let revocations = Revocations::with_capacity(3);
    revocations.watch_file(&path).unwrap();
    revocations.revoke(Revocation::credential("x")).unwrap();
    revocations.revoke(Revocation::credential("y")).unwrap();
    write("a\nj1\n");
    revocations.0.read_files();
    revocations.0.read_files();
    assert!(!revocations.is_revoked(&ann(), at(0)));
    assert!(revocations.restore(&Revocation::credential("x")));
    revocations.0.read_files();
    assert!(revocations.is_revoked(&ann(), at(0)));
    fs::remove_file(&path).unwrap();
}

/// Whoever comes second finds the file that the first has added.
#[test]
fn a_file_is_watched_once_however_many_ask_at_once() {
    let path = std::env::temp_dir().join(format!("ws-server-revoked-once-{}", std::process::id()));
    fs::write(&path, "j1\n".repeat(1000)).unwrap();
    for _ in 0..20 {
        let revocations = Revocations::new();
        let together = std::sync::Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    revocations.watch_file(&path).unwrap();
                    assert!(revocations.is_revoked(&ann(), at(0)), "as soon as it returns");
                });
            }
        });
        assert_eq!(revocations.len(), 1);
        assert!(revocations.unwatch_file(&path) && !revocations.unwatch_file(&path));
        assert!(!revocations.is_revoked(&ann(), at(0)));
    }
    fs::remove_file(&path).unwrap();
}
