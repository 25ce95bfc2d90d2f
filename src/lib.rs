//! The interoperability gateway: with a citizen's consent it asks the administrations what they
//! already know, turns the answers into one profile, and keeps a record nobody can quietly alter.
//!
//! The modules stand in the order of the flow. A [`citizen`] is recognised ([`identity`]), decides
//! ([`consent`]), the gateway asks ([`exchange`], over one codec per service in [`products`]), the
//! answers become a [`profile`], and [`api`] and [`pages`] hand it on. Those who hold data learn of
//! decisions by [`events`]. [`audit`] brackets every step.

pub mod citizen;

pub mod identity;

pub mod consent;

pub mod household;

pub mod events;
pub mod exchange;
pub mod products;
pub mod xml;

pub mod profile;

pub mod evidence;
pub mod rights;

pub mod api;
pub mod pages;

pub mod cli;

pub mod audit;
pub mod store;

pub mod clock;
pub mod config;
pub mod gateway;
pub mod telemetry;
