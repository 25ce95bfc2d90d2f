use std::path::Path;

use super::*;

const EXAMPLE: &str = include_str!("../../config/gateway.example.toml");
const MANY: &str = include_str!("../../config/gateway.many.example.toml");

fn parse(text: &str) -> Result<Config, Vec<String>> {
    let parsed = Config::parse("gateway.toml", text, &[], Path::new("/etc/gateway"));
    parsed.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn problems(text: &str) -> Vec<String> {
    parse(text).err().unwrap_or_default()
}

/// The example with some of its text replaced; what is replaced must be there.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(EXAMPLE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

#[test]
fn the_example_is_a_configuration() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(config.environment, Environment::Pre);
    assert_eq!(config.bodies.len(), 1);
    assert_eq!(config.identity.providers.len(), 2);
    assert_eq!(config.identity.clients.len(), 2);
}

/// The commented keys of the example say what happens without them.
#[test]
fn what_the_example_leaves_out_has_the_default_it_shows() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(config.log.stall_after_s, 30);
    assert_eq!(config.platform.profile, "aoc");
    assert_eq!(
        (config.limits.at_once, config.limits.per_second),
        (4, 2),
        "limits"
    );
    let sessions = config.identity.sessions;
    assert_eq!((sessions.idle_minutes, sessions.absolute_hours), (15, 8));
    assert_eq!(config.telemetry.filter, "info");
}

/// Every key of the sections that this file owns, written once in an example and once in the guide.
#[test]
fn the_guide_names_every_key_of_the_examples() {
    let guide = include_str!("../../docs/configure.md");
    let keys = EXAMPLE.lines().chain(MANY.lines()).filter_map(|line| {
        let line = line.trim_start_matches(['#', ' ']);
        let (key, _) = line.split_once(" = ")?;
        key.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            .then_some(key)
    });
    let missing: Vec<_> = keys
        .filter(|key| !guide.contains(&format!("`{key}`")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn paths_begin_at_the_folder_of_the_file() {
    let config = parse(&changed(&[("\"/etc/interop-gateway/keys\"", "\"keys\"")])).unwrap();
    assert_eq!(
        config.keys.file(KeyFile::Log),
        Path::new("/etc/gateway/keys/log.pem")
    );
    assert_eq!(
        config.identity.token_key_file,
        Path::new("/etc/gateway/keys/tokens.pem")
    );
}

#[test]
fn paths_of_the_cache_begin_there_too() {
    let section = "[cache]\nredis = 'rediss://cache'\npassword_file = 'p'\ntls_roots = '/r'";
    let many = changed(&[
        (
            "\"/var/lib/interop-gateway/gateway.sqlite\"",
            "\"postgres://db/gateway\"",
        ),
        (
            "\"/var/lib/interop-gateway-keyring/keyring.sqlite\"",
            "\"postgres://db/keyring\"",
        ),
    ]);
    let config = parse(&format!("{many}\n{section}")).unwrap();
    let cache = config.cache;
    assert_eq!(cache.password_file.unwrap(), Path::new("/etc/gateway/p"));
    assert_eq!(cache.tls_roots.unwrap(), Path::new("/r"));
    assert_eq!(cache.replicas.get(), 4);
}

#[test]
fn problems_of_several_sections_are_listed_at_once() {
    let found = problems(&changed(&[
        ("listen = \"127.0.0.1:8080\"", "listen = 5"),
        ("municipality =", "municipallity ="),
        (
            "scopes = [\"audit:read\",",
            "scopes = [\"audit:everything\",",
        ),
        ("[keys]", "[kays]"),
    ]));
    for expected in [
        "gateway.toml:12:10  http  ",
        "bodies[0]  unknown field `municipallity`",
        "clients[1]  ",
        "gateway.toml  keys  is missing",
        "kays  is no section",
    ] {
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected} in {found:#?}"
        );
    }
}

#[test]
fn values_that_do_not_go_together_are_listed_at_once() {
    let found = problems(&changed(&[
        (
            "finality = \"PROVES\"",
            "finality = \"X\"\nprocedure = \"Y\"",
        ),
        ("00000000T", "00000000A"),
        ("Cognom Prova Maria", " "),
        ("body = \"ajuntament-de-prova\"", "body = \"another\""),
    ]));
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn two_bodies_share_neither_id_nor_host() {
    let (_, body) = EXAMPLE.split_once("[[bodies]]").unwrap();
    let (body, _) = body.split_once("[[providers]]").unwrap();
    let found = problems(&format!("{EXAMPLE}\n[[bodies]]{body}"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("bodies[1].id  is there twice"));
    assert!(found[1].contains("bodies[1].hosts"));
}

#[test]
fn production_refuses_what_belongs_to_a_test() {
    let test = changed(&[
        ("\"pre\" #", "\"production\" #"),
        ("https://gateway.example.cat", "http://gateway.example.cat"),
        (
            "https://platform.example.cat/",
            "http://serveis-pre.example.cat/",
        ),
    ]);
    let found = problems(&test);
    for expected in [
        "http.public_url  production needs https",
        "platform.url  production needs https",
        "platform.url  is a test endpoint",
        "bodies[0].finality  is a test authorisation",
        "bodies[0].officer.nif  is the fictitious test person",
    ] {
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected} in {found:#?}"
        );
    }
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn production_takes_a_real_configuration() {
    let real = changed(&[
        ("\"pre\" #", "\"production\" #"),
        ("PROVES", "AJUTS"),
        ("00000000T", "12345678Z"),
    ]);
    assert_eq!(problems(&real), Vec::<String>::new());
}

/// The example for many replicas, laid over the other, as an operator would.
#[test]
fn production_takes_the_example_for_many_replicas() {
    let real = changed(&[
        ("\"pre\" #", "\"production\" #"),
        ("PROVES", "AJUTS"),
        ("00000000T", "12345678Z"),
    ]);
    let mut table: toml::Table = real.parse().unwrap();
    table.extend(MANY.parse::<toml::Table>().unwrap());
    let config = parse(&table.to_string()).unwrap();
    assert!(config.cache.is_shared());
    assert!(config.store.separates(Role::Sequencer));
}

#[test]
fn what_a_body_cannot_do_without_is_named() {
    let found = problems(&changed(&[("seal_key =", "# seal_key =")]));
    assert!(found[0].contains("missing field `seal_key`"), "{found:#?}");
}

#[test]
fn debug_of_a_configuration_shows_neither_the_officer_nor_what_secret_files_hold() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "s3cret-of-the-provider";
    std::fs::write(folder.path().join("valid.secret"), secret).unwrap();
    let text = changed(&[("/etc/interop-gateway/valid.secret", "valid.secret")]);
    let config = Config::parse("gateway.toml", &text, &[], folder.path()).unwrap();
    let shown = format!("{config:?}");
    assert!(shown.contains("valid.secret"), "its file may be named");
    for private in [secret, "Cognom Prova Maria", "00000000T"] {
        assert!(!shown.contains(private), "{private}");
    }
}

/// A problem is printed to a terminal and a log: it names keys, not what they were set to.
#[test]
fn a_problem_with_the_officer_does_not_repeat_the_number() {
    let found = problems(&changed(&[("00000000T", "12345678A")]));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(!found[0].contains("12345678"), "{found:#?}");
}

#[test]
fn the_environment_is_laid_over_the_example() {
    let environment = [(
        "GATEWAY__HTTP__LISTEN".to_owned(),
        "127.0.0.1:9999".to_owned(),
    )];
    let config = Config::parse("gateway.toml", EXAMPLE, &environment, Path::new("."));
    assert_eq!(config.unwrap().http.listen.port(), 9999);
}
