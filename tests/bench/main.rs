//! Echo servers side by side: server CPU per message and per connection, memory per idle connection.
//!
//! `tests/bench/run` builds everything, raises the limit on open files and pins this program to one core; the
//! servers run on the other. All servers are interleaved in each round and medians are printed, so that what
//! else happens on the machine falls on all of them. The ratios mean more than the figures.

mod candidates;
mod load;
mod measure;
mod report;

use std::time::Duration;

use clap::Parser;
use tests::measured::{Candidate, Server};

use crate::candidates::CANDIDATES;
use crate::load::Frames;
use crate::report::Row;

/// Measures echo servers side by side.
#[derive(Parser)]
struct Options {
    /// How often every server is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load in one measurement.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Connections under load.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Bytes of a message.
    #[arg(long, default_value_t = 125)]
    bytes: usize,
    /// Messages in flight on each connection, beside the measurement with one.
    #[arg(long, default_value_t = 16)]
    in_flight: usize,
    /// Connections in one measurement of handshakes; 0 leaves it out.
    #[arg(long, default_value_t = 2000)]
    handshakes: usize,
    /// Idle connections; 0 leaves it out.
    #[arg(long, default_value_t = 5000)]
    idle: usize,
    /// The core on which the servers run.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// Measures only servers whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, measure_in_rounds(&Options::parse()))
}

async fn measure_in_rounds(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let chosen: Vec<&Candidate> =
        CANDIDATES.iter().filter(|candidate| candidate.name.contains(&options.only)).collect();
    let mut rows: Vec<Row> = chosen.iter().map(|candidate| Row::new(candidate.name)).collect();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        for (candidate, row) in chosen.iter().zip(&mut rows) {
            measure_all(candidate, row, options)
                .await
                .map_err(|error| format!("{}: {error}", candidate.name))?;
        }
    }
    println!("{}", report::heading(options.connections, options.bytes, options.in_flight));
    print!("{}", report::table(&rows));
    Ok(())
}

async fn measure_all(candidate: &Candidate, row: &mut Row, options: &Options) -> std::io::Result<()> {
    let window = Duration::from_secs_f64(options.seconds);
    for (cell, in_flight, whole_batches) in
        [(0, 1, true), (1, options.in_flight, false), (2, options.in_flight, true)]
    {
        let server = Server::start(candidate, options.server_core)?;
        let frames = Frames::new(options.bytes, in_flight, whole_batches);
        row.add(cell, measure::echo(&server, options.connections, frames, window).await?);
    }
    if options.handshakes > 0 {
        let server = Server::start(candidate, options.server_core)?;
        row.add(3, measure::handshake(&server, options.handshakes).await?);
    }
    if options.idle > 0 {
        let server = Server::start(candidate, options.server_core)?;
        let (fresh, used) = measure::idle(&server, options.idle).await?;
        row.add(4, fresh);
        row.add(5, used);
    }
    Ok(())
}
