//! The only door to cryptography: three functions of aws-lc-rs.

use aws_lc_rs::{digest, hmac, signature};

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Whether `tag` is HMAC-SHA-256 of `message` under `key`, compared in constant time.
pub(crate) fn hmac_sha256_matches(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), message, tag).is_ok()
}

/// Whether `signature` is an Ed25519 signature (RFC 8032) of `message` under `public`.
pub(crate) fn ed25519_matches(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    signature::UnparsedPublicKey::new(&signature::ED25519, public)
        .verify(message, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn sha256_of_fips_180_2_in_parts() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(sha256(&[b"a", b"", b"bc"])), abc);
    }

    #[test]
    fn hmac_of_rfc_4231_case_2_and_nothing_else() {
        let tag = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let mut tag = hex::decode(tag).unwrap();
        let message = b"what do ya want for nothing?";
        assert!(hmac_sha256_matches(b"Jefe", message, &tag));
        assert!(!hmac_sha256_matches(b"Jefe", message, &tag[..31]));
        tag[31] ^= 1;
        assert!(!hmac_sha256_matches(b"Jefe", message, &tag));
    }

    #[test]
    fn ed25519_of_rfc_8037_appendix_a4_and_nothing_else() {
        let decode = |text| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
            .try_into()
            .unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let mut signature = decode(concat!(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6d",
            "WbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ));
        assert!(ed25519_matches(&public, message, &signature));
        assert!(!ed25519_matches(&public, b"other", &signature));
        assert!(!ed25519_matches(&public, message, &signature[..63]));
        signature[0] ^= 1;
        assert!(!ed25519_matches(&public, message, &signature));
    }
}
