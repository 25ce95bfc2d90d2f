//! Where everything about people was recorded, and what opens it.

use std::sync::Arc;

use crate::audit::Log;
use crate::clock::World;
use crate::consent::{Ledger, Terms};
use crate::exchange::Exchange;
use crate::store::Db;
use crate::store::keyring::Keyring;

/// What an account of what was done with somebody's data is put together from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Archive {
    /// Where everything was recorded.
    pub db: Db,
    /// What people decided.
    pub ledger: Arc<Ledger>,
    /// The records and their proofs.
    pub log: Arc<Log>,
    /// What seals people's words, and opens what an auditor alone may see.
    pub keyring: Arc<Keyring>,
    /// Who answers for what, and notices, for texts shown before they were kept.
    pub terms: Arc<Terms>,
    /// What was asked.
    pub exchange: Exchange,
    /// Time and randomness.
    pub world: World,
}
