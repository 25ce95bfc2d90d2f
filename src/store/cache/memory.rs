//! The engine in the memory of this process: for one replica, and for tests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::gcra::Gcra;
use super::turns::Lane;
use super::{Allowed, FirstUse, Turn, TurnLimit};

/// Microseconds between two clearances of what has run out.
const SWEEP_EVERY: i64 = 60_000_000;

/// Everything in one mutex: no operation holds it longer than a look-up takes.
#[derive(Default)]
pub(super) struct Memory {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    born: Option<i64>,
    groups: HashMap<String, HashMap<String, Entry>>,
    /// Identifiers used, until when they are remembered.
    used: HashMap<String, i64>,
    rates: HashMap<String, i64>,
    lanes: HashMap<String, Lane>,
    swept: i64,
}

struct Entry {
    value: Vec<u8>,
    until: i64,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory(·)")
    }
}

impl Memory {
    pub(super) fn put(&self, group: &str, field: &str, value: &[u8], until: i64, now: i64) {
        let mut kept = self.kept_at(now);
        let entry = Entry {
            value: value.to_vec(),
            until,
        };
        let group = kept.groups.entry(group.to_owned()).or_default();
        group.insert(field.to_owned(), entry);
    }

    pub(super) fn get(&self, group: &str, field: &str, now: i64) -> Option<Vec<u8>> {
        let kept = self.kept();
        let entry = kept.groups.get(group)?.get(field)?;
        (entry.until > now).then(|| entry.value.clone())
    }

    pub(super) fn drop_field(&self, group: &str, field: &str) {
        if let Some(fields) = self.kept().groups.get_mut(group) {
            fields.remove(field);
        }
    }

    pub(super) fn drop_group(&self, group: &str) {
        self.kept().groups.remove(group);
    }

    pub(super) fn born(&self, now: i64) -> i64 {
        *self.kept().born.get_or_insert(now)
    }

    pub(super) fn first_use(&self, identifier: &str, made: i64, forget: i64, now: i64) -> FirstUse {
        let mut kept = self.kept_at(now);
        if made < *kept.born.get_or_insert(now) {
            return FirstUse::TooOld;
        }
        if kept.used.get(identifier).is_some_and(|until| *until > now) {
            return FirstUse::Again;
        }
        kept.used.insert(identifier.to_owned(), forget);
        FirstUse::First
    }

    pub(super) fn allow(&self, key: &str, rate: Gcra, now: i64) -> Allowed {
        let mut kept = self.kept_at(now);
        let (allowed, keep) = rate.decide(kept.rates.get(key).copied(), now);
        if let Some(keep) = keep {
            kept.rates.insert(key.to_owned(), keep);
        }
        allowed
    }

    pub(super) fn queue(&self, lane: &str, body: &str, ticket: &str, now: i64) {
        let mut kept = self.kept();
        let lane = kept.lanes.entry(lane.to_owned()).or_default();
        lane.queue(body, ticket, now);
    }

    pub(super) fn try_turn(&self, lane: &str, ticket: &str, limit: TurnLimit, now: i64) -> Turn {
        let mut kept = self.kept();
        (kept.lanes.get_mut(lane)).map_or(Turn::Forgotten, |lane| lane.try_turn(ticket, limit, now))
    }

    pub(super) fn keep_turn(&self, lane: &str, ticket: &str, now: i64) -> bool {
        let mut kept = self.kept();
        (kept.lanes.get_mut(lane)).is_some_and(|lane| lane.keep(ticket, now))
    }

    pub(super) fn end_turn(&self, lane: &str, ticket: &str) {
        if let Some(lane) = self.kept().lanes.get_mut(lane) {
            lane.end(ticket);
        }
    }

    pub(super) fn place(&self, lane: &str, ticket: &str) -> Option<u32> {
        self.kept().lanes.get(lane)?.place(ticket)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For what adds: clears first, once in a while.
    fn kept_at(&self, now: i64) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept();
        if now.saturating_sub(kept.swept) >= SWEEP_EVERY {
            kept.sweep(now);
        }
        kept
    }
}

impl Kept {
    fn sweep(&mut self, now: i64) {
        self.swept = now;
        self.groups.retain(|_, fields| {
            fields.retain(|_, entry| entry.until > now);
            !fields.is_empty()
        });
        self.used.retain(|_, until| *until > now);
        self.rates.retain(|_, full_again| *full_again > now);
    }
}
