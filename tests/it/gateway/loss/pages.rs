//! A person at the pages.

use super::*;

/// What the page says that cannot be shown, in the four languages.
const UNAVAILABLE: [(&str, &str); 4] = [
    ("ca", "No s'ha desat res del que acabeu de fer."),
    ("es", "No se ha guardado nada de lo que acaba de hacer."),
    ("en", "Nothing you just did was saved."),
    ("oc", "Non s'a sauvat arren de çò qu'acabatz de hèr."),
];

/// The home page, after logging in, and its button to take one source back.
async fn take_back(world: &World, browser: &mut Browser) -> (Page, Form) {
    log_in(world, browser, "/notice").await;
    let home = browser.open(&world.url).await.unwrap();
    let button = "/consents/withdraw-source/TGSS";
    assert!(home.body.contains(button), "{}", home.body);
    let mut form = home.form("/fetch").expect("the form around it");
    button.clone_into(&mut form.action);
    (home, form)
}

/// That nothing was saved, when to come back, and whom to call.
fn assert_unavailable(page: &Page, language: &str) {
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.url);
    assert_eq!(page.header("retry-after"), Some("30"));
    let (_, words) = UNAVAILABLE
        .iter()
        .find(|(one, _)| *one == language)
        .unwrap();
    let body = page.body.replace("&#39;", "'");
    assert!(body.contains(words), "{body}");
    let tag = format!("<html lang=\"{language}");
    assert!(body.contains(&tag), "{body}");
    assert!(body.contains("012"), "{body}");
}

#[tokio::test]
async fn a_log_in_that_ends_while_redis_is_gone_says_so_is_used_up_and_can_be_made_anew() {
    let mut town = Town::start().await;
    let mut browser = Browser::new().unwrap();
    let back = identified(&town.world, &mut browser, "/notice").await;
    let waiting = "SELECT count(*) FROM login_transaction";
    assert_eq!(town.world.number(waiting).await, 1, "not in Redis");
    town.redis.kill().await;
    let page = browser.open(&back).await.unwrap();
    assert_unavailable(&page, "ca");
    assert_eq!(town.world.number(waiting).await, 0);

    town.redis.restart().await;
    let again = browser.open(&back).await.unwrap();
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.body.contains("Torneu a començar"), "{}", again.body);
    let inside = log_in(&town.world, &mut browser, "/notice").await;
    assert_eq!((inside.status, inside.url.path()), (200, "/notice"));
}

/// Whoever has no session can still go to the provider: their log-in waits in the database.
#[tokio::test]
async fn a_log_in_begun_while_redis_is_gone_ends_well_once_it_is_back() {
    let mut town = Town::start().await;
    let mut browser = Browser::new().unwrap();
    town.redis.kill().await;
    let back = identified(&town.world, &mut browser, "/notice").await;
    town.redis.restart().await;
    let landing = browser.open(&back).await.unwrap();
    let inside = browser.follow(landing).await.unwrap();
    assert_eq!((inside.status, inside.url.path()), (200, "/notice"));
}

#[tokio::test]
async fn while_redis_is_gone_a_page_says_in_its_readers_language_that_nothing_was_saved() {
    let mut town = Town::start().await;
    let mut browser = Browser::new().unwrap();
    log_in(&town.world, &mut browser, "/notice").await;
    town.redis.kill().await;
    for (language, _) in UNAVAILABLE {
        let address = format!("{}/exchanges?lang={language}", town.world.url);
        assert_unavailable(&browser.open(&address).await.unwrap(), language);
    }
}

/// Taking back needs a session: who presses while there is none is told, and presses again.
#[tokio::test]
async fn a_withdrawal_pressed_while_redis_is_gone_is_not_saved_and_says_so() {
    let mut town = Town::start().await;
    town.world.willing("marta").await;
    let mut browser = Browser::new().unwrap();
    let (home, press) = take_back(&town.world, &mut browser).await;
    let stored = town.world.stored().await;
    town.redis.kill().await;
    let page = browser.submit(&home, &press, &[]).await.unwrap();
    assert_unavailable(&page, "ca");
    assert_eq!(town.world.stored().await, stored);

    town.redis.restart().await;
    let (home, press) = take_back(&town.world, &mut browser).await;
    let receipt = browser.submit(&home, &press, &[]).await.unwrap();
    assert!(receipt.leads_to().unwrap().path().starts_with("/receipts/"));
}

#[tokio::test]
async fn after_redis_came_back_empty_people_are_logged_out_and_go_on_where_they_were() {
    let mut town = Town::start().await;
    let mut browser = Browser::new().unwrap();
    log_in(&town.world, &mut browser, "/notice").await;
    town.empty().await;
    let exchanges = format!("{}/exchanges", town.world.url);
    let out = browser.open(&exchanges).await.unwrap();
    let to = out.leads_to().expect("to the entry page");
    assert_eq!((to.path(), to.query()), ("/", Some("next=%2Fexchanges")));
    let inside = log_in(&town.world, &mut browser, "/exchanges").await;
    assert_eq!((inside.status, inside.url.path()), (200, "/exchanges"));
}

#[tokio::test]
async fn after_redis_was_silent_or_cut_off_people_are_still_logged_in() {
    let redis = Redis::start().await;
    let mut network = Cut::before(redis.port());
    // With a password a new connection waits for its welcome, too.
    let folder = tempfile::tempdir().unwrap();
    let mut ask = redis::cmd("CONFIG");
    ask.arg(&["SET", "requirepass", "s3cret"]);
    ask.exec_async(&mut redis.connection().await).await.unwrap();
    let mut cache = at(&through(&network));
    cache.insert("password_file".to_owned(), secret(&folder, "s3cret").into());
    let (world, _postgres) = gateway(cache, Setup::default()).await;
    let mut browser = Browser::new().unwrap();
    log_in(&world, &mut browser, "/notice").await;
    let address = format!("{}/exchanges", world.url);

    redis.pause();
    for _ in 0..2 {
        let page = soon(browser.open(&address)).await.unwrap();
        assert_unavailable(&page, "ca");
    }
    redis.resume();
    patiently(async || browser.open(&address).await.unwrap().status == 200).await;

    network.cut().await;
    assert_unavailable(&browser.open(&address).await.unwrap(), "ca");
    network.heal();
    assert_eq!(browser.open(&address).await.unwrap().status, 200);
}
