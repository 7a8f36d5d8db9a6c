//! TLS: each way in which a certificate is wrong, and what is no TLS at all.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use rcgen::{ExtendedKeyUsagePurpose, SerialNumber, date_time_ymd};
use tests::certificates::{Authority, Files, Pair, params};
use tests::process::Running;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use ws_client::{Builder, Client, ConnectFuture, Connector, NextStep, Timeouts, WsUrl};
use ws_core::net::Transport;

use crate::programs::{self, Missing, repeating};
use crate::raw::{self, SOON, refused};
use crate::row::{AGAIN, Peer, SERVER, Table};

const NAME: &str = "rooms.example";

/// A pin that no key has.
const PIN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A client that knows where the host is, and trusts nobody yet.
fn to(name: &str, address: SocketAddr) -> Builder {
    let timeouts = Timeouts { tls: SOON, handshake: SOON * 10, ..Timeouts::default() };
    let builder = Client::builder(format!("wss://{name}:{}/", address.port())).unwrap();
    builder.timeouts(timeouts).resolve(name, [address]).tls_no_platform_roots().unwrap()
}

/// What raw sockets do in place of TLS.
pub(crate) async fn rows(table: &mut Table) {
    let authority = Authority::new("Rooms CA");
    let trusting = |address| to(NAME, address).tls_root_certificates(authority.pem()).unwrap().build();
    let mut add = |what, expected, error| table.add(Peer::Raw, what, expected, error);
    let plain = ("tls-on-plain-port", NextStep::Correct);
    let greets = answering(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await;
    add("`wss://` to an SSH server", plain, refused(&trusting(greets)).await);
    add(
        "`wss://`, and silence",
        ("tls-timeout", AGAIN),
        refused(&trusting(repeating(raw::ignore).await)).await,
    );
    add(
        "`wss://`, and the end at once",
        ("connection-reset", AGAIN),
        refused(&trusting(answering(b"").await)).await,
    );
    let resets = repeating(|stream| async move {
        let _ = stream.readable().await;
        raw::reset(stream).await;
    });
    add("`wss://`, and a reset", ("connection-reset", AGAIN), refused(&trusting(resets.await)).await);
    // RFC 8446 6: internal_error.
    let alert = answering(b"\x15\x03\x03\x00\x02\x02\x50").await;
    add("`wss://`, and an alert", ("tls-failed", SERVER), refused(&trusting(alert)).await);
    let garbage = answering(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00").await;
    add("`wss://`, and a hello that is none", ("tls-failed", SERVER), refused(&trusting(garbage)).await);
    let fails = to(NAME, greets).tls_root_certificates(authority.pem()).unwrap().connector(Fails).build();
    let what = "`wss://` over a stream of the caller's own that fails";
    table.add(Peer::None, what, ("connection-reset", AGAIN), refused(&fails).await);
    let nobody = refused(&to(NAME, greets).build()).await;
    table.add(Peer::None, "no root certificate", ("no-roots", NextStep::Correct), nobody);
    let long = "a".repeat(64);
    let unfit = to(&long, greets).tls_root_certificates(authority.pem()).unwrap().build();
    table.add(Peer::None, "a host of 64 letters", ("tls-failed", NextStep::Correct), refused(&unfit).await);
}

/// A server that says this to each client, and closes.
async fn answering(bytes: &'static [u8]) -> SocketAddr {
    repeating(move |mut stream| async move {
        let _ = stream.readable().await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        raw::linger(stream).await;
    })
    .await
}

/// Gives a stream from which nothing can be read.
struct Fails;

impl Connector for Fails {
    fn connect<'a>(&'a self, _: &'a WsUrl) -> ConnectFuture<'a> {
        let stream: Box<dyn Transport> = Box::new(tokio::io::join(Self, tokio::io::sink()));
        Box::pin(std::future::ready(Ok(stream)))
    }
}

impl AsyncRead for Fails {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the tunnel is closed")))
    }
}

/// A server block of nginx's.
struct Server {
    address: SocketAddr,
    block: String,
}

impl Server {
    fn new(files: &Files, number: usize, pair: &Pair, more: &str) -> Self {
        let address = programs::address();
        let (certificate, key) = files.write_pair(&format!("server-{number}"), pair);
        let (certificate, key) = (certificate.display(), key.display());
        let block = format!(
            "server {{ listen {address} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; {more} }}\n"
        );
        Self { address, block }
    }
}

pub(crate) async fn nginx_rows(table: &mut Table) -> Result<(), Missing> {
    let files = Files::new()?;
    let (authority, stranger) = (Authority::new("Rooms CA"), Authority::new("Unknown CA"));
    let clients = files.write("clients.pem", Authority::new("Clients CA").pem());
    let asks = format!("ssl_client_certificate {}; ssl_verify_client on;", clients.display());
    let out_of_time = |from, until| {
        let mut params = params(NAME);
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        authority.sign(&params)
    };
    let serial = |number: u64| {
        let mut params = params(NAME);
        params.serial_number = Some(SerialNumber::from(number));
        authority.sign(&params)
    };
    let old = "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;";
    let good = || authority.issue(NAME);
    let servers: Vec<Server> = [
        (out_of_time(2001, 2002), ""),
        (out_of_time(2998, 2999), ""),
        (authority.issue("other.example"), ""),
        (Pair::self_signed(&params(NAME)), ""),
        (stranger.issue(NAME), ""),
        (serial(7), ""),
        (serial(8), ""),
        (good(), ""),
        (for_clients(&authority), ""),
        (good(), old),
        (good(), "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-SHA;"),
        (good(), "ssl_reject_handshake on;"),
        (good(), &asks),
        (good(), "return 302 ws://rooms.example/;"),
        (nameless(&authority), ""),
    ]
    .iter()
    .enumerate()
    .map(|(number, (pair, more))| Server::new(&files, number, pair, more))
    .collect();
    let _nginx = start(&files, &servers)?;
    let [
        expired,
        early,
        other,
        own,
        unknown,
        seventh,
        eighth,
        fine,
        purpose,
        old,
        ciphers,
        rejects,
        asking,
        redirects,
        nameless,
    ] = servers.iter().map(|server| server.address).collect::<Vec<_>>().try_into().unwrap();
    let trusting = |address| to(NAME, address).tls_root_certificates(authority.pem()).unwrap();
    let listing = |address| trusting(address).tls_revocation_lists(authority.revocation_list(&[7])).unwrap();
    let foreign = |address| trusting(address).tls_revocation_lists(stranger.revocation_list(&[7])).unwrap();
    for (what, expected, client) in [
        ("a redirection to `ws://`", ("redirected-nowhere", SERVER), trusting(redirects).follow_redirects(1)),
        ("an expired certificate", ("certificate-expired", SERVER), trusting(expired)),
        ("a certificate of tomorrow", ("certificate-not-yet-valid", SERVER), trusting(early)),
        ("a certificate for another name", ("certificate-name-mismatch", NextStep::Correct), trusting(other)),
        ("a certificate without a name", ("certificate-name-mismatch", SERVER), trusting(nameless)),
        ("a certificate signed by itself", ("certificate-untrusted", NextStep::Correct), trusting(own)),
        (
            "a certificate of an unknown authority",
            ("certificate-untrusted", NextStep::Correct),
            trusting(unknown),
        ),
        ("a revoked certificate", ("certificate-revoked", SERVER), listing(seventh)),
        (
            "a certificate on which no list says anything",
            ("certificate-revocation-unknown", NextStep::Correct),
            foreign(eighth),
        ),
        (
            "a key that is not pinned",
            ("certificate-not-pinned", NextStep::Correct),
            trusting(fine).tls_pinned_key(PIN).unwrap(),
        ),
        ("a certificate for clients", ("certificate-invalid", SERVER), trusting(purpose)),
        ("TLS 1.1 only", ("tls-version-unsupported", SERVER), trusting(old)),
        ("a cipher suite of the past", ("tls-failed", SERVER), trusting(ciphers)),
        ("a name that it does not have", ("tls-failed", NextStep::Correct), trusting(rejects)),
        ("no client certificate", ("client-certificate-required", NextStep::Correct), trusting(asking)),
        ("a client certificate of a stranger", ("client-certificate-rejected", NextStep::Correct), {
            let pair = stranger.issue("ann");
            trusting(asking).tls_client_certificate(pair.certificate, pair.key).unwrap()
        }),
    ] {
        table.add(Peer::Nginx, what, expected, refused(&client.build()).await);
    }
    Ok(())
}

fn for_clients(authority: &Authority) -> Pair {
    let mut params = params(NAME);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    authority.sign(&params)
}

/// A common name is all that it has.
fn nameless(authority: &Authority) -> Pair {
    let mut params = params(NAME);
    params.subject_alt_names.clear();
    authority.sign(&params)
}

fn start(files: &Files, servers: &[Server]) -> Result<Running, Missing> {
    let blocks: String = servers.iter().map(|server| &*server.block).collect();
    let config = format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{\naccess_log off; \
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; \
         scgi_temp_path scgi;\n{blocks}}}\n"
    );
    files.write("nginx.conf", config);
    let prefix = format!("{}/", files.path().display());
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    programs::start("nginx", &["-p", &prefix, "-c", "nginx.conf", "-e", "stderr"], files.path(), &addresses)
}

/// `HAProxy` demands a client certificate within TLS, where nginx asks for one and answers in HTTP.
pub(crate) async fn haproxy_rows(table: &mut Table) -> Result<(), Missing> {
    let files = Files::new()?;
    let (authority, stranger) = (Authority::new("Rooms CA"), Authority::new("Unknown CA"));
    let pair = authority.issue(NAME);
    files.write("server.pem", format!("{}{}", pair.certificate, pair.key));
    files.write("clients.pem", Authority::new("Clients CA").pem());
    let (demands, plain) = (programs::address(), programs::address());
    files.write(
        "haproxy.cfg",
        format!(
            "global\n  log stderr local0 crit\ndefaults\n  mode http\n  timeout client 5s\nfrontend demands\n  \
             bind {demands} ssl crt server.pem verify required ca-file clients.pem\nfrontend plain\n  bind {plain}\n"
        ),
    );
    let _haproxy =
        programs::start("haproxy", &["-db", "-f", "haproxy.cfg"], files.path(), &[demands, plain])?;
    let trusting = |address| to(NAME, address).tls_root_certificates(authority.pem()).unwrap();
    let mut add = |what, expected, error| table.add(Peer::HaProxy, what, expected, error);
    let required = ("client-certificate-required", NextStep::Correct);
    add("no client certificate, demanded in TLS", required, refused(&trusting(demands).build()).await);
    let ann = stranger.issue("ann");
    let known = trusting(demands).tls_client_certificate(ann.certificate, ann.key).unwrap();
    let rejected = ("client-certificate-rejected", NextStep::Correct);
    add("a client certificate of a stranger, demanded in TLS", rejected, refused(&known.build()).await);
    let expected = ("tls-on-plain-port", NextStep::Correct);
    add("`wss://` to a port without TLS", expected, refused(&trusting(plain).build()).await);
    Ok(())
}
