//! Asking the sources, under consent.

pub mod pci;
