//! What arrived, so that tests can count calls and look at bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;

/// One request as it arrived, whatever became of it.
#[derive(Clone, Debug)]
pub struct Received {
    /// When, by the platform's clock.
    pub at: Timestamp,
    /// `IdPeticion`, as far as the bytes show one.
    pub id_peticion: Option<String>,
    /// `CodigoProducto/CodigoCertificado`, as far as the bytes show them.
    pub product: Option<String>,
    /// Length of the body.
    pub bytes: usize,
    /// The body itself.
    pub raw: Bytes,
}

/// A handle on everything received. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Vec<Received>>>);

impl Recorder {
    /// Everything received so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.list().clone()
    }

    /// How many requests arrived for one product.
    pub fn count(&self, product: &str) -> usize {
        self.list()
            .iter()
            .filter(|one| one.product.as_deref() == Some(product))
            .count()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.list().clear();
    }

    pub(super) fn record(&self, at: Timestamp, raw: Bytes) -> Received {
        let text = String::from_utf8_lossy(&raw);
        let product = first(&text, "CodigoProducto");
        let modality = first(&text, "CodigoCertificado");
        let received = Received {
            at,
            id_peticion: first(&text, "IdPeticion"),
            product: product
                .zip(modality)
                .map(|(one, other)| format!("{one}/{other}")),
            bytes: raw.len(),
            raw,
        };
        self.list().push(received.clone());
        received
    }

    fn list(&self) -> MutexGuard<'_, Vec<Received>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of the first element of a local name, found without parsing: a request that does not
/// parse is recorded too.
fn first(text: &str, name: &str) -> Option<String> {
    let (_, after) = text.split_once(&format!("{name}>"))?;
    let (value, _) = after.split_once('<')?;
    Some(value.trim().to_owned())
}
