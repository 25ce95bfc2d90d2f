//! What the issuers answer about the people of the population.

use super::client::{Client, Question};

async fn codes(client: &Client, name: &str, questions: &[(Question, &str)]) {
    for (question, expected) in questions {
        let answer = client.ask(question).await;
        assert_eq!(answer.state().as_deref(), Some("0003"), "{}", question.id);
        assert_eq!(
            answer.value(name).as_deref(),
            Some(*expected),
            "{}",
            question.id
        );
    }
}

#[tokio::test]
async fn income_codes_follow_the_register() {
    let client = Client::start().await;
    let nameless = Question {
        names: "",
        ..Question::income("I-8", "33333333P", 2025)
    };
    codes(
        &client,
        "codiResultat",
        &[
            (Question::income("I-1", "11111111H", 2025), "1000"),
            (Question::income("I-2", "44444444A", 2025), "1000"),
            (Question::income("I-3", "55555555K", 2025), "1009"),
            (Question::income("I-4", "00000002W", 2025), "1011"),
            (Question::income("I-5", "00000003A", 2025), "1024"),
            (Question::income("I-6", "11111111H", 2026), "1010"),
            (Question::income("I-7", "11111111H", 2020), "1010"),
            (nameless, "0233"),
            (Question::income("I-9", "12345678Z", 2025), "0233"),
            (Question::income("I-10", "00000004G", 2025), "0502"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_joint_return_is_in_the_namespace_of_its_year_and_includes_the_spouse() {
    let client = Client::start().await;
    let answer = client
        .ask(&Question::income("I-1", "22222222J", 2024))
        .await;
    assert!(answer.text.contains("datosespecificos/renta2024\""));
    assert!(answer.text.contains("TIPOTRIBUTACION=\"2\""));
    let figures = [
        "TipoRespuesta",
        "DPNIF_D",
        "DPNIF_C",
        "BLGGRAV",
        "NivelRentaDeclaracion",
    ];
    let figures = figures.map(|name| answer.value(name).unwrap());
    assert_eq!(
        figures,
        ["DL", "11111111H", "22222222J", "9523.63", "12958.83"]
    );
}

#[tokio::test]
async fn the_income_level_comes_with_how_it_was_filed_and_without_items() {
    let client = Client::start().await;
    let question = Question {
        modality: "C2",
        ..Question::income("I-1", "11111111H", 2024)
    };
    let answer = client.ask(&question).await;
    assert_eq!(
        answer.value("NivelRentaDeclaracion").as_deref(),
        Some("12958.83")
    );
    assert_eq!(answer.value("Declaracion"), None);
    assert_eq!(
        answer.value("Tributacion").as_deref(),
        Some("TRIBUTACION: CONJUNTA")
    );
    assert!(!answer.text.contains("9523.63"));
}

#[tokio::test]
async fn imputations_write_sign_euros_and_cents_apart() {
    let client = Client::start().await;
    let answer = client
        .ask(&Question::income("I-1", "44444444A", 2024))
        .await;
    assert_eq!(answer.value("TipoRespuesta").as_deref(), Some("IM"));
    assert_eq!(answer.text.matches("<aeat:DatosEconomicos>").count(), 7);
    for part in [
        "<aeat:Enteros>8960</aeat:Enteros><aeat:Decimales>5</aeat:Decimales>",
        "<aeat:Signo>-</aeat:Signo><aeat:Enteros>150</aeat:Enteros><aeat:Decimales>50</aeat:Decimales>",
    ] {
        assert!(answer.text.contains(part), "{part}");
    }
}

#[tokio::test]
async fn social_security_tells_who_is_in_work() {
    let client = Client::start().await;
    codes(
        &client,
        "Codigo",
        &[
            (Question::in_work("W-1", "11111111H", "20112026"), "0001"),
            (Question::in_work("W-2", "77777777B", "20112026"), "0002"),
            (Question::in_work("W-3", "00000003A", "20112026"), "0004"),
            (Question::in_work("W-4", "00000004G", "20112026"), "0005"),
            (Question::in_work("W-5", "11111111H", "31112026"), "0006"),
            (Question::in_work("W-6", "11111111H", "2026"), "0401"),
        ],
    )
    .await;
    let foreigner = Question {
        kind: "NIE",
        ..Question::in_work("W-7", "Y1234567X", "20112026")
    };
    assert_eq!(
        client.ask(&foreigner).await.value("IPF").as_deref(),
        Some("60Y1234567X")
    );
}

#[tokio::test]
async fn the_police_register_checks_what_came_with_the_document() {
    let client = Client::start().await;
    codes(
        &client,
        "codiResultat",
        &[
            (Question::identity("D-1", "11111111H", "NIF", 1984), "00"),
            (Question::identity("D-2", "11111111H", "NIF", 1985), "41"),
            (Question::identity("D-3", "12345678Z", "NIF", 1985), "68"),
            (Question::identity("D-4", "X0000000T", "NIE", 1985), "70"),
            (Question::identity("D-5", "00000004G", "NIF", 2001), "59"),
            (Question::identity("D-6", "Z0000005X", "NIE", 1988), "71"),
        ],
    )
    .await;
    let lin = client
        .ask(&Question::identity("D-7", "Y1234567X", "NIE", 1998))
        .await;
    assert_eq!(lin.value("segonCognom").as_deref(), Some(""));
    assert_eq!(lin.value("dataCaducitat").as_deref(), Some("00000000"));
}

#[tokio::test]
async fn the_municipal_register_counts_or_says_why_not() {
    let client = Client::start().await;
    let elsewhere = Question::household("P-5", "11111111H");
    let elsewhere = Question {
        payload: elsewhere.payload.replace(">019<", ">101<"),
        ..elsewhere
    };
    codes(
        &client,
        "codigoResultado",
        &[
            (Question::household("P-1", "11111111H"), "1"),
            (Question::household("P-2", "00000004G"), "2"),
            (Question::household("P-3", "00000003A"), "4"),
            (Question::household("P-4", "Z0000005X"), "3"),
            (elsewhere, "2"),
        ],
    )
    .await;
    let answer = client.ask(&Question::household("P-6", "77777777B")).await;
    assert_eq!(answer.value("numeroConvivientes").as_deref(), Some("4"));
}

#[tokio::test]
async fn a_payload_of_another_product_is_refused_by_the_platform() {
    let client = Client::start().await;
    let payload = Question::household("X-1", "11111111H").payload;
    let answer = client
        .ask(&Question {
            payload,
            ..Question::income("X-1", "11111111H", 2025)
        })
        .await;
    assert_eq!(answer.state().as_deref(), Some("0401"));
}

#[tokio::test]
async fn the_register_says_of_each_person_named_whether_they_live_with_the_first() {
    let client = Client::start().await;
    for (id, documents, results) in [
        ("T-1", &["11111111H", "22222222J"][..], "11"),
        ("T-2", &["22222222J", "33333333P", "11111111H"], "101"),
        ("T-3", &["33333333P", "12345678Z"], "10"),
    ] {
        let answer = client.ask(&Question::together(id, documents)).await;
        assert_eq!(
            answer.value("codigoResultado").as_deref(),
            Some("1"),
            "{id}"
        );
        let said: String = answer
            .text
            .split("<pad:resultado>")
            .skip(1)
            .filter_map(|rest| rest.chars().next())
            .collect();
        assert_eq!(said, results, "{id}");
        // The day of registration is the first one's alone.
        assert_eq!(answer.text.matches("<pad:fechaAltaPadron>").count(), 1);
    }
    codes(
        &client,
        "codigoResultado",
        &[
            (Question::together("T-4", &["12345678Z", "11111111H"]), "2"),
            (Question::together("T-5", &["00000003A", "11111111H"]), "4"),
        ],
    )
    .await;
    let nobody = Question {
        document: "11111111H",
        ..Question::together("T-6", &[])
    };
    let nobody = client.ask(&nobody).await;
    assert_eq!(nobody.state().as_deref(), Some("0401"));
}
