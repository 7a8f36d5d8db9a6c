use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::net::transport::split_any;

/// Can be read from for ever, but not written to.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn broken(output: usize) -> Arc<Outbox> {
    let mut config = SocketConfig::new(Role::Server);
    config.limits.output = output;
    Outbox::new(split_any(Broken).1, Arc::new(config))
}

/// Output growth (CVE-2020-35896): pings that come over a connection which takes no pongs cost nothing.
#[tokio::test]
async fn what_is_sent_on_a_failed_connection_is_not_kept() {
    let outbox = broken(1024);
    for corked in [false, true] {
        for _ in 0..100 {
            let _corked = corked.then(|| cork::Corked::new(&outbox));
            outbox.send_control(OpCode::Pong, b"pong", || When::Now).unwrap();
        }
    }
    outbox.send_close(None).unwrap();
    assert_eq!(outbox.lock().len(), 0);
}

/// A failure shows even where no amount of output is too much.
#[tokio::test]
async fn a_failure_is_told_whatever_the_limit() {
    let outbox = broken(usize::MAX);
    outbox.send_control(OpCode::Pong, b"pong", || When::Now).unwrap();
    let room = poll_fn(|cx| outbox.poll_room(cx)).await;
    assert!(matches!(room, Err(Error::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe));
}

/// RFC 6455 5.5.1: a cork that begins to gather when the Close frame is under way gathers for nothing, and
/// who comes later is told.
#[tokio::test]
async fn nothing_is_queued_behind_a_close_frame() {
    let (near, mut far) = tokio::io::duplex(1024);
    let outbox = Outbox::new(split_any(near).1, Arc::new(SocketConfig::new(Role::Server)));
    {
        let corked = cork::Corked::new(&outbox);
        let other = outbox.clone();
        std::thread::spawn(move || other.send_close(None)).join().unwrap().unwrap();
        outbox.send_control(OpCode::Ping, b"late", || When::Now).unwrap();
        drop(corked);
    }
    let late = outbox.send_control(OpCode::Ping, b"later", || When::Now);
    assert_eq!(late, Err(SendError::Closed));
    outbox.shut_down();
    let mut sent = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut far, &mut sent).await.unwrap();
    assert_eq!(sent, [0x88, 0]);
}

/// A handler that is driven within another one of the same socket does not overtake it.
#[tokio::test]
async fn corks_within_corks_keep_the_order() {
    let (near, mut far) = tokio::io::duplex(1024);
    let outbox = Outbox::new(split_any(near).1, Arc::new(SocketConfig::new(Role::Server)));
    {
        let _outer = cork::Corked::new(&outbox);
        outbox.send_control(OpCode::Ping, b"1", || When::Now).unwrap();
        {
            let _inner = cork::Corked::new(&outbox);
            outbox.send_control(OpCode::Ping, b"2", || When::Now).unwrap();
        }
        outbox.send_control(OpCode::Ping, b"3", || When::Now).unwrap();
    }
    outbox.send_close(None).unwrap();
    outbox.shut_down();
    let mut sent = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut far, &mut sent).await.unwrap();
    assert_eq!(sent, *b"\x89\x011\x89\x012\x89\x013\x88\x00");
}

/// Whoever goes on in another runtime is not left waiting for a task of the one that is gone.
#[test]
fn the_flushing_task_may_go_with_its_runtime() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for waits in [true, false] {
        let (near, mut far) = tokio::io::duplex(4);
        let outbox = Outbox::new(split_any(near).1, Arc::new(SocketConfig::new(Role::Server)));
        runtime().block_on(async {
            outbox.send_control(OpCode::Ping, b"long enough", || When::Now).unwrap();
            if waits {
                tokio::task::yield_now().await;
            }
        });
        runtime().block_on(async {
            let mut sent = [0; 13];
            let read = tokio::io::AsyncReadExt::read_exact(&mut far, &mut sent);
            let flushed = poll_fn(|cx| outbox.poll_flush(cx));
            let both = async { tokio::join!(read, flushed) };
            let (read, flushed) = timeout(std::time::Duration::from_secs(5), both).await.expect("in time");
            read.unwrap();
            flushed.unwrap();
        });
    }
}
