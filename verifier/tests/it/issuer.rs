//! What the gateway does, as a test double: entries, logs, checkpoints, proofs and receipts.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use verifier::{
    LogTrust,
    merkle::{Hash, leaf_hash},
    receipt::SCHEMA,
};

use crate::tree::Tree;

pub(crate) const ORIGIN: &str = "gateway.example.cat/exchange/2026";
pub(crate) const ENTRY_KEY: [u8; 32] = [7; 32];
/// 2026-11-22 16:05:04 UTC.
pub(crate) const ISSUED: u64 = 1_795_363_504;

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A key with a name, that signs notes.
pub(crate) struct Signer {
    pub(crate) name: String,
    kind: u8,
    pair: Ed25519KeyPair,
}

impl Signer {
    pub(crate) fn log(name: &str, seed: u8) -> Self {
        Self::of(name, 0x01, [seed; 32])
    }

    pub(crate) fn of(name: &str, kind: u8, seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        Self {
            name: name.to_owned(),
            kind,
            pair,
        }
    }

    pub(crate) fn vkey(&self) -> String {
        let (id, key) = (hex::encode(self.id()), base64(self.typed_key()));
        format!("{}+{id}+{key}", self.name)
    }

    pub(crate) fn trust(&self) -> LogTrust {
        LogTrust::in_key(self.vkey().parse().unwrap())
    }

    /// The signature line of a note's text.
    pub(crate) fn line(&self, text: &str) -> String {
        self.line_of(self.pair.sign(text.as_bytes()).as_ref())
    }

    /// The cosignature line of a checkpoint.
    pub(crate) fn cosignature(&self, text: &str, time: u64) -> String {
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = self.pair.sign(message.as_bytes());
        self.line_of(&[&time.to_be_bytes(), signature.as_ref()].concat())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn line_of(&self, signature: &[u8]) -> String {
        format!(
            "— {} {}\n",
            self.name,
            base64([&self.id(), signature].concat())
        )
    }

    fn typed_key(&self) -> Vec<u8> {
        [&[self.kind], self.public()].concat()
    }

    fn id(&self) -> [u8; 4] {
        let parts = [self.name.as_bytes(), b"\n", &self.typed_key()].concat();
        digest(&SHA256, &parts).as_ref()[..4].try_into().unwrap()
    }
}

pub(crate) fn checkpoint_text(origin: &str, size: usize, root: &Hash) -> String {
    format!("{origin}\n{size}\n{}\n", base64(root.0))
}

/// The payload of an intent, in canonical spelling.
pub(crate) fn intent() -> String {
    concat!(
        r#"{"at":"2026-11-22T16:05:03.123456Z","counter":7,"exchange":"x1","kind":"intent","#,
        r#""product":"AEAT_IRPF/C4","subject":"5b0c6c1e-0000-4000-8000-000000000001","v":1}"#
    )
    .to_owned()
}

/// The payload of a consent event, which states what its receipt states.
pub(crate) fn consent(kind: &str, event: &str) -> String {
    let items = items();
    format!(
        concat!(
            r#"{{"at":"2026-11-22T16:05:03Z","event":"{}","items":{},"kind":"{}","#,
            r#""purpose":"social-aid-recommendation","receipt":"r-0001","v":1}}"#
        ),
        event, items, kind
    )
}

fn items() -> Value {
    json!([
        {"item": "i1", "product": "AEAT_IRPF/C4", "source": "AEAT", "decision": "granted",
         "valid_until": "2027-11-22T00:00:00Z"},
        {"item": "i2", "product": "TGSS/IN_WORK", "source": "TGSS", "decision": "refused"},
    ])
}

pub(crate) fn commitment(payload: &str) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &ENTRY_KEY);
    hmac::sign(&key, payload.as_bytes())
        .as_ref()
        .try_into()
        .unwrap()
}

pub(crate) fn leaf(kind: &str, commitment: &[u8]) -> String {
    let c = base64url(commitment);
    format!(r#"{{"c":"{c}","kind":"{kind}","minute":"2026-11-22T16:05Z","v":1}}"#)
}

/// A proof whose every part can be bent before it is written out.
pub(crate) struct Proof {
    pub(crate) payload: Option<String>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) leaf: String,
    pub(crate) index: usize,
    pub(crate) hashes: Vec<Hash>,
    /// The signed text of the checkpoint.
    pub(crate) text: String,
    pub(crate) signatures: String,
    pub(crate) leaf_hash: Hash,
}

impl Proof {
    /// Entry `index` of a log of `size` entries, all others being numbered.
    pub(crate) fn of(kind: &str, payload: String, index: usize, size: usize) -> Self {
        let leaf = leaf(kind, &commitment(&payload));
        let others = Tree::numbered(size);
        let hash = |n| {
            if n == index {
                leaf_hash(leaf.as_bytes())
            } else {
                others.leaf(n)
            }
        };
        let tree = Tree::of((0..size).map(hash).collect());
        let text = checkpoint_text(ORIGIN, size, &tree.root(size));
        Self {
            payload: Some(payload),
            key: Some(ENTRY_KEY.to_vec()),
            leaf_hash: leaf_hash(leaf.as_bytes()),
            leaf,
            index,
            hashes: tree.inclusion(index, size),
            signatures: log_signer().line(&text),
            text,
        }
    }

    /// Entry 5 of 11: an intent.
    pub(crate) fn intent() -> Self {
        Self::of("intent", intent(), 5, 11)
    }

    /// The JSON of the extra line.
    pub(crate) fn extra(&self) -> String {
        let member = |name: &str, value: &[u8]| format!(r#""{name}":"{}""#, base64(value));
        let members = [
            Some(member("leaf", self.leaf.as_bytes())),
            self.payload
                .as_ref()
                .map(|payload| member("payload", payload.as_bytes())),
            self.key.as_ref().map(|key| member("key", key)),
        ];
        format!(
            "{{{}}}",
            members.into_iter().flatten().collect::<Vec<_>>().join(",")
        )
    }

    pub(crate) fn hash_lines(&self) -> String {
        self.hashes
            .iter()
            .map(|hash| base64(hash.0) + "\n")
            .collect()
    }

    pub(crate) fn file(&self) -> String {
        format!(
            "c2sp.org/tlog-proof@v1\nextra {}\nindex {}\n{}\n{}\n{}",
            base64(self.extra()),
            self.index,
            self.hash_lines(),
            self.text,
            self.signatures
        )
    }
}

/// The key of the log in these tests.
pub(crate) fn log_signer() -> Signer {
    Signer::log(ORIGIN, 1)
}

/// The key of the receipts in these tests.
pub(crate) fn receipt_signer() -> Signer {
    Signer::log("receipts", 2)
}

pub(crate) fn jwks() -> Value {
    json!({"keys": [
        {"kty": "EC", "crv": "P-256", "kid": "token-1", "use": "sig", "alg": "ES256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "kid": "receipt-1", "use": "sig", "alg": "EdDSA",
         "x": base64url(receipt_signer().public())},
    ]})
}

pub(crate) fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "consent-receipt+jwt", "kid": "receipt-1"})
}

pub(crate) fn claims(event: &str, leaf_hash: &Hash) -> Value {
    json!({
        "iss": "https://gateway.example.cat",
        "sub": "p-1f2e3d",
        "jti": "r-0001",
        "iat": ISSUED,
        "schema": SCHEMA,
        "event": event,
        "purpose": "social-aid-recommendation",
        "items": items(),
        "log": {"origin": ORIGIN, "leaf_hash": leaf_hash.to_string()},
    })
}

pub(crate) fn jws(header: &Value, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        base64url(header.to_string()),
        base64url(claims.to_string())
    );
    let signature = receipt_signer().sign(signed.as_bytes());
    format!("{signed}.{}", base64url(signature))
}
