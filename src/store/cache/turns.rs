//! Whose turn it is to ask a source: pure decisions, without a clock.
//!
//! The scripts in `redis/` decide the same; a property holds one against the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::gcra::duration;
use super::{Turn, TurnLimit};

/// Microseconds after which a ticket nobody looked after is forgotten: its replica died.
pub(super) const FORGOTTEN_AFTER: i64 = 10_000_000;

/// The shortest pause before asking again, when only another's end can help.
const SHORTEST: Duration = Duration::from_millis(25);
/// The longest: others may have left the line, and a ticket has to be looked after.
const LONGEST: Duration = Duration::from_secs(3);

/// The line before one source, and those whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Lane {
    tickets: HashMap<String, Ticket>,
    /// Every ticket by the instant it was last looked after.
    seen: BTreeSet<(i64, String)>,
    /// Waiting tickets of each body, in the order they came. No line is empty.
    lines: BTreeMap<String, BTreeMap<u64, String>>,
    /// The number of the start at which a body was last served.
    served: HashMap<String, u64>,
    under_way: u32,
    queued: u64,
    starts: u64,
    /// No request may start before.
    next_start: i64,
}

#[derive(Debug)]
struct Ticket {
    body: String,
    seen: i64,
    /// Its number in the line; none when it has its turn.
    waiting: Option<u64>,
}

impl Lane {
    /// Puts a ticket in the line; one that is there keeps its place.
    pub(super) fn queue(&mut self, body: &str, ticket: &str, now: i64) {
        self.forget(now);
        if self.look_after(ticket, now) {
            return;
        }
        self.queued += 1;
        let line = self.lines.entry(body.to_owned()).or_default();
        line.insert(self.queued, ticket.to_owned());
        self.seen.insert((now, ticket.to_owned()));
        self.tickets.insert(
            ticket.to_owned(),
            Ticket {
                body: body.to_owned(),
                seen: now,
                waiting: Some(self.queued),
            },
        );
    }

    /// Gives a ticket its turn if it is next and the limit allows; a turn it has, it keeps.
    pub(super) fn try_turn(&mut self, ticket: &str, limit: TurnLimit, now: i64) -> Turn {
        self.forget(now);
        if !self.look_after(ticket, now) {
            return Turn::Forgotten;
        }
        let Some(place) = self.place(ticket) else {
            return Turn::Go;
        };
        let interval = interval(limit);
        // A clock that ran ahead must not close the lane.
        self.next_start = self.next_start.min(now.saturating_add(interval));
        if place == 1 && self.under_way < limit.at_once.max(1) && self.next_start <= now {
            self.next_start = now.saturating_add(interval);
            self.start(ticket);
            return Turn::Go;
        }
        let again_in = again_in(place, self.next_start.saturating_sub(now), interval);
        Turn::Wait { place, again_in }
    }

    /// Looks after a ticket; whether it has its turn.
    pub(super) fn keep(&mut self, ticket: &str, now: i64) -> bool {
        self.forget(now);
        self.look_after(ticket, now)
            && (self.tickets.get(ticket)).is_some_and(|known| known.waiting.is_none())
    }

    /// Takes a ticket out, waiting or not.
    pub(super) fn end(&mut self, ticket: &str) {
        let Some(known) = self.tickets.remove(ticket) else {
            return;
        };
        self.seen.remove(&(known.seen, ticket.to_owned()));
        match known.waiting {
            Some(number) => self.leave_line(&known.body, number),
            None => self.under_way -= 1,
        }
    }

    /// The place of a waiting ticket in the fair order, 1 is next.
    ///
    /// Bodies take turns, the one served longest ago first, so that before the third ticket of a
    /// body come its own two, at most two of each body, and three of those that are before it.
    pub(super) fn place(&self, ticket: &str) -> Option<u32> {
        let known = self.tickets.get(ticket)?;
        let number = known.waiting?;
        let own = self.lines.get(&known.body)?;
        let own_before = own.range(..number).count();
        let own_rank = self.rank(&known.body, own);
        let before: usize = self
            .lines
            .iter()
            .map(|(body, line)| {
                let first = usize::from(self.rank(body, line) < own_rank);
                line.len().min(own_before + first)
            })
            .sum();
        // Its own line was counted like the others: exactly those before it.
        u32::try_from(before + 1).ok()
    }

    /// Orders bodies: never served, then served longest ago; among the first, who came first.
    fn rank(&self, body: &str, line: &BTreeMap<u64, String>) -> (u64, u64) {
        let served = self.served.get(body).copied().unwrap_or(0);
        let came = line.first_key_value().map_or(0, |(number, _)| *number);
        (served, came)
    }

    fn start(&mut self, ticket: &str) {
        let Some(known) = self.tickets.get_mut(ticket) else {
            return;
        };
        let (body, waiting) = (known.body.clone(), known.waiting.take());
        self.starts += 1;
        self.under_way += 1;
        self.served.insert(body.clone(), self.starts);
        if let Some(number) = waiting {
            self.leave_line(&body, number);
        }
    }

    fn leave_line(&mut self, body: &str, number: u64) {
        if let Some(line) = self.lines.get_mut(body) {
            line.remove(&number);
            if line.is_empty() {
                self.lines.remove(body);
            }
        }
    }

    fn look_after(&mut self, ticket: &str, now: i64) -> bool {
        let Some(known) = self.tickets.get_mut(ticket) else {
            return false;
        };
        self.seen.remove(&(known.seen, ticket.to_owned()));
        self.seen.insert((now, ticket.to_owned()));
        known.seen = now;
        true
    }

    fn forget(&mut self, now: i64) {
        let limit = now.saturating_sub(FORGOTTEN_AFTER);
        while let Some((seen, ticket)) = self.seen.first() {
            if *seen >= limit {
                break;
            }
            let ticket = ticket.clone();
            self.end(&ticket);
        }
    }
}

/// Microseconds between two starts.
pub(super) fn interval(limit: TurnLimit) -> i64 {
    let per_minute = i64::from(limit.per_minute.max(1));
    (60_000_000 + per_minute - 1) / per_minute
}

/// When a ticket at `place` should try again, if the next start is `wait` microseconds away.
///
/// Those before it need a start each, so the far end of a long line asks seldom.
pub(super) fn again_in(place: u32, wait: i64, interval: i64) -> Duration {
    let before = i64::from(place.saturating_sub(1));
    duration(wait.max(0).saturating_add(before.saturating_mul(interval))).clamp(SHORTEST, LONGEST)
}
