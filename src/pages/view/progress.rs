//! How far a fetch is, source by source: a shape and a word each.

use serde::Serialize;

use super::source_name;
use crate::citizen::{Language, SourceId};
use crate::exchange::view::{JobState, JobView, SourceState, SourceView};
use crate::pages::i18n::Texts;
use crate::products::Catalogue;

/// A fetch as people follow it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Progress {
    pub rows: Vec<Row>,
    /// Whether nothing more will come.
    pub over: bool,
    /// How it stands, in one sentence.
    pub status: String,
    /// Whether there is a profile to look at.
    #[serde(skip)]
    pub finished: bool,
    /// How many sources are asked.
    #[serde(skip)]
    pub asked: usize,
}

/// One source.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Row {
    pub source: String,
    #[serde(skip)]
    pub name: String,
    /// Name of the shape.
    pub shape: &'static str,
    /// The word beside it.
    pub word: String,
}

impl Progress {
    pub(crate) fn new(job: &JobView, catalogue: &Catalogue, language: Language) -> Self {
        let texts = Texts(language);
        let rows: Vec<_> = catalogue
            .sources()
            .filter_map(|source| row(&source.id, &job.sources, catalogue, texts))
            .collect();
        let asked = rows.iter().filter(|row| row.shape != "barred").count();
        let settled = |row: &&Row| !matches!(row.shape, "barred" | "half" | "ring");
        let done = rows.iter().filter(settled).count();
        let status = match job.state {
            JobState::Running => texts.with(
                "progress-count",
                &[("done", done.into()), ("asked", asked.into())],
            ),
            JobState::Finished => texts.say("progress-finished"),
            JobState::Interrupted => texts.say("progress-interrupted"),
        };
        Self {
            rows,
            over: job.state != JobState::Running,
            status,
            finished: job.state == JobState::Finished,
            asked,
        }
    }
}

fn row(
    source: &SourceId,
    views: &[SourceView],
    catalogue: &Catalogue,
    texts: Texts,
) -> Option<Row> {
    let of_source = views.iter().filter(|view| view.source == source.as_str());
    let telling = of_source.max_by_key(|view| weight(view.state))?;
    let (shape, key) = look(telling.state);
    let word = match telling.place {
        Some(place) => {
            let ahead = place.saturating_sub(1) as usize;
            texts.with("source-waiting-behind", &[("ahead", ahead.into())])
        }
        None => texts.say(key),
    };
    Some(Row {
        source: source.to_string(),
        name: source_name(catalogue, source, texts.0),
        shape,
        word,
    })
}

/// Of several products of one source, the state that tells most.
const fn weight(state: SourceState) -> u8 {
    match state {
        SourceState::NotAsked => 0,
        SourceState::Failed => 1,
        SourceState::NoData => 2,
        SourceState::Received => 3,
        SourceState::Discarded => 4,
        SourceState::Waiting => 5,
        SourceState::Asking => 6,
    }
}

/// Shape and key of the word.
const fn look(state: SourceState) -> (&'static str, &'static str) {
    match state {
        SourceState::Asking => ("half", "source-asking"),
        SourceState::Discarded => ("barred", "source-discarded"),
        SourceState::Failed => ("triangle", "source-failed"),
        SourceState::NoData => ("empty", "source-no-data"),
        SourceState::NotAsked => ("barred", "source-not-asked"),
        SourceState::Received => ("tick", "source-received"),
        SourceState::Waiting => ("ring", "source-waiting"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests::catalogue;
    use super::*;

    fn job(state: JobState, sources: &[(&str, &str, SourceState)]) -> JobView {
        let source = |(product, source, state): &(&str, &str, SourceState)| SourceView {
            product: (*product).to_owned(),
            source: (*source).to_owned(),
            state: *state,
            detail: None,
            place: None,
        };
        JobView {
            job: "job".to_owned(),
            state,
            sources: sources.iter().map(source).collect(),
            created_at: "2026-03-05T09:42:00Z".parse().unwrap(),
            finished_at: None,
            profile: None,
        }
    }

    #[test]
    fn a_fallback_that_was_not_needed_does_not_hide_an_answer() {
        let job = job(
            JobState::Finished,
            &[
                ("AEAT_IRPF/C4", "AEAT", SourceState::Received),
                ("AEAT_IRPF/C2", "AEAT", SourceState::NotAsked),
                ("PADRO/NUMERO_CONVIVENTS", "PADRO", SourceState::Failed),
            ],
        );
        let progress = Progress::new(&job, &catalogue(), Language::Ca);
        let words: Vec<_> = progress
            .rows
            .iter()
            .map(|row| (row.shape, row.word.as_str()))
            .collect();
        assert_eq!(words, [("tick", "rebut"), ("triangle", "no respon ara")]);
        assert!(progress.over && progress.finished);
    }

    #[test]
    fn the_count_is_of_sources_that_are_asked() {
        let job = job(
            JobState::Running,
            &[
                ("AEAT_IRPF/C4", "AEAT", SourceState::Failed),
                ("AEAT_IRPF/C2", "AEAT", SourceState::Asking),
                ("SCSP_TGSS/Q2827003ATGSS006", "TGSS", SourceState::NotAsked),
                ("PADRO/NUMERO_CONVIVENTS", "PADRO", SourceState::NoData),
            ],
        );
        let progress = Progress::new(&job, &catalogue(), Language::Es);
        assert_eq!((progress.status.as_str(), progress.asked), ("1 de 2", 2));
        assert!(!progress.over);
    }

    #[test]
    fn whoever_waits_is_told_how_many_are_ahead() {
        let mut job = job(
            JobState::Running,
            &[("PADRO/NUMERO_CONVIVENTS", "PADRO", SourceState::Waiting)],
        );
        let mut word = |place, language| {
            job.sources[0].place = place;
            let progress = Progress::new(&job, &catalogue(), language);
            progress.rows[0].word.clone()
        };
        assert_eq!(word(Some(1), Language::Ca), "en espera: és la següent");
        let one = "en espera: hi ha 1 consulta davant";
        assert_eq!(word(Some(2), Language::Ca), one);
        let three = "en espera: hay 3 consultas delante";
        assert_eq!(word(Some(4), Language::Es), three);
        assert_eq!(word(Some(12), Language::En), "waiting: 11 requests ahead");
        let oc = "en demora: i a 3 consultes dauant";
        assert_eq!(word(Some(4), Language::Oc), oc);
        assert_eq!(word(None, Language::Ca), "en espera");
    }
}
