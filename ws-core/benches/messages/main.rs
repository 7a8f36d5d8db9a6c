//! Messages in memory: receiving, sending, and a whole round trip, beside other implementations.
//!
//! Every contender does the same work on the same bytes in the same run, through the interface that its users
//! have, with its defaults: it reads from and writes to memory as if that were a socket, checks its limits,
//! masks or unmasks, validates text, and hands out or takes an owned payload. There is no runtime and no
//! system call; the asynchronous ones are polled once, and are always ready. `memcpy` and `xor` are what
//! copying and masking alone would cost: the ceiling.
//!
//! One iteration is one message. `cargo bench -p ws-core -- receive/125` runs a part.

mod ceiling;
mod fastwebsockets_peer;
mod input;
mod memory;
mod ours;
mod tokio_websockets_peer;
mod tungstenite_peer;

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};

use input::{Kind, SIZES, payload};
use memory::Tape;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20)
        .without_plots()
        .configure_from_args();
    receive(&mut criterion, "receive", &[Kind::Binary], &SIZES);
    receive(&mut criterion, "receive-text", &[Kind::Ascii, Kind::NonAscii], &[1024]);
    send(&mut criterion);
    round_trip(&mut criterion);
    criterion.final_summary();
}

/// Parse and unmask a stream of frames that a client sent; text is validated.
fn receive(criterion: &mut Criterion, name: &str, kinds: &[Kind], sizes: &[usize]) {
    for &kind in kinds {
        for &size in sizes {
            let tape = Tape::of_masked_frames(&payload(kind, size), kind.is_text());
            let mut group = group(criterion, name, kind, size);
            run(&mut group, "ws-core", ours::receive(tape.clone()), size);
            if kind == Kind::Binary {
                run(&mut group, "ws-core, frames in place", ours::receive_in_place(tape.clone()), size);
            }
            run(&mut group, "tungstenite", tungstenite_peer::receive(tape.clone()), size);
            run(&mut group, "fastwebsockets", fastwebsockets_peer::receive(tape.clone()), size);
            run(&mut group, "tokio-websockets", tokio_websockets_peer::receive(tape.clone()), size);
            run(&mut group, "ceiling: memcpy", ceiling::copy(&payload(kind, size)), size);
            run(&mut group, "ceiling: xor", ceiling::xor(&payload(kind, size)), size);
            group.finish();
        }
    }
}

/// Encode and mask messages as a client does, from a payload that the caller keeps.
fn send(criterion: &mut Criterion) {
    for size in SIZES {
        let payload = payload(Kind::Binary, size);
        let mut group = group(criterion, "send", Kind::Binary, size);
        run(&mut group, "ws-core", ours::send(&payload), size);
        run(&mut group, "tungstenite", tungstenite_peer::send(&payload), size);
        run(&mut group, "fastwebsockets", fastwebsockets_peer::send(&payload), size);
        run(&mut group, "tokio-websockets", tokio_websockets_peer::send(&payload), size);
        run(&mut group, "ceiling: memcpy", ceiling::copy(&payload), size);
        run(&mut group, "ceiling: xor", ceiling::xor(&payload), size);
        group.finish();
    }
}

/// A client sends a text, a server echoes it, the client receives it.
fn round_trip(criterion: &mut Criterion) {
    for size in SIZES {
        let text = payload(Kind::Ascii, size);
        let mut group = group(criterion, "round-trip", Kind::Ascii, size);
        run(&mut group, "ws-core", ours::round_trip(&text), size);
        run(&mut group, "tungstenite", tungstenite_peer::round_trip(&text), size);
        run(&mut group, "fastwebsockets", fastwebsockets_peer::round_trip(&text), size);
        run(&mut group, "tokio-websockets", tokio_websockets_peer::round_trip(&text), size);
        run(&mut group, "ceiling: memcpy", ceiling::copy(&text), size);
        run(&mut group, "ceiling: xor", ceiling::xor(&text), size);
        group.finish();
    }
}

fn group<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    kind: Kind,
    size: usize,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(format!("{name}/{size} B {}", kind.name()));
    group.throughput(Throughput::Bytes(size as u64));
    group
}

/// Measures `one`, which handles one message and tells the length of its payload.
fn run(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut one: impl FnMut() -> usize, size: usize) {
    // A contender that fails or returns early would look fast.
    assert!((0..1000).all(|_| one() == size), "{name} does not handle its messages");
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| bencher.iter(|| black_box(one())));
}
