//! The story: households of the synthetic town live through the whole journey at a running
//! gateway, every step is checked, and what is told is what held.

mod audit;
mod browser;
mod config;
mod gateway;
mod households;
mod journey;
mod pages;
mod paint;
mod tale;
#[cfg(test)]
mod tests;
mod together;
mod trouble;
mod world;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

pub use browser::{Browser, BrowserError, Form, Page, forms};
pub use config::{gateway_toml, receiver_toml};
pub use gateway::{Binaries, Gateway, GatewayError};
use households::HOUSEHOLDS;
pub use paint::{ColourChoice, Style};
pub use tale::{Fact, Failed, Row, Step, Tale};
pub use trouble::Trouble;
pub use world::{Ports, World, WorldError};

use crate::folder::{AuditorClient, FolderClient};
use crate::oidc::Provider;
use crate::person::Person;
use crate::receiver::Receiver;
use crate::valid::Valid;

/// Everything the story needs within reach.
#[derive(Clone)]
pub struct Stage {
    /// What the gateway calls itself.
    pub public_url: String,
    pub folder: FolderClient,
    pub auditor: AuditorClient,
    pub people: Vec<Person>,
    pub valid: Arc<Valid>,
    pub oidc: Arc<Provider>,
    /// What the folder is told of, where the gateway tells it.
    pub told: Option<Arc<Receiver>>,
    /// Requests that reached the platform so far.
    pub sent: Sent,
    /// The verifier's executable.
    pub verifier: PathBuf,
    /// Where downloaded proofs and receipts go.
    pub downloads: PathBuf,
}

/// Reads how many requests have reached the platform.
pub type Sent = Arc<dyn Fn() -> usize + Send + Sync>;

impl Stage {
    fn person(&self, key: &str) -> Result<&Person, Trouble> {
        let found = self.people.iter().find(|person| person.key == key);
        found.ok_or_else(|| Trouble::Missing(format!("a person called {key}")))
    }
}

/// Tells all stories; ends at the first step that did not hold.
pub async fn tell<W: Write>(stage: &Stage, tale: &mut Tale<W>) -> Result<(), Failed> {
    pages::through_valid(stage, tale).await?;
    pages::through_broker(stage, tale).await?;
    for household in HOUSEHOLDS {
        journey::live(stage, tale, household).await?;
    }
    together::live(stage, tale).await?;
    audit::look_up(stage, tale).await?;
    tale.end()
}

/// How many stories there are.
pub const STORIES: usize = 2 + HOUSEHOLDS.len() + 2;
