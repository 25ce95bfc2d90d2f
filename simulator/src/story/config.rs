//! The gateway's configuration for a demonstration: one template, filled in.

use std::path::Path;

use super::World;
use crate::receiver::Receiver;

const TEMPLATE: &str = include_str!("gateway.toml.tmpl");

/// Fills the template for a gateway that listens at `listen` and calls itself `public_url`.
///
/// All that the gateway writes goes below `folder`.
pub fn gateway_toml(world: &World, folder: &Path, listen: &str, public_url: &str) -> String {
    let path = |path: &Path| path.display().to_string();
    let below = |name: &str| path(&folder.join(name));
    fill(&[
        ("listen", listen.to_owned()),
        ("public_url", public_url.to_owned()),
        ("database", below("gateway.sqlite")),
        ("keyring", below("keyring.sqlite")),
        ("anchor", below("anchor")),
        ("keys", below("keys")),
        ("platform_url", world.platform.url.clone()),
        ("tls_roots", path(&world.pki.tls_ca_path)),
        ("seal_roots", path(&world.pki.seal_ca_path)),
        (
            "seal_certificate",
            path(&world.pki.requester.certificate_path),
        ),
        ("seal_key", path(&world.pki.requester.key_path)),
        ("valid_url", world.valid.url().to_owned()),
        ("valid_client_id", super::world::VALID_CLIENT.to_owned()),
        ("valid_secret", path(&world.valid_secret)),
        ("oidc_issuer", world.oidc.issuer().to_owned()),
        ("oidc_client_id", super::world::OIDC_CLIENT.to_owned()),
        ("oidc_secret", path(&world.oidc_secret)),
        ("folder_jwks", path(&world.pki.citizen_folder.jwks_path)),
        ("auditor_jwks", path(&world.pki.auditor.jwks_path)),
    ])
}

/// The section that has a client told of events at its receiver.
pub fn receiver_toml(client: &str, receiver: &Receiver) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned());
    format!(
        "\n[[events.receivers]]\nid = {client}\nrecipient = {client}\n\
         body = \"ajuntament-de-prova\"\nendpoint = {endpoint}\naudience = {client}\n",
        client = quoted(client),
        endpoint = quoted(receiver.url()),
    )
}

/// Every value is written as a TOML string, quotes included.
fn fill(values: &[(&str, String)]) -> String {
    values
        .iter()
        .fold(TEMPLATE.to_owned(), |text, (name, value)| {
            let quoted = toml::Value::String(value.clone()).to_string();
            text.replace(&format!("{{{{{name}}}}}"), &quoted)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_valid_once_every_name_is_filled() {
        let names = TEMPLATE
            .split("{{")
            .skip(1)
            .filter_map(|part| part.split("}}").next());
        let values: Vec<(&str, String)> = names
            .map(|name| (name, format!("a \"{name}\" \\ value")))
            .collect();
        let text = fill(&values);
        let table: toml::Table = toml::from_str(&text).unwrap();
        let secret = table["providers"][0]["client_secret_file"].as_str();
        assert_eq!(secret, Some("a \"valid_secret\" \\ value"));
    }

    #[tokio::test]
    async fn a_receiver_is_a_section_of_its_own_after_the_template() {
        let receiver = Receiver::start("folder", None).await.unwrap();
        let text = format!("{TEMPLATE}{}", receiver_toml("folder", &receiver));
        let text = text.replace("{{", "\"").replace("}}", "\"");
        let table: toml::Table = toml::from_str(&text).unwrap();
        let endpoint = table["events"]["receivers"][0]["endpoint"].as_str();
        assert_eq!(endpoint, Some(receiver.url()));
    }
}
