//! One request to one server, and everything that came of it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use tests::process::target;
use tests::wire::{Answer, PATIENCE, Peer};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use ws_core::refusal::{Cause, Disclosure};
use ws_server::{Server, ServerHandle, ServerLimits, TlsFiles};

use crate::ask::{Ask, CLIENT, OWN_ORIGIN};
use crate::fault::Fault;
use crate::secrets;
use crate::setup::{Setup, Way};

/// Where whoever else is there comes from.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// What a client was told.
#[derive(Debug)]
pub(crate) enum Told {
    /// A response.
    Http(Answer),
    /// A 101, and a Close frame with this code and reason.
    Frame(Answer, u16, String),
    /// Nothing: the connection ended.
    Nothing,
}

/// What the operator was told.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) cause: Cause,
    pub(crate) status: Option<u16>,
    pub(crate) close_code: Option<u16>,
    pub(crate) id: String,
    /// The check that refused, with the cause, and what has passed before it.
    pub(crate) checks: String,
}

/// All that came of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) told: Told,
    pub(crate) reports: Vec<Report>,
    /// How often the cause was counted.
    pub(crate) counted: u64,
}

/// Makes a request that has these faults, to a server that tells as much and in that way.
pub(crate) async fn play(faults: &[&Fault], disclosure: Disclosure, way: Way) -> Outcome {
    secrets::listen();
    let (mut setup, mut ask) = (Setup::default(), Ask::good());
    let touches = |place| faults.iter().any(|fault| fault.touches.contains(&place));
    if way == Way::AutoWithOrigin && !touches("origin") {
        ask.origins = vec![OWN_ORIGIN];
    }
    // What is found later is made first, for it may be a part of what is found earlier.
    for fault in faults.iter().rev() {
        (fault.setup)(&mut setup);
        (fault.ask)(&mut ask);
    }
    let stage = Stage::start(&setup, disclosure, way).await;
    if setup.spend {
        let spent = spent(faults);
        ask.query.clone_from(&spent.query);
        stage.spend(&spent).await;
    }
    let _company = stage.prepare(&setup).await;
    stage.reports.lock().unwrap().clear();
    let before = stage.handle.counters().refused().collect::<Vec<_>>();

    let mut peer = connect(CLIENT, stage.address).await;
    peer.send(ask.bytes()).await;
    let told = listen(&mut peer).await;
    let reports = stage.reports.lock().unwrap().clone();
    let after = stage.handle.counters().refused();
    let counted = after.zip(before).map(|((_, after), (_, before))| after - before).sum();
    secrets::measured(&stage.handle.metrics());
    Outcome { told, reports, counted }
}

/// A request that is let in, whatever the origins are that may come.
fn welcome() -> Ask {
    Ask { origins: vec![OWN_ORIGIN], ..Ask::good() }
}

/// The request with what can be used once, and nothing else that is wrong with it.
fn spent(faults: &[&Fault]) -> Ask {
    let mut ask = welcome();
    for fault in faults {
        let mut setup = Setup::default();
        (fault.setup)(&mut setup);
        if setup.spend {
            (fault.ask)(&mut ask);
        }
    }
    ask
}

/// A server that is there for one request.
struct Stage {
    address: SocketAddr,
    handle: ServerHandle,
    reports: Arc<Mutex<Vec<Report>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Stage {
    async fn start(setup: &Setup, disclosure: Disclosure, way: Way) -> Self {
        let mut setup = setup.clone();
        if setup.crowd {
            setup.limits.connections_per_address = 1;
        }
        if setup.full {
            let held = usize::from(setup.session_of_ann) + usize::from(setup.crowd || !setup.session_of_ann);
            setup.limits = ServerLimits { connections: held, ..setup.limits };
        }
        let reports = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&reports);
        let server = setup.build(Server::builder()).disclosure(disclosure).delivery(way.delivery());
        let server = server.on_accept(secrets::accepted).on_refusal(move |report| {
            secrets::reported(report);
            heard.lock().unwrap().push(Report {
                cause: report.cause,
                status: report.status,
                close_code: report.close_code,
                id: report.request_id.to_string(),
                checks: report.trace.to_string(),
            });
        });
        let server = if setup.tls {
            server.listen_tls("127.0.0.1:0", certificate())
        } else {
            server.listen("127.0.0.1:0")
        };
        let server = server.bind().await.unwrap();
        let (address, handle) = (server.local_addr(), server.handle());
        let serving = tokio::spawn(async move { server.serve().await.unwrap() });
        Self { address, handle, reports, serving }
    }

    /// What has happened before the request; what it returns goes on while the request is made.
    async fn prepare(&self, setup: &Setup) -> Vec<Peer> {
        let mut company = Vec::new();
        if setup.session_of_ann {
            let mut ann = connect(ELSEWHERE, self.address).await;
            ann.send(welcome().bytes()).await;
            assert_eq!(ann.answer(false).await.map(|answer| answer.head.status()), Some(101));
            company.push(ann);
        }
        if setup.attempts.is_some() {
            let mut first = connect(CLIENT, self.address).await;
            first.send(welcome().bytes()).await;
            first.answer(false).await.unwrap();
            drop(first);
            self.connections(company.len()).await;
        }
        if setup.crowd {
            company.push(connect(CLIENT, self.address).await);
        } else if setup.full && company.is_empty() {
            company.push(connect(ELSEWHERE, self.address).await);
        }
        self.connections(company.len()).await;
        if setup.shutdown {
            self.handle.shutdown();
        }
        company
    }

    /// Makes the request, which is let in, once.
    async fn spend(&self, ask: &Ask) {
        let mut first = connect(ELSEWHERE, self.address).await;
        first.send(ask.bytes()).await;
        assert_eq!(first.answer(false).await.map(|answer| answer.head.status()), Some(101));
        drop(first);
        self.connections(0).await;
    }

    /// Waits until so many connections are open.
    async fn connections(&self, count: usize) {
        let are = async {
            while self.handle.connections() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, are).await.expect("in time");
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn connect(from: Ipv4Addr, to: SocketAddr) -> Peer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let stream = socket.connect(to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    Peer { stream, buffer: BytesMut::new() }
}

/// Reads the answer, and what follows a 101.
async fn listen(peer: &mut Peer) -> Told {
    let Some(answer) = peer.answer(false).await else { return Told::Nothing };
    secrets::answered(&answer);
    if answer.head.status() != 101 {
        return Told::Http(answer);
    }
    while peer.more().await.unwrap_or(0) > 0 {}
    let frame = &peer.buffer[..];
    secrets::told(String::from_utf8_lossy(frame));
    // RFC 6455 5.2: FIN and opcode 8, no mask, a length of at most 125, and nothing behind it.
    assert!(frame.len() >= 4 && frame[0] == 0x88 && usize::from(frame[1]) == frame.len() - 2, "{frame:?}");
    let reason = String::from_utf8(frame[4..].to_vec()).unwrap();
    Told::Frame(answer, u16::from_be_bytes([frame[2], frame[3]]), reason)
}

/// A certificate that nobody looks at: who comes to this port speaks no TLS.
fn certificate() -> TlsFiles {
    static FILES: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let (certificate, key) = FILES.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let path = |name: &str| target().join("tmp").join(format!("refusals-{}-{name}", std::process::id()));
        let (certificate, key) = (path("certificate.pem"), path("key.pem"));
        fs::create_dir_all(target().join("tmp")).unwrap();
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    });
    TlsFiles::new(certificate, key)
}
