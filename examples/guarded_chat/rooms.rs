//! The rooms: who is there, and how a message reaches all of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use ws_core::message::Text;
use ws_server::authenticate::Identity;

use crate::events::{Event, Person};

/// What is demanded of those who want to come in, and to speak.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) id: &'static str,
    /// For the page.
    pub(crate) about: &'static str,
    /// The role without which nobody comes in.
    pub(crate) role: Option<&'static str>,
    /// The scope without which one may only listen.
    pub(crate) speaking: Option<&'static str>,
}

/// All rooms. Each of them wants the scope `chat:read`.
pub(crate) static ROOMS: &[Rules] = &[
    Rules { id: "lobby", about: "For everyone: guests may talk, too.", role: None, speaking: None },
    Rules {
        id: "announcements",
        about: "Guests may read; writing needs chat:write.",
        role: None,
        speaking: Some("chat:write"),
    },
    Rules { id: "staff", about: "Needs the role staff.", role: Some("staff"), speaking: None },
];

/// How many messages a member may be behind the others; whoever falls further behind is closed.
const BEHIND: usize = 256;

/// One room. What is said in it is kept only until everybody has it.
#[derive(Debug)]
pub(crate) struct Room {
    rules: &'static Rules,
    people: Mutex<People>,
    /// Bounded: the slowest receiver never holds more than [`BEHIND`] messages.
    events: broadcast::Sender<Text>,
}

#[derive(Debug, Default)]
struct People {
    present: BTreeMap<u64, Person>,
    last_id: u64,
}

impl Room {
    pub(crate) fn new(rules: &'static Rules) -> Self {
        Self { rules, people: Mutex::default(), events: broadcast::Sender::new(BEHIND) }
    }

    pub(crate) const fn rules(&self) -> &'static Rules {
        self.rules
    }

    /// Whether somebody may speak here.
    pub(crate) fn may_write(&self, who: &Identity) -> bool {
        self.rules.speaking.is_none_or(|scope| who.has_scope(scope))
    }

    /// Comes in and tells the others. The seat is left when it is dropped.
    ///
    /// Everyone who is in the list of those present has been told or comes with it, and nothing that is
    /// said later is missed: the list, the notice and the subscription are one step.
    pub(crate) fn enter(self: Arc<Self>, name: String, role: &'static str) -> (Seat, Entered) {
        let mut people = self.lock();
        people.last_id += 1;
        let me = Person { id: people.last_id, name, role };
        people.present.insert(me.id, me.clone());
        self.tell(&Event::Joined(&me));
        let entered =
            Entered { people: people.present.values().cloned().collect(), events: self.events.subscribe() };
        drop(people);
        (Seat { room: self, me }, entered)
    }

    /// Sends to everybody who is present.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        // Nobody there to hear it is no error.
        let _ = self.events.send(event.to_text());
    }

    fn lock(&self) -> MutexGuard<'_, People> {
        // Nothing is done under the lock that could panic half-way.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody finds who comes in.
pub(crate) struct Entered {
    pub(crate) people: Vec<Person>,
    /// What is told from now on.
    pub(crate) events: broadcast::Receiver<Text>,
}

/// A place in a room.
pub(crate) struct Seat {
    pub(crate) room: Arc<Room>,
    pub(crate) me: Person,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut people = self.room.lock();
        people.present.remove(&self.me.id);
        self.room.tell(&Event::Left(&self.me));
    }
}
