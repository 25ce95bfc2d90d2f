//! What a log-in and a token leave in the traces, at the finest level: nobody.

use http::{HeaderMap, HeaderValue, header};
use simulator::folder::Knobs;
use simulator::valid::{Behaviour, Logout};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::bench::{Bench, anna, with_cookie};
use crate::traces::Captured;

#[tokio::test]
async fn attack_37_no_trace_holds_a_document_a_name_a_token_or_a_code() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    // This way, unlike `tracing`'s own, also catches what libraries say through `log`.
    let guard = subscriber.set_default();
    let bench = Bench::start().await;
    bench.valid.behave(Behaviour {
        logout: Logout::Fails,
        ..Behaviour::default()
    });
    let mut secrets = vec!["11111111H".to_owned(), "Roca".to_owned(), "ROCA".to_owned()];
    let mut said = String::new();
    for provider in ["valid", "broker"] {
        let begun = bench.begin(provider).await;
        let query = bench.visit(&begun, ("persona", "anna")).await;
        let mut parts = url::form_urlencoded::parse(query.as_bytes());
        secrets.push(
            parts
                .find(|(name, _)| name == "code")
                .unwrap()
                .1
                .into_owned(),
        );
        let headers = with_cookie(&begun.cookie);
        let logged_in = bench.complete(provider, &query, &headers).await.unwrap();
        said = format!("{said} {:?} {logged_in:?}", begun.cookie);
        let cookie = logged_in.cookies[0].to_str().unwrap();
        secrets.push(cookie.split(['=', ';']).nth(1).unwrap().to_owned());
        // A second use, and a document that fails, are where errors are made of what was sent.
        let again = bench.complete(provider, &query, &headers).await;
        let failed = bench.log_in(provider, "typo").await;
        said = format!("{said} {again:?} {failed:?}");
    }
    let request = bench.folder.exchange_request(&anna(), &Knobs::default());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&request.form)
        .finish();
    let proof = HeaderValue::from_str(&request.proof).unwrap();
    let headers = HeaderMap::from_iter([(header::HeaderName::from_static("dpop"), proof)]);
    let token = bench
        .identity
        .tokens
        .token(&headers, form.as_bytes())
        .await
        .unwrap();
    said = format!("{said} {token:?} {:?}", bench.identity);
    secrets.push(token.access_token.clone());
    secrets.push("s3cret&value".to_owned());
    drop(guard);

    let traced = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    // Our own words and the libraries' are there, so their silence below means something.
    assert!(traced.contains("could not be ended") && traced.contains("reqwest"));
    for secret in &secrets {
        assert!(!traced.contains(secret.as_str()), "traced: {secret}");
        assert!(!said.contains(secret.as_str()), "in Debug output: {secret}");
    }
    assert!(!traced.contains("AccessToken=1"));
}
