//! Peers that are slow, that never stop, or that never answer; streams that hold back what was written;
//! halves that wander between tasks.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    time::{Instant, sleep, timeout},
};
use ws_core::{
    connection::{Role, SendError},
    frame::{Header, OpCode},
    message::{CloseCode, CloseFrame},
    net::{Error, SocketConfig, WebSocket},
};

use crate::support::{masked, read_frame, server, socket, text, write};

const MINUTE: Duration = Duration::from_secs(60);

fn without_pings() -> SocketConfig {
    SocketConfig { ping_interval: None, ..SocketConfig::new(Role::Server) }
}

/// Reads `count` bytes at a time, one second apart, and gives the time at which the stream ended.
async fn read_slowly(mut far: DuplexStream, count: usize, pause: Duration) -> Duration {
    let start = Instant::now();
    let mut piece = vec![0; count];
    loop {
        sleep(pause).await;
        if far.read(&mut piece).await.unwrap_or(0) == 0 {
            return start.elapsed();
        }
    }
}

/// A peer that takes a little every second makes progress, also while more is sent than it takes.
#[tokio::test(start_paused = true)]
async fn a_slow_peer_is_not_taken_for_one_that_takes_nothing() {
    let (mut ws, far, _) = socket(without_pings(), 1024);
    let reader = tokio::spawn(read_slowly(far, 1024, Duration::from_secs(1)));
    // From a short queue to a long one: it never gets shorter than it was at first.
    for _ in 0..120 {
        ws.send(vec![0; 2048]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    ws.flush().await.unwrap();
    drop(ws);
    reader.await.unwrap();
}

/// A ping waits behind what the peer has not taken yet, and while that is too much the peer is not read from:
/// its silence says nothing then.
#[tokio::test(start_paused = true)]
async fn a_peer_that_is_busy_receiving_is_not_silent() {
    for size in [200 << 10, 400 << 10] {
        let (ws, far, _) = socket(SocketConfig::new(Role::Server), 1024);
        let (mut recv, mut send) = ws.split();
        let reader = tokio::spawn(read_slowly(far, 2048, Duration::from_secs(1)));
        send.send(vec![0; size]).await.unwrap();
        let receiver = tokio::spawn(async move { recv.recv().await });
        sleep(3 * MINUTE / 2).await;
        assert!(!receiver.is_finished(), "{:?}", receiver.await);
        // In the end it is silent.
        assert!(matches!(receiver.await.unwrap(), Err(Error::PingTimeout)));
        drop(send);
        reader.await.unwrap();
    }
}

/// After the end a peer that takes a byte now and then does not hold the connection for long.
#[tokio::test(start_paused = true)]
async fn the_last_bytes_have_a_deadline() {
    let (mut ws, far, _) = socket(without_pings(), 64);
    ws.send(vec![0; 100_000]).await.unwrap();
    drop(ws);
    let end = read_slowly(far, 1, Duration::from_secs(15)).await;
    // Whatever the stream itself holds is still read after its end.
    assert!(end < 30 * MINUTE, "{end:?}");
}

/// Connections that never finish closing (CVE-2024-23672): a peer that goes on talking has the close
/// timeout and no more.
#[tokio::test]
async fn a_peer_that_never_stops_does_not_hold_up_the_close() {
    for role in [Role::Server, Role::Client] {
        let config = SocketConfig { close_timeout: Duration::from_millis(50), ..SocketConfig::new(role) };
        let flood = match role {
            Role::Server => text("more"),
            Role::Client => vec![0x88, 0],
        };
        let mut ws = WebSocket::from_stream(Flood(flood), config, BytesMut::new());
        let session = tokio::spawn(async move { ws.close(None).await });
        match (role, timeout(MINUTE / 6, session).await.expect("an end").unwrap()) {
            (Role::Server, Err(Error::CloseTimeout)) | (Role::Client, Ok(None)) => {}
            (role, other) => panic!("{role:?}: {other:?}"),
        }
    }
}

/// Closing from the other half wakes the receiving one, which may have no timer of its own.
#[tokio::test(start_paused = true)]
async fn the_close_timeout_begins_with_the_close_frame_of_the_other_half() {
    for config in [without_pings(), SocketConfig::new(Role::Server)] {
        let (ws, _far, _) = socket(config, 1024);
        let (mut recv, mut send) = ws.split();
        let receiver = tokio::spawn(async move { recv.recv().await });
        sleep(Duration::from_secs(1)).await;
        send.start_close(None).unwrap();
        let start = Instant::now();
        let end = timeout(MINUTE, receiver).await.expect("an end").unwrap();
        assert!(matches!(end, Err(Error::CloseTimeout)), "{end:?}");
        assert_eq!(start.elapsed().as_secs(), 5);
    }
}

/// A connection that is given up in one direction ends in the other.
#[tokio::test(start_paused = true)]
async fn a_write_timeout_ends_the_receiving_half() {
    let (ws, _far, _) = socket(without_pings(), 64);
    let (mut recv, mut send) = ws.split();
    let receiver = tokio::spawn(async move { recv.recv().await });
    sleep(Duration::from_secs(1)).await;
    send.send(vec![0; 1000]).await.unwrap();
    let end = timeout(MINUTE, receiver).await.expect("an end").unwrap();
    assert!(matches!(end, Err(Error::WriteTimeout)), "{end:?}");
}

/// RFC 6455 7.1.7: a peer that is given up is told why, should it listen after all, in the driver's words
/// where there is one.
#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_told_of_the_timeout() {
    for driven in [true, false] {
        let (mut ws, mut far, _) = server();
        let driver = driven.then(|| ws.driver());
        assert!(matches!(ws.recv().await, Err(Error::PingTimeout)));
        drop(ws);
        let told = CloseFrame::new(CloseCode::TIMEOUT, "in other words");
        let session = tokio::spawn(async move {
            if let Some(driver) = driver {
                driver.finish(&told).await;
            }
        });
        let mut buffer = BytesMut::new();
        assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().0, OpCode::Ping);
        let reason: &[u8] = if driven { b"in other words" } else { b"idle-timeout" };
        let close = [&3008u16.to_be_bytes()[..], reason].concat();
        assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Close, close)));
        assert_eq!(read_frame(&mut far, &mut buffer).await, None);
        session.await.unwrap();
    }
}

/// No time is too long to be added to the clock.
#[tokio::test(start_paused = true)]
async fn timeouts_may_be_as_long_as_can_be() {
    let long = Duration::MAX;
    let config = SocketConfig {
        ping_interval: Some(long),
        pong_timeout: long,
        close_timeout: long,
        write_timeout: long,
        ..SocketConfig::new(Role::Server)
    };
    let (mut ws, mut far, _) = socket(config, 64);
    assert!(timeout(MINUTE, ws.recv()).await.is_err());
    ws.send(vec![1; 1000]).await.unwrap();
    assert!(timeout(MINUTE, ws.flush()).await.is_err());
    let session = tokio::spawn(async move { ws.close(None).await });
    let mut buffer = BytesMut::new();
    assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().1, vec![1; 1000]);
    assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().0, OpCode::Close);
    write(&mut far, &[masked(OpCode::Close, true, b"")]).await;
    assert_eq!(session.await.unwrap().unwrap(), None);
}

/// A stream such as TLS may hold what was written until it is flushed.
#[tokio::test(start_paused = true)]
async fn flush_waits_for_a_stream_that_holds_back() {
    let open = Arc::new(Gate::default());
    let mut ws = WebSocket::from_stream(HoldingBack(open.clone()), without_pings(), BytesMut::new());
    ws.send("message").await.unwrap();
    for _ in 0..2 {
        assert!(timeout(Duration::from_secs(1), ws.flush()).await.is_err(), "nothing has left");
    }
    open.open();
    timeout(Duration::from_secs(1), ws.flush()).await.expect("in time").unwrap();
}

/// What was sent first arrives first, also when the half is handed to another task in between, whose
/// sends the handler's cork does not see.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_that_wanders_keeps_its_order() {
    let (ws, mut far, _) = server();
    let driver = ws.driver();
    let session = tokio::spawn(async move {
        let handler = async move {
            let (recv, mut send) = ws.split();
            send.send("first").await.unwrap();
            let runtime = tokio::runtime::Handle::current();
            let other = std::thread::spawn(move || {
                runtime.block_on(send.send("second")).unwrap();
                send
            });
            (recv, other.join().unwrap())
        };
        driver.run(Box::pin(handler)).await
    });
    let mut buffer = BytesMut::new();
    assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().1, b"first");
    assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().1, b"second");
    drop(session.await.unwrap());
}

/// RFC 6455 5.5.1: nothing follows a Close frame, not even what a handler gathers while another task
/// sends it; and all that was taken before goes first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_follows_a_close_frame_from_elsewhere() {
    let (near, mut far) = duplex(1 << 16);
    let ws = WebSocket::from_stream(near, SocketConfig::new(Role::Client), BytesMut::new());
    let driver = ws.driver();
    let (mut recv, mut send) = ws.split();
    let receiver = tokio::spawn(async move { recv.recv().await });
    let peer = tokio::spawn(async move {
        sleep(Duration::from_millis(50)).await;
        far.write_all(&[0x88, 0]).await.unwrap();
        sleep(Duration::from_millis(200)).await;
        far
    });
    let handler = async move {
        // The Close frame comes and is answered while this handler is being polled.
        let start = std::time::Instant::now();
        let mut taken = 0;
        while start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(1));
            match send.send("message").await {
                Ok(()) => taken += 1,
                Err(Error::Send(SendError::Closed)) => break,
                Err(error) => panic!("{error}"),
            }
        }
        taken
    };
    let session = tokio::spawn(async move { (driver.run(Box::pin(handler)).await, driver) });
    let (taken, _driver) = session.await.unwrap();
    let mut far = peer.await.unwrap();
    let mut bytes = vec![0; 1 << 16];
    let count = timeout(MINUTE, far.read(&mut bytes)).await.expect("an answer").unwrap();
    let (mut rest, mut opcodes) = (&bytes[..count], Vec::new());
    while let Some((header, size)) = Header::parse(rest).unwrap() {
        opcodes.push(header.opcode);
        rest = &rest[size + usize::try_from(header.length).unwrap()..];
    }
    assert_eq!(opcodes.pop(), Some(OpCode::Close));
    assert_eq!(opcodes, vec![OpCode::Text; taken]);
    assert!(timeout(Duration::from_millis(20), far.read_u8()).await.is_err(), "bytes after the Close frame");
    drop(far);
    assert_eq!(receiver.await.unwrap().unwrap(), None);
}

/// A socket may outlive its thread's pool of buffers, as in a value of the thread that is dropped last.
#[test]
fn a_socket_may_be_dropped_while_its_thread_ends() {
    thread_local! {
        static LAST: RefCell<Option<WebSocket>> = const { RefCell::new(None) };
    }
    let thread = std::thread::spawn(|| {
        LAST.with_borrow_mut(|_| ());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ws = runtime.block_on(async {
            let (mut ws, mut far, _) = server();
            write(&mut far, &[text("first"), text("second")]).await;
            assert!(ws.recv().await.unwrap().is_some());
            ws
        });
        LAST.set(Some(ws));
    });
    thread.join().unwrap();
}

/// Always has more to read, and takes whatever is written.
struct Flood(Vec<u8>);

impl AsyncRead for Flood {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(&self.0);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Gate {
    open: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Gate {
    fn open(&self) {
        self.open.store(true, SeqCst);
        if let Some(waker) = self.waiting.lock().unwrap().take() {
            waker.wake();
        }
    }
}

/// Takes what is written, but cannot flush it before its gate opens.
struct HoldingBack(Arc<Gate>);

impl AsyncRead for HoldingBack {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for HoldingBack {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        *self.0.waiting.lock().unwrap() = Some(cx.waker().clone());
        if self.0.open.load(SeqCst) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
