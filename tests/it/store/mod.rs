//! The databases themselves, on both engines.

mod failover;
mod migrations;
mod statements;
