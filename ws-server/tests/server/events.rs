//! What goes to `tracing`, kept for a test.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// The fields of an event, and its target.
pub(crate) type Told = BTreeMap<String, String>;

/// Keeps the events of the current thread, on which the whole test runs.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<Told>>>);

impl Events {
    /// Keeps what happens on this thread, as long as the guard is there.
    pub(crate) fn listen(&self) -> DefaultGuard {
        // Where there is but one subscriber, an event that another thread meets first is off for good: that thread has
        // none. Hence a second one, which nobody uses.
        static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Events::default()));
        LazyLock::force(&OTHER);
        tracing::subscriber::set_default(self.clone())
    }

    /// Those of handshakes so far.
    pub(crate) fn take(&self) -> Vec<Told> {
        self.of(&["ws_server::handshake", "ws_server::refusal"])
    }

    /// Those of these targets so far; all others are forgotten.
    pub(crate) fn of(&self, targets: &[&str]) -> Vec<Told> {
        let events = std::mem::take(&mut *self.0.lock().unwrap());
        events.into_iter().filter(|event| targets.contains(&&*event["target"])).collect()
    }
}

impl Subscriber for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Told::new());
        event.record(&mut fields);
        fields.0.insert("target".to_owned(), event.metadata().target().to_owned());
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields(Told);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
