//! What whole journeys leave behind: traces at the finest level, addresses, problems, the log and the
//! database files. Nobody is in any of them.

use std::collections::BTreeSet;

use simulator::folder::{Entry, Knobs as Bent, Twist};
use simulator::story::Browser;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::*;
use crate::pair;
use crate::traces::Captured;

/// What must not be found: words as they are written, and texts that no word boundary protects.
#[derive(Default)]
struct Secrets {
    words: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Secrets {
    /// Documents, names and wages of everybody in the town, but for the words the council itself uses.
    fn of(world: &World) -> Self {
        let mut secrets = Self::default();
        let public = std::fs::read_to_string(world.files.path().join("gateway.toml")).unwrap();
        for person in &world.outside.people {
            secrets.texts.insert(person.document.clone());
            let names = [
                Some(&person.given_name),
                Some(&person.surname1),
                person.surname2.as_ref(),
            ];
            for name in names
                .into_iter()
                .flatten()
                .filter(|name| !public.contains(name.as_str()))
            {
                secrets.words.extend([name.clone(), name.to_uppercase()]);
            }
        }
        secrets
    }

    /// Every amount of a profile, in cents and in euros. Round hundreds are in no profile of the town.
    fn amounts_in(&mut self, profile: &Value) {
        let cents = &profile["income"]["annual"]["value"]["cents"];
        if let Some(cents) = cents.as_i64().filter(|cents| *cents > 9999) {
            self.words.insert(cents.to_string());
            self.words
                .insert(format!("{}.{:02}", cents / 100, cents % 100));
        }
    }

    /// The secrets that a text holds.
    fn found_in(&self, text: &str) -> Vec<&String> {
        let words = self.words.iter().filter(|word| has_word(text, word));
        words
            .chain(
                self.texts
                    .iter()
                    .filter(|secret| text.contains(secret.as_str())),
            )
            .collect()
    }
}

/// Whether a word stands in a text by itself: `Lin`, but not `Lines` or `xLinz`. Three or four letters
/// among bytes that are no text do not count: megabytes of ciphertext have a few.
fn has_word(text: &str, word: &str) -> bool {
    let chance = word.len() <= 4;
    let is_part = |c: char| {
        c.is_alphanumeric() || "+/".contains(c) || (chance && c == char::REPLACEMENT_CHARACTER)
    };
    let bound = |c: Option<char>| c.is_none_or(|c| !is_part(c));
    text.match_indices(word).any(|(at, _)| {
        bound(text[..at].chars().next_back()) && bound(text[at + word.len()..].chars().next())
    })
}

/// A token, and its signature alone.
fn token_parts(token: &str) -> [String; 2] {
    let signature = token.rsplit('.').next().unwrap();
    [token.to_owned(), signature.to_owned()]
}

#[test]
fn a_secret_is_found_where_it_stands_by_itself() {
    let secrets = Secrets {
        words: ["Lin".to_owned(), "12985.83".to_owned()].into(),
        texts: ["33333333P".to_owned()].into(),
    };
    assert_eq!(
        secrets
            .found_in("name=Lin, sum=12985.83 id:x33333333Px")
            .len(),
        3
    );
    assert!(
        secrets
            .found_in("Lines of 212985.83 and 33333333X")
            .is_empty()
    );
}

#[tokio::test]
async fn no_trace_address_problem_log_entry_or_file_holds_a_person_an_amount_or_a_token() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    // This way, unlike `tracing`'s own, also catches what libraries say through `log`.
    let guard = subscriber.set_default();
    let world = World::start().await;
    let mut secrets = Secrets::of(&world);
    let mut said = Vec::new();
    for key in ["anna", "marta", "joan", "lin", "pau", "montse"] {
        said.extend(live(&world, key, &mut secrets).await);
    }
    said.extend(invite(&world, &mut secrets).await);
    said.extend(refused(&world).await);
    said.extend(search(&world, &mut secrets).await);
    let addresses = log_in(&world, &mut secrets).await;
    drop(guard);

    let traced = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    // Our own words and the libraries' are there, so that their silence means something.
    for module in ["interop_gateway", "hyper", "reqwest"] {
        assert!(traced.contains(module), "nothing traced by {module}");
    }
    assert!(secrets.words.len() > 40 && secrets.texts.len() > 40);
    assert_eq!(secrets.found_in(&traced), Vec::<&String>::new(), "traced");
    assert!(said.len() > 60);
    for said in &said {
        assert_eq!(
            secrets.found_in(said),
            Vec::<&String>::new(),
            "said: {said}"
        );
    }
    for address in &addresses {
        assert_eq!(
            secrets.found_in(address),
            Vec::<&String>::new(),
            "address: {address}"
        );
    }
    for (name, content) in left_behind(&world).await {
        assert_eq!(
            secrets.found_in(&content),
            Vec::<&String>::new(),
            "kept: {name}"
        );
    }
}

/// A citizen's whole journey; gives every address and every problem of it.
async fn live(world: &World, key: &str, secrets: &mut Secrets) -> Vec<String> {
    let folder = world.other_folder("el-meu-espai");
    let person = world.person(key);
    let request = folder.client().exchange_request(person, &Bent::default());
    for (name, value) in &request.form {
        if ["client_assertion", "subject_token"].contains(name) {
            secrets.texts.extend(token_parts(value));
        }
    }
    secrets.texts.extend(token_parts(&request.proof));
    folder.client().redeem(&request).await.unwrap();
    let citizen = folder.citizen(person).await.unwrap();
    secrets.texts.extend(token_parts(&citizen.access().token));

    citizen.preview(PURPOSE).await.unwrap();
    decide_all(&citizen, Decision::Grant).await;
    let job = text(&fetched(&citizen).await, "job");
    secrets.amounts_in(&citizen.profile(&job).await.unwrap());
    secrets.amounts_in(&citizen.own_profile(&job).await.unwrap());
    let exchange = text(&citizen.exchanges().await.unwrap()[0], "exchange");
    citizen.proof(&exchange, Entry::Outcome).await.unwrap();
    for path in [
        format!("/v1/me/exchanges/{exchange}/evidence"),
        "/v1/me/export".to_owned(),
    ] {
        citizen.get(&path).await.unwrap().ok().unwrap();
    }
    let statement = format!(
        "Soc {} {}: {}",
        person.given_name, person.surname1, person.document
    );
    let wrong = json!({"kind": "rectification", "statement": statement});
    citizen
        .post("/v1/me/requests", &wrong)
        .await
        .unwrap()
        .ok()
        .unwrap();
    let withdrawn = citizen.revoke_all(PURPOSE).await.unwrap();
    citizen
        .receipt_proof(&text(&withdrawn["receipt"], "id"))
        .await
        .unwrap();
    citizen.profile(&job).await.unwrap_err();
    citizen.fetch_profile(PURPOSE).await.unwrap_err();
    // Every broken token carries the person in its claims.
    for twist in [
        Twist::none().issued(-130),
        Twist::none().claim("aud", "x"),
        Twist::none().without("acr"),
    ] {
        let knobs = Bent {
            subject_token: twist,
            ..Bent::default()
        };
        folder.citizen_with(person, &knobs).await.unwrap_err();
    }
    told(folder.client())
}

/// Two invitations to a household, one of them used and used again; gives what was said, but for the
/// address of the page that a link leads to, which is the secret.
async fn invite(world: &World, secrets: &mut Secrets) -> Vec<String> {
    const HOUSEHOLD: &str = "social-aid-household";
    let folder = world.other_folder("el-meu-espai");
    let host = folder.citizen(world.person("anna")).await.unwrap();
    let guest = folder.citizen(world.person("marta")).await.unwrap();
    for citizen in [&host, &guest] {
        secrets.texts.extend(token_parts(&citizen.access().token));
    }
    let body = json!({"purpose": HOUSEHOLD, "adults": 2});
    let begun = host.post("/v1/me/household", &body).await.unwrap();
    assert_eq!(begun.status, 201, "{}", begun.text());
    let child = json!({"purpose": HOUSEHOLD, "birth_date": "2019-03-07", "i_hold_parental_authority": true});
    let added = host
        .post("/v1/me/household/children", &child)
        .await
        .unwrap();
    assert_eq!(added.status, 201, "{}", added.text());
    secrets.texts.insert("2019-03-07".to_owned());
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let of_purpose = json!({"purpose": HOUSEHOLD});
        let made = host.post("/v1/me/household/invitations", &of_purpose);
        let link = text(&made.await.unwrap().ok().unwrap(), "link");
        tokens.push(link.rsplit('/').next().unwrap().to_owned());
    }
    secrets.texts.extend(tokens.clone());
    let mut browser = Browser::new().unwrap();
    for token in &tokens {
        let page = browser
            .open(&format!("{}/household/{token}", world.url))
            .await
            .unwrap();
        assert_eq!(page.status, 200);
    }
    let join = json!({"invitation": tokens[0]});
    for status in [200, 404] {
        let joined = guest.post("/v1/me/household/join", &join).await.unwrap();
        assert_eq!(joined.status, status, "{}", joined.text());
    }
    told(folder.client())
}

/// The address of each call, and the body of each refusal.
fn told(client: &ApiClient) -> Vec<String> {
    let shown = |note: String| {
        let (call, body) = note.split_once('\n').unwrap_or((&note, ""));
        let refused = !call.ends_with(" 200") && !call.ends_with(" 201");
        format!("{call} {}", if refused { body } else { "" })
    };
    client.transcript().into_iter().map(shown).collect()
}

/// Requests that name somebody where nobody may be named.
async fn refused(world: &World) -> Vec<String> {
    let folder = world.other_folder("el-meu-espai");
    let citizen = folder.citizen(world.person("marta")).await.unwrap();
    let named = json!({"purpose": PURPOSE, "nif": "33333333P", "name": "Marta"});
    for path in [
        "/v1/me/profile-jobs",
        "/v1/me/consents",
        "/v1/me/consents/revoke-all",
    ] {
        assert_eq!(citizen.post(path, &named).await.unwrap().status, 422);
    }
    let wrong = json!({"type": "NIF", "number": "33333333A"});
    let knobs = Bent {
        subject_token: Twist::none().claim("document", wrong),
        ..Bent::default()
    };
    folder
        .citizen_with(world.person("marta"), &knobs)
        .await
        .unwrap_err();
    told(folder.client())
}

async fn search(world: &World, secrets: &mut Secrets) -> Vec<String> {
    let auditor = world.auditor.log_in().await.unwrap();
    secrets.texts.extend(token_parts(&auditor.access().token));
    for number in ["33333333P", "33333333A", "44444444A"] {
        let body = json!({"case_reference": "AUD-1", "reason": "a yearly sample",
            "person": {"type": "NIF", "number": number}});
        auditor
            .post("/v1/audit/exchanges/search", &body)
            .await
            .unwrap();
    }
    told(world.auditor.client())
}

/// Two log-ins through the pages; gives every address the browser saw at the gateway.
async fn log_in(world: &World, secrets: &mut Secrets) -> Vec<String> {
    let mut addresses = Vec::new();
    for provider in ["valid", "oidc"] {
        let mut browser = Browser::new().unwrap();
        let entry = browser.open(&world.url).await.unwrap();
        let entry = browser.follow(entry).await.unwrap();
        let form = entry.form(&format!("/login/{provider}")).unwrap();
        let answer = browser.submit(&entry, &form, &[]).await.unwrap();
        secrets.texts.extend(cookies(&answer));
        let chooser = browser
            .open(answer.leads_to().unwrap().as_str())
            .await
            .unwrap();
        let form = chooser.form("").unwrap();
        let answer = browser
            .submit(&chooser, &form, &[("persona", "marta")])
            .await
            .unwrap();
        let back = answer.leads_to().unwrap();
        let code = back
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1;
        secrets.texts.insert(code.into_owned());
        let inside = browser.open(back.as_str()).await.unwrap();
        secrets.texts.extend(cookies(&inside));
        let inside = browser.follow(inside).await.unwrap();
        assert_eq!(inside.status, 200, "{}", inside.body);
        addresses.push(inside.url.to_string());
        for path in ["/notice", "/choose", "/exchanges"] {
            let page = browser.open(&format!("{}{path}", world.url)).await.unwrap();
            addresses.push(page.url.to_string());
        }
        // A second use of the callback is where an error could be made of what was sent.
        browser.open(back.as_str()).await.unwrap();
    }
    addresses
}

/// The values of the cookies a page sets.
fn cookies(page: &story::Page) -> Vec<String> {
    let set = page.headers.get_all("set-cookie").iter();
    set.filter_map(|line| {
        line.to_str()
            .ok()?
            .split(['=', ';'])
            .nth(1)
            .map(str::to_owned)
    })
    .filter(|value| value.len() > 20)
    .collect()
}

/// Leaves and tiles as they are published, and the raw bytes of every file the gateway writes.
async fn left_behind(world: &World) -> Vec<(String, String)> {
    world.until("SELECT count(*) FROM log_staged", 0).await;
    let mut kept = Vec::new();
    let db = &world.app().db;
    for sql in ["SELECT leaf FROM log_entry", "SELECT hashes FROM log_tile"] {
        let rows = db.rows(sql, vec![]).await.unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            let bytes = row.bytes(0).unwrap();
            kept.push((sql.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    kept.extend(pair::contents(world.files.path()).await);
    for sort in ["gateway.sqlite", "keyring.sqlite"] {
        let seen = kept
            .iter()
            .filter(|(name, content)| name.starts_with(sort) && content.len() > 10_000);
        let server = kept
            .iter()
            .any(|(name, _)| name.starts_with("database.log_entry."));
        assert!(server || seen.count() > 0, "{sort} was looked at");
    }
    kept
}
