//! The pages in a real browser, on the screen of a small phone.

mod webdriver;

use serde_json::json;

use super::gateway::World;
use webdriver::{Phone, WIDTH};

/// What must hold on every page, whoever reads it.
async fn right(phone: &Phone) {
    let page = phone.address().await;
    let wide = phone.look("document.documentElement.scrollWidth").await;
    assert!(
        wide.as_u64().unwrap() <= WIDTH,
        "{page} scrolls sideways: {wide}"
    );
    assert_eq!(
        phone.look("document.querySelectorAll('h1').length").await,
        json!(1),
        "{page}"
    );
    assert_eq!(
        phone.look("document.documentElement.lang").await,
        json!("ca"),
        "{page}"
    );
    let title = phone.look("document.title").await;
    assert!(
        title.as_str().unwrap().starts_with("Les vostres dades"),
        "{page}: {title}"
    );
    let small = "[...document.querySelectorAll('main button, main input[type=radio] + *')]\
        .filter(e => e.getBoundingClientRect().height > 0 && e.getBoundingClientRect().height < 24)\
        .length";
    assert_eq!(
        phone.look(small).await,
        json!(0),
        "{page} has targets too small to press"
    );
    let ours = phone.look("location.origin").await;
    let mut complaints = phone.complaints().await;
    complaints.retain(|complaint| complaint.starts_with(ours.as_str().unwrap()));
    assert_eq!(complaints, Vec::<String>::new(), "{page}");
}

/// From the entry page to the page that asks to choose.
async fn log_in(phone: &Phone, world: &World, name: &str) {
    phone.visit(&format!("{}/?lang=ca", world.url)).await;
    right(phone).await;
    phone.press("form[action$='/login/valid'] button").await;
    phone.press_words(name).await;
    to_choose(phone).await;
}

async fn to_choose(phone: &Phone) {
    phone.press("main form[action='/choose'] button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_agrees_fetches_and_takes_it_back_on_a_phone() {
    let world = World::start().await;
    let phone = Phone::open().await;
    log_in(&phone, &world, "Marta").await;
    right(&phone).await;
    assert_eq!(
        phone
            .look("document.querySelectorAll('input:checked').length")
            .await,
        json!(0)
    );

    for source in ["AEAT", "TGSS", "DGP"] {
        phone
            .press(&format!("input[name='answer-{source}'][value=yes]"))
            .await;
    }
    phone.press("input[name='answer-PADRO'][value=no]").await;
    phone.press_words("Continua").await;
    right(&phone).await;
    phone.press_words("Confirma").await;
    right(&phone).await;
    assert!(
        world.outside.platform.recorder.received().is_empty(),
        "nothing asked before the press"
    );
    phone.press("form[action='/fetch'] button").await;
    right(&phone).await;

    // The page's own script follows the sources and puts the link there.
    phone.press("a[href^='/profile/']").await;
    right(&phone).await;
    let profile = phone.address().await;
    let text = phone.text().await;
    assert!(text.contains("16.724,25"), "{text}");
    assert!(text.contains("No ho vau autoritzar"), "{text}");

    phone.visit(&format!("{}/exchanges", world.url)).await;
    right(&phone).await;
    let rows = phone
        .look("document.querySelectorAll('a[href$=\"/proof\"]').length")
        .await;
    assert_eq!(rows, json!(3));

    phone.visit(&format!("{}/notice", world.url)).await;
    to_choose(&phone).await;
    phone
        .press("[formaction='/consents/withdraw-source/AEAT']")
        .await;
    right(&phone).await;
    phone.visit(&profile).await;
    let text = phone.text().await;
    assert!(!text.contains("16.724,25"), "{text}");
    phone.complaints().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_ends_the_session_and_the_way_back_shows_nothing() {
    let world = World::start().await;
    let phone = Phone::open().await;
    log_in(&phone, &world, "Marta").await;
    phone.press("form[action='/logout'] button").await;
    right(&phone).await;
    phone.visit(&format!("{}/exchanges", world.url)).await;
    let entry = phone
        .look("document.querySelector(\"form[action$='/login/valid']\") && 1")
        .await;
    assert_eq!(entry, json!(1), "the entry page, not the list");
}
