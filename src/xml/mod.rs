//! XML as this program lets it in and out: bounded when read, canonical when written.
//!
//! [`read`] turns foreign bytes into a small owned tree, or says which rule they break. [`Writer`]
//! makes text that is its own exclusive canonical form, so that what is signed is what is sent.
//! Pure: no input, no output, and no knowledge of any message.

mod characters;
mod element;
mod reader;
mod writer;

#[cfg(test)]
mod tests;

pub use element::{Element, Repeated};
pub use reader::{Limits, XmlError, read};
pub use writer::{Unwritable, Writer};
