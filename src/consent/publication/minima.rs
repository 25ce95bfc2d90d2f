//! The oldest versions that still count.

use std::collections::BTreeMap;

use crate::citizen::ProductCode;

use super::super::notice::Touched;

/// The oldest version of a notice under which consent still counts, at one instant: for every
/// product, and for some a newer one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in super::super) struct Minima {
    every: u32,
    products: BTreeMap<ProductCode, u32>,
}

impl Minima {
    /// The oldest version that counts for this product.
    pub(in super::super) fn of(&self, product: &ProductCode) -> u32 {
        let own = self.products.get(product).copied().unwrap_or_default();
        self.every.max(own)
    }

    /// From now on these items need consent given under `version` or a newer one.
    pub(in super::super) fn raise(&mut self, touched: &Touched, version: u32) {
        match touched {
            Touched::All => self.every = self.every.max(version),
            Touched::Products(products) => {
                for product in products {
                    let own = self.products.entry(product.clone()).or_default();
                    *own = version.max(*own);
                }
            }
        }
    }
}
