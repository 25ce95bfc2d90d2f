//! What a fetch would ask, before anything is asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::error::StartError;
use super::pci::{self, Authorisation};
use super::start::live;
use super::view::{Preview, PreviewBody, PreviewProduct};
use super::{Body, Exchange};
use crate::audit::Kind;
use crate::citizen::{FiscalYear, Language, ProductCode, PurposeId};
use crate::consent::{About, ConsentError, ItemState, State};
use crate::identity::Citizen;
use crate::products::Product;

/// What is the same for every product of a preview.
struct Looked {
    language: Language,
    today: Date,
    /// What was asked as often as agreed, and when it may be asked again.
    exhausted: BTreeMap<ProductCode, Option<Timestamp>>,
}

impl Exchange {
    /// What a fetch would ask now, and what it leaves out. Asks nothing; the looking is recorded.
    pub async fn preview(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
        language: Language,
    ) -> Result<Preview, StartError> {
        let (body, _, items) = self
            .decided(citizen.subject(), citizen.body(), purpose)
            .await?;
        let looked = Looked {
            language,
            today: self.inner.today(),
            exhausted: self.inner.gate.exhausted(citizen.subject(), &items).await?,
        };
        let live = live(&items);
        let products = items
            .iter()
            .filter(|item| item.offered)
            .filter_map(|item| Some((item, self.inner.catalogue.product(&item.product)?)))
            .map(|(item, product)| {
                let would_ask = live.contains(&product.code);
                self.preview_of(item, product, would_ask, &looked)
            })
            .collect();
        self.record_preview(citizen, purpose).await?;
        Ok(Preview {
            purpose: purpose.to_string(),
            body: preview_body(&body),
            products,
            nothing_sent: true,
        })
    }

    fn preview_of(
        &self,
        item: &ItemState,
        product: &Product,
        would_ask: bool,
        looked: &Looked,
    ) -> PreviewProduct {
        let source = self.inner.catalogue.source(&product.source);
        let source_name = source.map(|source| source.name.in_language(looked.language));
        let exhausted = looked.exhausted.get(&product.code);
        PreviewProduct {
            product: product.code.to_string(),
            source: product.source.to_string(),
            source_name: source_name.unwrap_or(product.source.as_str()).to_owned(),
            what: product.asks.in_language(looked.language).to_owned(),
            categories: product.categories.iter().map(ToString::to_string).collect(),
            item: item.item.to_string(),
            would_ask,
            left_out: (!would_ask).then_some(item.state.as_str()),
            valid_until: match item.state {
                State::Granted { until } => Some(until),
                _ => None,
            },
            not_before: exhausted.copied().flatten(),
            exhausted: exhausted.is_some(),
            fiscal_years: fiscal_years(item, product, looked.today),
            only_if_unanswered: product.fallback_of.as_ref().map(ToString::to_string),
            wire_consent: pci::WireConsent::GIVEN.get().as_str().to_owned(),
            kept_for: kept_for(item, product),
            record_kept_for: product.evidence.to_string(),
        }
    }

    async fn record_preview(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<(), StartError> {
        let payload = serde_json::json!({"purpose": purpose, "body": citizen.body()});
        let serde_json::Value::Object(payload) = payload else {
            return Ok(());
        };
        let mut tx = self.inner.db.begin().await?;
        let subject = Some(citizen.subject());
        self.inner
            .log
            .stage(&mut tx, Kind::Preview, subject, payload)
            .await
            .map_err(ConsentError::from)?;
        Ok(tx.commit().await?)
    }
}

fn preview_body(body: &Body) -> PreviewBody {
    PreviewBody {
        name: body.requester.name.as_str().to_owned(),
        ine10: body.requester.code.to_string(),
        authorisation: body.authorisation.code().to_owned(),
        authorisation_kind: match body.authorisation {
            Authorisation::Finality(_) => "finality",
            Authorisation::Procedure(_) => "procedure",
        },
    }
}

/// The years a fetch of that day may ask about, the latest first.
fn fiscal_years(item: &ItemState, product: &Product, today: Date) -> Vec<i16> {
    if !product.kind.needs_fiscal_year() {
        return Vec::new();
    }
    let latest = FiscalYear::latest_available(today);
    let reaches = |year: &FiscalYear| today.year() - year.get() <= product.years_back;
    std::iter::successors(Some(latest), |year| Some(year.previous()).filter(reaches))
        .take_while(|year| item.terms.period.covers(About::FiscalYear(*year), today))
        .map(FiscalYear::get)
        .collect()
}

/// The shorter of what the catalogue allows and what was, or would be, agreed.
fn kept_for(item: &ItemState, product: &Product) -> String {
    let life = item.terms.data_life;
    match product.profile_cache.to_string().parse() {
        Ok(cache) => life.min(cache).to_string(),
        Err(_) => life.to_string(),
    }
}
