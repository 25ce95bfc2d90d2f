//! The rule of standing, against every household there could be.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Facts, Place, standing};

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..100).prop_map(instant)
}

fn any_place() -> impl Strategy<Value = Place> {
    (prop::option::of(any_instant()), any::<bool>()).prop_map(|(of_age_at, answered)| Place {
        of_age_at,
        answered,
    })
}

prop_compose! {
    fn any_facts()(
        adults in 1_u32..=20,
        places in prop::collection::vec(any_place(), 0..8),
        children_until in prop::collection::vec(any_instant(), 0..4),
    ) -> Facts {
        Facts { adults, places, children_until }
    }
}

fn of(adults: u32, places: &[(Option<i64>, bool)]) -> Facts {
    let place = |(of_age_at, answered): &(Option<i64>, bool)| Place {
        of_age_at: of_age_at.map(instant),
        answered: *answered,
    };
    Facts {
        adults,
        places: places.iter().map(place).collect(),
        children_until: Vec::new(),
    }
}

proptest! {
    #[test]
    fn hh_01_a_household_is_complete_exactly_if_nobody_is_missing(facts in any_facts(), now in any_instant()) {
        let stands = standing(&facts, now);
        let came_of_age = facts.places.iter().filter(|place| place.of_age_at.is_some_and(|at| at <= now));
        let adults_said = facts.adults as usize + came_of_age.count();
        let adults = facts.places.iter().filter(|place| place.of_age_at.is_none_or(|at| at <= now)).count();
        let everybody = facts.places.iter().all(|place| place.answered)
            && adults >= adults_said
            && facts.children_until.iter().all(|until| now < *until);
        prop_assert_eq!(stands.complete(), everybody);
        prop_assert_eq!(stands.complete(), stands.missing == 0);
    }

    #[test]
    fn hh_01_never_more_people_than_are_said_to_be_there_or_joined(facts in any_facts(), now in any_instant()) {
        let stands = standing(&facts, now);
        let (places, children) = (facts.places.len(), facts.children_until.len());
        prop_assert!(stands.adults_answered <= stands.expected_adults);
        prop_assert!(stands.expected_adults as usize <= facts.adults as usize + places);
        prop_assert!(stands.minors as usize <= places + children);
        prop_assert!(stands.missing <= stands.expected_adults + stands.minors);
    }

    #[test]
    fn hh_04_an_answer_taken_back_is_one_more_missing_and_nothing_else(
        facts in any_facts(), which in any::<prop::sample::Index>(), now in any_instant(),
    ) {
        prop_assume!(!facts.places.is_empty());
        let at = which.index(facts.places.len());
        let (mut yes, mut no) = (facts.clone(), facts);
        yes.places[at].answered = true;
        no.places[at].answered = false;
        let (yes, no) = (standing(&yes, now), standing(&no, now));
        prop_assert_eq!(no.missing, yes.missing + 1);
        prop_assert_eq!((no.expected_adults, no.minors), (yes.expected_adults, yes.minors));
        prop_assert!(!no.complete());
    }

    #[test]
    fn hh_04_an_adult_who_was_never_there_is_missing_like_one_who_keeps_silent(
        facts in any_facts(), now in any_instant(),
    ) {
        let adults = facts.places.iter().filter(|place| place.of_age_at.is_none()).count();
        prop_assume!(adults < facts.adults as usize);
        let mut silent = facts.clone();
        silent.places.push(Place { of_age_at: None, answered: false });
        prop_assert_eq!(standing(&silent, now), standing(&facts, now));
    }
}

#[test]
fn hh_03_at_18_a_minor_is_one_more_adult_who_has_to_answer() {
    let facts = of(1, &[(None, true), (Some(10), true)]);
    let minor = standing(&facts, instant(9));
    assert_eq!(
        (minor.expected_adults, minor.minors, minor.missing),
        (1, 1, 0)
    );
    // Their permission ended with the birthday.
    let facts = of(1, &[(None, true), (Some(10), false)]);
    let adult = standing(&facts, instant(10));
    assert_eq!(
        (adult.expected_adults, adult.minors, adult.missing),
        (2, 0, 1)
    );
}

#[test]
fn hh_03_at_14_a_child_is_missing_until_nobody_answers_for_it_any_more() {
    let mut facts = of(1, &[(None, true)]);
    facts.children_until = vec![instant(10)];
    assert!(standing(&facts, instant(9)).complete());
    assert_eq!(standing(&facts, instant(10)).missing, 1);
    facts.children_until.clear();
    assert!(standing(&facts, instant(10)).complete());
}

#[test]
fn who_joins_beyond_the_number_said_is_counted() {
    let stands = standing(&of(1, &[(None, true), (None, false)]), instant(0));
    assert_eq!((stands.expected_adults, stands.missing), (2, 1));
}
