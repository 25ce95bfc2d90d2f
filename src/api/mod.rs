//! What others call: the REST API.

pub mod app;
mod callers;
pub mod extract;
pub mod layers;
pub mod problem;
mod refuse;
pub mod routes;

pub use app::App;
