//! What one data key does: seal, open, and give each log entry a key of its own.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::{KeyringError, RetentionClass};
use crate::citizen::EntryId;

/// The data key of one person, year and retention class, unwrapped; wiped when dropped.
///
/// It encrypts nothing itself: every use derives a key (HKDF-SHA-256, RFC 5869, empty salt), so that
/// handing out the key of one entry tells nothing about the others.
pub(crate) struct DataKey {
    key: Zeroizing<[u8; 32]>,
    year: i16,
    class: RetentionClass,
}

impl DataKey {
    pub(super) fn new(key: Zeroizing<[u8; 32]>, year: i16, class: RetentionClass) -> Self {
        Self { key, year, class }
    }

    /// The year in the first bytes of what was sealed: which key opens it.
    pub(super) fn year_of(sealed: &[u8]) -> Result<i16, KeyringError> {
        match sealed {
            [VERSION, high, low, ..] => Ok(i16::from_be_bytes([*high, *low])),
            _ => Err(KeyringError::Unreadable),
        }
    }

    /// The key of one log entry.
    pub(crate) fn entry_key(&self, entry: EntryId) -> Zeroizing<[u8; 32]> {
        self.derive(&[b"interop-gateway/log-entry/v1\0", entry.as_bytes()])
    }

    /// Version byte, year, nonce, ciphertext and tag (AES-256-GCM, random nonce).
    pub(crate) fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyringError> {
        let mut text = plaintext.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(self.aad(context), &mut text)
            .map_err(|_| KeyringError::Unreadable)?;
        let year = self.year.to_be_bytes();
        Ok([&[VERSION][..], &year, nonce.as_ref(), &text].concat())
    }

    /// Opens what [`DataKey::seal`] gave for the same context.
    pub(crate) fn open(
        &self,
        context: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let (nonce, text) = sealed
            .get(3..)
            .and_then(|rest| rest.split_first_chunk::<12>())
            .ok_or(KeyringError::Unreadable)?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self
            .cipher()?
            .open_in_place(nonce, self.aad(context), text.as_mut_slice())
            .map_err(|_| KeyringError::Unreadable)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, KeyringError> {
        let key = self.derive(&[b"interop-gateway/seal/v1\0", self.class.as_str().as_bytes()]);
        RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| KeyringError::Unreadable)
    }

    fn aad(&self, context: &str) -> Aad<Vec<u8>> {
        let year = self.year.to_be_bytes();
        Aad::from([&[VERSION][..], &year, context.as_bytes()].concat())
    }

    #[expect(
        clippy::expect_used,
        reason = "32 bytes are within what HKDF-SHA-256 can give (RFC 5869, section 2.3)"
    )]
    fn derive(&self, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut derived = Zeroizing::new([0; 32]);
        Salt::new(HKDF_SHA256, &[])
            .extract(&*self.key)
            .expand(info, HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *derived))
            .expect("one block of HKDF output");
        derived
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, {})", self.year, self.class.as_str())
    }
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> DataKey {
        DataKey::new(Zeroizing::new([byte; 32]), 2026, RetentionClass::Evidence)
    }

    fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data)
            .as_ref()
            .to_vec()
    }

    #[test]
    fn an_entry_key_is_hkdf_as_rfc_5869_writes_it() {
        let entry: EntryId = "0f0e0d0c-0b0a-4908-8706-050403020100".parse().unwrap();
        let info = [
            &b"interop-gateway/log-entry/v1\0"[..],
            entry.as_bytes(),
            &[1],
        ]
        .concat();
        let expected = hmac(&hmac(&[0; 32], &[7; 32]), &info);
        assert_eq!(key(7).entry_key(entry).as_slice(), expected);
    }

    #[test]
    fn the_year_of_sealed_bytes_can_be_read_without_a_key() {
        let sealed = key(1).seal("t/1", b"x").unwrap();
        assert_eq!(DataKey::year_of(&sealed).unwrap(), 2026);
        assert!(matches!(
            DataKey::year_of(&[2, 7, 234]),
            Err(KeyringError::Unreadable)
        ));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_under_its_own_key_and_context_alone(
            text in proptest::collection::vec(any::<u8>(), 0..200), place in "[a-z]{1,8}",
        ) {
            let sealed = key(1).seal(&place, &text).unwrap();
            prop_assert_eq!(&**key(1).open(&place, &sealed).unwrap(), &text);
            prop_assert!(key(2).open(&place, &sealed).is_err());
            prop_assert!(key(1).open(&(place + "x"), &sealed).is_err());
        }

        #[test]
        fn one_changed_or_missing_byte_is_noticed(at in 3_usize..40, bit in 0_u8..8) {
            let sealed = key(1).seal("t/1", b"twenty-five bytes of text").unwrap();
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            prop_assert!(key(1).open("t/1", &changed).is_err());
            prop_assert!(key(1).open("t/1", &sealed[..at]).is_err());
        }
    }
}
