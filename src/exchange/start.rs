//! Starting a fetch: what may be asked, and what need not be asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::jobs::{NewJob, SourceRow, Standing};
use super::kept::{Drawer, Kept, Permission};
use super::progress::Table;
use super::view::{JobState, SourceState};
use super::{Body, Exchange, Offered, Plan, Running, StartError, Step, plan, recipient};
use crate::citizen::{BodyId, JobId, Person, ProductCode, PurposeId, SubjectId};
use crate::consent::{Beneficiaries, ConsentError, ItemState, State};
use crate::identity::Citizen;
use crate::products::ProductKind;
use crate::profile::GapReason;
use crate::store::StoreError;

/// Whom a fetch is about, and who gets what comes of it.
#[derive(Clone, Copy)]
pub(super) struct Errand<'a> {
    pub(super) subject: SubjectId,
    pub(super) person: &'a Person,
    pub(super) body: &'a BodyId,
    /// `pages`, or the client that asks.
    pub(super) client: &'a str,
    /// Whether to ask what is said of the home: for a household once is enough.
    pub(super) home: bool,
}

/// A fetch on its way.
pub(super) struct SetOut {
    pub(super) job: JobId,
    /// Whether it asks what is said of the home.
    pub(super) asks_home: bool,
}

impl Exchange {
    /// Starts a fetch of everything the person permitted for themself.
    pub async fn start(&self, citizen: &Citizen, purpose: &PurposeId) -> Result<JobId, StartError> {
        self.may_start(citizen, purpose, Beneficiaries::Person)?;
        let client = recipient(citizen);
        let errand = Errand {
            subject: citizen.subject(),
            person: citizen.person(),
            body: citizen.body(),
            client: &client,
            home: true,
        };
        Ok(self.set_out(errand, purpose).await?.job)
    }

    /// Whether this caller may start a fetch for a purpose with such beneficiaries.
    pub(super) fn may_start(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
        beneficiary: Beneficiaries,
    ) -> Result<(), StartError> {
        let purpose = self.inner.terms.purposes.get(purpose);
        let purpose = purpose.ok_or(ConsentError::UnknownPurpose)?;
        if purpose.beneficiary != beneficiary {
            return Err(StartError::NotAllowed);
        }
        if citizen.level() < purpose.fetch_level {
            return Err(StartError::LevelTooLow {
                needed: purpose.fetch_level,
            });
        }
        Ok(())
    }

    /// Sets out to fetch everything that was permitted.
    pub(super) async fn set_out(
        &self,
        errand: Errand<'_>,
        purpose: &PurposeId,
    ) -> Result<SetOut, StartError> {
        if !self.inner.replica.is_alive().await? {
            return Err(StartError::NotAlive);
        }
        let (body, epoch, mut items) = self.decided(errand.subject, errand.body, purpose).await?;
        if !errand.home {
            items.retain(|item| !is_about_home(&item.product));
        }
        let asks_home = live(&items).iter().any(is_about_home);
        let offered = self.offered(&items);
        let mut plan = plan(&offered, &live(&items));
        if plan.steps.is_empty() {
            return Err(StartError::ConsentRequired {
                products: plan.without_permission,
            });
        }
        let permissions = permissions(&items);
        let drawer = Drawer {
            subject: errand.subject,
            client: errand.client,
        };
        let kept = self.young(drawer, &permissions).await;
        self.check_left(errand.subject, &items, &plan, &kept)
            .await?;
        let sources = rows(&offered, &plan, &items, &permissions, &kept);
        plan.steps.retain(|step| !kept.contains_key(&step.first));
        let id = JobId::random(&*self.inner.world.entropy);
        let new = NewJob {
            job: id,
            subject: errand.subject,
            body: body.id.clone(),
            purpose: purpose.clone(),
            client: errand.client.to_owned(),
            epoch,
            state: if plan.steps.is_empty() {
                JobState::Finished
            } else {
                JobState::Running
            },
            sources,
            at: self.inner.world.now(),
        };
        let running = Arc::new(Running {
            id,
            subject: errand.subject,
            person: errand.person.clone(),
            body,
            purpose: purpose.clone(),
            client: errand.client.to_owned(),
            permissions,
            kept,
            case_file: case_file(id),
        });
        let begun = self.clone().begin(new, running, plan.steps);
        // In a task of its own: a caller who goes away just then leaves no job that nobody runs.
        let begun = self.tasks.spawn(begun).await;
        begun.map_err(|_| StartError::NotAlive)??;
        Ok(SetOut { job: id, asks_home })
    }

    /// Records a job and sets out to run it.
    async fn begin(
        self,
        new: NewJob,
        running: Arc<Running>,
        steps: Vec<Step>,
    ) -> Result<(), StoreError> {
        let created = self.inner.jobs.create(new.clone()).await;
        if new.state == JobState::Finished {
            return created;
        }
        let tasks = self.tasks.clone();
        if created.is_ok() {
            tasks.spawn(self.run(running, steps, Table::new(new.sources)));
        } else {
            tasks.spawn(async move { self.inner.never_begun(new).await });
        }
        created
    }

    /// What the person decided for this body and purpose.
    pub(super) async fn decided(
        &self,
        subject: SubjectId,
        body: &BodyId,
        purpose: &PurposeId,
    ) -> Result<(Arc<Body>, i64, Vec<ItemState>), StartError> {
        let asking = self.inner.bodies.get(body).ok_or(StartError::NotAllowed)?;
        let (epoch, items) = self.inner.ledger.items(subject, body, purpose).await?;
        Ok((Arc::clone(asking), epoch, items))
    }

    /// Refuses a fetch that could ask for nothing: every permission was used as often as it allows.
    async fn check_left(
        &self,
        subject: SubjectId,
        items: &[ItemState],
        plan: &Plan,
        kept: &BTreeMap<ProductCode, Kept>,
    ) -> Result<(), StartError> {
        if !kept.is_empty() {
            return Ok(());
        }
        let exhausted = self.inner.gate.exhausted(subject, items).await?;
        let planned = plan
            .steps
            .iter()
            .flat_map(|step| [Some(&step.first), step.fallback.as_ref()])
            .flatten();
        let products: Vec<_> = planned.cloned().collect();
        if !products
            .iter()
            .all(|product| exhausted.contains_key(product))
        {
            return Ok(());
        }
        let again = exhausted.values().flatten().min().copied();
        Err(StartError::Exhausted { products, again })
    }

    /// The answers of earlier fetches that a new one may rest on.
    async fn young(
        &self,
        drawer: Drawer<'_>,
        permissions: &BTreeMap<ProductCode, Permission>,
    ) -> BTreeMap<ProductCode, Kept> {
        let mut kept = self.inner.kept.find(drawer, permissions).await;
        let now = self.inner.world.now();
        kept.retain(|_, kept| kept.is_young(now));
        kept
    }

    /// The products this body asks for, as the plan needs them.
    pub(super) fn offered(&self, items: &[ItemState]) -> Vec<Offered> {
        items
            .iter()
            .filter(|item| item.offered)
            .filter_map(|item| self.inner.catalogue.product(&item.product))
            .map(|product| Offered {
                product: product.code.clone(),
                source: product.source.clone(),
                fallback_of: product.fallback_of.clone(),
            })
            .collect()
    }
}

fn is_about_home(product: &ProductCode) -> bool {
    ProductKind::of(product).is_some_and(ProductKind::is_about_home)
}

/// The products that may be asked at this moment.
pub(super) fn live(items: &[ItemState]) -> BTreeSet<ProductCode> {
    items
        .iter()
        .filter(|item| item.offered && matches!(item.state, State::Granted { .. }))
        .map(|item| item.product.clone())
        .collect()
}

/// The permissions that stand at this moment, each with the number of its decision.
pub(super) fn permissions(items: &[ItemState]) -> BTreeMap<ProductCode, Permission> {
    let standing = items
        .iter()
        .filter(|item| item.offered && matches!(item.state, State::Granted { .. }));
    standing
        .filter_map(|item| {
            let permission = Permission {
                item: item.item,
                seq: item.seq?,
                terms: item.terms,
            };
            Some((item.product.clone(), permission))
        })
        .collect()
}

/// Where every product of the purpose stands before anything is asked.
fn rows(
    offered: &[Offered],
    plan: &Plan,
    items: &[ItemState],
    permissions: &BTreeMap<ProductCode, Permission>,
    kept: &BTreeMap<ProductCode, Kept>,
) -> Vec<SourceRow> {
    let first: BTreeSet<_> = plan.steps.iter().map(|step| &step.first).collect();
    let states: BTreeMap<_, _> = items
        .iter()
        .map(|item| (&item.product, item.state))
        .collect();
    let standing = |product: &ProductCode| {
        if first.contains(product) {
            let permission = permissions.get(product);
            let kept = (kept.get(product)).map(|kept| Standing::kept(kept, permission));
            return kept.unwrap_or_else(|| SourceState::Waiting.into());
        }
        if plan.without_permission.contains(product) {
            let gap = without_permission(states.get(product).copied());
            return Standing::gap(SourceState::NotAsked, gap, None);
        }
        SourceState::NotAsked.into()
    };
    offered
        .iter()
        .map(|offer| SourceRow {
            product: offer.product.clone(),
            source: offer.source.clone(),
            standing: standing(&offer.product),
        })
        .collect()
}

/// The gap for what may not be asked, each with its own reason; projections decide who sees which.
fn without_permission(state: Option<State>) -> GapReason {
    match state {
        Some(State::Refused) => GapReason::Refused,
        Some(State::Withdrawn) => GapReason::Revoked,
        Some(State::Expired { .. } | State::Invalidated { .. }) => GapReason::Expired,
        Some(State::Granted { .. } | State::NotAsked) | None => GapReason::NotAsked,
    }
}

/// 26 characters, the longest case number every service echoes.
fn case_file(job: JobId) -> String {
    format!("MGS-{}", &hex::encode(job.as_bytes())[..22])
}
