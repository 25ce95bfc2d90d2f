//! Looks at a whole household: one fetch per adult who agreed, each that person's own.
//!
//! No exchange is about two people. Each is asked for under its own person's permission and stands in
//! that person's record; no row says who began the look. What it comes to leaves in one piece, with
//! a release of each person it speaks of, or not at all.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::handover::exchange;
use super::kept::Drawer;
use super::start::{Errand, live};
use super::view::JobState;
use super::{Exchange, ProfileError, StartError, recipient};
use crate::audit::Kind;
use crate::citizen::{BodyId, HouseholdId, JobId, MembershipId, PurposeId, SubjectId};
use crate::consent::{Beneficiaries, ConsentError, Refusal, Release};
use crate::household::{Member, Roll};
use crate::identity::Citizen;
use crate::profile::{
    Audience, Count, HouseholdProfile, HouseholdProjection, Part, Profile, household, normalise,
};
use crate::store::{StoreError, Tx};

/// How often somebody may take consent back while a result is put together before we give up.
const ATTEMPTS: usize = 3;

/// Where a look at a household stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct LookView {
    /// Its id.
    pub job: String,
    /// `running` while anybody's source is being asked, then `finished`. Never per person.
    #[schema(value_type = String)]
    pub state: JobState,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Where the result is, once there is one.
    pub profile: Option<String>,
}

/// Who looks, at which household, and for whom. Kept nowhere but in the looker's own log entry.
struct Looker {
    subject: SubjectId,
    body: BodyId,
    client: String,
    purpose: PurposeId,
    household: HouseholdId,
}

/// One person's fetch within a look.
#[derive(Clone, Copy, Debug)]
struct LookPart {
    membership: MembershipId,
    subject: SubjectId,
    job: JobId,
}

/// A look as recorded.
struct Look {
    client: String,
    at: Timestamp,
    parts: Vec<LookPart>,
}

/// A person's data on their way into a household's result.
struct Contribution {
    membership: MembershipId,
    release: Release,
    profile: Profile,
}

impl Exchange {
    /// Starts a look at the household of which the caller is an adult, with their own permission
    /// and that of every other who gave one. Whoever gave none is not asked about, and nothing tells
    /// the caller so.
    pub async fn look(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
        roll: &Roll,
    ) -> Result<JobId, StartError> {
        self.may_start(citizen, purpose, Beneficiaries::Household)?;
        let looker = Looker {
            subject: citizen.subject(),
            body: citizen.body().clone(),
            client: recipient(citizen),
            purpose: purpose.clone(),
            household: roll.household(),
        };
        let adults = roll.adults().cloned().collect();
        let begun = self.clone().look_at(looker, adults);
        // In a task of its own: a caller who goes away leaves no fetch that is part of nothing.
        let begun = self.tasks.spawn(begun).await;
        begun.map_err(|_| StartError::NotAlive)?
    }

    async fn look_at(self, looker: Looker, adults: Vec<Member>) -> Result<JobId, StartError> {
        self.check_own(&looker, &adults).await?;
        let mut home_is_asked = false;
        let mut parts = Vec::new();
        for adult in &adults {
            let errand = Errand {
                subject: adult.subject,
                person: &adult.person,
                body: &looker.body,
                client: &looker.client,
                home: !home_is_asked,
            };
            match self.set_out(errand, &looker.purpose).await {
                Ok(set_out) => {
                    home_is_asked |= set_out.asks_home;
                    parts.push((adult.seat.membership, set_out.job));
                }
                // Never answered, said no, took it back, used it up: nothing to ask.
                Err(StartError::ConsentRequired { .. } | StartError::Exhausted { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let job = JobId::random(&*self.inner.world.entropy);
        let mut tx = self.inner.db.begin().await?;
        insert(&mut tx, job, &looker, self.inner.world.now(), &parts).await?;
        let Value::Object(payload) = json!({
            "act": "looked", "household": looker.household, "job": job, "body": looker.body,
            "purpose": looker.purpose, "recipient": looker.client,
        }) else {
            return Err(ConsentError::Unwritable.into());
        };
        // Under the key of who looks: to everybody else the entry says nothing.
        let log = &self.inner.log;
        log.stage(&mut tx, Kind::Household, Some(looker.subject), payload)
            .await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Before anybody is asked about: who looks is an adult of the household, and agreed to be
    /// looked at.
    async fn check_own(&self, looker: &Looker, adults: &[Member]) -> Result<(), StartError> {
        if adults.iter().all(|adult| adult.subject != looker.subject) {
            return Err(StartError::NotAllowed);
        }
        let own = self.decided(looker.subject, &looker.body, &looker.purpose);
        let (_, _, items) = own.await?;
        if live(&items).is_empty() {
            let asked = items.into_iter().filter(|item| item.offered);
            return Err(StartError::ConsentRequired {
                products: asked.map(|item| item.product).collect(),
            });
        }
        Ok(())
    }

    /// What a look is for; `None` for an unknown one and for one of another body alike. Whether the
    /// caller may know more of it, [`Exchange::look_view`] decides.
    pub async fn look_purpose(
        &self,
        citizen: &Citizen,
        job: JobId,
    ) -> Result<Option<PurposeId>, StoreError> {
        let row = self.inner.db.row(
            "SELECT h.purpose FROM household_job j JOIN household h ON h.household = j.household \
             WHERE j.job = $1 AND h.body = $2",
            vec![job.to_string().into(), citizen.body().as_str().into()],
        );
        row.await?.map(|row| row.parsed(0)).transpose()
    }

    /// Where a look at the caller's household by this client stands, after waiting for its end at
    /// most this long; `None` for any other look.
    pub async fn look_view(
        &self,
        citizen: &Citizen,
        roll: &Roll,
        job: JobId,
        at_most: Duration,
    ) -> Result<Option<LookView>, StoreError> {
        let Some(look) = self.found(citizen, roll.household(), job).await? else {
            return Ok(None);
        };
        let end = Instant::now() + at_most;
        let mut state = JobState::Finished;
        for part in &look.parts {
            let left = end.saturating_duration_since(Instant::now());
            let view = self.wait(part.subject, part.job, left).await?;
            if view.is_some_and(|view| view.state == JobState::Running) {
                state = JobState::Running;
            }
        }
        Ok(Some(LookView {
            job: job.to_string(),
            state,
            created_at: look.at,
            profile: (state == JobState::Finished)
                .then(|| format!("/v1/me/household/profile-jobs/{job}/profile")),
        }))
    }

    /// Hands over what a look came to, once a release of each person in it is durable.
    ///
    /// Whoever took consent back, or left, since the look is not in it, as if they had never agreed.
    pub async fn household_profile(
        &self,
        citizen: &Citizen,
        roll: &Roll,
        job: JobId,
    ) -> Result<HouseholdProjection, ProfileError> {
        let look = self.found(citizen, roll.household(), job).await?;
        let look = look.ok_or(ProfileError::Unknown)?;
        for _ in 0..ATTEMPTS {
            let mut contributions = Vec::new();
            for part in &look.parts {
                contributions.extend(self.contribution(citizen.body(), &look, *part).await?);
            }
            let result = self.put_together(&contributions, roll);
            let fields: Vec<_> = result.fields().into_iter().map(str::to_owned).collect();
            let releases = contributions.into_iter().map(|one| Release {
                fields: fields.clone(),
                ..one.release
            });
            let gate = &self.inner.gate;
            match gate.release_together(releases.collect()).await {
                Ok(()) => return Ok(result.project()),
                // Between reading and releasing: without that person, then. Nobody is told that
                // another asked for erasure.
                Err(Refusal::RevokedInFlight | Refusal::Blocked) => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Err(Refusal::Contended.into())
    }

    /// What one person's fetch gave, while their permission stands.
    async fn contribution(
        &self,
        body: &BodyId,
        look: &Look,
        part: LookPart,
    ) -> Result<Option<Contribution>, ProfileError> {
        let drawer = Drawer {
            subject: part.subject,
            client: &look.client,
        };
        let ended = self.inner.jobs.ended(part.subject, part.job).await?;
        let ended = ended.ok_or(ProfileError::Unknown)?;
        let outcomes = match self.outcomes(drawer, body, ended).await {
            Ok(outcomes) => outcomes,
            Err(ProfileError::Gone) => return Ok(None),
            Err(error) => return Err(error),
        };
        let exchanges = outcomes.iter().filter_map(exchange).collect();
        let profile = normalise(&outcomes, &self.inner.indicators, self.inner.today());
        Ok(Some(Contribution {
            membership: part.membership,
            release: Release {
                subject: part.subject,
                job: part.job,
                recipient: look.client.clone(),
                fields: Vec::new(),
                exchanges,
                values: profile.project(Audience::Recommender).values(),
            },
            profile,
        }))
    }

    fn put_together(&self, contributions: &[Contribution], roll: &Roll) -> HouseholdProfile {
        let answered = contributions.iter().map(|one| one.membership).collect();
        let standing = roll.standing_of(&answered);
        let count = Count {
            adults: standing.expected_adults,
            minors: standing.minors,
            missing: standing.missing,
        };
        let profiles = || contributions.iter().map(|one| &one.profile);
        let parts: Vec<_> = profiles()
            .map(|profile| Part {
                income: &profile.income,
                minor: false,
            })
            .collect();
        let sizes: Vec<_> = profiles().map(|profile| &profile.household_size).collect();
        let indicators = &self.inner.indicators;
        household(
            &parts,
            count,
            &sizes,
            None,
            self.inner.today(),
            indicators.version(),
        )
    }

    async fn found(
        &self,
        citizen: &Citizen,
        household: HouseholdId,
        job: JobId,
    ) -> Result<Option<Look>, StoreError> {
        let db = &self.inner.db;
        let found = db.row(
            "SELECT j.client, j.at FROM household_job j \
             WHERE j.job = $1 AND j.household = $2 AND j.client = $3",
            vec![
                job.to_string().into(),
                household.to_string().into(),
                recipient(citizen).into(),
            ],
        );
        let Some(row) = found.await? else {
            return Ok(None);
        };
        // Whoever left is in no result from then on.
        let parts = db.rows(
            "SELECT p.membership, m.subject, p.part FROM household_job_part p \
             JOIN household_member m ON m.membership = p.membership \
             LEFT JOIN household_departure d ON d.membership = p.membership \
             WHERE p.job = $1 AND d.membership IS NULL ORDER BY p.membership",
            vec![job.to_string().into()],
        );
        let part = |row: &crate::store::Row| {
            Ok(LookPart {
                membership: row.parsed(0)?,
                subject: row.parsed(1)?,
                job: row.parsed(2)?,
            })
        };
        Ok(Some(Look {
            client: row.text(0)?,
            at: row.instant(1)?,
            parts: parts
                .await?
                .iter()
                .map(part)
                .collect::<Result<_, StoreError>>()?,
        }))
    }
}

async fn insert(
    tx: &mut Tx,
    job: JobId,
    looker: &Looker,
    at: Timestamp,
    parts: &[(MembershipId, JobId)],
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household_job (job, household, client, at) VALUES ($1, $2, $3, $4)",
        vec![
            job.to_string().into(),
            looker.household.to_string().into(),
            looker.client.as_str().into(),
            at.into(),
        ],
    )
    .await?;
    for (membership, part) in parts {
        tx.execute(
            "INSERT INTO household_job_part (job, membership, part) VALUES ($1, $2, $3)",
            vec![
                job.to_string().into(),
                membership.to_string().into(),
                part.to_string().into(),
            ],
        )
        .await?;
    }
    Ok(())
}
