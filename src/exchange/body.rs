//! The administrations in whose name the gateway asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pci::{Authorisation, Officer, Requester, SigningIdentity};
use crate::citizen::BodyId;
use crate::products::Municipality;

/// One administration, with what the platform has registered about it.
#[derive(Debug)]
pub struct Body {
    /// Its short name in configuration.
    pub id: BodyId,
    /// Who asks: INE10 code and name.
    pub requester: Requester,
    /// What AOC authorised it for.
    pub authorisation: Authorisation,
    /// The public employee answerable for its questions.
    pub officer: Officer,
    /// Where its register is; absent for a body that has none.
    pub municipality: Option<Municipality>,
    /// Its seal.
    pub identity: SigningIdentity,
}

/// The administrations of this gateway.
#[derive(Clone, Debug, Default)]
pub struct Bodies(BTreeMap<BodyId, Arc<Body>>);

impl Bodies {
    /// The administration of that name.
    pub fn get(&self, id: &BodyId) -> Option<&Arc<Body>> {
        self.0.get(id)
    }

    /// The administration, when there is just one.
    pub fn only(&self) -> Option<&Arc<Body>> {
        let mut all = self.0.values();
        all.next().filter(|_| all.next().is_none())
    }
}

impl FromIterator<Body> for Bodies {
    fn from_iter<T: IntoIterator<Item = Body>>(bodies: T) -> Self {
        Self(
            bodies
                .into_iter()
                .map(|body| (body.id.clone(), Arc::new(body)))
                .collect(),
        )
    }
}
