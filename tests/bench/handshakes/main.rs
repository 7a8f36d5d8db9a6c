//! What a handshake costs: ours beside axum with `jsonwebtoken`, without authentication and with three kinds of token.
//!
//! `tests/bench/handshakes/run` builds everything and pins this program to one core; the servers run on the other. All
//! are interleaved in each round and medians are printed. A connection is accepted, shakes hands and ends. Then the gate
//! alone is measured in memory.

mod gate;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use tests::keys::{self, WAYS};
use tests::measured::{Candidate, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Measures handshakes.
#[derive(Parser)]
struct Options {
    /// How often every server is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Handshakes in one measurement.
    #[arg(long, default_value_t = 4000)]
    handshakes: usize,
    /// Connections that shake hands at the same time.
    #[arg(long, default_value_t = 16)]
    at_once: usize,
    /// The core on which the servers run.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
}

const SERVERS: [(&str, &str); 2] =
    [("ws-server", "handshakes_ours"), ("axum + jsonwebtoken", "handshakes_axum")];

/// Microseconds of server CPU a handshake, and handshakes a second, of each round.
type Cell = Vec<(f64, f64)>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cells = tokio::task::LocalSet::new().block_on(&runtime, measure(&options))?;
    println!("Microseconds of server CPU a handshake (handshakes a second on one core); medians.\n");
    println!("| server | {} |\n|---|{}", WAYS.join(" | "), "---|".repeat(WAYS.len()));
    for ((name, _), row) in SERVERS.iter().zip(&cells) {
        let shown: Vec<_> = row.iter().map(show).collect();
        println!("| {name} | {} |", shown.join(" | "));
    }
    let ratios: Vec<_> = cells[0]
        .iter()
        .zip(&cells[1])
        .map(|(ours, theirs)| format!("{:.2}", median(theirs) / median(ours)))
        .collect();
    println!("| ratio of CPU | {} |", ratios.join(" | "));
    let gate = runtime.block_on(gate::cost())?;
    println!("\nThe gate alone, in memory: {gate:.2} us of CPU a handshake without cryptography.");
    Ok(())
}

async fn measure(options: &Options) -> Result<[[Cell; WAYS.len()]; 2], Box<dyn std::error::Error>> {
    let mut cells: [[Cell; WAYS.len()]; 2] = Default::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (column, way) in WAYS.iter().enumerate() {
            let request: Rc<str> = request(way)?.into();
            for ((_, program), row) in SERVERS.iter().zip(&mut cells) {
                let arguments = std::slice::from_ref(way);
                let server =
                    Server::start(&Candidate { name: program, program, arguments }, options.server_core)?;
                row[column].push(handshakes(&server, &request, options).await?);
            }
        }
    }
    Ok(cells)
}

/// A handshake with a good token of this kind.
fn request(way: &str) -> Result<String, Box<dyn std::error::Error>> {
    let exp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 3600;
    let claims = json!({ "aud": "chat", "sub": "ann", "scope": "chat:read chat:write", "exp": exp });
    let token = match way {
        "HS256" => encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(keys::SECRET))?,
        "ES256" => encode(&Header::new(Algorithm::ES256), &claims, &EncodingKey::from_ec_pem(keys::P256)?)?,
        "RS256" => encode(&Header::new(Algorithm::RS256), &claims, &EncodingKey::from_rsa_pem(keys::RSA)?)?,
        _ => String::new(),
    };
    let credentials = if token.is_empty() { token } else { format!("Authorization: Bearer {token}\r\n") };
    Ok(format!(
        "GET /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{credentials}\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ))
}

async fn handshakes(server: &Server, request: &Rc<str>, options: &Options) -> io::Result<(f64, f64)> {
    // What the first ones bring into being is not the others' cost.
    for _ in 0..200 {
        shake(server.address, request).await?;
    }
    let (cpu, begun) = (server.cpu()?, Instant::now());
    let each = options.handshakes / options.at_once;
    let mut clients = JoinSet::new();
    for _ in 0..options.at_once {
        let (address, request) = (server.address, Rc::clone(request));
        clients.spawn_local(async move {
            for _ in 0..each {
                shake(address, &request).await?;
            }
            io::Result::Ok(())
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    let took = begun.elapsed();
    // The server has still to see the last ones go.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let count = u32::try_from(each * options.at_once).map_err(io::Error::other)?;
    let cpu = Duration::from_nanos(server.cpu()? - cpu);
    Ok((cpu.as_secs_f64() * 1e6 / f64::from(count), f64::from(count) / took.as_secs_f64()))
}

async fn shake(address: SocketAddr, request: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if head.starts_with(b"HTTP/1.1 101") {
        Ok(())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&head)))
    }
}

fn show(cell: &Cell) -> String {
    format!("{:.1} ({:.0})", median(cell), median_of(cell.iter().map(|&(_, rate)| rate)))
}

fn median(cell: &Cell) -> f64 {
    median_of(cell.iter().map(|&(cost, _)| cost))
}

fn median_of(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
