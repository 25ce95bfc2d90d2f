//! Who has data that rest on what I took back, and whether they confirmed.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::callers::{Me, scope};
use super::super::extract::Query;
use super::super::problem::{Kind, Problem, ProblemBody};
use crate::citizen::{PurposeId, ReceiptId};
use crate::consent::Purpose;
use crate::events::Recipient;
use crate::identity::Citizen;
use crate::store::StoreError;

/// Who received data that rest on consent I took back, or that a newer notice ended.
#[derive(Serialize, ToSchema)]
pub(super) struct RecipientsView {
    /// From the record of what was released. What they did with the data before stays lawful.
    recipients: Vec<RecipientView>,
}

/// One who received data that rest on consent that ended so.
#[derive(Serialize, ToSchema)]
pub(super) struct RecipientView {
    /// A registered client, or a recipient that the purpose names.
    recipient: String,
    /// The client that received the data for it, if it did not itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<String>,
    /// `pending`: it is being told. `acknowledged`: it confirmed. `refused`: it would not take it, and
    /// the body takes it up. `not_connected`: the body tells it by other means.
    state: &'static str,
    /// When it confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<jiff::Timestamp>,
    /// `sub` by which its events name the person; to be handed on along with the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    known_as: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct RecipientsQuery {
    /// What for.
    #[param(value_type = String)]
    purpose: PurposeId,
}

/// Who has data that rest on consent I took back or a newer notice ended, and whether they confirmed.
#[utoipa::path(get, path = "/v1/me/recipients", tag = "consent", security(("dpop" = [])),
    params(RecipientsQuery),
    responses((status = 200, body = RecipientsView), (status = 401, body = ProblemBody),
        (status = 403, body = ProblemBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Me(citizen): Me<{ scope::CONSENT_READ }>,
    Query(query): Query<RecipientsQuery>,
) -> Result<Json<RecipientsView>, Problem> {
    let purpose = app.terms.purposes.get(&query.purpose).ok_or_else(|| {
        Problem::new(Kind::PurposeNotAllowed, "This service has no such purpose.")
    })?;
    let recipients = find(&app, &citizen, purpose, None).await?;
    Ok(Json(RecipientsView { recipients }))
}

/// Those who have data that rest on what a receipt took back; nothing if it cannot be told now.
pub(super) async fn of_receipt(
    app: &App,
    citizen: &Citizen,
    receipt: ReceiptId,
) -> Option<Vec<RecipientView>> {
    let mut recipients = Vec::new();
    for purpose in app.terms.purposes.iter() {
        match find(app, citizen, purpose, Some(receipt)).await {
            Ok(found) => recipients.extend(found),
            Err(error) => {
                tracing::warn!(%error, "who has to confirm a withdrawal could not be told");
                return None;
            }
        }
    }
    Some(recipients)
}

async fn find(
    app: &App,
    citizen: &Citizen,
    purpose: &Purpose,
    receipt: Option<ReceiptId>,
) -> Result<Vec<RecipientView>, StoreError> {
    let found = app
        .events
        .recipients(citizen.subject(), citizen.body(), purpose, receipt)
        .await?;
    Ok(found.into_iter().map(RecipientView::from).collect())
}

impl From<Recipient> for RecipientView {
    fn from(recipient: Recipient) -> Self {
        Self {
            recipient: recipient.name,
            via: recipient.via,
            state: recipient.confirmation.as_str(),
            acknowledged_at: recipient.confirmation.at(),
            known_as: recipient.known_as,
        }
    }
}
