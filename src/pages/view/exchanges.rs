//! Who asked what: one true sentence per exchange.

use crate::citizen::Language;
use crate::exchange::view::ExchangeView;
use crate::pages::format;
use crate::pages::i18n::Texts;
use crate::products::ProductKind;

/// One exchange as its person reads it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its id, for the proof.
    pub id: String,
    /// When, for machines.
    pub at: String,
    /// Who asked whom for what, when.
    pub sentence: String,
    /// What came of it.
    pub result: String,
    pub shape: &'static str,
    /// Place in the person's gapless count.
    pub counter: i64,
}

impl Row {
    /// In words. `body` is the asking body's name.
    pub(crate) fn new(view: &ExchangeView, body: &str, language: Language) -> Self {
        let texts = Texts(language);
        let parts = [
            ("date", format::instant(language, view.at).into()),
            ("body", body.into()),
            ("product", view.product.as_str().into()),
        ];
        let (shape, result) = outcome(view.result.as_deref(), view.used);
        Self {
            id: view.exchange.clone(),
            at: view.at.to_string(),
            sentence: texts.with(sentence(&view.product), &parts),
            result: texts.say(result),
            shape,
            counter: view.counter,
        }
    }
}

/// Whole sentences per product: none is glued from parts.
fn sentence(product: &str) -> &'static str {
    let kind = product.parse().ok().as_ref().and_then(ProductKind::of);
    match kind {
        Some(ProductKind::AeatC4) => "log-row-income",
        Some(ProductKind::AeatC2) => "log-row-level",
        Some(ProductKind::DgpIdentity) => "log-row-identity",
        Some(ProductKind::PadroCohabitants) => "log-row-cohabitants",
        Some(ProductKind::PadroHouseholdSize) => "log-row-household",
        Some(ProductKind::TgssInWork) => "log-row-work",
        None => "log-row-other",
    }
}

/// Shape and key of the words for a result of the record.
fn outcome(result: Option<&str>, used: bool) -> (&'static str, &'static str) {
    match (result, used) {
        (Some("ok"), true) => ("tick", "log-result-used"),
        (Some("ok"), false) => ("empty", "log-result-unused"),
        (Some("no_data"), _) => ("empty", "log-result-no-data"),
        (Some("denied"), _) => ("barred", "log-result-denied"),
        (Some("discarded_revoked"), _) => ("barred", "log-result-discarded"),
        (Some(_), _) => ("triangle", "log-result-failed"),
        (None, _) => ("half", "log-result-open"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(product: &str, result: Option<&str>) -> ExchangeView {
        ExchangeView {
            exchange: "exchange".to_owned(),
            at: "2026-03-05T09:42:00Z".parse().unwrap(),
            body: "prova".to_owned(),
            source: "AEAT".to_owned(),
            product: product.to_owned(),
            purpose: "social-aid-recommendation".to_owned(),
            item: "item".to_owned(),
            result: result.map(str::to_owned),
            code: None,
            used: result == Some("ok"),
            counter: 7,
            ended_at: None,
            request_sha256: String::new(),
            answer_sha256: None,
        }
    }

    #[test]
    fn a_row_is_one_sentence_with_who_what_whom_and_when() {
        let view = view("AEAT_IRPF/C4", Some("ok"));
        let sentence = |language| Row::new(&view, "Ajuntament de Prova", language).sentence;
        assert_eq!(
            sentence(Language::Es),
            "Ajuntament de Prova pidió sus ingresos de un año a la Agencia Tributaria, \
             el 5 de marzo de 2026, 10:42\u{a0}h."
        );
        assert_eq!(
            sentence(Language::En),
            "Ajuntament de Prova asked the Tax Agency for your income of one year, \
             on 5 March 2026, 10:42."
        );
    }

    #[test]
    fn results_that_differ_read_differently() {
        let results = [
            Some("ok"),
            Some("no_data"),
            Some("denied"),
            Some("discarded_revoked"),
            Some("timeout"),
            None,
        ];
        let said: std::collections::BTreeSet<_> = results
            .iter()
            .map(|result| {
                Row::new(&view("PADRO/NUMERO_CONVIVENTS", *result), "", Language::Ca).result
            })
            .collect();
        assert_eq!(said.len(), results.len());
    }

    #[test]
    fn a_product_of_the_past_still_has_its_sentence() {
        let row = Row::new(
            &view("OLD/GONE", Some("ok")),
            "Ajuntament de Prova",
            Language::Ca,
        );
        assert!(row.sentence.contains("OLD/GONE"));
    }
}
