//! The page an invitation's link leads to.

use simulator::story::{Browser, Page};

use super::*;

async fn opened(browser: &mut Browser, world: &World, token: &str) -> Page {
    let url = format!("{}/household/{token}", world.url);
    browser.open(&url).await.unwrap()
}

#[tokio::test]
async fn hh_02_the_page_of_a_link_is_the_same_for_a_good_a_used_an_expired_and_an_unknown_one() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 3).await;
    let expired = invited(&anna).await;
    world.later(Duration::from_hours(8 * 24)).await;
    let anna = world.citizen("anna").await;
    let (good, used) = (invited(&anna).await, invited(&anna).await);
    join(&world.citizen("marta").await, &used).await;
    let mut seen = Vec::new();
    for token in [&good, &used, &expired, &"A".repeat(43)] {
        let page = opened(&mut Browser::new().unwrap(), &world, token).await;
        assert_eq!(page.status, 200);
        seen.push(page.body.replace(token, "token"));
    }
    for page in &seen {
        assert_eq!(*page, seen[0]);
    }
    let title = seen[0].split("<title>").nth(1).unwrap();
    assert!(title.starts_with("Les vostres dades</title>"), "{title}");
    for person in &world.outside.people {
        assert!(!seen[0].contains(&person.document), "{}", person.key);
    }
}

#[tokio::test]
async fn hh_02_whoever_logs_in_from_the_link_comes_back_to_it_and_joins_by_one_press() {
    let world = World::start().await;
    let anna = world.citizen("anna").await;
    begin(&anna, 2).await;
    let token = invited(&anna).await;
    let mut browser = Browser::new().unwrap();
    let entry = opened(&mut browser, &world, &token).await;
    let form = entry.form("/login/oidc").unwrap();
    let answer = browser.submit(&entry, &form, &[]).await.unwrap();
    let chooser = browser
        .open(answer.leads_to().unwrap().as_str())
        .await
        .unwrap();
    let form = chooser.form("").unwrap();
    let back = browser
        .submit(&chooser, &form, &[("persona", "marta")])
        .await
        .unwrap();
    let page = browser.follow(back).await.unwrap();
    assert!(page.url.path().ends_with(&token), "{}", page.url);
    assert!(page.body.contains("Podeu no contestar"), "{}", page.body);
    let form = page.form("/household/join").unwrap();
    let joined = browser.submit(&page, &form, &[]).await.unwrap();
    let joined = browser.follow(joined).await.unwrap();
    assert_eq!(
        (joined.status, joined.url.path()),
        (200, "/household/joined")
    );
    assert_eq!(state(&world.citizen("marta").await).await, "incomplete");

    // Pressed again, by the same person: the sentence of every link that cannot be used.
    let again = browser.submit(&page, &form, &[]).await.unwrap();
    assert_eq!(again.status, 404);
    let body = again.body.replace("&#39;", "'");
    assert!(
        body.contains("Aquest enllaç no es pot fer servir."),
        "{body}"
    );
}
