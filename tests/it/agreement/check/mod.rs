//! Whether what happened can have happened, if every promise was kept.
//!
//! Four kinds of witness are compared: the citizens' own history, the requests the platform received,
//! the rows of the database, and (in [`super::log`]) the log. Decisions about a person are totally
//! ordered by their number, and every reply names the decision it shows; so the order that real time
//! demands can be checked decision by decision.

mod consent;
mod index;
mod late;
mod lost;
mod order;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::fleet::Happened;
use super::history::{Arrival, Micros, Op, Wish};
use super::plan::Plan;
use super::tables::Tables;
use index::Index;

/// All there is to be held to the promises.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Evidence {
    pub(super) history: Vec<Op>,
    pub(super) tables: Tables,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) faults: Vec<Happened>,
}

/// A promise that was broken.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(super) enum Finding {
    /// A reply named a receipt that the database does not have.
    ReceiptLost {
        receipt: String,
    },
    /// A row names a log entry that is not there, has no number, or is of another kind.
    EntryLost {
        entry: String,
    },
    /// A profile was given and no release says so.
    ReleaseLost {
        job: String,
    },
    /// More releases were owed than there are: a profile was given without one.
    ReleaseMissing {
        job: String,
    },
    /// Something a citizen was given is not in a later list of what was exchanged.
    ListForgets {
        exchange: String,
    },
    /// The platform received a request that no intent announces.
    RequestWithoutIntent {
        request_id: String,
    },
    /// The platform received the same id twice.
    RequestTwice {
        request_id: String,
    },
    /// Two intents have the same request id.
    RequestIdReused {
        request_id: String,
    },
    /// A request arrived before its intent was made.
    RequestBeforeIntent {
        request_id: String,
    },
    IntentWithoutOutcome {
        exchange: String,
    },
    /// A person's entries are not numbered 1, 2, 3, each once.
    CounterGap {
        subject: String,
    },
    /// A person's decisions are not numbered so, or not in the order of their epochs.
    DecisionGap {
        subject: String,
    },
    /// The head of a person does not stand at their newest decision.
    HeadElsewhere {
        subject: String,
    },
    /// More was recorded than was asked for: something was done twice.
    DecisionTwice {
        person: String,
    },
    /// What was one person to the citizen is two to the database.
    TwoSubjects {
        person: String,
    },

    /// No decision, or no grant, or one about something else, stands behind an intent.
    IntentWithoutGrant {
        exchange: String,
    },
    /// Another decision about the item came between the grant and the intent.
    IntentAfterEnd {
        exchange: String,
    },
    /// An answer was used after its grant ended.
    UseAfterEnd {
        exchange: String,
    },
    /// Data left after the grant they rest on ended.
    ReleaseAfterEnd {
        exchange: String,
    },
    /// Data left that were never allowed to be used, or somebody else's.
    ReleaseWithoutUse {
        exchange: String,
    },

    /// A request arrived more than two seconds after the reply that said its consent is gone.
    RequestAfterReply {
        request_id: String,
        late_by_ms: i64,
    },
    /// A profile that was asked for after such a reply rests on the consent that is gone.
    ProfileAfterReply {
        job: String,
        exchange: String,
    },

    /// A reply shows an older decision than a reply before it.
    WentBack {
        person: String,
        product: String,
    },
    /// A reply shows a decision before anybody asked for it.
    SeenTooSoon {
        receipt: String,
    },
    /// A reply shows another state than the decision it names made.
    StateDiffers {
        receipt: String,
        state: String,
    },
    /// Consent was said to be taken back, and was there all the time.
    RevocationIgnored {
        person: String,
        product: String,
    },

    /// Long after everything works again, something is still not done.
    NeverEnds {
        what: &'static str,
        count: i64,
    },
    /// The gateway's own check of the log.
    LogInvalid {
        replica: usize,
        said: String,
    },
    /// The verifier does not believe that the log only grew since a replica's anchor.
    AnchorNotExtended {
        replica: usize,
        why: String,
    },
    /// The verifier does not believe a proof.
    ProofInvalid {
        of: String,
        why: String,
    },
}

/// How long the bytes of an intent that committed before a revocation may still take to leave
/// (invariant 3), and how much later a busy machine may write down that they came.
const MAY_STILL_LEAVE: Micros = 2_000_000;
const SCHEDULING: Micros = 1_000_000;

/// How far the clocks of the database and of the platform may be apart: one machine, two readings.
const CLOCKS: Micros = 250_000;

/// Everything that was broken.
pub(super) fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let index = Index::of(evidence, &mut findings);
    lost::check(&index, &mut findings);
    consent::check(&index, &mut findings);
    late::check(&index, &mut findings);
    order::check(&index, &mut findings);
    findings
}

impl Evidence {
    /// A run in which hardly anything happened proves nothing.
    pub(super) fn assert_worth_something(&self, plan: &Plan) {
        assert_eq!(self.faults.len(), plan.troubles.len());
        let done = |is: fn(&Wish) -> bool| {
            let done = self.history.iter().filter(|op| op.done().is_some());
            done.filter(|op| is(&op.wish)).count()
        };
        assert!(done(|wish| matches!(wish, Wish::Grant(_))) > 4);
        assert!(done(|wish| matches!(wish, Wish::Revoke(_) | Wish::RevokeAll)) > 4);
        assert!(done(|wish| matches!(wish, Wish::Read)) > 4);
        assert!(done(|wish| matches!(wish, Wish::Profile(_))) > 0);
        assert!(!self.tables.releases.is_empty() && !self.arrivals.is_empty());
    }
}
