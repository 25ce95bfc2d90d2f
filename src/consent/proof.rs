//! The authority to ask one source about one person, once.

use std::time::Duration;

use crate::citizen::{ExchangeId, ItemId, ProductCode, SubjectId};

/// How long a proof may wait before its request leaves.
pub const TIME_TO_LIVE: Duration = Duration::from_secs(2);

/// Evidence that a live consent covered one request when its intent was committed.
///
/// Only the gate makes one, in the transaction that makes the intent durable. It binds the exact
/// bytes that may leave, can be neither cloned, stored nor read from outside, and whoever sends
/// consumes it.
///
/// It cannot be forged:
/// ```compile_fail,E0451
/// # use interop_gateway::consent::ConsentProof;
/// # fn forge(genuine: ConsentProof) -> ConsentProof {
/// ConsentProof { request_sha256: [0; 32], ..genuine }
/// # }
/// ```
/// nor used twice:
/// ```compile_fail,E0382
/// # use interop_gateway::consent::ConsentProof;
/// # fn send(_: ConsentProof) {}
/// # fn twice(proof: ConsentProof) {
/// send(proof);
/// send(proof);
/// # }
/// ```
/// nor cloned:
/// ```compile_fail,E0599
/// # use interop_gateway::consent::ConsentProof;
/// # fn copy(proof: &ConsentProof) -> ConsentProof {
/// ConsentProof::clone(proof)
/// # }
/// ```
/// nor kept in a store:
/// ```compile_fail,E0277
/// # use interop_gateway::consent::ConsentProof;
/// # fn keep(proof: &ConsentProof) -> String {
/// serde_json::to_string(proof).unwrap()
/// # }
/// ```
/// Taking one and consuming it is all there is:
/// ```
/// # use interop_gateway::consent::ConsentProof;
/// # fn send(_: ConsentProof) {}
/// # fn once(proof: ConsentProof) {
/// send(proof);
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a proof that is not used leaves an intent that must be closed as abandoned"]
pub struct ConsentProof {
    exchange: ExchangeId,
    subject: SubjectId,
    item: ItemId,
    product: ProductCode,
    epoch: i64,
    request_sha256: [u8; 32],
    born: Duration,
}

/// Why a proof does not admit a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAdmitted {
    /// The proof was made for other bytes.
    #[error("the request is not the one the intent recorded")]
    OtherRequest,
    /// More than [`TIME_TO_LIVE`] passed since the gate.
    #[error("the proof is older than two seconds")]
    Stale,
}

/// What a proof binds. Only the gate fills it in.
pub(super) struct Bound {
    pub exchange: ExchangeId,
    pub subject: SubjectId,
    pub item: ItemId,
    pub product: ProductCode,
    pub epoch: i64,
    pub request_sha256: [u8; 32],
    /// Monotonic instant at which the intent was durable.
    pub born: Duration,
}

impl ConsentProof {
    pub(super) fn new(bound: Bound) -> Self {
        let Bound {
            exchange,
            subject,
            item,
            product,
            epoch,
            request_sha256,
            born,
        } = bound;
        Self {
            exchange,
            subject,
            item,
            product,
            epoch,
            request_sha256,
            born,
        }
    }

    /// Whether these bytes may leave now. `now` is the monotonic clock's.
    pub fn admits(&self, request_sha256: &[u8; 32], now: Duration) -> Result<(), NotAdmitted> {
        if self.request_sha256 != *request_sha256 {
            return Err(NotAdmitted::OtherRequest);
        }
        if !is_fresh(self.born, now) {
            return Err(NotAdmitted::Stale);
        }
        Ok(())
    }

    /// The exchange this proof opened.
    pub fn exchange(&self) -> ExchangeId {
        self.exchange
    }

    /// The person it is about.
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The item of consent it rests on.
    pub fn item(&self) -> ItemId {
        self.item
    }

    /// The person's consent epoch when the intent committed.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The product it may be spent on.
    pub fn product(&self) -> &ProductCode {
        &self.product
    }
}

/// Whether a proof born at one monotonic instant may still be spent at another. A clock that went
/// back says no.
pub(super) fn is_fresh(born: Duration, now: Duration) -> bool {
    now.checked_sub(born).is_some_and(|age| age <= TIME_TO_LIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;

    fn proof(born: Duration) -> ConsentProof {
        let entropy = SystemEntropy::default();
        ConsentProof::new(Bound {
            exchange: ExchangeId::random(&entropy),
            subject: SubjectId::random(&entropy),
            item: ItemId::random(&entropy),
            product: "AEAT_IRPF/C4".parse().unwrap(),
            epoch: 1,
            request_sha256: [7; 32],
            born,
        })
    }

    #[test]
    fn a_proof_admits_its_own_bytes_for_two_seconds() {
        let born = Duration::from_secs(50);
        let proof = proof(born);
        assert_eq!(proof.admits(&[7; 32], born), Ok(()));
        assert_eq!(proof.admits(&[7; 32], born + TIME_TO_LIVE), Ok(()));
        let late = born + TIME_TO_LIVE + Duration::from_nanos(1);
        assert_eq!(proof.admits(&[7; 32], late), Err(NotAdmitted::Stale));
    }

    #[test]
    fn a_proof_refuses_other_bytes_and_a_clock_that_went_back() {
        let proof = proof(Duration::from_secs(50));
        assert_eq!(
            proof.admits(&[8; 32], Duration::from_secs(50)),
            Err(NotAdmitted::OtherRequest)
        );
        assert_eq!(
            proof.admits(&[7; 32], Duration::from_secs(49)),
            Err(NotAdmitted::Stale)
        );
    }
}
