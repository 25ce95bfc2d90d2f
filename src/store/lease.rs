//! Leases: who does what only one process may do at a time, and which processes are alive.
//!
//! A lease saves work and tells the living from the dead. It protects nothing: a process may be paused
//! for as long as it takes for its lease to run out, and go on writing. What must not be written twice
//! is made conditional on the lease's [fence](Lease::fence) by whoever writes it.

use std::time::Duration;

use jiff::Timestamp;

use super::{Db, StoreError, micros};
use crate::clock::World;

/// The leases of one process.
#[derive(Clone, Debug)]
pub struct Leases {
    db: Db,
    holder: String,
    world: World,
}

/// A lease this process took, and until when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lease {
    name: String,
    fence: i64,
    until: Timestamp,
    ttl: Duration,
}

impl Lease {
    /// Grows whenever the lease goes to another holder, and never shrinks.
    pub const fn fence(&self) -> i64 {
        self.fence
    }

    /// What it is for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it runs out unless it is renewed.
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether less than half of its time is left.
    pub fn is_half_over(&self, now: Timestamp) -> bool {
        after(now, self.ttl / 2) >= self.until
    }
}

impl Leases {
    /// The leases of a process under a name that no other process has or will have.
    pub const fn new(db: Db, holder: String, world: World) -> Self {
        Self { db, holder, world }
    }

    /// The name this process takes leases under.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// Takes a lease that is free, has run out or is ours; nothing if another process has it.
    pub async fn take(&self, name: &str, ttl: Duration) -> Result<Option<Lease>, StoreError> {
        self.take_beyond(name, ttl, 0).await
    }

    /// Takes a lease as [`Leases::take`] does, with a fence of at least `seen`, and a greater one if the
    /// holder changes: for whoever found that fence elsewhere, where leases were not yet, or were lost.
    pub async fn take_beyond(
        &self,
        name: &str,
        ttl: Duration,
        seen: i64,
    ) -> Result<Option<Lease>, StoreError> {
        let now = self.world.now();
        let until = after(now, ttl);
        let values = vec![
            name.into(),
            self.holder.as_str().into(),
            until.into(),
            now.into(),
            seen.into(),
        ];
        // One statement: of two that come at once, the second sees what the first made of the row.
        let mut tx = self.db.begin().await?;
        let row = tx.row(
            "INSERT INTO lease (name, holder, fence, until) VALUES ($1, $2, $5 + 1, $3)
             ON CONFLICT (name) DO UPDATE SET
                 holder = excluded.holder,
                 until = excluded.until,
                 fence = CASE
                     WHEN lease.fence < $5 THEN excluded.fence
                     WHEN lease.holder = excluded.holder THEN lease.fence
                     ELSE lease.fence + 1
                 END
             WHERE lease.holder = excluded.holder OR lease.until <= $4
             RETURNING fence",
            values,
        );
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let lease = Lease {
            name: name.to_owned(),
            fence: row.int(0)?,
            until,
            ttl,
        };
        tx.commit().await?;
        Ok(Some(lease))
    }

    /// Lets a lease last for its whole time again. `false`: it has run out, or is another's now.
    pub async fn renew(&self, lease: &mut Lease) -> Result<bool, StoreError> {
        let now = self.world.now();
        let until = after(now, lease.ttl);
        let renewed = self.end_at(lease, until, now).await?;
        if renewed {
            lease.until = until;
        }
        Ok(renewed)
    }

    /// Lets another process take the lease at once. Nothing happens if one already did.
    pub async fn give_back(&self, lease: Lease) -> Result<(), StoreError> {
        // The row stays, and with it the fence.
        self.end_at(&lease, Timestamp::UNIX_EPOCH, self.world.now())
            .await?;
        Ok(())
    }

    async fn end_at(
        &self,
        lease: &Lease,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let values = vec![
            until.into(),
            lease.name.as_str().into(),
            self.holder.as_str().into(),
            lease.fence.into(),
            now.into(),
        ];
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE lease SET until = $1
                 WHERE name = $2 AND holder = $3 AND fence = $4 AND until > $5",
                values,
            )
            .await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Whether some process has this lease now.
    pub async fn is_live(&self, name: &str) -> Result<bool, StoreError> {
        let values = vec![name.into(), self.world.now().into()];
        let sql = "SELECT 1 FROM lease WHERE name = $1 AND until > $2";
        Ok(self.db.row(sql, values).await?.is_some())
    }

    /// The names of the leases that someone has now, of those that begin so.
    pub async fn live(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.db.rows(
            "SELECT name FROM lease
             WHERE substr(name, 1, length($1)) = $1 AND until > $2 ORDER BY name",
            vec![prefix.into(), self.world.now().into()],
        );
        rows.await?.iter().map(|row| row.text(0)).collect()
    }

    /// Forgets leases that ended before an instant, of those that begin so; says how many.
    ///
    /// Only for names that are never used again: their fences would begin anew.
    pub async fn forget(&self, prefix: &str, before: Timestamp) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let forgotten = tx
            .execute(
                "DELETE FROM lease WHERE substr(name, 1, length($1)) = $1 AND until < $2",
                vec![prefix.into(), before.into()],
            )
            .await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// To the microsecond, as it is stored.
fn after(now: Timestamp, time: Duration) -> Timestamp {
    let time = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    super::instant(micros(now).saturating_add(time)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, Hands};
    use crate::store::{Schema, instant};

    const TTL: Duration = Duration::from_secs(2);

    struct Processes {
        _folder: tempfile::TempDir,
        hands: Hands,
        db: Db,
    }

    impl Processes {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let db = testing::open(&folder.path().join("t.db"), Schema::Gateway).await;
            Self {
                _folder: folder,
                hands: Hands::default(),
                db,
            }
        }

        fn called(&self, name: &str) -> Leases {
            Leases::new(self.db.clone(), name.to_owned(), self.hands.world())
        }
    }

    #[tokio::test]
    async fn only_one_has_a_lease_until_it_runs_out() {
        let processes = Processes::new().await;
        let (one, two) = (processes.called("one"), processes.called("two"));
        let first = one.take("work", TTL).await.unwrap().unwrap();
        assert_eq!(two.take("work", TTL).await.unwrap(), None);
        assert!(two.is_live("work").await.unwrap());
        processes.hands.advance(TTL);
        assert!(!two.is_live("work").await.unwrap());
        let second = two.take("work", TTL).await.unwrap().unwrap();
        assert_eq!((first.fence(), second.fence()), (1, 2));
        assert_eq!(one.take("work", TTL).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_holder_that_takes_its_lease_again_keeps_its_fence() {
        let processes = Processes::new().await;
        let one = processes.called("one");
        let first = one.take("work", TTL).await.unwrap().unwrap();
        processes.hands.advance(TTL / 2);
        let again = one.take("work", TTL).await.unwrap().unwrap();
        assert_eq!(again.fence(), first.fence());
        assert!(again.until() > first.until());
        processes.hands.advance(TTL * 2); // it ran out, and nobody wanted it
        let late = one.take("work", TTL).await.unwrap().unwrap();
        assert_eq!(late.fence(), first.fence());
    }

    #[tokio::test]
    async fn a_renewed_lease_lasts_and_one_that_ran_out_is_not_renewed() {
        let processes = Processes::new().await;
        let one = processes.called("one");
        let mut lease = one.take("work", TTL).await.unwrap().unwrap();
        assert!(!lease.is_half_over(processes.hands.world().now()));
        processes.hands.advance(TTL * 3 / 4);
        assert!(lease.is_half_over(processes.hands.world().now()));
        assert!(one.renew(&mut lease).await.unwrap());
        processes.hands.advance(TTL * 3 / 4);
        assert!(one.is_live("work").await.unwrap());
        processes.hands.advance(TTL);
        assert!(!one.renew(&mut lease).await.unwrap());
        assert!(!one.is_live("work").await.unwrap());
    }

    #[tokio::test]
    async fn what_is_given_back_is_free_at_once_and_the_fence_goes_on() {
        let processes = Processes::new().await;
        let (one, two) = (processes.called("one"), processes.called("two"));
        let mut lease = one.take("work", TTL).await.unwrap().unwrap();
        one.give_back(lease.clone()).await.unwrap();
        assert!(!one.renew(&mut lease).await.unwrap());
        let second = two.take("work", TTL).await.unwrap().unwrap();
        assert_eq!(second.fence(), 2);
        one.give_back(lease).await.unwrap(); // not its own any more
        assert!(two.is_live("work").await.unwrap());
    }

    #[tokio::test]
    async fn a_fence_seen_elsewhere_is_passed_even_when_the_leases_were_lost() {
        let processes = Processes::new().await;
        let (one, two) = (processes.called("one"), processes.called("two"));
        let fence = async |leases: &Leases, seen| {
            let lease = leases.take_beyond("work", TTL, seen).await.unwrap();
            lease.unwrap().fence()
        };
        assert_eq!(fence(&one, 7).await, 8);
        assert_eq!(fence(&one, 8).await, 8);
        assert_eq!(fence(&one, 20).await, 21);
        processes.hands.advance(TTL);
        assert_eq!(fence(&two, 21).await, 22);
        processes.hands.advance(TTL);
        assert_eq!(fence(&one, 30).await, 31);
    }

    #[tokio::test]
    async fn the_living_are_listed_and_the_long_dead_forgotten() {
        let processes = Processes::new().await;
        let now = || processes.hands.world().now();
        for name in ["a", "b"] {
            let leases = processes.called(name);
            leases.take(&format!("replica/{name}"), TTL).await.unwrap();
        }
        let leases = processes.called("c");
        leases.take("sequencer", TTL).await.unwrap();
        processes.hands.advance(TTL / 2);
        leases.take("replica/c", TTL).await.unwrap();
        let live = ["replica/a", "replica/b", "replica/c"];
        assert_eq!(leases.live("replica/").await.unwrap(), live);
        processes.hands.advance(TTL / 2);
        assert_eq!(leases.live("replica/").await.unwrap(), ["replica/c"]);
        let just_now = instant(micros(now()) + 1).unwrap();
        assert_eq!(leases.forget("replica/", just_now).await.unwrap(), 2);
        assert_eq!(leases.live("").await.unwrap(), ["replica/c"]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_many_that_take_a_lease_at_once_one_gets_it() {
        let processes = Processes::new().await;
        for round in 1..=20_i64 {
            let takes: Vec<_> = (0..6)
                .map(|n| {
                    let leases = processes.called(&format!("{round}/{n}"));
                    tokio::spawn(async move { leases.take("work", TTL).await.unwrap() })
                })
                .collect();
            let mut leases = Vec::new();
            for take in takes {
                leases.extend(take.await.unwrap());
            }
            assert_eq!(leases.len(), 1);
            assert_eq!(leases[0].fence(), round);
            processes.hands.advance(TTL);
        }
    }
}
