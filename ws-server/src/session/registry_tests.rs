use std::time::UNIX_EPOCH;

use ws_core::refusal::Disclosure;

use super::*;
use crate::authenticate::{Identity, Params, Revocation, Scheme};
use crate::gate::{Gate, GateConfig};
use crate::operate::Counters;
use crate::session::{Control, Drain, Host, Sessions};

fn host() -> Arc<Host> {
    Arc::new(Host {
        gate: Arc::new(Gate::new(GateConfig::default(), |_: &str| None)),
        first_message_timeout: Duration::from_secs(1),
        drain: Drain::new(Duration::from_secs(1), Duration::from_secs(1)),
        sessions: Sessions::new(&Revocations::new()),
        disclosure: Disclosure::Full,
        counters: Arc::new(Counters::new()),
        report: Box::new(|_, _| ()),
    })
}

fn info(host: &Arc<Host>, identity: Identity) -> SessionInfo {
    SessionInfo {
        route: "/rooms/{room}".into(),
        target: "/rooms/blue".into(),
        params: Params::default(),
        subprotocol: None,
        peer: ([127, 0, 0, 1], 4711).into(),
        request_id: RequestId::new(),
        since: 0,
        control: Control::new(identity, None),
        petition: None,
        host: Arc::clone(host),
    }
}

fn registry() -> (Arc<Registry>, Arc<Host>) {
    (Registry::new(&Revocations::new()), host())
}

fn enter(registry: &Arc<Registry>, host: &Arc<Host>, identity: Identity) -> Registered {
    Registry::enter(registry, Arc::new(info(host, identity)))
}

fn ann() -> Identity {
    Identity::new(Scheme::Bearer).with_subject("ann")
}

fn refusal(registered: &Registered) -> Option<Cause> {
    registered.session().control.take_refusal().map(|refusal| refusal.cause)
}

/// Far from what the clock of this machine may show, so that the warden leaves them alone.
fn later(seconds: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(1_000_000 + seconds)
}

#[test]
fn sessions_are_there_until_they_are_over() {
    let (registry, host) = registry();
    let sessions: Vec<_> = (0..200).map(|_| enter(&registry, &host, ann())).collect();
    assert_eq!((registry.len(), registry.all().count()), (200, 200));
    let id = sessions[7].session().request_id;
    assert_eq!(registry.get(id).map(|session| session.request_id), Some(id));
    drop(sessions);
    assert_eq!((registry.len(), registry.all().count()), (0, 0));
    assert!(registry.get(id).is_none());
}

#[test]
fn a_session_whose_identifier_is_taken_ends() {
    let (registry, host) = registry();
    let first = enter(&registry, &host, ann());
    let mut second = info(&host, ann());
    second.request_id = first.session().request_id;
    let second = Registry::enter(&registry, Arc::new(second));
    assert_eq!(refusal(&second), Some(Cause::InternalError));
    drop(second);
    let found = registry.get(first.session().request_id).unwrap();
    assert!(Arc::ptr_eq(&found, first.session()));
    assert_eq!(refusal(&first), None);
}

#[test]
fn an_expiry_is_met_to_the_moment_and_in_any_order() {
    let (registry, host) = registry();
    let expiring = |at| enter(&registry, &host, ann().with_expiry(at));
    let (late, early) = (expiring(later(20)), expiring(later(10)));
    let never = enter(&registry, &host, ann());
    assert_eq!(registry.end_expired(later(9)), early.session().control.identity().expires());
    assert_eq!((refusal(&early), refusal(&late)), (None, None));
    let first = early.session().control.identity().expires().unwrap();
    registry.end_expired(first);
    assert_eq!((refusal(&early), refusal(&late)), (Some(Cause::TokenExpired), None));
    // A clock that is set back does not revive anybody, and closes nobody early.
    registry.end_expired(UNIX_EPOCH);
    assert_eq!(refusal(&late), None);
    assert_eq!(registry.end_expired(later(100)), None);
    assert_eq!((refusal(&late), refusal(&never)), (Some(Cause::TokenExpired), None));
}

#[test]
fn who_is_renewed_goes_on_and_who_is_gone_is_forgotten() {
    let (registry, host) = registry();
    let session = enter(&registry, &host, ann().with_expiry(later(10)));
    let control = &session.session().control;
    let renew = |identity: Identity| {
        let old = control.replace(identity, |_, _| Ok::<_, ()>(())).unwrap().unwrap();
        registry.settle(session.session(), old.and_then(|old| old.expires()));
    };
    renew(ann().with_expiry(later(30)));
    registry.end_expired(later(20));
    assert_eq!(refusal(&session), None);
    // An earlier expiry counts as well.
    renew(ann().with_expiry(later(15)));
    registry.end_expired(later(20));
    assert_eq!(refusal(&session), Some(Cause::TokenExpired));

    let gone = enter(&registry, &host, ann().with_expiry(later(10)));
    drop(gone);
    assert_eq!(registry.end_expired(UNIX_EPOCH), None, "nothing is left of it");
}

#[test]
fn who_is_revoked_between_the_gate_and_here_ends() {
    let revocations = Revocations::new();
    revocations.revoke(Revocation::subject("ann")).unwrap();
    let (registry, host) = (Registry::new(&revocations), host());
    let session = enter(&registry, &host, ann());
    assert_eq!(refusal(&session), Some(Cause::TokenRevoked));
}

#[test]
fn the_warden_ends_with_the_registry() {
    let (registry, host) = registry();
    drop(enter(&registry, &host, ann().with_expiry(later(1))));
    let weak = Arc::downgrade(&registry);
    drop(registry);
    let begun = std::time::Instant::now();
    while weak.strong_count() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::yield_now();
    }
}
