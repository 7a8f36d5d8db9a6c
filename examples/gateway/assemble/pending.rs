//! What a configuration may say and this version cannot do yet: it is refused rather than ignored.

use super::server::Assembly;
use crate::config::{Config, Fault, Place, Renewal, TokenPlace};

pub(super) fn refuse(config: &Config, assembly: &Assembly<'_>) {
    let refuse = |place: &Place| assembly.problems.push(place.problem(Fault::NotYet));
    let key = |key: &str| Place { key: key.to_owned(), ..config.place() };
    if config.limits.messages_per_connection.is_some() {
        refuse(&key("limits.messages_per_connection"));
    }
    if let Some(bearer) = &config.bearer {
        bearer.revoked.iter().for_each(|file| refuse(&file.place));
        bearer
            .from
            .iter()
            .filter(|from| from.value == TokenPlace::FirstMessage)
            .for_each(|from| refuse(&from.place));
    }
    for route in &config.routes {
        if route.renewal.value == Renewal::Message {
            refuse(&route.renewal.place);
        }
    }
}
