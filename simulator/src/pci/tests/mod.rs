//! The platform seen from outside: signed requests over TLS.

mod client;
mod knobs;
mod people;
mod pipeline;
mod security;
