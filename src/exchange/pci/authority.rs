//! What entitles a request to leave.

use std::time::Duration;

use crate::consent::{ConsentProof, NotAdmitted};

/// The authority one request is sent under. Sending consumes it.
#[derive(Debug)]
#[must_use = "an authority that is not used leaves an intent that must be closed as abandoned"]
pub enum Authority {
    /// The person's own live consent.
    Consent(ConsentProof),
}

impl Authority {
    /// Whether these very bytes may leave now; `now` is the monotonic clock's.
    pub(super) fn admits(
        &self,
        request_sha256: &[u8; 32],
        now: Duration,
    ) -> Result<(), NotAdmitted> {
        match self {
            Self::Consent(proof) => proof.admits(request_sha256, now),
        }
    }
}
