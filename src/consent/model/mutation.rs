//! Ways to spoil the gateway, each of which the checker must notice.

/// One thing done wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Mutation {
    /// The gateway as it is.
    None,
    /// The answer is judged, and the outcome written in another transaction.
    CloseChecksBeforeLock,
    /// Every answer is used.
    CloseIgnoresWithdrawal,
    /// An answer is used under any live grant, not just its own.
    CloseTakesAnyGrant,
    /// The number of an entry is taken in a transaction of its own.
    CountApart,
    /// A grant's order is checked before the person's head is locked.
    DecideChecksBeforeLock,
    /// Somebody blocked can agree.
    GrantWhileBlocked,
    /// A block is looked for before the person's head is locked.
    IntentChecksBlockBeforeLock,
    /// A block is not looked for when an exchange begins.
    IntentIgnoresBlock,
    /// The intent counts by `count`, not by `count_at`.
    IntentIgnoresEpoch,
    /// The grant's end is not looked at again once the head is locked.
    IntentLooksOnce,
    /// The profile is handed over first, and never recorded if the task dies.
    LeaveWithoutRelease,
    /// `Gate::attempt` reads the newest event first and the epoch after it.
    NewestBeforeEpoch,
    /// Nobody closes what a crash left open.
    NobodySweeps,
    /// `exchange_outcome` has no primary key.
    OutcomeTwice,
    /// A proof is good for ever.
    ProofNeverStale,
    /// The contributions are judged, and the release written in another transaction.
    ReleaseChecksBeforeLock,
    /// A block is not looked for when a profile leaves.
    ReleaseIgnoresBlock,
    /// The person is told before the withdrawal commits.
    ReplyBeforeCommit,
    /// The bytes leave before the intent is written.
    SendWithoutIntent,
    /// The sweeper replaces the outcome of an exchange that has one.
    SweepOverwrites,
    /// The answer is read before the outcome is written.
    UseWithoutOutcome,
}
