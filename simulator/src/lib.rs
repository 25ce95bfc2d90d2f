//! Stand-ins for the outside world, so that the gateway can be run, shown and tested without it.
//!
//! [`pci`] is a strict double of the Via Oberta platform over a synthetic [`population`]; [`pki`]
//! makes the certificates and keys everyone needs. [`valid`] and [`oidc`] are identity providers,
//! strict where the real ones are and hostile on demand; [`folder`] calls the gateway as El Meu
//! Espai and as an auditor; [`receiver`] takes the events it pushes; [`story`] tells it all end to end. Nothing here depends on the
//! gateway, and nothing of the gateway links this: agreeing on the wire by accident would prove
//! nothing.

pub mod ambient;
pub mod folder;
pub mod jose;
pub mod loopback;
pub mod oidc;
pub mod pci;
pub mod person;
pub mod pki;
pub mod population;
pub mod receiver;
pub mod story;
pub mod tls;
pub mod valid;
