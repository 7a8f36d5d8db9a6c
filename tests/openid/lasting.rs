//! A connection that lasts much longer than any token.

use std::time::{Duration, Instant};

use tests::suites::say;
use tests::wire::PATIENCE;
use tokio::time::{sleep, timeout};
use ws_client::Closed;
use ws_core::refusal::Cause;

use crate::numbers::{server, talk};
use crate::provider::Provider;
use crate::support::{bearer, keys};
use crate::tokens::{client, endpoint, watched};

#[tokio::test]
async fn no_message_is_lost_and_no_refusal_seen_across_many_tokens() {
    let (lifetime, duration) = (seconds("WS_OPENID_LIFETIME", 6), seconds("WS_OPENID_DURATION", 40));
    let Some(provider) = Provider::start_with("a connection across many tokens", lifetime) else { return };
    let server = server(bearer(keys(&provider))).await;
    let (credentials, requests) = watched(endpoint(&provider, "app").client_credentials());

    // The same without renewal ends with its token.
    let without = client(&server, &credentials).renew_in_band(false).build();
    let mut without = without.connect().await.expect("let in");
    let ended = tokio::spawn(async move {
        let begun = Instant::now();
        while let Ok(Some(_)) = without.recv().await {}
        (begun.elapsed(), Closed::of(without.close_frame().expect("a Close frame")).cause())
    });

    let begun = Instant::now();
    let socket = client(&server, &credentials).connect().await.expect("let in");
    let counted = talk(socket, sleep(duration)).await;
    let (after, cause) = timeout(PATIENCE, ended).await.expect("it has ended").expect("no panic");
    say(format_args!(
        "openid: tokens of {lifetime:?}, connected for {:?}: {counted:?}, {:?}, counted by the provider {}; \
         without renewal ended after {after:?}: {cause:?}",
        begun.elapsed(),
        requests.now(),
        provider.requests().await,
    ));
    assert_eq!(cause, Some(Cause::TokenExpired));
    assert!(after <= lifetime + Duration::from_secs(2), "{after:?}");
    assert_eq!(requests.now().failed, 0);
    let (least, most) = (duration.div_duration_f64(lifetime), duration.div_duration_f64(lifetime / 2) + 2.0);
    let asked = f64::from(u32::try_from(requests.now().answered).expect("few"));
    assert!((least..=most).contains(&asked), "{asked} requests, expected {least} to {most}");
    assert_eq!(provider.requests().await, requests.now().answered as u64);
    // It was of use all the time: no silence as long as a reconnect after a token's end would have made.
    assert!(counted.gap < lifetime / 3, "{counted:?}");
}

fn seconds(variable: &str, otherwise: u64) -> Duration {
    let set = std::env::var(variable).ok().map(|text| text.parse().expect("seconds"));
    Duration::from_secs(set.unwrap_or(otherwise))
}
