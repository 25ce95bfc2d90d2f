//! What arrived, so that tests can count calls and look at bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use jiff::Timestamp;

/// One request as it arrived, whatever became of it.
#[derive(Clone, Debug)]
pub struct Received {
    /// When, by the platform's clock.
    pub at: Timestamp,
    /// When, for measuring: no clock moves it.
    pub instant: Instant,
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
pub struct Recorder(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    received: Vec<Received>,
    /// Requests of each product that are being answered, and the most there ever were.
    open: BTreeMap<String, (usize, usize)>,
}

/// A request that is being answered; over when dropped.
#[derive(Debug)]
pub(super) struct Open {
    product: String,
    recorder: Recorder,
}

impl Recorder {
    /// Everything received so far, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.book().received.clone()
    }

    /// How many requests arrived for one product.
    pub fn count(&self, product: &str) -> usize {
        let book = self.book();
        book.received
            .iter()
            .filter(|one| one.product.as_deref() == Some(product))
            .count()
    }

    /// The most requests for one product that were ever being answered at once.
    pub fn most_at_once(&self, product: &str) -> usize {
        self.book().open.get(product).map_or(0, |(_, most)| *most)
    }

    /// Forgets everything received.
    pub fn clear(&self) {
        self.book().received.clear();
    }

    /// Counts a request as being answered.
    pub(super) fn open(&self, received: &Received) -> Open {
        let product = received.product.clone().unwrap_or_default();
        let mut book = self.book();
        let (now, most) = book.open.entry(product.clone()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        drop(book);
        Open {
            product,
            recorder: self.clone(),
        }
    }

    pub(super) fn record(&self, at: Timestamp, raw: Bytes) -> Received {
        let text = String::from_utf8_lossy(&raw);
        let product = first(&text, "CodigoProducto");
        let modality = first(&text, "CodigoCertificado");
        let received = Received {
            at,
            instant: Instant::now(),
            id_peticion: first(&text, "IdPeticion"),
            product: product
                .zip(modality)
                .map(|(one, other)| format!("{one}/{other}")),
            bytes: raw.len(),
            raw,
        };
        self.book().received.push(received.clone());
        received
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some((now, _)) = self.recorder.book().open.get_mut(&self.product) {
            *now -= 1;
        }
    }
}

/// The text of the first element of a local name, found without parsing: a request that does not
/// parse is recorded too.
fn first(text: &str, name: &str) -> Option<String> {
    let (_, after) = text.split_once(&format!("{name}>"))?;
    let (value, _) = after.split_once('<')?;
    Some(value.trim().to_owned())
}
