//! The choice, source by source: what is asked, how it stands, what was answered.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::source_name;
use crate::citizen::{Language, ProductCode, SourceId};
use crate::consent::{Decision, ItemState, State};
use crate::pages::format;
use crate::pages::i18n::Texts;
use crate::pages::visit::Fields;
use crate::products::{Catalogue, Product};

/// An answer about one source. It covers all that is asked there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Answer {
    No,
    Yes,
}

/// What was answered on a form; sources without an answer are absent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(BTreeMap<String, Answer>);

/// Everything asked of one source, as one question.
#[derive(Clone, Debug)]
pub(crate) struct SourceChoice {
    /// Its id, also the place on the page.
    pub id: String,
    /// Its name as on its letters.
    pub name: String,
    /// What it is about, in a few words.
    pub title: String,
    /// Exactly what is asked, one entry per product.
    pub details: Vec<Detail>,
    /// What was decided before, as a sentence.
    pub standing: Option<String>,
    /// Whether something stands permitted, so that it can be taken back.
    pub withdrawable: bool,
    /// Whether there is something to answer.
    pub open: bool,
    /// What was answered on this form.
    pub answer: Option<Answer>,
    /// What an answer decides.
    pub products: Vec<ProductCode>,
}

/// One product in plain words.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    pub asks: String,
    pub without: String,
}

/// The answers sorted for checking.
#[derive(Clone, Debug, Default)]
pub(crate) struct Review {
    pub yes: Vec<SourceChoice>,
    pub no: Vec<SourceChoice>,
    pub open: Vec<SourceChoice>,
}

/// Fields that carry an answer start with this, then the source.
pub(crate) const FIELD: &str = "answer-";

impl Answer {
    /// The value of the form's field.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "no" => Some(Self::No),
            "yes" => Some(Self::Yes),
            _ => None,
        }
    }

    const fn decision(self) -> Decision {
        match self {
            Self::No => Decision::Refuse,
            Self::Yes => Decision::Grant,
        }
    }
}

impl Answers {
    /// Reads a form. The two buttons that answer everything fill in every source, and only here.
    pub(crate) fn read(fields: &Fields, choices: &[SourceChoice]) -> Self {
        let all = Answer::read(fields.get("all"));
        let answers = choices.iter().filter(|choice| choice.open);
        Self(
            answers
                .filter_map(|choice| {
                    let field = format!("{FIELD}{}", choice.id);
                    let answer = all.or_else(|| Answer::read(fields.get(&field)))?;
                    Some((choice.id.clone(), answer))
                })
                .collect(),
        )
    }

    /// One decision per product of each answered source.
    pub(crate) fn decisions(&self, choices: &[SourceChoice]) -> Vec<(ProductCode, Decision)> {
        choices
            .iter()
            .filter_map(|choice| Some((choice, self.0.get(&choice.id)?)))
            .flat_map(|(choice, answer)| {
                let products = choice.products.iter().cloned();
                products.map(|product| (product, answer.decision()))
            })
            .collect()
    }
}

/// The items grouped by who is asked, in the catalogue's order.
pub(crate) fn choices(
    items: &[ItemState],
    catalogue: &Catalogue,
    language: Language,
) -> Vec<SourceChoice> {
    let known = catalogue.sources().map(|source| source.id.clone());
    known
        .filter_map(|source| choice(&source, items, catalogue, language))
        .collect()
}

impl SourceChoice {
    /// The same with the answer given on a form.
    pub(crate) fn answered(mut self, answers: &Answers) -> Self {
        self.answer = answers.0.get(&self.id).copied();
        self
    }

    /// Name of the form's field.
    pub(crate) fn field(&self) -> String {
        format!("{FIELD}{}", self.id)
    }

    pub(crate) fn says(&self, word: &str) -> bool {
        self.answer.is_some_and(|answer| answer.as_str() == word)
    }
}

impl Review {
    /// Sorts what there is to answer.
    pub(crate) fn new(choices: Vec<SourceChoice>) -> Self {
        let mut review = Self::default();
        for choice in choices.into_iter().filter(|choice| choice.open) {
            match choice.answer {
                Some(Answer::Yes) => review.yes.push(choice),
                Some(Answer::No) => review.no.push(choice),
                None => review.open.push(choice),
            }
        }
        review
    }

    /// Name and value of each answer, for hidden fields.
    pub(crate) fn fields(&self) -> Vec<(String, &'static str)> {
        let answered = self.yes.iter().chain(&self.no);
        answered
            .filter_map(|choice| Some((choice.field(), choice.answer?.as_str())))
            .collect()
    }
}

/// `None` when nothing is asked there and nothing was permitted.
fn choice(
    source: &SourceId,
    items: &[ItemState],
    catalogue: &Catalogue,
    language: Language,
) -> Option<SourceChoice> {
    let items: Vec<_> = items.iter().filter(|item| item.source == *source).collect();
    let granted = |item: &&ItemState| matches!(item.state, State::Granted { .. });
    let withdrawable = items.iter().any(granted);
    let offered: Vec<_> = items.iter().filter(|item| item.offered).collect();
    if offered.is_empty() && !withdrawable {
        return None;
    }
    let products: Vec<&Product> = offered
        .iter()
        .filter_map(|item| catalogue.product(&item.product))
        .collect();
    let first = products
        .iter()
        .find(|product| product.fallback_of.is_none())
        .or(products.first());
    Some(SourceChoice {
        id: source.to_string(),
        name: source_name(catalogue, source, language),
        title: first.map_or_else(String::new, |product| {
            product.title.in_language(language).to_owned()
        }),
        details: products
            .iter()
            .map(|product| Detail {
                asks: product.asks.in_language(language).to_owned(),
                without: product.without.in_language(language).to_owned(),
            })
            .collect(),
        standing: standing(&items, Texts(language)),
        withdrawable,
        open: !offered.iter().all(|item| granted(item)),
        answer: None,
        products: offered.iter().map(|item| item.product.clone()).collect(),
    })
}

/// What was decided last about a source, as a sentence.
fn standing(items: &[&ItemState], texts: Texts) -> Option<String> {
    let newest = items
        .iter()
        .filter(|item| matches!(item.state, State::Granted { .. }))
        .max_by_key(|item| item.at)
        .or_else(|| items.iter().max_by_key(|item| item.at))?;
    let at = newest.at?;
    let day = |at: Timestamp| format::day(texts.0, at).into();
    let (key, until) = match newest.state {
        State::Expired { until } => ("standing-expired", until),
        State::Granted { until } => ("standing-granted", until),
        State::Invalidated { until } => ("standing-invalidated", until),
        State::NotAsked => return None,
        State::Refused => ("standing-refused", at),
        State::Withdrawn => ("standing-withdrawn", at),
    };
    Some(texts.with(key, &[("since", day(at)), ("until", day(until))]))
}

#[cfg(test)]
pub(in crate::pages) mod tests {
    use super::*;
    use crate::citizen::ItemId;
    use crate::clock::SystemEntropy;
    use crate::consent::{Beneficiaries, GrantTerms, Purposes};

    pub(in crate::pages) fn catalogue() -> Catalogue {
        Catalogue::parse(include_str!("../../../config/products.toml")).unwrap()
    }

    /// An item per product of the purpose for a person alone, undecided but for those named.
    pub(in crate::pages) fn items(decided: &[(&str, State)]) -> Vec<ItemState> {
        let entropy = SystemEntropy::default();
        let purposes = Purposes::embedded().unwrap();
        let mut purposes = purposes.iter();
        let purpose = purposes.find(|purpose| purpose.beneficiary == Beneficiaries::Person);
        let asked = &purpose.unwrap().products;
        catalogue()
            .products()
            .filter(|product| asked.contains(&product.code))
            .map(|product| {
                let state = decided
                    .iter()
                    .find(|(code, _)| *code == product.code.as_str());
                ItemState {
                    item: ItemId::random(&entropy),
                    product: product.code.clone(),
                    source: product.source.clone(),
                    state: state.map_or(State::NotAsked, |(_, state)| *state),
                    seq: None,
                    receipt: None,
                    at: state.map(|_| "2026-03-05T09:42:00Z".parse().unwrap()),
                    version: None,
                    offered: true,
                    terms: GrantTerms::of_old(),
                }
            })
            .collect()
    }

    fn answers(pairs: &[(&str, &str)], choices: &[SourceChoice]) -> Answers {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Answers::read(&pairs.collect(), choices)
    }

    fn granted() -> State {
        State::Granted {
            until: "2027-03-05T09:42:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn one_answer_covers_every_product_of_a_source() {
        let choices = choices(&items(&[]), &catalogue(), Language::Ca);
        let decided = answers(&[("answer-AEAT", "yes")], &choices).decisions(&choices);
        let products: Vec<_> = decided
            .iter()
            .map(|(product, _)| product.as_str())
            .collect();
        assert_eq!(products, ["AEAT_IRPF/C4", "AEAT_IRPF/C2"]);
        assert!(
            decided
                .iter()
                .all(|(_, decision)| *decision == Decision::Grant)
        );
    }

    #[test]
    fn what_is_not_answered_is_not_decided() {
        let choices = choices(&items(&[]), &catalogue(), Language::Ca);
        assert_eq!(answers(&[], &choices).decisions(&choices), []);
        let odd = [("answer-AEAT", "maybe"), ("answer-NOBODY", "yes")];
        assert_eq!(answers(&odd, &choices).decisions(&choices), []);
    }

    #[test]
    fn the_buttons_for_all_answer_every_open_question_and_no_other() {
        let decided = [("SCSP_TGSS/Q2827003ATGSS006", granted())];
        let choices = choices(&items(&decided), &catalogue(), Language::Ca);
        let no = answers(&[("all", "no")], &choices).decisions(&choices);
        assert_eq!(no.len(), 4);
        assert!(
            no.iter()
                .all(|(product, _)| product.product() != "SCSP_TGSS")
        );
        assert!(no.iter().all(|(_, decision)| *decision == Decision::Refuse));
    }

    #[test]
    fn what_is_permitted_can_be_taken_back_and_is_not_asked_again() {
        let decided = [("SCSP_TGSS/Q2827003ATGSS006", granted())];
        let choices = choices(&items(&decided), &catalogue(), Language::Ca);
        let work = choices.iter().find(|choice| choice.id == "TGSS").unwrap();
        assert!(work.withdrawable && !work.open);
        let standing = work.standing.as_deref();
        assert_eq!(
            standing,
            Some("Autoritzat des del 5 de març de 2026 fins al 5 de març de 2027.")
        );
        assert_eq!(
            choices.iter().filter(|choice| choice.withdrawable).count(),
            1
        );
    }

    #[test]
    fn a_permission_for_part_of_a_source_can_be_completed_and_taken_back() {
        let decided = [("AEAT_IRPF/C4", granted())];
        let choices = choices(&items(&decided), &catalogue(), Language::Es);
        let tax = choices.iter().find(|choice| choice.id == "AEAT").unwrap();
        assert!(tax.withdrawable && tax.open);
    }
}
