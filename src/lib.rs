//! The interoperability gateway.
