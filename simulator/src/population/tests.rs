use std::collections::HashSet;

use super::*;

#[test]
fn a_wrong_control_letter_is_noticed() {
    assert_eq!(
        Document::parse("11111111H").map(|d| d.kind()),
        Ok(DocumentKind::Dni)
    );
    assert_eq!(
        Document::parse("Y1234567X").map(|d| d.kind()),
        Ok(DocumentKind::Nie)
    );
    assert_eq!(
        Document::parse("11111111A").err(),
        Some(InvalidDocument::ControlLetter)
    );
    for shape in [
        "",
        "1111111H",
        "111111111H",
        "1111111AH",
        "11111111",
        "11111111é",
        "ñññññññññ",
    ] {
        assert_eq!(
            Document::parse(shape).err(),
            Some(InvalidDocument::Shape),
            "{shape}"
        );
    }
}

#[test]
fn amounts_are_read_and_written_to_the_cent() {
    for text in [
        "0.00",
        "0.05",
        "8960.05",
        "-310.40",
        "-0.01",
        "999999999999.99",
    ] {
        assert_eq!(Cents::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "", "1", "1.5", "1,50", ".50", "1.500", "1e3.00", "--1.00", "+1.00",
    ] {
        assert_eq!(Cents::parse(text), Err(InvalidAmount), "{text}");
    }
}

#[test]
fn at_least_nine_people_each_with_a_story_and_a_document_of_their_own() {
    let population = Population::built_in();
    assert!(population.people().len() >= 9);
    let documents: HashSet<_> = population
        .people()
        .iter()
        .map(|p| p.document.number())
        .collect();
    assert_eq!(documents.len(), population.people().len());
    for person in population.people() {
        assert!(
            person.story.ends_with('.') && !person.story.contains('\n'),
            "{}",
            person.story
        );
    }
}

#[test]
fn spouses_share_one_joint_return() {
    let population = Population::built_in();
    let [anna, pere] = ["11111111H", "22222222J"].map(|nif| population.person(nif).unwrap());
    for year in [2024, 2025] {
        let (Tax::Return(hers), Tax::Return(his)) =
            (population.tax(anna, year), population.tax(pere, year))
        else {
            panic!("both filed in {year}");
        };
        assert!(std::ptr::eq(hers, his) && hers.is_joint());
    }
}

#[test]
fn the_figures_of_a_return_follow_from_the_wages() {
    let population = Population::built_in();
    let anna = population.person("11111111H").unwrap();
    let Tax::Return(filed) = population.tax(anna, 2024) else {
        panic!("filed")
    };
    let figures = [
        filed.net_work(),
        filed.reduced_work(),
        filed.general_base(),
        filed.liquidable_base(),
        filed.income_level(),
    ];
    assert_eq!(
        figures.map(|figure| figure.to_string()),
        ["14923.63", "12923.63", "12923.63", "9523.63", "12958.83"]
    );
}

#[test]
fn every_answer_of_the_tax_agency_has_somebody() {
    let population = Population::built_in();
    let of = |document| population.tax(population.person(document).unwrap(), 2025);
    assert!(matches!(of("44444444A"), Tax::Imputations(_)));
    assert!(matches!(of("55555555K"), Tax::NoRecord));
    assert!(matches!(of("00000002W"), Tax::MultipleReturns));
    assert!(matches!(of("00000003A"), Tax::NotTaxpayer));
    assert!(matches!(of("33333333P"), Tax::Return(filed) if !filed.is_joint()));
}

#[test]
fn a_home_nobody_defined_is_refused() {
    let text = include_str!("../../population.toml").replacen("home = \"pi-7\"", "home = \"x\"", 1);
    let refusal = Population::parse(&text).unwrap_err();
    assert!(matches!(refusal, PopulationError::Dangling(what) if what == "x"));
}
