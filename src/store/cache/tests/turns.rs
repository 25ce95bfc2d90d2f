//! Whose turn it is.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;

use super::{at, cache};
use crate::store::cache::{Cache, Turn, TurnLimit};

const LIMIT: TurnLimit = TurnLimit {
    at_once: 2,
    per_minute: 240,
};

async fn queue(cache: &Cache, tickets: &[(&str, &str)], now: i64) {
    for (body, ticket) in tickets {
        cache.queue("lane", body, ticket, at(now)).await.unwrap();
    }
}

async fn go(cache: &Cache, ticket: &str, now: i64) -> Turn {
    cache
        .try_turn("lane", ticket, LIMIT, at(now))
        .await
        .unwrap()
}

fn wait(place: u32, milliseconds: u64) -> Turn {
    let again_in = Duration::from_millis(milliseconds);
    Turn::Wait { place, again_in }
}

#[tokio::test]
async fn turns_start_no_faster_than_the_rate_and_no_more_at_once_than_allowed() {
    let cache = cache().await;
    queue(&cache, &[("b", "1"), ("b", "2"), ("b", "3")], 0).await;
    assert_eq!(go(&cache, "1", 0).await, Turn::Go);
    assert_eq!(go(&cache, "2", 100).await, wait(1, 150));
    assert_eq!(go(&cache, "3", 100).await, wait(2, 400));
    assert_eq!(go(&cache, "2", 250).await, Turn::Go);
    assert_eq!(go(&cache, "3", 600).await, wait(1, 25), "two are under way");
    cache.end_turn("lane", "1").await.unwrap();
    assert_eq!(go(&cache, "3", 600).await, Turn::Go);
}

#[tokio::test]
async fn a_turn_asked_for_again_is_still_there() {
    let cache = cache().await;
    queue(&cache, &[("b", "1")], 0).await;
    assert_eq!(go(&cache, "1", 0).await, Turn::Go);
    assert_eq!(go(&cache, "1", 10).await, Turn::Go);
}

#[tokio::test]
async fn a_busy_body_does_not_keep_the_others_waiting() {
    let cache = cache().await;
    let busy = [("busy", "1"), ("busy", "2"), ("busy", "3")];
    queue(&cache, &busy, 0).await;
    queue(&cache, &[("small", "4"), ("other", "5")], 1).await;
    let mut order = Vec::new();
    let mut now = 10;
    while order.len() < 5 {
        for ticket in ["1", "2", "3", "4", "5"] {
            if !order.contains(&ticket) && go(&cache, ticket, now).await == Turn::Go {
                cache.end_turn("lane", ticket).await.unwrap();
                order.push(ticket);
            }
        }
        now += 250;
    }
    assert_eq!(order, ["1", "4", "5", "2", "3"]);
}

#[tokio::test]
async fn who_was_served_last_is_remembered_when_the_line_is_empty() {
    let cache = cache().await;
    queue(&cache, &[("a", "1")], 0).await;
    assert_eq!(go(&cache, "1", 0).await, Turn::Go);
    cache.end_turn("lane", "1").await.unwrap();
    queue(&cache, &[("a", "2"), ("b", "3")], 1).await;
    assert_eq!(cache.place("lane", "3").await.unwrap(), Some(1));
    assert_eq!(cache.place("lane", "2").await.unwrap(), Some(2));
}

#[tokio::test]
async fn places_are_those_of_the_fair_order() {
    let cache = cache().await;
    let line = [
        ("a", "1"),
        ("a", "2"),
        ("a", "3"),
        ("b", "4"),
        ("c", "5"),
        ("c", "6"),
    ];
    queue(&cache, &line, 0).await;
    let mut places = Vec::new();
    for (_, ticket) in line {
        places.push(cache.place("lane", ticket).await.unwrap().unwrap());
    }
    assert_eq!(places, [1, 4, 6, 2, 3, 5]);
    assert_eq!(cache.place("lane", "nobody").await.unwrap(), None);
    go(&cache, "1", 0).await;
    assert_eq!(cache.place("lane", "1").await.unwrap(), None, "its turn");
}

#[tokio::test]
async fn a_turn_nobody_keeps_counts_as_given_back() {
    let cache = cache().await;
    queue(&cache, &[("b", "1"), ("b", "2"), ("b", "3")], 0).await;
    assert_eq!(go(&cache, "1", 0).await, Turn::Go);
    assert_eq!(go(&cache, "2", 250).await, Turn::Go);
    assert!(cache.keep_turn("lane", "1", at(9_000)).await.unwrap());
    queue(&cache, &[("b", "3")], 9_000).await;
    assert_eq!(go(&cache, "3", 10_250).await, wait(1, 25));
    assert_eq!(go(&cache, "3", 10_251).await, Turn::Go);
    assert!(!cache.keep_turn("lane", "2", at(10_251)).await.unwrap());
    assert!(cache.keep_turn("lane", "1", at(10_251)).await.unwrap());
}

#[tokio::test]
async fn a_ticket_nobody_tries_is_forgotten() {
    let cache = cache().await;
    queue(&cache, &[("b", "1")], 0).await;
    queue(&cache, &[("b", "2")], 5_000).await;
    assert_eq!(go(&cache, "2", 10_000).await, wait(2, 250));
    assert_eq!(go(&cache, "2", 10_001).await, Turn::Go);
    assert_eq!(go(&cache, "1", 10_001).await, Turn::Forgotten);
}

#[tokio::test]
async fn who_leaves_the_line_makes_room() {
    let cache = cache().await;
    queue(&cache, &[("b", "1"), ("b", "2")], 0).await;
    cache.end_turn("lane", "1").await.unwrap();
    assert_eq!(go(&cache, "1", 0).await, Turn::Forgotten);
    assert_eq!(go(&cache, "2", 0).await, Turn::Go);
}

#[tokio::test]
async fn the_far_end_of_a_line_asks_seldom() {
    let cache = cache().await;
    let tickets: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    for ticket in &tickets {
        queue(&cache, &[("b", ticket)], 0).await;
    }
    assert_eq!(go(&cache, "99", 0).await, wait(100, 3000));
}

#[tokio::test]
async fn lanes_do_not_know_each_other() {
    let cache = cache().await;
    for lane in ["one", "two"] {
        cache.queue(lane, "b", "1", at(0)).await.unwrap();
        let turn = cache.try_turn(lane, "1", LIMIT, at(0)).await.unwrap();
        assert_eq!(turn, Turn::Go, "{lane}");
    }
}

#[tokio::test]
async fn the_end_of_a_turn_is_news_to_those_who_asked_before() {
    let cache = cache().await;
    let (news, elsewhere) = (cache.turn_news("lane"), cache.turn_news("other"));
    let clone = cache.clone();
    clone.end_turn("lane", "1").await.unwrap();
    news.await;
    let nothing = tokio::time::timeout(Duration::from_millis(10), elsewhere).await;
    assert!(nothing.is_err());
}

/// What somebody does in a lane.
#[derive(Clone, Debug)]
enum Step {
    Queue { body: u8, ticket: u8 },
    Try { ticket: u8 },
    Keep { ticket: u8 },
    End { ticket: u8 },
    Place { ticket: u8 },
}

/// What came of it.
#[derive(Debug, PartialEq)]
enum Came {
    Of(Turn),
    Kept(bool),
    Place(Option<u32>),
    Nothing,
}

fn step() -> impl Strategy<Value = Step> {
    let ticket = 0_u8..8;
    prop_oneof![
        3 => (0_u8..3, ticket.clone()).prop_map(|(body, ticket)| Step::Queue { body, ticket }),
        5 => ticket.clone().prop_map(|ticket| Step::Try { ticket }),
        2 => ticket.clone().prop_map(|ticket| Step::Keep { ticket }),
        2 => ticket.clone().prop_map(|ticket| Step::End { ticket }),
        1 => ticket.prop_map(|ticket| Step::Place { ticket }),
    ]
}

/// Milliseconds until the next step; clocks of a fleet go back a little too.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![6 => 0_i64..800, 1 => -300_i64..0, 1 => 0_i64..12_000]
}

/// The same promises written for the reader: a list in the order of arrival, and who was served.
#[derive(Default)]
struct Simple {
    tickets: Vec<Known>,
    /// Bodies, the one served last at the end.
    served: Vec<u8>,
    next_start: i64,
}

#[derive(Clone)]
struct Known {
    name: u8,
    body: u8,
    seen: i64,
    going: bool,
}

impl Simple {
    fn take(&mut self, step: &Step, limit: TurnLimit, now: i64) -> Came {
        if !matches!(step, Step::End { .. } | Step::Place { .. }) {
            self.tickets.retain(|known| now - known.seen <= 10_000);
        }
        match *step {
            Step::Queue { body, ticket } => {
                if !self.see(ticket, now) {
                    self.tickets.push(Known {
                        name: ticket,
                        body,
                        seen: now,
                        going: false,
                    });
                }
                Came::Nothing
            }
            Step::Try { ticket } => Came::Of(self.try_turn(ticket, limit, now)),
            Step::Keep { ticket } => {
                let kept = self.see(ticket, now);
                Came::Kept(
                    kept && self
                        .tickets
                        .iter()
                        .any(|known| known.name == ticket && known.going),
                )
            }
            Step::End { ticket } => {
                self.tickets.retain(|known| known.name != ticket);
                Came::Nothing
            }
            Step::Place { ticket } => Came::Place(self.place(ticket)),
        }
    }

    fn try_turn(&mut self, ticket: u8, limit: TurnLimit, now: i64) -> Turn {
        if !self.see(ticket, now) {
            return Turn::Forgotten;
        }
        let Some(place) = self.place(ticket) else {
            return Turn::Go;
        };
        let interval = i64::from(60_000 / limit.per_minute);
        self.next_start = self.next_start.min(now + interval);
        let under_way = self.tickets.iter().filter(|known| known.going).count();
        if place == 1 && under_way < limit.at_once as usize && self.next_start <= now {
            self.next_start = now + interval;
            let known = self
                .tickets
                .iter_mut()
                .find(|known| known.name == ticket)
                .unwrap();
            known.going = true;
            let body = known.body;
            self.served.retain(|other| *other != body);
            self.served.push(body);
            return Turn::Go;
        }
        let others = i64::from(place - 1) * interval;
        let again = ((self.next_start - now).max(0) + others).clamp(25, 3000);
        wait(place, again.unsigned_abs())
    }

    /// Plays the whole line through, one start after the other.
    fn place(&self, ticket: u8) -> Option<u32> {
        let mut line: Vec<_> = self.tickets.iter().filter(|known| !known.going).collect();
        let mut served = self.served.clone();
        for place in 1.. {
            // The least of: never served, then longest ago; the first that came wins a tie.
            let ago = |known: &&&Known| served.iter().position(|body| *body == known.body);
            let next = (*line.iter().min_by_key(ago)?).clone();
            if next.name == ticket {
                return Some(place);
            }
            line.retain(|known| known.name != next.name);
            served.retain(|body| *body != next.body);
            served.push(next.body);
        }
        None
    }

    fn see(&mut self, ticket: u8, now: i64) -> bool {
        let known = self.tickets.iter_mut().find(|known| known.name == ticket);
        known.map(|known| known.seen = now).is_some()
    }
}

async fn take(cache: &Cache, lane: &str, step: &Step, limit: TurnLimit, now: i64) -> Came {
    let now = at(now);
    match step {
        Step::Queue { body, ticket } => {
            let (body, ticket) = (body.to_string(), ticket.to_string());
            cache.queue(lane, &body, &ticket, now).await.unwrap();
            Came::Nothing
        }
        Step::Try { ticket } => Came::Of(
            cache
                .try_turn(lane, &ticket.to_string(), limit, now)
                .await
                .unwrap(),
        ),
        Step::Keep { ticket } => Came::Kept(
            cache
                .keep_turn(lane, &ticket.to_string(), now)
                .await
                .unwrap(),
        ),
        Step::End { ticket } => {
            cache.end_turn(lane, &ticket.to_string()).await.unwrap();
            Came::Nothing
        }
        Step::Place { ticket } => {
            Came::Place(cache.place(lane, &ticket.to_string()).await.unwrap())
        }
    }
}

#[test]
fn every_history_of_several_lanes_gives_the_answers_of_the_simple_line() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cache = runtime.block_on(cache());
    let cases = Cell::new(0);
    let history = prop::collection::vec((0_usize..2, pause(), step()), 1..80);
    proptest!(|(history in history, at_once in 1_u32..4, per_minute in prop::sample::select(vec![60_u32, 120, 240, 300, 600]))| {
        let case = cases.replace(cases.get() + 1);
        let limit = TurnLimit { at_once, per_minute };
        let mut simple = [Simple::default(), Simple::default()];
        let mut now = 1_000_000; // clocks may go back, not before the first start
        for (lane, pause, step) in &history {
            now += pause;
            let name = format!("case {case} lane {lane}");
            let answer = runtime.block_on(take(&cache, &name, step, limit, now));
            prop_assert_eq!(answer, simple[*lane].take(step, limit, now), "{:?} at {}", step, now);
        }
    });
}
