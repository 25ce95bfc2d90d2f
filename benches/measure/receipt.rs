//! What a receipt weighs, and how long a stranger takes to verify it.

use std::time::Instant;

use serde_json::Value;
use verifier::receipt::{KeySet, Receipt, ReceiptFile};

use crate::figures::distribution;
use crate::patient_town;
use crate::town::{PURPOSE, grant_all, text};

const TIMES: usize = 2000;

/// Of five products granted at once, and of their withdrawal. Verified as the independent verifier
/// does: signature, algorithm, shape.
pub(super) async fn measure() {
    let town = patient_town().await;
    let gateway = town.start().await;
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    marta.revoke_all(PURPOSE).await.unwrap();
    let receipts = marta.receipts().await.unwrap();
    let keys = marta.get("/.well-known/jwks.json").await.unwrap();
    let keys = KeySet::parse(keys.text().as_bytes()).unwrap();
    for (what, receipt) in ["withdrawal", "grant"].into_iter().zip(list(&receipts)) {
        let jws = text(receipt, "jws");
        println!("receipt of a {what} of five products: {} bytes", jws.len());
        let times = (0..TIMES)
            .map(|_| {
                let began = Instant::now();
                let file = ReceiptFile::parse(&jws).unwrap();
                let signed = file.jws().unwrap();
                Receipt::parse(signed.verify(&keys).unwrap()).unwrap();
                began.elapsed()
            })
            .collect();
        distribution("verify it", times);
    }
    gateway.kill().await;
}

fn list(receipts: &Value) -> impl Iterator<Item = &Value> {
    receipts["receipts"].as_array().unwrap().iter()
}
