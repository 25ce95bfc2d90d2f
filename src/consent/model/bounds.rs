//! How far the exploration goes.

/// How much may happen, altogether.
#[derive(Clone, Debug)]
pub(in super::super) struct Bounds {
    /// As in `docs/model.md`.
    pub name: &'static str,
    pub items: usize,
    pub replicas: usize,
    pub tabs: usize,
    /// Exchanges begun.
    pub asks: usize,
    /// Grants, refusals and withdrawals.
    pub decisions: usize,
    pub releases: usize,
    /// Tasks that forget everything, at any step.
    pub crashes: usize,
    pub ticks: i64,
    /// Requests that block, one after the other.
    pub blocks: usize,
}

const NOTHING: Bounds = Bounds {
    name: "nothing",
    items: 1,
    replicas: 1,
    tabs: 1,
    asks: 0,
    decisions: 0,
    releases: 0,
    crashes: 0,
    ticks: 0,
    blocks: 0,
};

/// One block, put and lifted at any moment.
const BLOCKING: Bounds = Bounds {
    name: "blocking",
    replicas: 2,
    asks: 2,
    decisions: 2,
    releases: 1,
    blocks: 1,
    ..NOTHING
};

/// What every run of the tests explores.
const SMALL: &[Bounds] = &[
    Bounds {
        name: "two replicas",
        replicas: 2,
        asks: 2,
        decisions: 3,
        releases: 1,
        crashes: 1,
        ticks: 0,
        ..NOTHING
    },
    Bounds {
        name: "two tabs",
        tabs: 2,
        asks: 1,
        decisions: 3,
        releases: 1,
        ..NOTHING
    },
    Bounds {
        name: "two items",
        items: 2,
        asks: 2,
        decisions: 2,
        releases: 1,
        ..NOTHING
    },
    Bounds {
        name: "time",
        asks: 2,
        decisions: 2,
        releases: 1,
        ticks: 2,
        ..NOTHING
    },
    BLOCKING,
];

/// Explored instead when `MODEL_SCALE=large`: minutes.
const LARGE: &[Bounds] = &[
    Bounds {
        name: "three replicas",
        replicas: 3,
        asks: 3,
        decisions: 2,
        releases: 1,
        crashes: 1,
        ..NOTHING
    },
    Bounds {
        name: "two replicas and time",
        replicas: 2,
        asks: 2,
        decisions: 2,
        releases: 1,
        crashes: 1,
        ticks: 2,
        ..NOTHING
    },
    Bounds {
        name: "two replicas, tabs and items",
        items: 2,
        replicas: 2,
        tabs: 2,
        asks: 2,
        decisions: 2,
        releases: 1,
        ..NOTHING
    },
    Bounds {
        name: "grant after grant",
        replicas: 2,
        asks: 2,
        decisions: 4,
        releases: 2,
        ..NOTHING
    },
    BLOCKING,
];

/// In these each mutation goes wrong.
pub(super) const SPOILT: Bounds = Bounds {
    name: "spoilt",
    asks: 1,
    decisions: 2,
    releases: 1,
    crashes: 1,
    ticks: 1,
    ..NOTHING
};

/// What to explore.
pub(super) fn chosen() -> &'static [Bounds] {
    match std::env::var("MODEL_SCALE").as_deref() {
        Ok("large") => LARGE,
        _ => SMALL,
    }
}

impl Bounds {
    /// The start of its line in `docs/model.md`.
    pub(super) fn line(&self, states: usize, depth: usize) -> String {
        let Self {
            name,
            items,
            replicas,
            tabs,
            asks,
            decisions,
            releases,
            crashes,
            ticks,
            blocks,
        } = self;
        format!(
            "| {name} | {items} | {replicas} | {tabs} | {asks} | {decisions} | {releases} \
             | {crashes} | {ticks} | {blocks} | {states} | {depth} |"
        )
    }
}
