//! How long a person waits for "it is withdrawn".

use std::time::Instant;

use crate::figures::distribution;
use crate::patient_town;
use crate::town::{PURPOSE, grant_all};

const ROUNDS: usize = 20;

/// From the call of the folder to the receipt, over HTTP, token checks included. Everybody in turn,
/// for nobody decides hundreds of times.
pub(super) async fn measure() {
    let town = patient_town().await;
    let gateway = town.start().await;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for person in &town.world.people {
            let citizen = town.sign_in(&gateway.folder, &person.key).await;
            grant_all(&citizen).await;
            let began = Instant::now();
            citizen.revoke_all(PURPOSE).await.unwrap();
            times.push(began.elapsed());
        }
    }
    distribution("withdraw everything", times);
    gateway.kill().await;
}
