//! What is signed is what is sent; what is used is what was signed.

use interop_gateway::exchange::pci::signature::{self, Part};
use interop_gateway::exchange::pci::{
    Evidence, PlatformProfile, ResponseSignature, SignatureAlgorithm, SignatureError,
    SigningIdentity, TrustRoots,
};
use proptest::prelude::*;

use super::*;

#[test]
fn a_signed_envelope_verifies_under_both_algorithms() {
    for algorithm in SignatureAlgorithm::ALL {
        for sign_timestamp in [false, true] {
            let profile = PlatformProfile {
                sign_timestamp,
                ..profile(algorithm)
            };
            let verified = verify(&text_of(&signed(&profile))).unwrap();
            assert_eq!(amount(&verified), "1000.00");
            let Evidence::Signed {
                algorithm: found,
                covered,
                signer,
                ..
            } = verified.evidence()
            else {
                panic!("the envelope is signed")
            };
            assert_eq!(*found, algorithm);
            assert_eq!(covered.contains(&Part::Timestamp), sign_timestamp);
            assert_eq!(signer.organisation.as_deref(), Some("Q0801175A"));
            assert_eq!(signer.name, "Serveis de proves");
        }
    }
}

#[test]
fn the_body_is_sent_as_it_was_signed() {
    let envelope = text_of(&signed(&PlatformProfile::aoc()));
    assert!(envelope.contains(body().as_str()));
    assert!(!envelope.contains('\n'));
}

#[test]
fn an_unsigned_answer_is_taken_only_where_the_profile_says_so() {
    let text = format!(
        "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">{}</S:Envelope>",
        body().as_str()
    );
    let verify = |response_signature| {
        let profile = PlatformProfile {
            response_signature,
            ..PlatformProfile::aoc()
        };
        signature::verify(text.as_bytes(), &profile, &TrustRoots::none(), now())
    };
    assert_eq!(
        verify(ResponseSignature::Required).unwrap_err(),
        SignatureError::Missing
    );
    for policy in [ResponseSignature::IfPresent, ResponseSignature::Off] {
        let verified = verify(policy).unwrap();
        assert_eq!(verified.evidence(), &Evidence::Unsigned);
        assert_eq!(amount(&verified), "1000.00");
    }
}

#[test]
fn a_signature_that_is_there_is_checked_even_where_none_is_required() {
    let profile = PlatformProfile {
        response_signature: ResponseSignature::IfPresent,
        ..PlatformProfile::aoc()
    };
    let text = text_of(&signed(&profile)).replace("1000.00", "9000.00");
    assert_eq!(
        signature::verify(text.as_bytes(), &profile, &roots(), now()).unwrap_err(),
        SignatureError::Digest("Body")
    );
}

#[test]
fn comments_in_a_signed_body_do_not_cut_its_texts() {
    // Canonicalisation drops comments, so the digest still holds; the text must stay whole.
    let text = text_of(&signed(&PlatformProfile::aoc())).replace("1000.00", "10<!-- x -->00.00");
    assert_eq!(amount(&verify(&text).unwrap()), "1000.00");
}

#[test]
fn a_seal_that_does_not_fit_its_key_is_refused() {
    use interop_gateway::exchange::pci::signature::UnusableIdentity;
    let seal = pki::platform();
    let read = |certificate: &str, key: &str| {
        SigningIdentity::from_pem(certificate.as_bytes(), key.as_bytes()).map(|_| ())
    };
    assert_eq!(read(&seal.certificate, &seal.key), Ok(()));
    assert_eq!(
        read(&pki::root(), &seal.key),
        Err(UnusableIdentity::OtherKey)
    );
    assert_eq!(
        read("nothing", &seal.key),
        Err(UnusableIdentity::Certificate)
    );
    assert_eq!(
        read(&seal.certificate, "nothing"),
        Err(UnusableIdentity::Key)
    );
}

#[test]
fn debug_of_an_identity_shows_no_key() {
    let shown = format!("{:?}", identity(pki::platform()));
    assert!(shown.contains("Serveis de proves"));
    assert!(!shown.to_lowercase().contains("key"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_damaged_envelope_is_refused_or_says_the_same(
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let envelope = signed(&PlatformProfile::aoc());
        let mut bytes = envelope.bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(verified) = signature::verify(&bytes, &PlatformProfile::aoc(), &roots(), now()) {
            prop_assert_eq!(amount(&verified), "1000.00");
        }
    }

    #[test]
    fn an_envelope_with_a_part_moved_is_refused_or_says_the_same(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
    ) {
        let text = text_of(&signed(&PlatformProfile::aoc()));
        let mut tags: Vec<&str> = text.split_inclusive('>').collect();
        let moved = tags.remove(from.index(tags.len()));
        tags.insert(to.index(tags.len()), moved);
        if let Ok(verified) = verify(&tags.concat()) {
            prop_assert_eq!(amount(&verified), "1000.00");
        }
    }
}
