//! What holds for every codec alike.

use proptest::prelude::*;
use proptest::sample::Index;

use super::testing::{
    COHABITANTS, LIN, MARTA, answer_to, fixture, fixtures, question, specific_data,
    try_specific_data,
};
use super::*;
use crate::citizen::{CountryCode, Document};

const FOLDERS: [(ProductKind, &str); 6] = [
    (ProductKind::AeatC4, "aeat_irpf"),
    (ProductKind::AeatC2, "aeat_irpf"),
    (ProductKind::DgpIdentity, "dgp_identity"),
    (ProductKind::PadroCohabitants, "padro_cohabitants"),
    (ProductKind::PadroHouseholdSize, "padro_household_size"),
    (ProductKind::TgssInWork, "tgss_in_work"),
];

#[test]
fn every_codec_is_found_by_its_code_and_no_other_is() {
    for kind in ProductKind::ALL {
        let code = kind.code().parse().unwrap();
        assert_eq!(ProductKind::of(&code), Some(kind));
    }
    assert_eq!(ProductKind::of(&"AEAT_IRPF/IRPF".parse().unwrap()), None);
}

#[test]
fn no_product_can_be_asked_about_a_passport() {
    let country: CountryCode = "FR".parse().unwrap();
    let mut question = question(MARTA);
    question.holder.document = Document::passport(country, "12AB34567").unwrap();
    for kind in ProductKind::ALL {
        assert_eq!(
            holder(kind, &question),
            Err(EncodeError::DocumentNotSupported)
        );
    }
}

#[test]
fn an_envelope_without_data_is_a_named_error() {
    for kind in ProductKind::ALL {
        let missing = Err(DecodeError::Missing("DatosEspecificos"));
        assert_eq!(decode(kind, &question(MARTA), None), missing);
        let empty = specific_data("");
        assert!(matches!(
            decode(kind, &question(MARTA), Some(&empty)),
            Err(DecodeError::Missing(_))
        ));
    }
}

#[test]
fn one_services_answer_is_not_another_services() {
    for (kind, _) in FOLDERS {
        for (other, folder) in FOLDERS {
            let same_payloads = holder_block(kind) == holder_block(other);
            for payload in fixtures(folder) {
                let read = decode(kind, &question(MARTA), Some(&specific_data(&payload)));
                assert!(same_payloads || read.is_err(), "{kind:?} read {folder}");
            }
        }
    }
}

/// C4 and C2 share their payloads.
fn holder_block(kind: ProductKind) -> &'static str {
    FOLDERS
        .into_iter()
        .find(|(known, _)| *known == kind)
        .map_or("", |(_, folder)| folder)
}

#[test]
fn debug_output_of_a_question_names_nobody() {
    let text = format!("{:?}", question(MARTA));
    let [anna, carles] = COHABITANTS;
    for personal in [MARTA, "Marta", "Exemple", "Vidal", anna, carles] {
        assert!(!text.contains(personal), "{personal}");
    }
    let titular = holder(ProductKind::AeatC4, &question(MARTA)).unwrap();
    assert_eq!(format!("{titular:?}"), "Some(Holder(·))");
}

#[test]
fn no_decoder_keeps_a_spouse_a_child_a_parent_or_a_street() {
    let kept = [
        (
            ProductKind::AeatC4,
            "aeat_irpf",
            "joint_return",
            "11111111H",
        ),
        (
            ProductKind::AeatC4,
            "aeat_irpf",
            "joint_return_one_adult",
            "77777777B",
        ),
        (ProductKind::DgpIdentity, "dgp_identity", "found", MARTA),
        (
            ProductKind::PadroHouseholdSize,
            "padro_household_size",
            "registered",
            MARTA,
        ),
    ]
    .map(|(kind, folder, case, nif)| {
        let answer = answer_to(kind, &question(nif), &fixture(folder, case)).unwrap();
        serde_json::to_string(&answer).unwrap()
    })
    .concat();
    for personal in [
        "22222222J",
        "MOSTRA",
        "PERE",
        "NIL",
        "JANA",
        "PAREFICTICI",
        "MAREFICTICIA",
        "MARTA",
        "AAA000077",
        "INEXISTENT",
        "08999",
        "GIRONA",
    ] {
        assert!(!kept.contains(personal), "{personal}");
    }
}

#[test]
fn debug_output_of_an_answer_is_its_code() {
    let kept = [
        (ProductKind::AeatC4, "aeat_irpf", "individual_return"),
        (ProductKind::DgpIdentity, "dgp_identity", "found"),
        (
            ProductKind::PadroHouseholdSize,
            "padro_household_size",
            "registered",
        ),
        (
            ProductKind::PadroCohabitants,
            "padro_cohabitants",
            "one_elsewhere",
        ),
        (ProductKind::TgssInWork, "tgss_in_work", "in_work"),
    ]
    .map(|(kind, folder, case)| {
        let answer = answer_to(kind, &question(MARTA), &fixture(folder, case)).unwrap();
        format!("{answer:?}")
    });
    assert_eq!(
        kept,
        [
            "Income(Answer(1000))",
            "Identity(Answer(00))",
            "HouseholdSize(Answer(1))",
            "Cohabitants(Answer(1))",
            "InWork(Answer(0001))",
        ]
    );
}

/// Splits a payload into tags and texts.
fn tokens(payload: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = payload;
    while let Some(start) = rest.find('<') {
        let end = rest[start..]
            .find('>')
            .map_or(rest.len(), |end| start + end + 1);
        tokens.push(rest[..start].to_owned());
        tokens.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    tokens
}

/// One way of spoiling a payload.
#[derive(Clone, Debug)]
enum Spoil {
    Text(Index, String),
    Drop(Index),
    Repeat(Index),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let text = prop_oneof![
        "[ -;=?-~]{0,12}",
        "-?[0-9]{0,20}[.,]?[0-9]{0,4}",
        Just("9".repeat(400)),
        "\\PC{0,8}".prop_map(|text| text.replace(['<', '>', '&'], "·")),
    ];
    prop_oneof![
        (any::<Index>(), text).prop_map(|(at, text)| Spoil::Text(at, text)),
        any::<Index>().prop_map(Spoil::Drop),
        any::<Index>().prop_map(Spoil::Repeat),
    ]
}

/// Leaves: where an opening tag, a text and a closing tag follow each other.
fn leaves(tokens: &[String]) -> Vec<usize> {
    (1..tokens.len().saturating_sub(3))
        .step_by(2)
        .filter(|&at| !tokens[at].starts_with("</") && !tokens[at].ends_with("/>"))
        .filter(|&at| tokens[at + 2].starts_with("</"))
        .collect()
}

fn spoiled(payload: &str, spoils: &[Spoil]) -> String {
    let mut tokens = tokens(payload);
    for spoil in spoils {
        let leaves = leaves(&tokens);
        if leaves.is_empty() {
            break;
        }
        match spoil {
            Spoil::Text(at, text) => {
                let at = *at.get(&leaves);
                tokens[at + 1].clone_from(text);
            }
            Spoil::Drop(at) => {
                let at = *at.get(&leaves);
                tokens.drain(at..at + 4);
            }
            Spoil::Repeat(at) => {
                let at = *at.get(&leaves);
                let mut leaf = tokens[at..at + 3].to_vec();
                leaf.push(String::new());
                tokens.splice(at..at, leaf);
            }
        }
    }
    tokens.concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_spoiled_answer_is_read_or_refused_without_panic(
        which in any::<Index>(),
        case in any::<Index>(),
        spoils in prop::collection::vec(spoil(), 1..6),
        nif in prop::sample::select(vec![MARTA, LIN]),
    ) {
        let (kind, folder) = FOLDERS[which.index(FOLDERS.len())];
        let payloads = fixtures(folder);
        let payload = spoiled(&payloads[case.index(payloads.len())], &spoils);
        if let Some(data) = try_specific_data(&payload) {
            let _ = decode(kind, &question(nif), Some(&data));
        }
    }

    #[test]
    fn what_we_ask_is_well_formed_whatever_the_person_is_called(
        name in "\\PC{1,30}",
        case_file in "[!-~]{1,26}",
    ) {
        let mut question = question(MARTA);
        question.holder.name.surname1 = Some(name);
        question.case_file = case_file;
        for kind in ProductKind::ALL {
            if let Ok(Some(payload)) = encode(kind, &question) {
                prop_assert!(try_specific_data(&payload).is_some());
            }
        }
    }
}

#[test]
fn con_03_every_documented_answer_holds_only_what_its_service_lists() {
    for (kind, folder) in FOLDERS {
        for payload in fixtures(folder) {
            assert_eq!(unlisted(kind, &specific_data(&payload)), 0, "{payload}");
        }
    }
}

proptest! {
    /// Wherever it stands among what is listed, one more element counts one, whatever lies in it.
    #[test]
    fn con_03_one_more_element_counts_one(
        which in any::<Index>(), place in any::<Index>(), inside in 0_usize..4,
    ) {
        let all: Vec<_> = FOLDERS
            .into_iter()
            .flat_map(|(kind, folder)| fixtures(folder).into_iter().map(move |text| (kind, text)))
            .filter(|(_, text)| !text.contains("<r:"))
            .collect();
        let (kind, payload) = &all[which.index(all.len())];
        let ends: Vec<_> = payload.match_indices("</").map(|(at, _)| at).collect();
        let at = ends[place.index(ends.len())];
        let below = "<x:b>un nom</x:b>".repeat(inside);
        let (before, after) = payload.split_at(at);
        let more = format!("{before}<x:a xmlns:x='urn:x'>{below}</x:a>{after}");
        prop_assert_eq!(unlisted(*kind, &specific_data(&more)), 1);
    }
}
