//! What a check found: the verdict, the steps that held, and what was thereby proved.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    defect::{Defect, Verdict},
    entry::Entry,
    receipt::Receipt,
};

/// The outcome of one check.
#[derive(Debug)]
pub struct Report {
    /// `None` when every step held; of several, the gravest.
    pub defect: Option<Defect>,
    /// Of a bundle: every part that failed, by its place in the file.
    pub failures: Vec<Failure>,
    /// In the order they were taken, up to the first that failed.
    pub steps: Vec<Step>,
    /// What was not checked, or not shown, and why.
    pub notes: Vec<String>,
    pub proved: Proved,
}

/// One thing that was checked and held.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// A stable word: `opening`, `inclusion`, `signature`.
    pub step: &'static str,
    /// What held, safe to print.
    pub says: String,
}

/// A part of a bundle that did not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Its place, such as `records.intent.proof`.
    pub part: String,
    pub defect: Defect,
}

/// What is known thanks to the check; empty unless the verdict is "valid".
#[derive(Debug, Default)]
pub struct Proved {
    /// What was proved, in a sentence without a verb to mistake.
    pub headline: String,
    pub place: Option<Place>,
    pub entry: Option<Entry>,
    pub receipt: Option<Receipt>,
}

/// Where an entry stands in which log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Place {
    pub origin: String,
    pub index: u64,
    pub tree_size: u64,
    pub leaf_hash: String,
}

impl Report {
    /// Takes the steps; what they proved is kept only if all of them held.
    pub(crate) fn of(steps: impl FnOnce(&mut Self) -> Result<(), Defect>) -> Self {
        let mut report = Self {
            defect: None,
            failures: Vec::new(),
            steps: Vec::new(),
            notes: Vec::new(),
            proved: Proved::default(),
        };
        if let Err(defect) = steps(&mut report) {
            report.refuse(defect);
        } else if let Some(gravest) = report.gravest() {
            report.refuse(gravest);
        }
        report
    }

    /// A check that could not begin.
    pub fn refused(defect: Defect) -> Self {
        Self::of(|_| Err(defect))
    }

    pub fn verdict(&self) -> Verdict {
        self.defect.as_ref().map_or(Verdict::Valid, Defect::verdict)
    }

    /// The stable JSON form; `version` changes when a member changes its meaning or goes away.
    #[expect(
        clippy::expect_used,
        reason = "nothing in the document can fail to serialise"
    )]
    pub fn to_json(&self) -> String {
        let document = Document {
            version: 1,
            verdict: self.verdict().as_str(),
            code: self.defect.as_ref().map(Defect::code),
            message: self.defect.as_ref().map(Defect::to_string),
            failures: self
                .failures
                .iter()
                .map(|failure| FailureDocument {
                    part: &failure.part,
                    code: failure.defect.code(),
                    message: failure.defect.to_string(),
                })
                .collect(),
            steps: &self.steps,
            notes: &self.notes,
            place: self.proved.place.as_ref(),
            entry: self.proved.entry.as_ref().map(|entry| &entry.payload),
            receipt: self.proved.receipt.as_ref().map(ReceiptDocument::of),
        };
        serde_json::to_string(&document).expect("text, numbers and string keys are always JSON")
    }

    /// Takes note of a part that failed; the others are checked all the same.
    pub(crate) fn failed(&mut self, part: impl Into<String>, defect: Defect) {
        let part = part.into();
        self.failures.push(Failure { part, defect });
    }

    pub(crate) fn held(&mut self, step: &'static str, says: impl Into<String>) {
        self.steps.push(Step {
            step,
            says: says.into(),
        });
    }

    /// The first of the failures of the gravest verdict.
    fn gravest(&self) -> Option<Defect> {
        let verdict = self
            .failures
            .iter()
            .fold(Verdict::Valid, |verdict, failure| {
                verdict.or_graver(failure.defect.verdict())
            });
        let gravest = |failure: &&Failure| failure.defect.verdict() == verdict;
        let found = self.failures.iter().find(gravest)?;
        Some(found.defect.clone())
    }

    fn refuse(&mut self, defect: Defect) {
        self.proved = Proved::default();
        self.notes.clear();
        self.defect = Some(defect);
    }
}

#[derive(Serialize)]
struct Document<'r> {
    version: u8,
    verdict: &'static str,
    code: Option<&'static str>,
    message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<FailureDocument<'r>>,
    steps: &'r [Step],
    notes: &'r [String],
    place: Option<&'r Place>,
    entry: Option<&'r Map<String, Value>>,
    receipt: Option<ReceiptDocument<'r>>,
}

#[derive(Serialize)]
struct FailureDocument<'r> {
    part: &'r str,
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct ReceiptDocument<'r> {
    id: &'r str,
    issuer: &'r str,
    issued_at: u64,
    event: &'static str,
    purpose: &'r str,
    decisions: Vec<DecisionDocument<'r>>,
}

#[derive(Serialize)]
struct DecisionDocument<'r> {
    product: &'r str,
    decision: &'r str,
}

impl<'r> ReceiptDocument<'r> {
    fn of(receipt: &'r Receipt) -> Self {
        let decisions = receipt
            .decisions
            .iter()
            .map(|d| DecisionDocument {
                product: &d.product,
                decision: &d.decision,
            })
            .collect();
        Self {
            id: &receipt.id,
            issuer: &receipt.issuer,
            issued_at: receipt.issued_at,
            event: receipt.event.as_str(),
            purpose: &receipt.purpose,
            decisions,
        }
    }
}
