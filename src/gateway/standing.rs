//! What the databases promise and what their users may do: said to the operator, and in production
//! a condition.

use super::defects::{Defects, one};
use crate::config::{Config, Environment, Role};
use crate::store::{Db, Remark, Weight};

/// What is to be said about a database; where real people are concerned, what is not good enough.
pub(super) async fn of(
    config: &Config,
    what: &str,
    role: Role,
    db: &Db,
) -> Result<Vec<Remark>, Defects> {
    // How the server keeps it is the same for every user; once is enough.
    let mut remarks = if role == Role::Application {
        let durability = db.durability().await;
        durability.map_err(|error| one(what, &error))?.remarks()
    } else {
        Vec::new()
    };
    if role != Role::Owner && role != Role::Eraser {
        let alterable = db.alterable_evidence().await;
        let alterable = alterable.map_err(|error| one(what, &error))?;
        if !alterable.is_empty() {
            remarks.push(Remark {
                weight: Weight::Fault,
                text: format!(
                    "the {} connects as a user who may change or delete {}; give it one of its own \
                     in [store.roles] (deploy/postgres/roles.sql)",
                    name_of(role),
                    alterable.join(", ")
                ),
            });
        }
    }
    for remark in &mut remarks {
        remark.text = format!("{what}  {}", remark.text);
    }
    let faults = remarks.iter().filter(|one| one.weight == Weight::Fault);
    let faults: Vec<_> = faults.map(|fault| fault.text.clone()).collect();
    if config.environment == Environment::Production && !faults.is_empty() {
        return Err(Defects(faults));
    }
    Ok(remarks)
}

const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Application => "application",
        Role::Eraser => "eraser",
        Role::Owner => "owner",
        Role::Sequencer => "sequencer",
    }
}
