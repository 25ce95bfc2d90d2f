//! Who is let in, and who is not. Attack numbers are those of the project's threat list.

mod access;
mod bench;
mod client;
mod oidc;
mod privacy;
mod setup;
mod tokens;
mod valid;
