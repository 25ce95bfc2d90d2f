//! Compact JWS (RFC 7515) of one kind only: `EdDSA` with Ed25519 (RFC 8037).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{KeySet, TYP};
use crate::{crypto, defect::Defect, json};

/// A signed object taken apart. The payload is handed out only by [`Jws::verify`].
pub struct Jws<'a> {
    /// Header and payload as they were signed.
    signed: &'a str,
    algorithm: String,
    typ: String,
    kid: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    pub fn parse(compact: &'a str) -> Result<Self, Defect> {
        const SHAPE: Defect = Defect::RcptFormat("it is not three base64url parts joined by dots");
        let (signed, signature) = compact.rsplit_once('.').ok_or(SHAPE)?;
        let (header, payload) = signed.split_once('.').ok_or(SHAPE)?;
        let decode = |part| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| SHAPE);
        let header = json::object(&decode(header)?)
            .ok_or(Defect::RcptFormat("its header is no JSON object"))?;
        // `crit`, `jwk`, `jku`, `x5c`, `b64`: whatever else a header holds changes how to read it.
        let (3, Some(algorithm), Some(typ), Some(kid)) = (
            header.len(),
            json::text(&header, "alg"),
            json::text(&header, "typ"),
            json::text(&header, "kid"),
        ) else {
            return Err(Defect::RcptFormat(
                "its header is not alg, typ and kid alone",
            ));
        };
        Ok(Self {
            signed,
            algorithm: algorithm.to_owned(),
            typ: typ.to_owned(),
            kid: kid.to_owned(),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The name of the key that signed, as the header says.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Checks key, algorithm, type and signature, in this order, and hands out the payload.
    ///
    /// The key alone decides the algorithm: the header's must agree, it never chooses.
    pub fn verify(&self, keys: &KeySet) -> Result<&[u8], Defect> {
        let public = keys.ed25519(&self.kid)?;
        if self.algorithm != "EdDSA" {
            return Err(Defect::RcptAlg);
        }
        if self.typ != TYP {
            return Err(Defect::RcptTyp);
        }
        if !crypto::ed25519_matches(&public, self.signed.as_bytes(), &self.signature) {
            return Err(Defect::RcptSignature);
        }
        Ok(&self.payload)
    }
}
