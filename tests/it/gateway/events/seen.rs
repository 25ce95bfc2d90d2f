//! What people see: who has data that rest on what they took back, and who knows.

use simulator::story::Browser;

use super::*;

#[tokio::test]
async fn rev_09_the_reply_to_a_withdrawal_names_who_received_data_and_still_has_to_confirm() {
    let told = Told::start().await;
    let world = &told.world;
    told.folder.behave(Mood::Down);
    told.recommender.behave(Mood::Down);
    let citizen = world.willing("marta").await;
    let refused = citizen.withdraw(&item(&citizen, IDENTITY).await).await;
    let nobody = refused.unwrap();
    assert_eq!(
        nobody["recipients"],
        json!([]),
        "nobody has received a thing"
    );
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    let withdrawn = citizen.revoke_all(PURPOSE).await.unwrap();
    let recipients = withdrawn["recipients"].as_array().unwrap();
    assert_eq!(states(recipients), all("pending"));
    assert_eq!(recipients[0].get("acknowledged_at"), None);
    let granted = decide_all(&citizen, Decision::Grant).await;
    assert_eq!(granted.get("recipients"), None);
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    let refused = decide_all(&citizen, Decision::Refuse).await;
    let recipients = refused["recipients"].as_array().unwrap();
    assert_eq!(
        states(recipients),
        all("pending"),
        "a no where there was a yes takes back"
    );

    told.folder.behave(Mood::Strict);
    told.recommender.behave(Mood::Strict);
    told.delivered().await;
    let citizen = world.citizen("marta").await;
    let known = citizen.recipients(PURPOSE).await.unwrap();
    assert_eq!(states(&known), all("acknowledged"));
    // How they know her is how the events named her.
    let named = |at: usize| known[at]["known_as"].as_str().unwrap();
    assert_eq!(named(0), told.folder.taken()[0].subject());
    assert_eq!(named(1), told.recommender.taken()[0].subject());
}

#[tokio::test]
async fn rev_09_without_a_receiver_nothing_is_staged_and_people_see_who_is_told_otherwise() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    let withdrawn = citizen.revoke_all(PURPOSE).await.unwrap();
    let recipients = withdrawn["recipients"].as_array().unwrap();
    assert_eq!(states(recipients), all("not_connected"));
    let staged =
        "SELECT (SELECT count(*) FROM event_outbox) + (SELECT count(*) FROM event_delivery)";
    assert_eq!(world.number(staged).await, 0);
}

/// What the receipt of a withdrawal says while somebody is being told, in the four languages.
const TELLING: [(&str, &str); 4] = [
    ("ca", "l'estem avisant"),
    ("es", "le estamos avisando"),
    ("en", "we are telling them"),
    ("oc", "lo èm avisant"),
];

#[tokio::test]
async fn rev_09_the_page_after_a_withdrawal_says_who_had_received_data_and_whether_they_know() {
    let told = Told::start().await;
    let world = &told.world;
    told.recommender.behave(Mood::Down);
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();

    let mut browser = Browser::new().unwrap();
    let entry = browser.open(&format!("{}/", world.url)).await.unwrap();
    let entry = browser.follow(entry).await.unwrap();
    let form = entry.form("/login/valid").expect("the entry page");
    let away = browser.submit(&entry, &form, &[]).await.unwrap();
    let chooser = browser.follow(away).await.unwrap();
    let form = chooser.form("").expect("the provider's chooser");
    let back = [("persona", "marta")];
    let back = browser.submit(&chooser, &form, &back).await.unwrap();
    browser.follow(back).await.unwrap();
    let home = browser.open(&format!("{}/", world.url)).await.unwrap();
    let mut form = home
        .form("/fetch")
        .unwrap_or_else(|| panic!("{}", home.body));
    "/consents/withdraw-all".clone_into(&mut form.action);
    let withdrawn = browser.submit(&home, &form, &[]).await.unwrap();
    let receipt = browser.follow(withdrawn).await.unwrap();
    assert!(
        receipt.url.path().starts_with("/receipts/"),
        "{}",
        receipt.url
    );
    for (language, words) in TELLING {
        let mut url = receipt.url.clone();
        url.set_query(Some(&format!("lang={language}")));
        let page = browser.open(url.as_str()).await.unwrap();
        let page = browser
            .follow(page)
            .await
            .unwrap()
            .body
            .replace("&#39;", "'");
        assert!(page.contains(words), "{words} in {page}");
        assert!(
            page.contains(RECOMMENDER) && page.contains("el-meu-espai"),
            "{page}"
        );
    }
}
