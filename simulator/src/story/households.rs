//! The households of the story, and what must be so of each profile.
//!
//! The names of the profile's fields are those of `schemas/profile.schema.json` (interop-gateway/
//! profile/v1); they are used in this file alone.

use serde_json::Value;

use super::Step;

/// One household and its story.
#[derive(Debug)]
pub(super) struct Household {
    pub(super) title: &'static str,
    /// Key of the person who asks.
    pub(super) who: &'static str,
    /// Sources the person says no to; yes to all others.
    pub(super) refuses: &'static [&'static str],
    /// Another adult, who says no to everything.
    pub(super) refuser: Option<&'static str>,
    /// What must be so of the profile.
    pub(super) check: fn(Profile<'_>, &mut Step),
}

pub(super) const HOUSEHOLDS: &[Household] = &[
    Household {
        title: "a woman who lives alone and filed her own return",
        who: "marta",
        refuses: &[],
        refuser: None,
        check: lives_alone,
    },
    Household {
        title: "a couple with a joint tax return",
        who: "anna",
        refuses: &["TGSS"],
        refuser: None,
        check: joint_return,
    },
    Household {
        title: "a man who need not file a return",
        who: "joan",
        refuses: &[],
        refuser: None,
        check: not_obliged,
    },
    Household {
        title: "a newcomer of whom the Tax Agency knows nothing",
        who: "rosa",
        refuses: &[],
        refuser: None,
        check: no_record,
    },
    Household {
        title: "a pensioner whose pension is exempt",
        who: "josep",
        refuses: &[],
        refuser: None,
        check: exempt_pension,
    },
    Household {
        title: "a father out of work with two children",
        who: "carles",
        refuses: &[],
        refuser: None,
        check: out_of_work,
    },
    Household {
        title: "a couple of whom one says no",
        who: "laia",
        refuses: &[],
        refuser: Some("marc"),
        check: other_adult_refuses,
    },
    Household {
        title: "a source that does not answer",
        who: "montse",
        refuses: &[],
        refuser: None,
        check: source_down,
    },
    Household {
        title: "a man with several returns for one year",
        who: "pau",
        refuses: &[],
        refuser: None,
        check: several_returns,
    },
];

fn lives_alone(profile: Profile<'_>, step: &mut Step) {
    step.same(
        "she filed a return",
        &profile.word("income.status"),
        &Some("declared"),
    );
    step.held("her income is told", profile.cents().is_some());
    step.same(
        "it is the figure itself",
        &profile.certainty(),
        &Some("figure"),
    );
    step.held(
        "the household has one member",
        profile.value("household.size") == Some(&1.into()),
    );
    step.held(
        "she is in work",
        profile.value("work.in_work") == Some(&true.into()),
    );
    step.held("the profile is complete", profile.whole());
}

fn joint_return(profile: Profile<'_>, step: &mut Step) {
    let income = profile.gap("income.annual");
    step.same(
        "a couple's total is withheld",
        &income,
        &Some("withheld_joint_return"),
    );
    step.held(
        "what she refused is her choice",
        profile.is_choice("work.in_work"),
    );
    step.held(
        "the other spouse's document is nowhere",
        !profile.mentions("22222222J"),
    );
}

fn not_obliged(profile: Profile<'_>, step: &mut Step) {
    let status = profile.word("income.status");
    step.same(
        "he need not file",
        &status,
        &Some("not_obliged_with_imputations"),
    );
    step.held("what payers reported is told", profile.cents().is_some());
    step.same(
        "and is not all there may be",
        &profile.certainty(),
        &Some("floor"),
    );
}

fn no_record(profile: Profile<'_>, step: &mut Step) {
    let income = profile.gap("income.annual");
    step.same(
        "no record is a gap, never zero",
        &income,
        &Some("no_record"),
    );
}

fn exempt_pension(profile: Profile<'_>, step: &mut Step) {
    step.held(
        "an exempt pension is not told as no income",
        profile.certainty() != Some("figure"),
    );
    step.held(
        "he is not in work",
        profile.value("work.in_work") == Some(&false.into()),
    );
}

fn out_of_work(profile: Profile<'_>, step: &mut Step) {
    step.held(
        "he is not in work",
        profile.value("work.in_work") == Some(&false.into()),
    );
    step.held(
        "the children count in the home",
        profile.value("household.size") == Some(&4.into()),
    );
    step.held(
        "last year's wages are told apart",
        profile.cents().is_some(),
    );
}

fn other_adult_refuses(profile: Profile<'_>, step: &mut Step) {
    step.held("her own income is told", profile.cents().is_some());
    step.held(
        "the other adult's document is nowhere",
        !profile.mentions("99999999R"),
    );
}

fn source_down(profile: Profile<'_>, step: &mut Step) {
    let work = profile.gap("work.in_work");
    step.same(
        "silence is a gap with its reason",
        &work,
        &Some("not_answering"),
    );
    step.held("the other sources are told", profile.cents().is_some());
    step.held("the profile says it is not complete", !profile.whole());
}

fn several_returns(profile: Profile<'_>, step: &mut Step) {
    let income = profile.gap("income.annual");
    step.same(
        "no single figure is made up",
        &income,
        &Some("several_returns"),
    );
    step.same(
        "why is told",
        &profile.word("income.status"),
        &Some("multiple_returns"),
    );
}

/// A profile as delivered: `<group>.<field>` is a value with its provenance, or a gap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile<'a>(pub(super) &'a Value);

impl<'a> Profile<'a> {
    /// Every field with its name, `income.annual`.
    pub(super) fn facts(self) -> Vec<(String, &'a Value)> {
        let groups = self.0.as_object().into_iter().flatten();
        let fields = groups.flat_map(|(group, fields)| {
            let fields = fields.as_object().into_iter().flatten();
            fields.map(move |(name, fact)| (format!("{group}.{name}"), fact))
        });
        let is_fact = |fact: &Value| fact.get("value").is_some() || fact.get("gap").is_some();
        fields.filter(|(_, fact)| is_fact(fact)).collect()
    }

    /// Annual income in euro cents.
    pub(super) fn cents(self) -> Option<i64> {
        self.value("income.annual")?["cents"].as_i64()
    }

    /// No field of it is a gap.
    pub(super) fn whole(self) -> bool {
        self.0["complete"] == true
    }

    /// Whether every value says from whom it is and of when.
    pub(super) fn is_sourced(self) -> bool {
        self.facts()
            .iter()
            .filter(|(_, fact)| fact.get("value").is_some())
            .all(|(_, fact)| {
                let provenance = &fact["provenance"];
                ["product", "source", "obtained_at"]
                    .iter()
                    .all(|name| provenance[*name].is_string())
                    && provenance["reference"].is_object()
            })
    }

    fn field(self, name: &str) -> &'a Value {
        let (group, field) = name.split_once('.').unwrap_or((name, ""));
        &self.0[group][field]
    }

    fn value(self, name: &str) -> Option<&'a Value> {
        Some(&self.field(name)["value"]).filter(|value| !value.is_null())
    }

    fn word(self, name: &str) -> Option<&'a str> {
        self.value(name)?.as_str()
    }

    fn gap(self, name: &str) -> Option<&'a str> {
        self.field(name)["gap"].as_str()
    }

    fn certainty(self) -> Option<&'a str> {
        self.value("income.annual")?["certainty"].as_str()
    }

    /// Whether the person's own decision is the reason, told exactly or not.
    fn is_choice(self, name: &str) -> bool {
        matches!(self.gap(name), Some("refused" | "not_available_by_choice"))
    }

    fn mentions(self, text: &str) -> bool {
        self.0.to_string().contains(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The facts of a check that do not hold for this profile.
    fn broken(check: fn(Profile<'_>, &mut Step), profile: &Value) -> Vec<String> {
        let mut step = Step::default();
        check(Profile(profile), &mut step);
        step.facts
            .into_iter()
            .filter(|fact| !fact.held)
            .map(|fact| fact.what)
            .collect()
    }

    fn alone() -> Value {
        let known = |value: Value| {
            json!({"value": value, "provenance": {"product": "AEAT_IRPF/C4", "source": "AEAT",
                "obtained_at": "2026-11-22T16:05:00Z", "reference": {"fiscal_year": 2025}}})
        };
        json!({
            "complete": true,
            "income": {
                "status": known(json!("declared")),
                "annual": known(json!({"cents": 1_987_560, "certainty": "figure"})),
                "bands": [],
            },
            "work": {"in_work": known(json!(true))},
            "household": {"size": known(json!(1))},
        })
    }

    #[test]
    fn a_whole_profile_passes_the_check_of_somebody_alone() {
        assert!(broken(lives_alone, &alone()).is_empty());
        assert_eq!(Profile(&alone()).facts().len(), 4);
    }

    #[test]
    fn a_value_without_its_source_is_noticed() {
        let mut profile = alone();
        assert!(Profile(&profile).is_sourced());
        profile["work"]["in_work"]["provenance"] = Value::Null;
        assert!(!Profile(&profile).is_sourced());
    }

    #[test]
    fn a_zero_where_there_is_no_record_does_not_pass() {
        let gap = json!({"income": {"annual": {"gap": "no_record"}}});
        assert!(broken(no_record, &gap).is_empty());
        let zero = json!({"income": {"annual": {"value": {"cents": 0, "certainty": "figure"}}}});
        assert_eq!(broken(no_record, &zero).len(), 1);
        assert!(!broken(exempt_pension, &zero).is_empty());
    }

    #[test]
    fn a_profile_that_names_the_other_spouse_does_not_pass() {
        let mut profile = json!({
            "income": {"annual": {"gap": "withheld_joint_return"}},
            "work": {"in_work": {"gap": "refused"}},
        });
        assert!(broken(joint_return, &profile).is_empty());
        profile["income"]["spouse"] = json!("22222222J");
        assert_eq!(
            broken(joint_return, &profile),
            ["the other spouse's document is nowhere"]
        );
    }
}
