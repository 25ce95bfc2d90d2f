//! Telling: stories made of steps, steps made of what was seen and of facts that held.

use std::fmt;
use std::fmt::Debug;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Style, Trouble, paint};

/// One line of what happened.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Row {
    /// Who acted, or on what.
    pub what: String,
    pub outcome: String,
    /// What went over the wire, or where the log holds it.
    pub trail: String,
    pub took: Option<Duration>,
}

/// Something that must be so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    pub what: String,
    pub held: bool,
}

/// One step of a story while it happens.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub rows: Vec<Row>,
    pub facts: Vec<Fact>,
}

impl Step {
    /// Tells what happened.
    pub fn row(&mut self, what: &str, outcome: &str, trail: &str) {
        self.rows.push(Row {
            what: what.to_owned(),
            outcome: outcome.to_owned(),
            trail: trail.to_owned(),
            took: None,
        });
    }

    /// Checks a fact; the step goes on, so that all that did not hold is known at its end.
    pub fn held(&mut self, fact: &str, so: bool) {
        self.facts.push(Fact {
            what: fact.to_owned(),
            held: so,
        });
    }

    /// Checks that two things are the same, and shows them if they are not.
    pub fn same<T: Debug + PartialEq>(&mut self, fact: &str, actual: &T, expected: &T) {
        let held = actual == expected;
        let what = if held {
            fact.to_owned()
        } else {
            format!("{fact} (expected {expected:?}, found {actual:?})")
        };
        self.facts.push(Fact { what, held });
    }
}

/// The step that did not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failed {
    pub story: String,
    pub step: String,
    /// What did not hold, or what stopped the step.
    pub reasons: Vec<String>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} / {}: {}",
            self.story,
            self.step,
            self.reasons.join("; ")
        )
    }
}

/// The telling itself: where it is written, how, and how far it is.
#[derive(Debug)]
pub struct Tale<W> {
    out: W,
    style: Style,
    of: usize,
    title: String,
    story: usize,
    step: usize,
    steps_held: usize,
    /// Requests that reached the platform without a logged permission; the sum over all stories.
    pub without_consent: usize,
}

impl<W: Write> Tale<W> {
    /// A tale of `of` stories.
    pub fn new(out: W, style: Style, of: usize) -> Self {
        Self {
            out,
            style,
            of,
            title: String::new(),
            story: 0,
            step: 0,
            steps_held: 0,
            without_consent: 0,
        }
    }

    /// Begins the next story.
    pub fn story(&mut self, title: &str) -> Result<(), Failed> {
        title.clone_into(&mut self.title);
        self.story += 1;
        self.step = 0;
        if self.style.json {
            return Ok(());
        }
        let header = paint::header(&self.style, self.story, self.of, title);
        self.write(&header)
    }

    /// Lives through one step, tells it, and fails if anything did not hold.
    pub async fn step<T>(
        &mut self,
        name: &str,
        work: impl AsyncFnOnce(&mut Step) -> Result<T, Trouble>,
    ) -> Result<T, Failed> {
        self.step += 1;
        let began = Instant::now();
        let mut step = Step::default();
        let result = work(&mut step).await;
        if let Some(last) = step.rows.last_mut()
            && last.took.is_none()
        {
            last.took = Some(began.elapsed());
        }
        let mut reasons: Vec<String> = step
            .facts
            .iter()
            .filter(|fact| !fact.held)
            .map(|fact| format!("did not hold: {}", fact.what))
            .collect();
        if let Err(trouble) = &result {
            reasons.push(trouble.to_string());
        }
        self.tell(name, &step, reasons.is_empty())?;
        match result {
            Ok(value) if reasons.is_empty() => {
                self.steps_held += 1;
                tokio::time::sleep(self.style.pace).await;
                Ok(value)
            }
            _ => Err(self.failed(name, reasons)),
        }
    }

    /// The last line: all of it held.
    pub fn end(&mut self) -> Result<(), Failed> {
        let line = if self.style.json {
            let summary = json!({
                "version": 1,
                "result": "ok",
                "stories": self.story,
                "of": self.of,
                "steps_held": self.steps_held,
                "calls_without_consent": self.without_consent,
            });
            format!("{summary}\n")
        } else {
            let counted = format!(
                "ok  {} of {} stories, {} steps held, {} calls without consent",
                self.story, self.of, self.steps_held, self.without_consent
            );
            paint::verdict(&self.style, &counted)
        };
        self.write(&line)
    }

    /// The last thing printed when something did not hold: the step, and where the details are.
    pub fn fall(&mut self, failed: &Failed, details: &str) -> io::Result<()> {
        let text = if self.style.json {
            let object = json!({
                "version": 1,
                "result": "failed",
                "story": self.story,
                "step": self.step,
                "name": failed.step,
                "reasons": failed.reasons,
                "details": details,
            });
            format!("{object}\n")
        } else {
            paint::fall(&self.style, failed, self.story, self.step, details)
        };
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn tell(&mut self, name: &str, step: &Step, held: bool) -> Result<(), Failed> {
        let text = if self.style.json {
            let rows: Vec<_> = step.rows.iter().map(row_json).collect();
            let facts: Vec<_> = step
                .facts
                .iter()
                .map(|fact| json!({"fact": fact.what, "held": fact.held}))
                .collect();
            let object = json!({
                "version": 1,
                "story": self.story,
                "of": self.of,
                "title": self.title,
                "step": self.step,
                "name": name,
                "held": held,
                "rows": rows,
                "facts": facts,
            });
            format!("{object}\n")
        } else {
            paint::step(&self.style, self.step, name, &step.rows)
        };
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<(), Failed> {
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
        written.map_err(|error| self.failed("write", vec![format!("cannot write: {error}")]))
    }

    fn failed(&self, step: &str, reasons: Vec<String>) -> Failed {
        Failed {
            story: self.title.clone(),
            step: step.to_owned(),
            reasons,
        }
    }
}

fn row_json(row: &Row) -> serde_json::Value {
    json!({
        "what": row.what,
        "outcome": row.outcome,
        "trail": row.trail,
        "took_ms": row.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
    })
}
