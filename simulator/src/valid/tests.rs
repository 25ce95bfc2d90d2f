use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::ambient::{http_client, send};
use crate::person::{Assurance, Method};

const CALLBACK: &str = "http://127.0.0.1:9/login/valid/callback";

struct Bench {
    valid: Valid,
    clock: Clock,
    http: reqwest::Client,
}

impl Bench {
    async fn start() -> Self {
        let registration = Registration {
            client_id: "gateway.serveis.aoc.cat".to_owned(),
            client_secret: "s3cret&value".to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
        };
        let people = vec![
            Person::new("anna", "11111111H", "Anna", ["Roca", "Vidal"]),
            Person::new("lin", "Y1234567X", "Lin", ["Chen", ""]).at(Assurance::Low),
            Person::new("pau", "00000002W", "Pau", ["Serra", "Mas"]).by(Method::Certificate(11)),
            Person::new("zoe", "00000001R", "Zoé", ["Dubois", ""]).with_passport("19AB12345", "FR"),
            Person::new("clara", "33333333P", "Clara", ["Font", "Pi"]).by(Method::Clave),
        ];
        let clock = Clock::default();
        let valid = Valid::start(0, vec![registration], people, clock.clone())
            .await
            .unwrap();
        Self {
            valid,
            clock,
            http: http_client().unwrap(),
        }
    }

    async fn authorize(&self, changes: &[(&str, Option<&str>)], cookie: &str) -> reqwest::Response {
        let mut query = vec![
            ("client_id", "gateway.serveis.aoc.cat"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "autenticacio_usuari"),
            ("access_type", "online"),
            ("approval_prompt", "auto"),
            ("state", "abc-123"),
        ];
        for (name, value) in changes {
            query.retain(|(known, _)| known != name);
            query.extend(value.map(|value| (*name, value)));
        }
        let url = format!("{}/o/oauth2/auth", self.valid.url());
        send(self.http.get(url).query(&query).header("cookie", cookie))
            .await
            .unwrap()
    }

    async fn code(&self, persona: &str) -> String {
        let answer = self.authorize(&[("persona", Some(persona))], "").await;
        returned(&answer, "code").unwrap()
    }

    async fn redeem(&self, code: &str, secret: &str, redirect_uri: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", "gateway.serveis.aoc.cat"),
            ("client_secret", secret),
            ("redirect_uri", redirect_uri),
        ];
        let url = format!("{}/o/oauth2/token", self.valid.url());
        let answer = send(self.http.post(url).form(&form)).await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn token(&self, persona: &str) -> String {
        let code = self.code(persona).await;
        let (_, body) = self.redeem(&code, "s3cret&value", CALLBACK).await;
        body["access_token"].as_str().unwrap().to_owned()
    }

    async fn with_token(&self, path: &str, name: &str, token: &str) -> (u16, String) {
        let url = format!("{}{path}", self.valid.url());
        let answer = send(self.http.get(url).query(&[(name, token)]))
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn user_info(&self, token: &str) -> Value {
        let (_, text) = self
            .with_token("/serveis-rest/getUserInfo", "AccessToken", token)
            .await;
        serde_json::from_str(&text).unwrap()
    }
}

fn returned(answer: &reqwest::Response, name: &str) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().unwrap();
    let location = url::Url::parse(location).unwrap();
    location
        .query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_persona_comes_back_with_a_code_that_buys_their_data() {
    let bench = Bench::start().await;
    let answer = bench.authorize(&[("persona", Some("anna"))], "").await;
    assert_eq!(returned(&answer, "state").unwrap(), "abc-123");
    let code = returned(&answer, "code").unwrap();
    assert!(code.contains('/'));
    let (status, body) = bench.redeem(&code, "s3cret&value", CALLBACK).await;
    assert_eq!((status, body["token_type"].as_str()), (200, Some("Bearer")));
    let info = bench
        .user_info(body["access_token"].as_str().unwrap())
        .await;
    assert_eq!(info["identifier"], "11111111H");
    assert_eq!(info["identifierType"], "1");
    assert_eq!(info["assuranceLevel"], "substantial");
    assert_eq!(info["surname2"], "VIDAL");
}

#[tokio::test]
async fn a_visitor_unknown_to_the_browser_is_asked_who_they_are() {
    let bench = Bench::start().await;
    let page = bench.authorize(&[], "").await.text().await.unwrap();
    assert!(page.contains("value=\"anna\"") && page.contains("name=\"cancel\""));
}

#[tokio::test]
async fn a_persona_cookie_logs_in_without_asking() {
    let bench = Bench::start().await;
    let answer = bench.authorize(&[], "valid_persona=lin").await;
    assert!(returned(&answer, "code").is_some());
}

#[tokio::test]
async fn cancelling_comes_back_with_valids_own_error() {
    let bench = Bench::start().await;
    let answer = bench.authorize(&[("cancel", Some("1"))], "").await;
    assert_eq!(returned(&answer, "error").unwrap(), "SESSION_CANCEL");
}

#[tokio::test]
async fn a_request_that_is_not_as_registered_never_redirects() {
    let bench = Bench::start().await;
    let wrong = [
        ("client_id", Some("someone.else")),
        (
            "redirect_uri",
            Some("http://127.0.0.1:9/login/valid/callback/"),
        ),
        ("redirect_uri", None),
        ("scope", Some("openid")),
        ("response_type", Some("token")),
        ("access_type", Some("offline")),
        ("approval_prompt", None),
        ("state", None),
        ("state", Some("not simple")),
    ];
    for change in wrong {
        let answer = bench
            .authorize(&[change, ("persona", Some("anna"))], "")
            .await;
        assert_eq!(answer.status(), 400, "{change:?}");
        assert!(answer.headers().get("location").is_none(), "{change:?}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_and_redirect() {
    let bench = Bench::start().await;
    let code = bench.code("anna").await;
    assert_eq!(
        bench.redeem(&code, "wrong", CALLBACK).await.1["error"],
        "invalid_client"
    );
    assert_eq!(bench.redeem(&code, "s3cret&value", CALLBACK).await.0, 200);
    assert_eq!(
        bench.redeem(&code, "s3cret&value", CALLBACK).await.1["error"],
        "invalid_grant"
    );
    let code = bench.code("anna").await;
    assert_eq!(
        bench.redeem(&code, "s3cret&value", "http://x/").await.1["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_code_dies_after_a_minute() {
    let bench = Bench::start().await;
    let code = bench.code("anna").await;
    bench.clock.advance(Duration::from_secs(61));
    assert_eq!(
        bench.redeem(&code, "s3cret&value", CALLBACK).await.1["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn credentials_in_a_header_are_refused() {
    let bench = Bench::start().await;
    let url = format!("{}/o/oauth2/token", bench.valid.url());
    let request = bench
        .http
        .post(url)
        .basic_auth("gateway.serveis.aoc.cat", Some("s3cret&value"));
    let answer = send(request.form(&[("grant_type", "authorization_code")]))
        .await
        .unwrap();
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"],
        "invalid_client"
    );
}

#[tokio::test]
async fn a_browser_logs_in_silently_until_logout() {
    let bench = Bench::start().await;
    let first = bench.authorize(&[("persona", Some("anna"))], "").await;
    let set = first.headers()["set-cookie"].to_str().unwrap().to_owned();
    let session = set.split(';').next().unwrap().to_owned();
    let again = bench.authorize(&[], &session).await;
    let code = returned(&again, "code").unwrap();
    let token = bench.redeem(&code, "s3cret&value", CALLBACK).await.1;
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(bench.user_info(token).await["identifier"], "11111111H");
    assert_eq!(
        bench.with_token("/o/oauth2/logout", "token", token).await.0,
        200
    );
    assert!(returned(&bench.authorize(&[], &session).await, "code").is_none());
    assert_eq!(
        bench
            .with_token("/o/oauth2/logout", "token", "1/unknown")
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn revoking_ends_the_token_and_leaves_the_browser_session() {
    let bench = Bench::start().await;
    let token = bench.token("anna").await;
    assert_eq!(
        bench
            .with_token("/o/oauth2/revoke", "token", &token)
            .await
            .0,
        200
    );
    assert_eq!(bench.user_info(&token).await["status"], "ko");
    assert_eq!(bench.valid.live_sessions(), 1);
    assert_eq!(
        bench
            .with_token("/o/oauth2/revoke", "token", &token)
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn an_expired_token_says_ko() {
    let bench = Bench::start().await;
    let token_lifetime = Duration::from_secs(5);
    bench.valid.behave(Behaviour {
        token_lifetime,
        ..Behaviour::default()
    });
    let token = bench.token("anna").await;
    bench.clock.advance(Duration::from_secs(5));
    assert_eq!(bench.user_info(&token).await["status"], "ko");
}

#[tokio::test]
async fn members_depend_on_the_method() {
    let bench = Bench::start().await;
    let certificate = bench.user_info(&bench.token("pau").await).await;
    assert_eq!(certificate["certificateType"], 11);
    assert_eq!(certificate["companyId"], "Q0000000J");
    assert!(certificate.get("identifierType").is_none());
    let clave = bench.user_info(&bench.token("clara").await).await;
    assert!(clave.get("identifierType").is_none() && clave.get("phone").is_none());
    let foreigner = bench.user_info(&bench.token("zoe").await).await;
    assert_eq!(foreigner["identifierType"], "3");
    assert_eq!(foreigner["countryCode"], "FR");
    assert!(foreigner.get("surname2").is_none());
}

#[tokio::test]
async fn every_departure_can_be_switched_on() {
    let bench = Bench::start().await;
    let token = bench.token("anna").await;
    let switched = |behaviour| bench.valid.behave(behaviour);

    switched(Behaviour {
        identifier_type: IdentifierType::Integer,
        ..Behaviour::default()
    });
    assert_eq!(bench.user_info(&token).await["identifierType"], 1);
    switched(Behaviour {
        identifier_type: IdentifierType::DocumentTypeAlias,
        omit_surname2: true,
        assurance: AssuranceText::Text("No informat".to_owned()),
        ..Behaviour::default()
    });
    let info = bench.user_info(&token).await;
    assert_eq!(info["documentType"], "1");
    assert_eq!(info["assuranceLevel"], "No informat");
    assert!(info.get("surname2").is_none());

    let path = "/serveis-rest/getUserInfo";
    let cases = [
        (UserInfo::Ko(200), 200, "\"ko\""),
        (UserInfo::Ko(503), 503, "\"ko\""),
        (UserInfo::HtmlError(502), 502, "<html>"),
    ];
    for (user_info, status, part) in cases {
        switched(Behaviour {
            user_info,
            ..Behaviour::default()
        });
        let answer = bench.with_token(path, "AccessToken", &token).await;
        assert!(answer.0 == status && answer.1.contains(part), "{answer:?}");
    }
    switched(Behaviour {
        user_info: UserInfo::Oversize(100_000),
        ..Behaviour::default()
    });
    assert!(bench.with_token(path, "AccessToken", &token).await.1.len() > 100_000);
    switched(Behaviour {
        user_info: UserInfo::Truncated,
        ..Behaviour::default()
    });
    let half = bench.with_token(path, "AccessToken", &token).await.1;
    assert!(serde_json::from_str::<Value>(&half).is_err());
    switched(Behaviour {
        address_not_allowed: true,
        ..Behaviour::default()
    });
    assert_eq!(bench.with_token(path, "AccessToken", &token).await.0, 403);
    let authorize_error = Some("SERVER_BUSY".to_owned());
    switched(Behaviour {
        authorize_error,
        ..Behaviour::default()
    });
    let answer = bench.authorize(&[("persona", Some("anna"))], "").await;
    assert_eq!(returned(&answer, "error").unwrap(), "SERVER_BUSY");
}
