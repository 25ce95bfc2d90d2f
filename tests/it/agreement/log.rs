//! The log, gone through by the gateway's own check and by the verifier, which shares no code with it.

use std::collections::BTreeSet;
use std::fs;

use simulator::folder::{ApiClient, CitizenApi, Entry, FolderClient};
use simulator::pci::system_clock;
use verifier::receipt::KeySet;
use verifier::{LogTrust, Report};

use super::check::{Evidence, Finding};
use super::client;
use super::fleet::{Fleet, PUBLIC_URL, REPLICAS};
use super::history::Wish;
use super::town::person;

/// Receipts and exchanges of each person whose proofs are fetched and verified.
const SAMPLE: usize = 60;

#[derive(Default)]
pub(super) struct Proved {
    pub(super) findings: Vec<Finding>,
    /// Proofs that were verified.
    pub(super) proofs: usize,
}

/// What a gateway publishes for those who verify.
struct Published {
    trust: LogTrust,
    keys: KeySet,
    checkpoint: String,
}

/// Every replica's view of the log, and proofs of what citizens were told.
pub(super) async fn verify(fleet: &Fleet, evidence: &Evidence) -> Proved {
    let mut proved = Proved::default();
    for replica in 0..REPLICAS {
        let checked = fleet.command(replica, &["log", "verify"]).await;
        if !checked.status.success() || !checked.stdout.starts_with(b"valid: ") {
            let said = [checked.stdout, checked.stderr].concat();
            proved.findings.push(Finding::LogInvalid {
                replica,
                said: String::from_utf8_lossy(&said).into_owned(),
            });
        }
    }
    let key = client::folder_key(fleet.folder.path());
    for (number, name) in client::PEOPLE.into_iter().enumerate() {
        let socket = &fleet.sockets()[number % REPLICAS];
        let client = ApiClient::new(PUBLIC_URL, "el-meu-espai", key.clone()).unwrap();
        let client = client.reached_at(&format!("http://{socket}")).unwrap();
        let published = Published::by(&client).await;
        if number < REPLICAS {
            published
                .extends_anchor(fleet, number, &client, &mut proved)
                .await;
        }
        let person = person(name);
        let citizen = FolderClient::of(client).citizen(&person).await.unwrap();
        published
            .proves_receipts(&citizen, &person.key, evidence, &mut proved)
            .await;
        published
            .proves_exchanges(&citizen, &person.key, evidence, &mut proved)
            .await;
    }
    proved
}

impl Published {
    async fn by(client: &ApiClient) -> Self {
        let public = async |path| {
            let answer = client.public(path).await.unwrap();
            answer.succeeded().unwrap().text()
        };
        let key = public("/v1/log/key").await;
        let keys = public("/.well-known/jwks.json").await;
        Self {
            trust: LogTrust::in_key(key.trim().parse().unwrap()),
            keys: KeySet::parse(keys.as_bytes()).unwrap(),
            checkpoint: public("/v1/log/checkpoint").await,
        }
    }

    /// What a replica kept outside the database is the beginning of what the log is now.
    async fn extends_anchor(
        &self,
        fleet: &Fleet,
        replica: usize,
        client: &ApiClient,
        proved: &mut Proved,
    ) {
        let anchor = fs::read_to_string(fleet.replicas[replica].anchor()).unwrap();
        let size = |note: &str| note.lines().nth(1).unwrap().to_owned();
        let path = format!(
            "/v1/log/consistency?old={}&new={}",
            size(&anchor),
            size(&self.checkpoint)
        );
        let hashes = client.public(&path).await.unwrap().text();
        let report = verifier::check::consistency(
            anchor.as_bytes(),
            self.checkpoint.as_bytes(),
            hashes.as_bytes(),
            &self.trust,
        );
        proved.proofs += 1;
        if let Some(defect) = report.defect {
            proved.findings.push(Finding::AnchorNotExtended {
                replica,
                why: defect.to_string(),
            });
        }
    }

    async fn proves_receipts(
        &self,
        citizen: &CitizenApi,
        person: &str,
        evidence: &Evidence,
        proved: &mut Proved,
    ) {
        let own = evidence.history.iter().filter(|op| op.person == person);
        let receipts: BTreeSet<_> = own.filter_map(|op| op.done()?.receipt.as_ref()).collect();
        let now = u64::try_from(system_clock()().as_second()).unwrap();
        for receipt in sample(receipts) {
            let told = async {
                let statement = citizen.receipt(receipt).await?;
                Ok::<_, simulator::folder::CallError>((
                    statement,
                    citizen.receipt_proof(receipt).await?,
                ))
            };
            let of = format!("receipt {receipt}");
            match told.await {
                Ok((statement, proof)) => proved.note(
                    of,
                    &verifier::check::receipt(
                        statement["jws"].as_str().unwrap_or_default().as_bytes(),
                        Some(&self.keys),
                        Some((proof.as_bytes(), &self.trust)),
                        // A second more: the receipt may be younger than our reading of the clock.
                        now + 1,
                    ),
                ),
                Err(error) => proved.findings.push(Finding::ProofInvalid {
                    of,
                    why: error.to_string(),
                }),
            }
        }
    }

    /// Of the exchanges behind profiles that were given, the entries around each.
    async fn proves_exchanges(
        &self,
        citizen: &CitizenApi,
        person: &str,
        evidence: &Evidence,
        proved: &mut Proved,
    ) {
        let own = evidence.history.iter().filter(|op| op.person == person);
        let given: BTreeSet<_> = own
            .filter(|op| matches!(op.wish, Wish::Profile(_)))
            .filter_map(|op| op.done())
            .flat_map(|seen| seen.sources.keys())
            .collect();
        for exchange in sample(given) {
            for entry in [Entry::Intent, Entry::Outcome] {
                let of = format!("{entry:?} of {exchange}");
                match citizen.proof(exchange, entry).await {
                    Ok(proof) => {
                        proved.note(of, &verifier::check::proof(proof.as_bytes(), &self.trust));
                    }
                    Err(error) => proved.findings.push(Finding::ProofInvalid {
                        of,
                        why: error.to_string(),
                    }),
                }
            }
        }
    }
}

impl Proved {
    fn note(&mut self, of: String, report: &Report) {
        self.proofs += 1;
        if let Some(defect) = &report.defect {
            self.findings.push(Finding::ProofInvalid {
                of,
                why: defect.to_string(),
            });
        }
    }
}

/// From everywhere in the run, no more than can be verified in a moment.
fn sample<T>(all: BTreeSet<T>) -> impl Iterator<Item = T> {
    let step = all.len().div_ceil(SAMPLE).max(1);
    all.into_iter().step_by(step)
}
