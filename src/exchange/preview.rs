//! What a fetch would ask, before anything is asked.

use super::error::StartError;
use super::start::live;
use super::view::{Preview, PreviewBody, PreviewProduct};
use super::{Exchange, pci};
use crate::audit::Kind;
use crate::citizen::{Language, PurposeId};
use crate::consent::ConsentError;
use crate::identity::Citizen;

impl Exchange {
    /// What a fetch would ask now. Asks nothing; the looking itself is recorded.
    pub async fn preview(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
        language: Language,
    ) -> Result<Preview, StartError> {
        let (body, _, items) = self.decided(citizen, purpose).await?;
        let live = live(&items);
        let products = items
            .iter()
            .filter(|item| item.offered)
            .filter_map(|item| self.inner.catalogue.product(&item.product))
            .map(|product| PreviewProduct {
                product: product.code.to_string(),
                source: product.source.to_string(),
                source_name: self.inner.catalogue.source(&product.source).map_or_else(
                    || product.source.to_string(),
                    |source| source.name.in_language(language).to_owned(),
                ),
                what: product.asks.in_language(language).to_owned(),
                categories: product
                    .categories
                    .iter()
                    .map(|c| c.as_str().to_owned())
                    .collect(),
                would_ask: live.contains(&product.code),
                only_if_unanswered: product.fallback_of.as_ref().map(ToString::to_string),
                wire_consent: pci::WireConsent::GIVEN.get().as_str().to_owned(),
                kept_for: product.profile_cache.to_string(),
            })
            .collect();
        self.record_preview(citizen, purpose).await?;
        Ok(Preview {
            purpose: purpose.to_string(),
            body: PreviewBody {
                name: body.requester.name.as_str().to_owned(),
                ine10: body.requester.code.to_string(),
                authorisation: body.authorisation.code().to_owned(),
            },
            products,
            nothing_sent: true,
        })
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
