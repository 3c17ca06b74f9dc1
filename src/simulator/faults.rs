//! What goes wrong, where, and how often. Tests switch faults on per method and path; nothing is random.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// One way in which an answer can go wrong. Durations are milliseconds in JSON.
///
/// A fault either stands in front of the request, which is then not carried out, or spoils the answer of a request
/// that was; each variant says which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// 429, not carried out.
    TooManyRequests {
        /// The header, when there is one.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
    },
    /// A throttle page in HTML with this status, which may be 200; not carried out.
    Html {
        /// Status of the page.
        status: u16,
    },
    /// This status with an application-layer JSON body (500, 502, 503, 504, 403 ...); not carried out.
    Status(u16),
    /// Exactly this answer; not carried out.
    Answer {
        /// Status.
        status: u16,
        /// `Content-Type`.
        content_type: String,
        /// Body.
        body: String,
    },
    /// 404 as for a path this release does not have; not carried out.
    NotFound,
    /// 302 to this location; not carried out.
    Redirect(String),
    /// The token is revoked, then 401 `not_authenticated`; not carried out.
    RevokedToken,
    /// `insufficient_privileges` with this status, 401 or 403; not carried out.
    MissingScope {
        /// Status.
        status: u16,
    },
    /// 404 `Client app not exist`, for the token path; not carried out.
    WrongRegion,
    /// The connection is closed with no answer; not carried out.
    Closed,
    /// The connection is reset with no answer; not carried out.
    Reset,
    /// Waits until the next [`Faults::release`], then goes on as if nothing had been wrong. Not carried out when the
    /// client hangs up before.
    Hold,
    /// **Carried out**, then the connection is closed with no answer.
    LostAnswer,
    /// **Carried out**, then this status with an application-layer JSON body.
    LostBehindStatus(u16),
    /// **Carried out**, then an HTML page with this status.
    LostBehindHtml {
        /// Status of the page.
        status: u16,
    },
    /// **Carried out** at once, answered after this long.
    Slow(#[serde(with = "millis")] Duration),
    /// **Carried out**, the body comes in pieces of this many bytes with a pause between.
    Dribble {
        /// Bytes in a piece.
        bytes: usize,
        /// Pause before each piece.
        #[serde(with = "millis")]
        pause: Duration,
    },
    /// **Carried out**, half of the body comes, `Content-Length` promised all of it.
    CutBody,
    /// **Carried out**, half of the body comes chunked and the last chunk never does.
    AbortedChunks,
    /// **Carried out**, the body is no JSON.
    MalformedJson,
    /// **Carried out**, 200 with nothing in it.
    EmptyBody,
    /// **Carried out**, 204.
    NoContent,
    /// **Carried out**, the JSON list has only its first elements.
    Truncated(usize),
    /// **Carried out**, the JSON list is `[]`.
    EmptyList,
    /// **Carried out**, JSON that says it is `text/plain`.
    PlainText,
}

/// The form of a `Retry-After` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// This many seconds.
    Seconds(u64),
    /// The date this many seconds from now, by the simulator's clock.
    Date(u64),
    /// This text, sense or nonsense.
    Text(String),
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// The faults that are switched on. Clones share them.
#[derive(Clone, Default)]
pub struct Faults {
    book: Arc<Mutex<Book>>,
    released: Arc<Notify>,
}

#[derive(Default)]
struct Book {
    entries: Vec<Entry>,
    last: u64,
    waiting: usize,
    generation: u64,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry {
    pub(super) id: u64,
    method: String,
    path: String,
    fault: Fault,
    times: Option<u64>,
    after: u64,
    seen: u64,
    hits: u64,
}

impl Faults {
    /// Switches a fault on, for every matching request until told otherwise by [`FaultRule::times`].
    ///
    /// `method` is a method or `*`. `path` is compared piece by piece; a `*` stands for one piece, a `**` at the end
    /// for all that follows. The query is not looked at. When several rules match, the one made first wins.
    pub fn on(&self, method: &str, path: &str, fault: Fault) -> FaultRule {
        let id = self.with(|book| {
            book.last += 1;
            book.entries.push(Entry {
                id: book.last,
                method: method.to_uppercase(),
                path: path.to_owned(),
                fault,
                times: None,
                after: 0,
                seen: 0,
                hits: 0,
            });
            book.last
        });
        FaultRule { faults: self.clone(), id }
    }

    /// Switches everything off and lets held requests go on.
    pub fn clear(&self) {
        self.with(|book| book.entries.clear());
        self.release();
    }

    /// Lets every request that is held by [`Fault::Hold`] go on.
    pub fn release(&self) {
        self.with(|book| book.generation += 1);
        self.released.notify_waiters();
    }

    /// How many requests are held right now.
    pub fn held(&self) -> usize {
        self.with(|book| book.waiting)
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.with(|book| book.entries.clone())
    }

    /// The fault for this request, counted as used.
    pub(super) fn pick(&self, method: &str, path: &str) -> Option<Fault> {
        self.with(|book| {
            for entry in &mut book.entries {
                let matches = (entry.method == "*" || entry.method == method) && covers(&entry.path, path);
                if !matches {
                    continue;
                }
                entry.seen += 1;
                if entry.seen > entry.after && entry.times.is_none_or(|times| entry.hits < times) {
                    entry.hits += 1;
                    return Some(entry.fault.clone());
                }
            }
            None
        })
    }

    /// Waits for the next [`Faults::release`]. Cancel safe: a client that hangs up is no longer counted as held.
    pub(super) async fn hold(&self) {
        let start = self.with(|book| {
            book.waiting += 1;
            book.generation
        });
        let _held = Held(self);
        loop {
            let released = self.released.notified();
            tokio::pin!(released);
            // Enabled before the look at the generation, so that no release can fall in between.
            released.as_mut().enable();
            if self.with(|book| book.generation) != start {
                return;
            }
            released.await;
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Held<'a>(&'a Faults);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.with(|book| book.waiting -= 1);
    }
}

fn covers(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.trim_matches('/').split('/');
    let mut given = path.trim_matches('/').split('/');
    loop {
        match (wanted.next(), given.next()) {
            (Some("**"), _) | (None, None) => return true,
            (Some(piece), Some(other)) if piece == "*" || piece == other => {}
            _ => return false,
        }
    }
}

/// A fault that is switched on; dropping the handle leaves it on.
pub struct FaultRule {
    faults: Faults,
    id: u64,
}

impl FaultRule {
    /// Strikes this many times and no more.
    pub fn times(self, times: u64) -> Self {
        self.edit(|entry| entry.times = Some(times));
        self
    }

    /// Spares the first matching requests.
    pub fn after(self, spared: u64) -> Self {
        self.edit(|entry| entry.after = spared);
        self
    }

    /// How often it struck.
    pub fn hits(&self) -> u64 {
        let mut hits = 0;
        self.edit(|entry| hits = entry.hits);
        hits
    }

    /// Switches it off.
    pub fn remove(self) {
        self.faults.with(|book| book.entries.retain(|entry| entry.id != self.id));
    }

    fn edit(&self, change: impl FnOnce(&mut Entry)) {
        self.faults.with(|book| {
            if let Some(entry) = book.entries.iter_mut().find(|entry| entry.id == self.id) {
                change(entry);
            }
        });
    }
}
