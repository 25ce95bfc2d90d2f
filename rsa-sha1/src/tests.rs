use std::ptr::{null, null_mut};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
};

use super::*;

/// A fresh key: the signer, and the public key as its verifier wants it.
fn fresh(size: KeySize) -> (Vec<u8>, Vec<u8>) {
    let pair = KeyPair::generate(size).expect("the library makes keys");
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("and writes them");
    (pkcs8.as_ref().to_vec(), pair.public_key().as_ref().to_vec())
}

fn verifies(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, public)
        .verify(message, signature)
        .is_ok()
}

#[test]
fn another_library_interface_verifies_our_signature() {
    let (pkcs8, public) = fresh(KeySize::Rsa2048);
    let signer = RsaSha1Signer::from_pkcs8_der(&pkcs8).unwrap();
    for message in [&b""[..], b"x", &[7; 10_000]] {
        let signature = signer.sign(message).unwrap();
        assert_eq!(signature.len(), 256);
        assert!(verifies(&public, message, &signature));
    }
}

#[test]
fn a_signature_is_of_one_message_only() {
    let (pkcs8, public) = fresh(KeySize::Rsa2048);
    let signature = RsaSha1Signer::from_pkcs8_der(&pkcs8)
        .unwrap()
        .sign(b"granted")
        .unwrap();
    assert!(!verifies(&public, b"refused", &signature));
}

#[test]
fn a_longer_key_makes_a_longer_signature() {
    let (pkcs8, public) = fresh(KeySize::Rsa3072);
    let signature = RsaSha1Signer::from_pkcs8_der(&pkcs8)
        .unwrap()
        .sign(b"message")
        .unwrap();
    assert_eq!(signature.len(), 384);
    assert!(verifies(&public, b"message", &signature));
}

#[test]
fn a_malformed_key_is_refused() {
    let (pkcs8, _) = fresh(KeySize::Rsa2048);
    for broken in [
        &b""[..],
        b"not a key",
        &pkcs8[1..],
        &pkcs8[..pkcs8.len() - 1],
    ] {
        assert_eq!(
            RsaSha1Signer::from_pkcs8_der(broken).err(),
            Some(KeyError::Malformed)
        );
    }
}

#[test]
fn a_key_whose_numbers_do_not_fit_together_is_refused() {
    let (mut pkcs8, _) = fresh(KeySize::Rsa2048);
    let modulus_byte = 60; // well inside the modulus, which follows the version and the algorithm
    pkcs8[modulus_byte] ^= 1;
    assert_eq!(
        RsaSha1Signer::from_pkcs8_der(&pkcs8).err(),
        Some(KeyError::Malformed)
    );
}

#[test]
fn a_key_followed_by_other_bytes_is_refused() {
    let (mut pkcs8, _) = fresh(KeySize::Rsa2048);
    pkcs8.push(0);
    assert_eq!(
        RsaSha1Signer::from_pkcs8_der(&pkcs8).err(),
        Some(KeyError::TrailingBytes)
    );
}

#[test]
fn an_elliptic_curve_key_is_refused() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    assert_eq!(
        RsaSha1Signer::from_pkcs8_der(pkcs8.as_ref()).err(),
        Some(KeyError::NotRsa)
    );
}

#[test]
fn a_key_of_fewer_than_2048_bits_is_refused() {
    let refusal = RsaSha1Signer::from_pkcs8_der(&weak_key(1024)).err();
    assert_eq!(refusal, Some(KeyError::TooShort { bits: 1024 }));
}

#[test]
fn several_threads_sign_with_one_key_at_once() {
    let (pkcs8, public) = fresh(KeySize::Rsa2048);
    let signer = RsaSha1Signer::from_pkcs8_der(&pkcs8).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let (signer, public) = (&signer, &public);
            scope.spawn(move || {
                for round in 0..10_u8 {
                    let message = [thread, round];
                    assert!(verifies(public, &message, &signer.sign(&message).unwrap()));
                }
            });
        }
    });
}

#[test]
fn debug_says_nothing_of_the_key() {
    let (pkcs8, _) = fresh(KeySize::Rsa2048);
    let signer = RsaSha1Signer::from_pkcs8_der(&pkcs8).unwrap();
    assert_eq!(format!("{signer:?}"), "RsaSha1Signer(·)");
}

/// A key too short for the safe interface to generate, as PKCS#8.
fn weak_key(bits: i32) -> Vec<u8> {
    use aws_lc_sys::{
        BN_free, BN_new, BN_set_word, CBB_cleanup, CBB_finish, CBB_init, CBB_zero,
        EVP_PKEY_assign_RSA, EVP_PKEY_new, EVP_marshal_private_key, OPENSSL_free,
        RSA_generate_key_ex, RSA_new,
    };
    #[expect(
        clippy::multiple_unsafe_ops_per_block,
        reason = "one linear story of C calls"
    )]
    // SAFETY: every pointer comes from the constructor above its use and is freed once; the key
    // owns the RSA key after the assignment; the buffer is copied before it is freed.
    unsafe {
        let exponent = BN_new();
        assert_eq!(BN_set_word(exponent, 65_537), 1);
        let rsa = RSA_new();
        assert_eq!(RSA_generate_key_ex(rsa, bits, exponent, null_mut()), 1);
        BN_free(exponent);
        let key = EVP_PKEY_new();
        assert_eq!(EVP_PKEY_assign_RSA(key, rsa), 1);
        let mut builder = std::mem::zeroed();
        CBB_zero(&raw mut builder);
        assert_eq!(CBB_init(&raw mut builder, 1024), 1);
        assert_eq!(EVP_marshal_private_key(&raw mut builder, key), 1);
        EVP_PKEY_free(key);
        let (mut data, mut length) = (null_mut(), 0);
        assert_eq!(
            CBB_finish(&raw mut builder, &raw mut data, &raw mut length),
            1
        );
        assert_ne!(data.cast_const(), null());
        let der = std::slice::from_raw_parts(data, length).to_vec();
        OPENSSL_free(data.cast());
        CBB_cleanup(&raw mut builder);
        der
    }
}
