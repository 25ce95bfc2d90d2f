//! `keys init`: the service's own keys, each made once.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::audit::LogSigner;
use crate::clock::World;
use crate::config::{Config, KeyFile, KeysConfig};
use crate::store::keyring::{FileWrapper, LookupKeys, secret_file};

/// Makes the keys that are missing and says which.
pub(super) fn init(config: &Config, world: &World) -> ExitCode {
    match make_missing(&config.keys, world) {
        Ok(made) => {
            for key in &made {
                println!("{}", config.keys.file(*key).display());
            }
            eprintln!(
                "{} key(s) made; back them up where the database is not",
                made.len()
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the keys that are missing; gives their names.
pub(super) fn make_missing(keys: &KeysConfig, world: &World) -> anyhow::Result<Vec<KeyFile>> {
    fs::create_dir_all(&keys.directory)?;
    let mut made = Vec::new();
    for key in KeyFile::ALL {
        let file = keys.file(key);
        let there = match key {
            // After a rotation, it has another name.
            KeyFile::Wrapping => !FileWrapper::files(&keys.directory)?.is_empty(),
            _ => file.exists(),
        };
        if !there {
            make(key, &file, world)?;
            made.push(key);
        }
    }
    Ok(made)
}

fn make(key: KeyFile, file: &Path, world: &World) -> anyhow::Result<()> {
    let entropy = &*world.entropy;
    match key {
        KeyFile::Events | KeyFile::Log | KeyFile::Receipts => {
            secret_file::create(file, LogSigner::new_pem(entropy).as_bytes())?;
        }
        KeyFile::Lookup => {
            let key = Zeroizing::new(entropy.bytes::<32>());
            secret_file::create(file, LookupKeys::file_text(1, &key).as_bytes())?;
        }
        KeyFile::Pairwise | KeyFile::Wrapping => {
            let key = Zeroizing::new(entropy.bytes::<32>());
            secret_file::create(file, key.as_slice())?;
        }
        KeyFile::Tokens => secret_file::create(file, es256_pem()?.as_bytes())?,
    }
    Ok(())
}

/// A fresh P-256 key. The library draws its own randomness: it takes none from outside.
fn es256_pem() -> anyhow::Result<Zeroizing<String>> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let der = pair.to_pkcs8v1()?;
    let text = Zeroizing::new(BASE64_STANDARD.encode(der.as_ref()));
    let mut pem = Zeroizing::new(String::from("-----BEGIN PRIVATE KEY-----\n"));
    for line in text.as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line)?);
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem)
}
