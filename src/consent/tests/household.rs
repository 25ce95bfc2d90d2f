//! A household's items: other items than one's own, each its own person's.

use super::*;
use crate::citizen::{EntryId, HouseholdId, ItemId, MembershipId};

fn together() -> PurposeId {
    "social-aid-household".parse().unwrap()
}

/// A place in a household.
struct Seat {
    household: HouseholdId,
    membership: MembershipId,
}

impl House {
    async fn begin_household(&self) -> HouseholdId {
        let household = HouseholdId::random(&*self.world.entropy);
        self.run(
            "INSERT INTO household (household, body, purpose, adults) VALUES ($1, 'prova', $2, 2)",
            vec![household.to_string().into(), together().as_str().into()],
        )
        .await;
        household
    }

    async fn sit(
        &self,
        who: &Consenter,
        household: HouseholdId,
        of_age_at: Option<Timestamp>,
    ) -> Seat {
        let membership = MembershipId::random(&*self.world.entropy);
        self.run(
            "INSERT INTO household_member (membership, household, subject, body, purpose, sealed, \
             of_age_at, entry) VALUES ($1, $2, $3, 'prova', $4, $5, $6, $7)",
            vec![
                membership.to_string().into(),
                household.to_string().into(),
                who.subject.to_string().into(),
                together().as_str().into(),
                vec![0].into(),
                of_age_at.into(),
                EntryId::random(&*self.world.entropy).to_string().into(),
            ],
        )
        .await;
        Seat {
            household,
            membership,
        }
    }

    /// Gets up, as leaving does: everything taken back and the departure, at once.
    async fn get_up(&self, who: &Consenter, seat: &Seat) {
        let mut tx = self.db.begin().await.unwrap();
        self.ledger.hold(&mut tx, who.subject).await.unwrap();
        let purpose = together();
        let withdrawn = self.ledger.withdraw_under(&mut tx, who, &purpose);
        withdrawn.await.unwrap();
        tx.execute(
            "INSERT INTO household_departure (membership, entry) VALUES ($1, $2)",
            vec![
                seat.membership.to_string().into(),
                EntryId::random(&*self.world.entropy).to_string().into(),
            ],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn run(&self, sql: &'static str, values: Vec<Value>) {
        let mut tx = self.db.begin().await.unwrap();
        tx.execute(sql, values).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn agree_together(
        &self,
        who: &Consenter,
        products: &[&str],
    ) -> Result<Decided, ConsentError> {
        let purpose = together();
        let shown = self.ledger.serve(who, &purpose, Language::Ca).await?;
        let grants: Vec<_> = products
            .iter()
            .map(|code| (*code, Decision::Grant))
            .collect();
        self.ledger
            .decide(who, answers(shown.served, &grants))
            .await
    }

    fn ask_together(&self, who: &Consenter, product: &str) -> Ask {
        Ask {
            subject: who.subject,
            purpose: together(),
            ..self.ask(product)
        }
    }

    async fn items_together(&self, who: &Consenter) -> Vec<ItemState> {
        let purpose = together();
        let items = self.ledger.items(who.subject, &who.body.id, &purpose).await;
        items.unwrap().1
    }

    /// An exchange of a household's whose answer was used.
    async fn used_together(&self, who: &Consenter) -> ExchangeId {
        let opened = self.gate.open(self.ask_together(who, C4)).await.unwrap();
        let id = opened.exchange.id();
        let closed = self.gate.close(opened.exchange, ok()).await.unwrap();
        assert_eq!(closed, Use::Allowed);
        id
    }

    fn release_of(&self, who: &Consenter, exchange: ExchangeId) -> Release {
        Release {
            subject: who.subject,
            ..self.release([exchange])
        }
    }
}

async fn refused(house: &House, ask: Ask) -> bool {
    let opened = house.gate.open(ask).await;
    matches!(opened, Err(Refusal::ConsentRequired { .. }))
}

#[tokio::test]
async fn hh_01_consent_for_oneself_opens_nothing_for_a_household_nor_the_other_way_round() {
    let house = House::new().await;
    let household = house.begin_household().await;
    house.sit(&house.anna, household, None).await;
    house.grant(C4).await;
    assert!(refused(&house, house.ask_together(&house.anna, C4)).await);

    house.agree_together(&house.anna, &[C2]).await.unwrap();
    assert!(refused(&house, house.ask(C2)).await);
    let ask = house.ask_together(&house.anna, C2);
    let _open = house.gate.open(ask).await.unwrap();
    let _open = house.gate.open(house.ask(C4)).await.unwrap();
}

#[tokio::test]
async fn hh_01_what_one_member_agreed_to_opens_nothing_about_another() {
    let house = House::new().await;
    let household = house.begin_household().await;
    let pere = house.another().await;
    house.sit(&house.anna, household, None).await;
    house.sit(&pere, household, None).await;
    house.agree_together(&house.anna, &[C4]).await.unwrap();
    assert!(refused(&house, house.ask_together(&pere, C4)).await);
    let states = house.items_together(&pere).await;
    assert!(!states.is_empty());
    assert!(states.iter().all(|item| item.state == State::NotAsked));
}

#[tokio::test]
async fn hh_01_whoever_is_in_no_household_cannot_decide_for_one_and_is_asked_nothing() {
    let house = House::new().await;
    let decided = house.agree_together(&house.anna, &[C4]).await;
    assert!(matches!(decided, Err(ConsentError::NotInHousehold)));
    assert!(house.items_together(&house.anna).await.is_empty());
    assert!(refused(&house, house.ask_together(&house.anna, C4)).await);
}

#[tokio::test]
async fn hh_01_consent_given_in_one_household_does_not_follow_a_person_into_another() {
    let house = House::new().await;
    let first = house.begin_household().await;
    let seat = house.sit(&house.anna, first, None).await;
    house.agree_together(&house.anna, &[C4]).await.unwrap();
    let before = house.items_together(&house.anna).await;
    house.get_up(&house.anna, &seat).await;
    assert!(refused(&house, house.ask_together(&house.anna, C4)).await);

    let second = house.begin_household().await;
    let seat = house.sit(&house.anna, second, None).await;
    assert_ne!(seat.household, first);
    assert!(refused(&house, house.ask_together(&house.anna, C4)).await);
    // The first one's stay in the list, taken back, beside those of the second.
    let after = house.items_together(&house.anna).await;
    let state = |item: ItemId| after.iter().find(|one| one.item == item).unwrap().state;
    for item in before.iter().filter(|item| item.state.is_granted()) {
        assert_eq!(state(item.item), State::Withdrawn);
    }
    let offered: Vec<_> = after.iter().filter(|item| item.offered).collect();
    assert!(!offered.is_empty());
    assert!(offered.iter().all(|item| item.state == State::NotAsked));
}

#[tokio::test]
async fn hh_03_a_minors_consent_ends_at_the_eighteenth_birthday_and_the_adult_is_asked_anew() {
    let house = House::new().await;
    let household = house.begin_household().await;
    let birthday = house.world.now() + jiff::SignedDuration::from_hours(24 * 30);
    house.sit(&house.anna, household, Some(birthday)).await;
    let decided = house.agree_together(&house.anna, &[HOUSEHOLD]).await;
    let granted = State::Granted { until: birthday };
    assert_eq!(decided.unwrap().items[0].state, granted);

    house
        .clock
        .0
        .store(birthday.as_microsecond(), Ordering::SeqCst);
    house.log.sequence_once().await.unwrap();
    let refusal = house
        .gate
        .open(house.ask_together(&house.anna, HOUSEHOLD))
        .await;
    assert!(matches!(refusal, Err(Refusal::Expired { .. })));
    let decided = house
        .agree_together(&house.anna, &[HOUSEHOLD])
        .await
        .unwrap();
    let whole = house.ledger.terms.purposes.get(&together()).unwrap();
    let until = whole.valid_until(birthday).unwrap();
    let granted = decided.items.iter().filter(|item| item.state.is_granted());
    for item in granted {
        assert_eq!(item.state, State::Granted { until });
    }
}

#[tokio::test]
async fn hh_03_a_minor_is_not_asked_about_income_and_cannot_agree_to_it() {
    let house = House::new().await;
    let household = house.begin_household().await;
    let birthday = house.world.now() + jiff::SignedDuration::from_hours(24 * 30);
    house.sit(&house.anna, household, Some(birthday)).await;
    let asked = house.items_together(&house.anna).await;
    let asked: Vec<_> = asked.iter().map(|item| item.product.as_str()).collect();
    assert_eq!(asked, [HOUSEHOLD]);
    let decided = house.agree_together(&house.anna, &[HOUSEHOLD, C4]).await;
    assert!(matches!(decided, Err(ConsentError::NotOffered(code)) if code.as_str() == C4));

    house
        .clock
        .0
        .store(birthday.as_microsecond(), Ordering::SeqCst);
    let asked = house.items_together(&house.anna).await;
    assert!(asked.iter().any(|item| item.product.as_str() == C4));
}

#[tokio::test]
async fn what_is_made_of_two_people_leaves_with_the_consent_of_both_or_not_at_all() {
    let house = House::new().await;
    let household = house.begin_household().await;
    let pere = house.another().await;
    let mut exchanges = Vec::new();
    for who in [&house.anna, &pere] {
        house.sit(who, household, None).await;
        house.agree_together(who, &[C4]).await.unwrap();
        exchanges.push(house.used_together(who).await);
    }
    let releases = || {
        vec![
            house.release_of(&house.anna, exchanges[0]),
            house.release_of(&pere, exchanges[1]),
        ]
    };
    house.gate.release_together(releases()).await.unwrap();
    let count = "SELECT COUNT(*) FROM release";
    assert_eq!(house.count(count).await, 2);
    let entries = "SELECT COUNT(DISTINCT subject) FROM log_entry WHERE kind = 'release'";
    assert_eq!(house.count(entries).await, 2);

    house.ledger.revoke_all(&pere, &together()).await.unwrap();
    let refused = house.gate.release_together(releases()).await;
    assert!(matches!(refused, Err(Refusal::RevokedInFlight)));
    assert_eq!(house.count(count).await, 2);
    let alone = vec![house.release_of(&house.anna, exchanges[0])];
    house.gate.release_together(alone).await.unwrap();
    assert_eq!(house.count(count).await, 3);
}

#[tokio::test]
async fn nobodys_exchange_leaves_under_anothers_name() {
    let house = House::new().await;
    let household = house.begin_household().await;
    let pere = house.another().await;
    house.sit(&pere, household, None).await;
    house.agree_together(&pere, &[C4]).await.unwrap();
    let exchange = house.used_together(&pere).await;
    let as_anna = vec![house.release_of(&house.anna, exchange)];
    let refused = house.gate.release_together(as_anna).await;
    assert!(matches!(refused, Err(Refusal::NotAllowed)));
}
