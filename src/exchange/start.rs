//! Starting a fetch: what may be asked, and what need not be asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::jobs::{NewJob, SourceRow, Standing};
use super::kept::{Drawer, Kept, Permission};
use super::progress::Table;
use super::view::{JobState, SourceState};
use super::{Body, Exchange, Offered, Plan, Running, StartError, Step, plan, recipient};
use crate::citizen::{JobId, ProductCode, PurposeId};
use crate::consent::{ItemState, State};
use crate::identity::Citizen;
use crate::profile::GapReason;
use crate::store::StoreError;

impl Exchange {
    /// Starts a fetch of everything the person permitted.
    pub async fn start(&self, citizen: &Citizen, purpose: &PurposeId) -> Result<JobId, StartError> {
        if !self.inner.replica.is_alive().await? {
            return Err(StartError::NotAlive);
        }
        let (body, epoch, items) = self.decided(citizen, purpose).await?;
        let needed = self
            .inner
            .terms
            .purposes
            .get(purpose)
            .map(|purpose| purpose.fetch_level);
        if let Some(needed) = needed.filter(|needed| citizen.level() < *needed) {
            return Err(StartError::LevelTooLow { needed });
        }
        let offered = self.offered(&items);
        let mut plan = plan(&offered, &live(&items));
        if plan.steps.is_empty() {
            return Err(StartError::ConsentRequired {
                products: plan.without_permission,
            });
        }
        let permissions = permissions(&items);
        let client = recipient(citizen);
        let drawer = Drawer {
            subject: citizen.subject(),
            client: &client,
        };
        let kept = self.young(drawer, &permissions).await;
        self.check_left(citizen, &items, &plan, &kept).await?;
        let sources = rows(&offered, &plan, &items, &permissions, &kept);
        plan.steps.retain(|step| !kept.contains_key(&step.first));
        let id = JobId::random(&*self.inner.world.entropy);
        let new = NewJob {
            job: id,
            subject: citizen.subject(),
            body: body.id.clone(),
            purpose: purpose.clone(),
            client: client.clone(),
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
            subject: citizen.subject(),
            person: citizen.person().clone(),
            body,
            purpose: purpose.clone(),
            client,
            permissions,
            kept,
            case_file: case_file(id),
        });
        let begun = self.clone().begin(new, running, plan.steps);
        // In a task of its own: a caller who goes away just then leaves no job that nobody runs.
        let begun = self.tasks.spawn(begun).await;
        begun.map_err(|_| StartError::NotAlive)??;
        Ok(id)
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
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<(Arc<Body>, i64, Vec<ItemState>), StartError> {
        let body = self
            .inner
            .bodies
            .get(citizen.body())
            .ok_or(StartError::NotAllowed)?;
        let (epoch, items) = self
            .inner
            .ledger
            .items(citizen.subject(), citizen.body(), purpose)
            .await?;
        Ok((Arc::clone(body), epoch, items))
    }

    /// Refuses a fetch that could ask for nothing: every permission was used as often as it allows.
    async fn check_left(
        &self,
        citizen: &Citizen,
        items: &[ItemState],
        plan: &Plan,
        kept: &BTreeMap<ProductCode, Kept>,
    ) -> Result<(), StartError> {
        if !kept.is_empty() {
            return Ok(());
        }
        let exhausted = self.inner.gate.exhausted(citizen.subject(), items).await?;
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
