//! Handing a profile over: put together from what is kept, released, projected.

use jiff::Timestamp;

use super::jobs::{Ended, SourceRow, Standing};
use super::kept::{Drawer, Kept, Permission, kept_until};
use super::start::permissions;
use super::view::JobState;
use super::{Exchange, ProfileError, recipient};
use crate::citizen::{BodyId, ExchangeId, JobId, ProductCode, SubjectId};
use crate::consent::{Beneficiaries, Release};
use crate::identity::Citizen;
use crate::profile::{Audience, Projection, SourceOutcome, normalise_by};

impl Exchange {
    /// Hands a person's profile over, once its release is durable.
    ///
    /// The profile is put together from the answers that are kept, on whichever replica. Only for
    /// the client and the body the fetch was for: answers are kept for nobody else.
    pub async fn profile(
        &self,
        citizen: &Citizen,
        job: JobId,
        audience: Audience,
    ) -> Result<Projection, ProfileError> {
        let subject = citizen.subject();
        let client = recipient(citizen);
        let drawer = Drawer {
            subject,
            client: &client,
        };
        let ended = self.inner.jobs.ended(subject, job).await?;
        let ended = ended.ok_or(ProfileError::Unknown)?;
        // A member's part of a look at a household is no profile of theirs.
        let purpose = self.inner.terms.purposes.get(&ended.purpose);
        if purpose.is_some_and(|purpose| purpose.beneficiary != Beneficiaries::Person) {
            return Err(ProfileError::Unknown);
        }
        let joint = purpose.map(|purpose| purpose.joint_returns);
        let outcomes = self.outcomes(drawer, citizen.body(), ended).await?;
        let profile = normalise_by(
            &outcomes,
            &self.inner.indicators,
            self.inner.today(),
            joint.unwrap_or_default(),
        );
        let projection = profile.project(audience);
        self.inner
            .gate
            .release(Release {
                subject,
                job,
                recipient: client,
                fields: known_fields(&projection),
                exchanges: outcomes.iter().filter_map(exchange).collect(),
                // One view for all who are compared, whichever each of them reads.
                values: profile.project(Audience::Recommender).values(),
            })
            .await?;
        Ok(projection)
    }

    /// Drops every answer kept about a person, as a withdrawal demands. What cannot be dropped is
    /// found by nobody: the decision it came by no longer stands.
    pub async fn forget(&self, subject: SubjectId) {
        self.inner.kept.forget(subject).await;
    }

    /// What a job came to, from its rows and the answers that are kept: for the client and the body
    /// that asked, and while every permission it rests on stands.
    pub(super) async fn outcomes(
        &self,
        drawer: Drawer<'_>,
        body: &BodyId,
        ended: Ended,
    ) -> Result<Vec<(ProductCode, SourceOutcome)>, ProfileError> {
        match ended.state {
            JobState::Running => return Err(ProfileError::Running),
            JobState::Interrupted => return Err(ProfileError::Gone),
            JobState::Finished => {}
        }
        if ended.client != drawer.client || ended.body != *body {
            return Err(ProfileError::Gone);
        }
        let ledger = &self.inner.ledger;
        let (_, items) = ledger
            .items(drawer.subject, &ended.body, &ended.purpose)
            .await?;
        let mut permissions = permissions(&items);
        // Only the very permission the job rested on: one given anew is another.
        permissions.retain(|product, permission| {
            let mut rows = ended.sources.iter();
            let row = rows.find(|row| row.product == *product);
            row.and_then(|row| row.standing.consent_seq) == Some(permission.seq)
        });
        let mut kept = self.inner.kept.find(drawer, &permissions).await;
        kept.retain(|product, _| {
            let permission = permissions.get(product);
            permission.is_some_and(|one| self.is_recent(product, *one, ended.finished_at))
        });
        let mut outcomes = Vec::new();
        for SourceRow {
            product, standing, ..
        } in ended.sources
        {
            let outcome = match standing {
                Standing {
                    consent_seq: Some(_),
                    ..
                } => {
                    // Perhaps a newer one, of a later fetch under the same permission.
                    let Kept {
                        answer, provenance, ..
                    } = kept.remove(&product).ok_or(ProfileError::Gone)?;
                    SourceOutcome::Answered { answer, provenance }
                }
                Standing { gap: Some(gap), .. } => SourceOutcome::Gap(gap),
                // A fall-back that was not needed.
                Standing { .. } => continue,
            };
            outcomes.push((product, outcome));
        }
        Ok(outcomes)
    }

    /// Whether a fetch that ended then may still be read for this product: as long as an answer that
    /// came last of all would be kept, whatever later fetches put there.
    fn is_recent(
        &self,
        product: &ProductCode,
        permission: Permission,
        ended: Option<Timestamp>,
    ) -> bool {
        let product = self.inner.catalogue.product(product);
        let until = product.zip(ended).map(|(product, ended)| {
            let kept = kept_until(ended, product.profile_cache);
            kept.min(permission.terms.data_life.after(ended))
        });
        until.is_some_and(|until| until > self.inner.world.now())
    }
}

/// The exchange an answer came by.
pub(super) fn exchange((_, outcome): &(ProductCode, SourceOutcome)) -> Option<ExchangeId> {
    match outcome {
        SourceOutcome::Answered { provenance, .. } => Some(provenance.exchange),
        SourceOutcome::Gap(_) => None,
    }
}

/// Names of the fields that carry a value, such as `income.annual`: what the release records.
fn known_fields(projection: &Projection) -> Vec<String> {
    let whole = serde_json::to_value(projection).unwrap_or_default();
    let groups = whole.as_object().into_iter().flatten();
    groups
        .filter_map(|(group, fields)| Some((group, fields.as_object()?)))
        .flat_map(|(group, fields)| {
            let known = fields
                .iter()
                .filter(|(_, field)| field.get("value").is_some());
            known.map(move |(name, _)| format!("{group}.{name}"))
        })
        .collect()
}
