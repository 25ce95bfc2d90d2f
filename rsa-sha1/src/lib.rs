//! Signs with RSASSA-PKCS1-v1_5 over SHA-1 (`http://www.w3.org/2000/09/xmldsig#rsa-sha1`).
//!
//! The Via Oberta platform speaks this algorithm and the Rust cryptography crates rightly do not
//! sign with it, so this crate asks the C library that the TLS stack already links. SHA-1 does not
//! resist collisions: nothing new should use it, and no code but the WS-Security signer does.
//!
//! Every `unsafe` block of the project is in this file.

#![deny(unsafe_op_in_unsafe_fn)]

use std::ffi::c_uint;
use std::fmt;
use std::ptr::NonNull;

use aws_lc_sys::{
    CBS, CBS_init, CBS_len, ERR_clear_error, EVP_PKEY, EVP_PKEY_free, EVP_PKEY_get1_RSA,
    EVP_parse_private_key, NID_sha1, RSA, RSA_bits, RSA_free, RSA_sign, RSA_size, SHA1,
};

/// The shortest modulus accepted, in bits.
pub const MINIMUM_BITS: u32 = 2048;

/// The longest modulus accepted, in bits: private operations grow with its cube.
pub const MAXIMUM_BITS: u32 = 8192;

/// A private RSA key that signs with SHA-1.
///
/// The key lives in the C library's memory, which wipes it when the signer is dropped.
pub struct RsaSha1Signer {
    /// Owned: one reference, released by `Drop`. Never mutated after construction.
    key: NonNull<RSA>,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Not a PKCS#8 `PrivateKeyInfo` in DER, or its numbers do not form an RSA key.
    #[error("the key is not a well-formed PKCS#8 private key")]
    Malformed,
    /// A PKCS#8 key of another kind, such as an elliptic-curve key.
    #[error("the key is not an RSA key")]
    NotRsa,
    /// More bits than [`MAXIMUM_BITS`].
    #[error("the RSA key has {bits} bits, more than the {MAXIMUM_BITS} allowed")]
    TooLong {
        /// Length of the modulus.
        bits: u32,
    },
    /// Fewer bits than [`MINIMUM_BITS`].
    #[error("the RSA key has {bits} bits, fewer than the {MINIMUM_BITS} required")]
    TooShort {
        /// Length of the modulus.
        bits: u32,
    },
    /// Bytes follow the key: the file holds something else than one key.
    #[error("bytes follow the private key")]
    TrailingBytes,
}

/// The C library refused to sign; with a checked key this means it is out of memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cryptographic library could not sign")]
pub struct SignError;

impl RsaSha1Signer {
    /// Reads an unencrypted PKCS#8 `PrivateKeyInfo` (RFC 5208) in DER.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = PrivateKey::parse(der)?;
        // SAFETY: `key` holds a live EVP_PKEY; the call adds a reference to its RSA key, or
        // returns null when the key is of another kind.
        let rsa = unsafe { EVP_PKEY_get1_RSA(key.0.as_ptr()) };
        let Some(rsa) = NonNull::new(rsa) else {
            forget_library_errors();
            return Err(KeyError::NotRsa);
        };
        let signer = Self { key: rsa };
        // SAFETY: `signer.key` is a live RSA key.
        let bits = unsafe { RSA_bits(signer.key.as_ptr()) };
        match bits {
            ..MINIMUM_BITS => Err(KeyError::TooShort { bits }),
            MINIMUM_BITS..=MAXIMUM_BITS => Ok(signer),
            _ => Err(KeyError::TooLong { bits }),
        }
    }

    /// Hashes `message` with SHA-1 and signs the digest; the signature is as long as the modulus.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let digest = sha1(message);
        // SAFETY: `self.key` is a live RSA key.
        let size = unsafe { RSA_size(self.key.as_ptr()) };
        let mut signature = vec![0; size as usize];
        let mut written: c_uint = 0;
        // SAFETY: `digest` is readable for its length, `signature` is writable for `RSA_size`
        // bytes, which is the most the call writes, and `self.key` is a live key that the call
        // documents not to mutate.
        let signed = unsafe {
            RSA_sign(
                NID_sha1,
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &raw mut written,
                self.key.as_ptr(),
            )
        };
        if signed != 1 {
            forget_library_errors();
            return Err(SignError);
        }
        signature.truncate(written as usize);
        Ok(signature)
    }
}

impl Drop for RsaSha1Signer {
    fn drop(&mut self) {
        // SAFETY: the signer owns one reference, and no copy of the pointer outlives it.
        unsafe { RSA_free(self.key.as_ptr()) }
    }
}

impl fmt::Debug for RsaSha1Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSha1Signer(·)")
    }
}

// SAFETY: an RSA key is plain heap memory of the C library, tied to no thread.
unsafe impl Send for RsaSha1Signer {}

// SAFETY: the methods taking `&self` call only `RSA_bits`, `RSA_size` and `RSA_sign`, which the
// library's rsa.h declares non-mutating "for thread-safety purposes"; its blinding cache has a
// lock of its own.
unsafe impl Sync for RsaSha1Signer {}

/// A parsed private key of any kind, freed on drop.
struct PrivateKey(NonNull<EVP_PKEY>);

impl PrivateKey {
    fn parse(der: &[u8]) -> Result<Self, KeyError> {
        let mut input = CBS {
            data: std::ptr::null(),
            len: 0,
        };
        // SAFETY: `input` is writable and `der` outlives every use of it below.
        unsafe { CBS_init(&raw mut input, der.as_ptr(), der.len()) };
        // SAFETY: `input` was just initialised over readable bytes.
        let key = unsafe { EVP_parse_private_key(&raw mut input) };
        let Some(key) = NonNull::new(key) else {
            forget_library_errors();
            return Err(KeyError::Malformed);
        };
        let key = Self(key);
        // SAFETY: `input` is initialised; the parser only moved its start.
        let left = unsafe { CBS_len(&raw const input) };
        if left == 0 {
            Ok(key)
        } else {
            Err(KeyError::TrailingBytes)
        }
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: `parse` is the only constructor and gave us the one reference.
        unsafe { EVP_PKEY_free(self.0.as_ptr()) }
    }
}

fn sha1(message: &[u8]) -> [u8; 20] {
    let mut digest = [0; 20];
    // SAFETY: `message` is readable for its length and `digest` has the 20 bytes of SHA-1.
    unsafe { SHA1(message.as_ptr(), message.len(), digest.as_mut_ptr()) };
    digest
}

/// Empties this thread's error queue, so that TLS code running here next does not read our errors.
fn forget_library_errors() {
    // SAFETY: takes no argument and touches only thread-local state.
    unsafe { ERR_clear_error() }
}

#[cfg(test)]
mod tests;
