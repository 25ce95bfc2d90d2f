//! What happened to an item, with the ends that nobody writes down. Pure.

use jiff::Timestamp;

use super::super::item::{Event, What};

/// A state of consent, as the Data Privacy Vocabulary names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ConsentState {
    Expired,
    Given,
    Invalidated,
    Refused,
    Renewed,
    Withdrawn,
}

impl ConsentState {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "ConsentExpired",
            Self::Given => "ConsentGiven",
            Self::Invalidated => "ConsentInvalidated",
            Self::Refused => "ConsentRefused",
            Self::Renewed => "RenewedConsentGiven",
            Self::Withdrawn => "ConsentWithdrawn",
        }
    }

    pub(super) const fn is_given(self) -> bool {
        matches!(self, Self::Given | Self::Renewed)
    }

    /// Whether the person did it; the rest comes about by time or by the notice.
    pub(super) const fn is_of_the_person(self) -> bool {
        !matches!(self, Self::Expired | Self::Invalidated)
    }
}

/// Something that happened to the item, by somebody or by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happened<'a> {
    /// The decision it is, or whose end it is.
    pub event: &'a Event,
    pub state: ConsentState,
    pub at: Timestamp,
}

/// Everything that happened by `now` to one item whose decisions these are, oldest first.
///
/// `invalidated` says, by number of the decision, when its notice stopped counting.
pub(super) fn happened<'a>(
    events: &[&'a Event],
    invalidated: &[(i64, Timestamp)],
    now: Timestamp,
) -> Vec<Happened<'a>> {
    let mut told = Vec::new();
    let mut before: Option<&Event> = None;
    for (place, event) in events.iter().enumerate() {
        let state = match event.what {
            What::Granted { .. } if before.is_some_and(Event::is_grant) => ConsentState::Renewed,
            What::Granted { .. } => ConsentState::Given,
            What::Refused => ConsentState::Refused,
            What::Withdrawn => ConsentState::Withdrawn,
        };
        told.push(Happened {
            event,
            state,
            at: event.at,
        });
        if let What::Granted { until } = event.what {
            let over = events.get(place + 1).map_or(now, |next| next.at);
            let outdated = invalidated.iter().find(|(seq, _)| *seq == event.seq);
            let outdated = outdated.map(|(_, at)| (*at).max(event.at));
            let mut ends = [
                outdated
                    .filter(|at| *at < until)
                    .map(|at| (at, ConsentState::Invalidated)),
                Some((until, ConsentState::Expired)),
            ];
            ends.sort_by_key(|end| end.map(|(at, _)| at));
            let ends = ends.into_iter().flatten().filter(|(at, _)| *at <= over);
            told.extend(ends.map(|(at, state)| Happened { event, state, at }));
        }
        before = Some(event);
    }
    told
}
