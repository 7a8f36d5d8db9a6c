use std::time::Duration;

use proptest::prelude::*;
use tokio::time::timeout;

use super::*;

fn queue(messages: usize, bytes: usize) -> Arc<Queue> {
    Queue::new(Bounds { messages, bytes })
}

fn of(bytes: usize) -> Message {
    Message::binary(vec![0; bytes])
}

fn texts(queue: &Queue) -> Vec<String> {
    queue.drain().iter().map(|message| message.as_text().unwrap_or_default().to_owned()).collect()
}

const SOON: Duration = Duration::from_millis(10);

#[tokio::test]
async fn both_bounds_hold_and_room_comes_back() {
    let queue = queue(2, 10);
    queue.try_push(of(3)).expect("room");
    queue.try_push(of(3)).expect("room");
    assert_eq!(queue.try_push(of(0)), Err(Rejected::Full(of(0))), "two messages");
    assert_eq!(queue.pop().await, Some(of(3)));
    assert_eq!(queue.try_push(of(8)), Err(Rejected::Full(of(8))), "eleven bytes");
    queue.try_push(of(7)).expect("ten bytes");
    assert_eq!(queue.drain().len(), 2);
    queue.try_push(of(10)).expect("all of it");
    queue.drain();
    queue.try_push(of(11)).expect("one that is larger has all of it for itself");
    assert_eq!(queue.try_push(of(1)), Err(Rejected::Full(of(1))));
}

#[tokio::test(start_paused = true)]
async fn who_waits_gets_in_when_there_is_room_in_the_order_of_coming() {
    let queue = queue(8, 10);
    queue.try_push(of(9)).expect("room");
    let waiting = |bytes| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.push(of(bytes)).await })
    };
    let large = waiting(6);
    tokio::task::yield_now().await;
    let small = waiting(1);
    tokio::task::yield_now().await;
    // One byte is free, yet the small one waits behind the large one.
    assert!(!small.is_finished() && queue.try_push(of(1)).is_err());
    assert_eq!(queue.pop().await, Some(of(9)));
    large.await.expect("no panic").expect("entered");
    small.await.expect("no panic").expect("entered");
    assert_eq!(queue.drain(), [of(6), of(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_push_leaves_nothing_behind() {
    let queue = queue(4, 10);
    queue.try_push(of(8)).expect("room");
    timeout(SOON, queue.push(of(5))).await.expect_err("no room");
    assert_eq!(queue.len(), 1);
    queue.try_push(of(2)).expect("its place is free again");
}

#[test]
fn the_oldest_make_room() {
    let queue = queue(3, 100);
    for text in ["a", "b", "c"] {
        assert_eq!(queue.push_over_oldest(text.into()), Ok(0));
    }
    assert_eq!(queue.push_over_oldest("d".into()), Ok(1));
    assert_eq!(queue.push_over_oldest("e".repeat(99).into()), Ok(2));
    assert_eq!(texts(&queue), ["d".to_owned(), "e".repeat(99)]);
}

#[tokio::test(start_paused = true)]
async fn the_end_lets_out_what_is_in_and_nothing_in() {
    let queue = queue(1, 100);
    queue.try_push("a".into()).expect("room");
    let waiting = queue.clone();
    let waiting = tokio::spawn(async move { waiting.push("b".into()).await });
    tokio::task::yield_now().await;
    queue.end();
    assert_eq!(waiting.await.expect("no panic"), Err(Rejected::Ended("b".into())));
    assert_eq!(queue.push("c".into()).await, Err(Rejected::Ended("c".into())));
    assert_eq!(queue.try_push("c".into()), Err(Rejected::Ended("c".into())));
    assert_eq!(queue.push_over_oldest("c".into()), Err(Rejected::Ended("c".into())));
    assert_eq!((queue.pop().await, queue.pop().await), (Some("a".into()), None));
    let other = self::queue(1, 1);
    let taker = other.clone();
    let taker = tokio::spawn(async move { taker.pop().await });
    tokio::task::yield_now().await;
    other.end();
    assert_eq!(taker.await.expect("no panic"), None);
}

#[tokio::test]
async fn what_is_forced_in_takes_no_room() {
    let queue = queue(1, 1);
    queue.try_push(of(1)).expect("room");
    queue.force(of(50));
    assert_eq!((queue.pop().await, queue.pop().await), (Some(of(1)), Some(of(50))));
    // An incoming message that is larger than the queue waits for all of it.
    let room = queue.room(50).await.expect("empty");
    assert!(queue.try_push(of(0)).is_err());
    queue.push_into(room, of(50)).expect("room was made");
}

/// The room that these messages take in a queue of so many bytes.
fn held(sizes: &VecDeque<usize>, bytes: usize) -> usize {
    sizes.iter().map(|size| size.min(&bytes)).sum()
}

proptest! {
    /// Whatever is done, in whatever order: the bounds hold, and when all is out all the room is back.
    #[test]
    fn bounds_hold_and_no_room_is_lost(
        steps in proptest::collection::vec((0_u8..4, 0_usize..14), 0..200),
        messages in 1_usize..6,
        bytes in 0_usize..12,
    ) {
        let queue = queue(messages, bytes);
        let mut model: VecDeque<usize> = VecDeque::new();
        let mut cx = Context::from_waker(Waker::noop());
        for (what, size) in steps {
            match what {
                0 | 1 => {
                    let fits = model.len() < messages && held(&model, bytes) + size.min(bytes) <= bytes;
                    let entered = queue.try_push(of(size)).is_ok();
                    prop_assert_eq!(entered, fits);
                    if entered {
                        model.push_back(size);
                    }
                }
                2 => match queue.poll_pop(&mut cx) {
                    Poll::Ready(message) => prop_assert_eq!(message.map(|m| m.len()), model.pop_front()),
                    Poll::Pending => prop_assert!(model.is_empty()),
                },
                _ => if let Ok(dropped) = queue.push_over_oldest(of(size)) {
                    for _ in 0..dropped {
                        model.pop_front();
                    }
                    model.push_back(size);
                },
            }
            prop_assert!(model.len() <= messages && held(&model, bytes) <= bytes);
            prop_assert_eq!(queue.len(), model.len());
        }
        queue.drain();
        prop_assert_eq!(queue.messages.available_permits(), messages);
        prop_assert_eq!(queue.bytes.available_permits(), bytes);
    }
}
