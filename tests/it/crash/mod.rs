//! The machine dies, at any moment; what the next start finds is straight, and work goes on.
//!
//! [`kill`] ends a real process at each step of a fetch. [`journal`] goes through every commit of a
//! fetch and opens what was on the disk right after it. [`keyring`] replaces keys and restores copies under a
//! gateway that goes on; [`notices`] publishes under one.

pub(crate) mod books;
mod journal;
mod keyring;
mod kill;
mod notices;
pub(crate) mod town;
