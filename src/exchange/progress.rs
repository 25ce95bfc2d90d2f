//! How far the products of a running job are, and what of it is not written yet.

use std::collections::BTreeSet;

use tokio::sync::mpsc;

use super::jobs::{SourceRow, Standing};
use super::kept::{Kept, Permission};
use super::view::SourceState;
use crate::citizen::ProductCode;
use crate::products::{Answer, Class};
use crate::profile::GapReason;

/// Of a product about which something could not be written.
pub(super) const NOT_RECORDED: &str = "log-unavailable";

/// Of a product whose step panicked.
pub(super) const BROKE_OFF: &str = "broke-off";

/// The rows of a job, in order.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<SourceRow>,
    changed: BTreeSet<usize>,
}

/// Tells where a product stands to whoever writes it down.
#[derive(Clone, Debug)]
pub(super) struct Tell(pub(super) mpsc::UnboundedSender<(ProductCode, Standing)>);

impl Table {
    /// Rows that are written as they are.
    pub(super) fn new(rows: Vec<SourceRow>) -> Self {
        Self {
            rows,
            changed: BTreeSet::new(),
        }
    }

    /// Notes where a product stands now; whether that is new.
    pub(super) fn set(&mut self, product: &ProductCode, standing: Standing) -> bool {
        let row = self.rows.iter().position(|row| row.product == *product);
        let Some((position, row)) = row.and_then(|at| Some((at, self.rows.get_mut(at)?))) else {
            return false;
        };
        let new = row.standing != standing;
        if new {
            row.standing = standing;
            self.changed.insert(position);
        }
        new
    }

    /// Whether an intent may be there that has no outcome.
    pub(super) fn is_in_doubt(&self) -> bool {
        let codes = self.rows.iter().map(|row| row.standing.detail.as_deref());
        codes
            .flatten()
            .any(|code| code == NOT_RECORDED || code == BROKE_OFF)
    }

    /// What is to be written, with its positions.
    pub(super) fn changed(&self) -> Vec<(usize, &SourceRow)> {
        let changed = self.changed.iter();
        changed
            .filter_map(|at| Some((*at, self.rows.get(*at)?)))
            .collect()
    }

    /// Notes that all of it is written.
    pub(super) fn written(&mut self) {
        self.changed.clear();
    }
}

impl Tell {
    pub(super) fn that(&self, product: &ProductCode, standing: Standing) {
        // Who writes it down outlives every step.
        let _ = self.0.send((product.clone(), standing));
    }
}

impl Standing {
    /// By an answer under this permission.
    pub(super) fn answered(answer: &Answer, permission: Option<&Permission>) -> Self {
        let state = match answer.class() {
            Class::Data => SourceState::Received,
            _ => SourceState::NoData,
        };
        Self {
            detail: Some(answer.code().to_owned()),
            consent_seq: permission.map(|permission| permission.seq),
            ..state.into()
        }
    }

    /// By the answer of an earlier fetch.
    pub(super) fn kept(kept: &Kept, permission: Option<&Permission>) -> Self {
        Self {
            detail: Some("kept".to_owned()),
            ..Self::answered(&kept.answer, permission)
        }
    }

    pub(super) fn gap(state: SourceState, gap: GapReason, detail: Option<String>) -> Self {
        Self {
            detail,
            gap: Some(gap),
            ..state.into()
        }
    }
}
