//! Which environment a seal is of: a production certificate has no business at a test endpoint, nor
//! the reverse (CON-11).

use crate::config::Config;
use crate::exchange::pci::Signer;

/// Words that name a test in a certificate, in lower case. AOC issues seals for tests and for
/// production under one authority; the seal of its own test platform says `proves` in its name.
const MARKS: [&str; 12] = [
    "demo",
    "dev",
    "pre",
    "preproducció",
    "preproducción",
    "preproduccio",
    "proves",
    "prova",
    "prueba",
    "pruebas",
    "test",
    "tests",
];

/// Why a seal may not be used where this configuration asks, if it may not.
pub(super) fn misplaced(config: &Config, signer: &Signer) -> Option<&'static str> {
    match (config.asks_a_test_platform(), is_for_tests(config, signer)) {
        (true, false) => Some(
            "is no certificate for tests, and the endpoint is one; a production seal is not used \
             there (docs/configure.md, [platform])",
        ),
        (false, true) => Some("is a certificate for tests; production needs the body's own seal"),
        (true, true) | (false, false) => None,
    }
}

fn is_for_tests(config: &Config, signer: &Signer) -> bool {
    let mut listed = config.platform.test_issuers.iter();
    listed.any(|issuer| *issuer == signer.issuer)
        || is_marked(&signer.name)
        || is_marked(&signer.issuer)
}

fn is_marked(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|letter: char| !letter.is_alphanumeric());
    words.any(|word| MARKS.contains(&word))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;

    use super::*;

    const EXAMPLE: &str = include_str!("../../config/gateway.example.toml");

    fn signer(name: &str, issuer: &str) -> Signer {
        Signer {
            name: name.to_owned(),
            organisation: None,
            issuer: issuer.to_owned(),
            serial: "01".to_owned(),
            valid_from: Timestamp::UNIX_EPOCH,
            valid_until: Timestamp::MAX,
        }
    }

    fn config(environment: &str) -> Config {
        let text = EXAMPLE
            .replace(
                "environment = \"pre\"",
                &format!("environment = \"{environment}\""),
            )
            .replace("# test_issuers = []", "test_issuers = [\"EC-Assaig\"]")
            .replace("00000000T", "12345678Z")
            .replace("PROVES", "0226");
        Config::parse("gateway.toml", &text, &[], Path::new("/etc/gateway")).unwrap()
    }

    #[test]
    fn con_11_a_seal_is_used_only_in_its_own_environment() {
        let (pre, production) = (config("pre"), config("production"));
        for (name, issuer, for_tests) in [
            (
                "Serveis Administracio Electronica proves",
                "EC-SectorPublic",
                true,
            ),
            ("AJUNTAMENT, SEGELL DE PROVES", "EC-SectorPublic", true),
            ("Ajuntament", "EC-SectorPublic PRE", true),
            ("Ajuntament", "EC-Assaig", true),
            ("Ajuntament", "EC-SectorPublic", false),
            ("Ajuntament de Provença", "EC-SectorPublic", false),
            ("Consell de Premià", "EC-Assaig 2", false),
        ] {
            let signer = signer(name, issuer);
            let refused = [misplaced(&pre, &signer), misplaced(&production, &signer)];
            let refused = refused.map(|refused| refused.is_some());
            assert_eq!(refused, [!for_tests, for_tests], "{name}, {issuer}");
        }
    }
}
