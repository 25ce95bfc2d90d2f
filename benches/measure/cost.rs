//! Processor time of one cold profile, beside that of its RSA operations alone.

use std::fs;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
};
use rsa_sha1::RsaSha1Signer;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::figures::millis;
use crate::patient_town;
use crate::process::ProcessorTime;
use crate::town::{PURPOSE, Town, fetch, grant_all};

const PROFILES: u32 = 100;

const OPERATIONS: u32 = 2000;

/// The gateway is a process of its own, so the simulated platform and the caller do not count.
pub(super) async fn measure() {
    let town = patient_town().await;
    let gateway = town.start().await;
    let pid = gateway.child.id().unwrap();
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    for _ in 0..5 {
        let job = fetch(&marta).await; // connections, caches
        marta.profile(&job).await.unwrap();
    }
    let sent = town.sent();
    let (mut used, mut in_kernel) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..PROFILES {
        // A grant given anew: what was kept under the earlier one cannot be used.
        marta.revoke_all(PURPOSE).await.unwrap();
        grant_all(&marta).await;
        let began = ProcessorTime::of(pid);
        let job = fetch(&marta).await;
        marta.profile(&job).await.unwrap();
        let since = ProcessorTime::of(pid).since(began);
        used += since.sum();
        in_kernel += since.kernel;
    }
    let one = used / PROFILES;
    let exchanges = u32::try_from(town.sent() - sent).unwrap() / PROFILES;
    gateway.kill().await;

    let (sign, verify) = rsa_alone(&town);
    let alone = (sign + verify) * exchanges;
    println!(
        "cold profile: {} of processor time for {exchanges} exchanges, {} of it in the kernel",
        millis(one),
        millis(in_kernel / PROFILES)
    );
    println!(
        "its RSA alone: {} ({exchanges} times sign {} and verify {})",
        millis(alone),
        millis(sign),
        millis(verify)
    );
    println!("ratio: {:.2}", one.as_secs_f64() / alone.as_secs_f64());
}

/// Processor time of one signature and of one verification with the body's own key.
fn rsa_alone(town: &Town) -> (Duration, Duration) {
    let pem = fs::read(&town.world.pki.requester.key_path).unwrap();
    let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).unwrap();
    let signer = RsaSha1Signer::from_pkcs8_der(der.secret_pkcs8_der()).unwrap();
    let pair = KeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = pair.public_key().as_der().unwrap();
    let algorithm = &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY;
    let public = UnparsedPublicKey::new(algorithm, public.as_ref());
    let message = [7; 600]; // about as long as a SignedInfo

    let signature = signer.sign(&message).unwrap();
    let sign = repeated(|| drop(signer.sign(&message).unwrap()));
    let verify = repeated(|| public.verify(&message, &signature).unwrap());
    (sign, verify)
}

fn repeated(operation: impl Fn()) -> Duration {
    let own = std::process::id();
    let began = ProcessorTime::of(own);
    for _ in 0..OPERATIONS {
        operation();
    }
    ProcessorTime::of(own).since(began).sum() / OPERATIONS
}
