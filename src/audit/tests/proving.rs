//! Proofs through the database, what erasure leaves, and the known answers of other implementations.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use proptest::prelude::*;

use super::*;
use crate::audit::log::tile::{Edge, Tiles, bundle};
use crate::audit::log::{checkpoint, leaf};
use crate::citizen::EntryId;

/// A proof taken apart, by other code than what wrote it.
struct Kept {
    index: u64,
    hashes: Vec<[u8; 32]>,
    note: String,
    leaf: Vec<u8>,
    payload: Vec<u8>,
    key: Vec<u8>,
}

impl Kept {
    fn read(text: &str) -> Self {
        let (head, note) = text.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
        let extra = lines.next().unwrap().strip_prefix("extra ").unwrap();
        let extra: Value = serde_json::from_slice(&base64(extra)).unwrap();
        let index = lines.next().unwrap().strip_prefix("index ").unwrap();
        let member = |name: &str| base64(extra[name].as_str().unwrap());
        Self {
            index: index.parse().unwrap(),
            hashes: lines.map(|line| base64(line).try_into().unwrap()).collect(),
            note: note.to_owned(),
            leaf: member("leaf"),
            payload: member("payload"),
            key: member("key"),
        }
    }

    /// The payload, once everything about the proof holds.
    fn verified(&self, verifier_key: &str) -> Option<Value> {
        let tree = checkpoint::read(self.note.as_bytes(), verifier_key).ok()?;
        let hash = rfc6962::leaf_hash(&self.leaf);
        let root = rfc6962::root_of_path(hash, self.index, tree.size, &self.hashes)?;
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &self.key);
        let leaf: Value = serde_json::from_slice(&self.leaf).ok()?;
        let commitment = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(leaf["c"].as_str()?);
        aws_lc_rs::hmac::verify(&key, &self.payload, &commitment.ok()?).ok()?;
        (root == tree.root).then(|| serde_json::from_slice(&self.payload).ok())?
    }
}

fn base64(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

async fn proof(scratch: &Scratch, entry: EntryId) -> Kept {
    Kept::read(&scratch.log.proof(entry).await.unwrap().unwrap())
}

#[tokio::test]
async fn a_proof_opens_its_entry_and_verifies_without_the_log() {
    let scratch = scratch().await;
    let subject = somebody();
    let staged = scratch.stage(5, Some(subject)).await;
    scratch.log.sequence_once().await.unwrap();
    for (counter, staged) in (1..).zip(&staged) {
        let kept = proof(&scratch, staged.entry).await;
        assert_eq!(rfc6962::leaf_hash(&kept.leaf), staged.leaf_hash);
        let expected = json!({
            "v": 1,
            "kind": "intent",
            "at": format!("{:.6}", staged.at),
            "subject": subject.to_string(),
            "counter": counter,
            "product": "AEAT_IRPF/C4",
        });
        assert_eq!(
            kept.verified(scratch.log.verifier_key()),
            Some(expected.clone())
        );
        assert_eq!(scratch.log.payload(staged.entry).await.unwrap(), expected);
        assert_eq!(serde_jcs::to_vec(&expected).unwrap(), kept.payload);
    }
}

/// The verifier was written from the same text by somebody who never saw this code.
#[tokio::test]
async fn the_independent_verifier_accepts_entries_of_every_kind_and_the_growth_of_the_log() {
    let scratch = scratch().await;
    let key = scratch.log.verifier_key();
    let trust = verifier::LogTrust::in_key(key.parse().unwrap());
    let holds = |report: verifier::Report| assert_eq!(report.defect, None);

    let mut tx = scratch.db.begin().await.unwrap();
    let mut entries = Vec::new();
    for subject in [None, Some(somebody())] {
        for kind in Kind::ALL {
            let payload = payload(
                json!({"counter": 1, "text": "ç\n\u{1f5fa}", "list": [1, {"b": 2, "a": null}]}),
            );
            let staged = scratch.log.stage(&mut tx, *kind, subject, payload).await;
            entries.push(staged.unwrap().entry);
        }
    }
    tx.commit().await.unwrap();
    scratch.log.sequence_once().await.unwrap();
    for entry in entries {
        let proof = scratch.log.proof(entry).await.unwrap().unwrap();
        holds(verifier::check::proof(proof.as_bytes(), &trust));
    }

    let old = scratch.log.checkpoint().await.unwrap().unwrap();
    scratch.stage(500, None).await;
    scratch.log.sequence_once().await.unwrap();
    let new = scratch.log.checkpoint().await.unwrap().unwrap();
    let size = Kind::ALL.len() as u64 * 2;
    let hashes = scratch.log.consistency(size, size + 500).await.unwrap();
    let hashes: String = hashes
        .iter()
        .map(|hash| BASE64_STANDARD.encode(hash) + "\n")
        .collect();
    let checked =
        verifier::check::consistency(old.as_bytes(), new.as_bytes(), hashes.as_bytes(), &trust);
    holds(checked);
}

#[tokio::test]
async fn a_proof_with_one_thing_changed_does_not_verify() {
    let scratch = scratch().await;
    let staged = scratch.stage(6, None).await;
    scratch.log.sequence_once().await.unwrap();
    let key = scratch.log.verifier_key();
    let change = async |change: fn(&mut Kept)| {
        let mut kept = proof(&scratch, staged[2].entry).await;
        change(&mut kept);
        kept.verified(key)
    };
    assert!(change(|_| ()).await.is_some());
    assert!(change(|kept| kept.index ^= 1).await.is_none());
    assert!(change(|kept| kept.hashes[0][0] ^= 1).await.is_none());
    assert!(change(|kept| kept.hashes.truncate(1)).await.is_none());
    assert!(change(|kept| kept.payload.push(b' ')).await.is_none());
    assert!(change(|kept| kept.key[0] ^= 1).await.is_none());
    assert!(
        change(|kept| kept.note = kept.note.replace("\n6\n", "\n7\n"))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn an_entry_nobody_staged_is_unknown() {
    let scratch = scratch().await;
    let entry = EntryId::random(&*World::real().entropy);
    assert!(matches!(
        scratch.log.proof(entry).await,
        Err(LogError::UnknownEntry)
    ));
    assert!(matches!(
        scratch.log.payload(entry).await,
        Err(LogError::UnknownEntry)
    ));
}

#[tokio::test]
async fn a_payload_cannot_say_what_the_log_says() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    for name in ["v", "kind", "at", "subject"] {
        let payload = payload(json!({ name: "x" }));
        let refused = scratch.log.stage(&mut tx, Kind::Login, None, payload).await;
        assert!(matches!(refused, Err(LogError::Payload(_))), "{name}");
    }
}

#[tokio::test]
async fn after_erasure_the_payload_is_gone_and_the_tree_still_verifies() {
    let scratch = scratch().await;
    let (anna, pere) = (somebody(), somebody());
    let of_anna = scratch.stage(2, Some(anna)).await;
    let of_pere = scratch.stage(1, Some(pere)).await;
    scratch.log.sequence_once().await.unwrap();

    scratch.keys.keyring.erase(anna).await.unwrap();

    for staged in &of_anna {
        assert!(matches!(
            scratch.log.payload(staged.entry).await,
            Err(LogError::Erased)
        ));
        assert!(matches!(
            scratch.log.proof(staged.entry).await,
            Err(LogError::Erased)
        ));
    }
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    assert_eq!(
        scratch.tree().await.root,
        rfc6962::root(&scratch.leaves().await)
    );
    let kept = proof(&scratch, of_pere[0].entry).await;
    assert!(kept.verified(scratch.log.verifier_key()).is_some());
}

/// LOG-10. Whoever holds all leaves, and knows everything an entry says but the person, tries every
/// person there is, with whatever they may know as the key.
#[tokio::test]
async fn leaves_lead_to_nobody() {
    let scratch = scratch().await;
    let universe: Vec<String> = (0..100_u32)
        .map(|number| {
            format!(
                "{number:08}{}",
                b"TRWAGMYFPDXBNJZSQVHLCKE"[number as usize % 23] as char
            )
        })
        .collect();
    let subject = somebody();
    let mut tx = scratch.db.begin().await.unwrap();
    let says = |nif: &str| payload(json!({ "holder": nif }));
    let one = scratch
        .log
        .stage(&mut tx, Kind::Intent, Some(subject), says(&universe[7]));
    let one = one.await.unwrap();
    let two = scratch
        .log
        .stage(&mut tx, Kind::Intent, Some(subject), says(&universe[7]));
    let two = two.await.unwrap();
    tx.commit().await.unwrap();

    let leaf_of = async |staged: Staged| scratch.log.entry(staged.entry).await.unwrap().leaf;
    let (first, second) = (leaf_of(one).await, leaf_of(two).await);
    let first: Value = serde_json::from_slice(&first).unwrap();
    let second: Value = serde_json::from_slice(&second).unwrap();
    assert_ne!(
        first["c"], second["c"],
        "the same words twice do not look alike"
    );

    let members: Vec<_> = first.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["c", "kind", "minute", "v"]);
    let commitment = first["c"].as_str().unwrap();
    for nif in &universe {
        let mut guess = says(nif);
        guess.extend(payload(json!({
            "v": 1, "kind": "intent", "at": format!("{:.6}", one.at), "subject": subject.to_string(),
        })));
        let guess = serde_jcs::to_vec(&guess).unwrap();
        let mut padded = [0; 32];
        padded[..9].copy_from_slice(nif.as_bytes());
        let mut named = [0; 32];
        named[..16].copy_from_slice(one.entry.as_bytes());
        named[16..].copy_from_slice(subject.as_bytes());
        let unkeyed = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &guess);
        let keyed = [[0; 32], padded, named].map(|key| leaf::commitment(&key, &guess).to_vec());
        for tried in keyed.iter().map(Vec::as_slice).chain([unkeyed.as_ref()]) {
            let tried = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(tried);
            assert_ne!(tried, commitment);
        }
    }
}

#[tokio::test]
async fn tiles_and_bundles_are_served_up_to_the_checkpoint_and_no_further() {
    let scratch = scratch().await;
    scratch.stage(300, None).await;
    scratch.log.sequence_once().await.unwrap();
    let leaves = scratch.leaves().await;
    let tile = async |level, number, width| scratch.log.tile(level, number, width).await.unwrap();
    assert_eq!(tile(0, 0, 256).await.unwrap(), leaves[..256].concat());
    assert_eq!(tile(0, 0, 7).await.unwrap(), leaves[..7].concat());
    assert_eq!(tile(0, 1, 44).await.unwrap(), leaves[256..].concat());
    assert_eq!(tile(1, 0, 1).await.unwrap(), rfc6962::root(&leaves[..256]));
    for (level, number, width) in [(0, 1, 45), (0, 1, 256), (1, 0, 2), (2, 0, 1), (0, 0, 0)] {
        assert_eq!(tile(level, number, width).await, None);
    }
    let bundle = scratch.log.entries(1, 44).await.unwrap().unwrap();
    let mut rest = bundle.as_slice();
    for hash in &leaves[256..] {
        let (length, after) = rest.split_first_chunk().unwrap();
        let (leaf, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        assert_eq!(rfc6962::leaf_hash(leaf), *hash);
        rest = after;
    }
    assert!(rest.is_empty());
    assert_eq!(scratch.log.entries(1, 45).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_tile_replaces_the_partial_ones() {
    let scratch = scratch().await;
    for count in [100, 100, 100] {
        scratch.stage(count, None).await;
        scratch.log.sequence_once().await.unwrap();
    }
    let rows = scratch.db.rows(
        "SELECT number, width FROM log_tile WHERE level = 0 ORDER BY number, width",
        vec![],
    );
    let rows = rows.await.unwrap();
    let stored: Vec<_> = rows
        .iter()
        .map(|row| (row.int(0).unwrap(), row.int(1).unwrap()))
        .collect();
    assert_eq!(stored, [(0, 256), (1, 44)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Grown in steps of any size, every pair of published trees is consistent and every entry is in
    /// each, by the words of RFC 6962 and by the reference implementation.
    #[test]
    fn proofs_hold_however_the_log_grew(steps in proptest::collection::vec(1_usize..200, 1..5)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scratch = scratch().await;
            let mut entries = Vec::new();
            for step in &steps {
                entries.extend(scratch.stage(*step, None).await);
                scratch.log.sequence_once().await.unwrap();
            }
            let leaves = scratch.leaves().await;
            let new = scratch.tree().await;
            assert_eq!(new.root, rfc6962::root(&leaves));
            let mut size = 0;
            for step in &steps {
                size += step;
                let old = checkpoint::read(
                    scratch.note_of(i64::try_from(size).unwrap()).await.as_bytes(),
                    scratch.log.verifier_key(),
                ).unwrap();
                let proof = scratch.log.consistency(old.size, new.size).await.unwrap();
                assert_eq!(proof, rfc6962::consistency(&leaves, size));
                let hashes = proof.into_iter().map(tlog_tiles::Hash).collect();
                let (to, from) = (tlog_tiles::Hash(new.root), tlog_tiles::Hash(old.root));
                tlog_tiles::check_tree(&hashes, new.size, to, old.size, from).unwrap();
            }
            for staged in entries.iter().step_by(17) {
                let kept = proof(&scratch, staged.entry).await;
                let index = usize::try_from(kept.index).unwrap();
                assert_eq!(kept.hashes, rfc6962::inclusion(&leaves, index));
                assert!(kept.verified(scratch.log.verifier_key()).is_some());
                let hashes = kept.hashes.iter().copied().map(tlog_tiles::Hash).collect();
                let (root, leaf) = (tlog_tiles::Hash(new.root), tlog_tiles::Hash(staged.leaf_hash));
                tlog_tiles::check_record(&hashes, new.size, root, kept.index, leaf).unwrap();
            }
        });
    }
}

/// Computed with the checksum database's own code (golang.org/x/mod 0.7.0).
#[test]
fn the_formats_are_those_of_other_implementations() {
    let entries: [&[u8]; 5] = [b"", b"a", b"bc", b"entry-3", b"entry-4"];
    let leaves = entries.map(leaf::leaf_hash);
    assert_eq!(
        leaves.map(hex::encode),
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c",
            "4075b6a68556aaa03188190d906199743692269dd8556b034c418f194a70e188",
            "27479b6ab321d2ee477452f68ba527748e863cafe8fbd1df2bf89d1570d1b697",
            "194bb5a2d5bd10e5d1aa6fd5d42980b356caf1da623cd9987c4bfa2f81771ed7",
        ]
    );
    assert_eq!(
        hex::encode(bundle(entries).unwrap()),
        "0000000161000262630007656e7472792d330007656e7472792d34"
    );

    let mut edge = Edge::default();
    let mut roots = Vec::new();
    for leaf in leaves {
        edge.push(leaf);
        roots.push(BASE64_STANDARD.encode(edge.root()));
    }
    assert_eq!(roots[2], "LpVHl4uNpWDsqvB6sYnWeZ7MU80vVsLwGGbQH3C3ik8=");
    assert_eq!(roots[4], "0gsdNMcxfJZQ+REHsvXRLHUjZ+jJICIbY/QqMpV12Ok=");

    let tiles = edge.tiles();
    let [(place, hashes)] = tiles.as_slice() else {
        panic!("five leaves fit one tile")
    };
    assert_eq!(
        (place.to_string().as_str(), hashes.len()),
        ("tile/0/000.p/5", 160)
    );
    assert_eq!(
        hex::encode(aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            hashes
        )),
        "a70339080c8b967ee0df4888d11ace93a77aa8ff33c1081d6d9725abfdc728d3"
    );

    let mut held = Tiles::default();
    held.hold(0, 0, hashes.to_vec());
    let words = |hashes: Vec<tlog_tiles::Hash>| -> Vec<_> {
        hashes.iter().map(ToString::to_string).collect()
    };
    let (h2, h3) = (
        "QHW2poVWqqAxiBkNkGGZdDaSJp3YVWsDTEGPGUpw4Yg=",
        "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc=",
    );
    let (h01, h4) = (
        "aI3GJEsEEZnnq0mQ32NAzj3BTKpc1aDhExrdqhIJ4aY=",
        "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=",
    );
    let record = |index| words(tlog_tiles::prove_record(5, index, &held).unwrap());
    assert_eq!(record(2), [h3, h01, h4]);
    assert_eq!(record(4), ["MPfDI4bhMdpy/LO1mAqW9x1XRi3MJC8Y/1dXBKloUcU="]);
    assert_eq!(
        words(tlog_tiles::prove_tree(5, 3, &held).unwrap()),
        [h2, h3, h01, h4]
    );
}

#[test]
fn the_key_and_the_signature_are_those_of_other_implementations() {
    let seed = std::array::from_fn(|n| u8::try_from(n).unwrap());
    let signer = LogSigner::from_seed(&seed).unwrap();
    let key = checkpoint::verifier_key(ORIGIN, signer.public_key());
    assert_eq!(
        key,
        "log.example.cat/exchange/2026+64f28e14+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    );
    let tree = Checkpoint {
        size: 5,
        root: base64("0gsdNMcxfJZQ+REHsvXRLHUjZ+jJICIbY/QqMpV12Ok=")
            .try_into()
            .unwrap(),
    };
    let note = checkpoint::issue(ORIGIN, signer.public_key(), &tree, |text| signer.sign(text));
    let note = note.unwrap();
    assert_eq!(
        note,
        "log.example.cat/exchange/2026\n5\n0gsdNMcxfJZQ+REHsvXRLHUjZ+jJICIbY/QqMpV12Ok=\n\n\
         — log.example.cat/exchange/2026 ZPKOFJBJaZHQRXm9qSfKucbdEMzq8tF6Zdm/611OaaJQadaY8MHU9WnhTb2\
         WZ3V/s4A/Wno8ibaTlO1aodyueB1QGA8=\n"
    );
    assert_eq!(checkpoint::read(note.as_bytes(), &key), Ok(tree.clone()));
    // A witness's signature beside ours is left alone; alone it is not enough.
    let witness = "— witness.example.cat/w1 MzHOGAAAAABpVbkAgN/Jw356FTlana+p5PsvYz5bKKNUEo+KHfoyLRFopfqxx3QTGLNRBUc/0QtbAi64lmvSFqzrXg+hBZ1YLbrbAA==\n";
    assert_eq!(
        checkpoint::read(format!("{note}{witness}").as_bytes(), &key),
        Ok(tree)
    );
    let (text, _) = note.split_once("\n\n").unwrap();
    let alone = format!("{text}\n\n{witness}");
    assert_eq!(
        checkpoint::read(alone.as_bytes(), &key),
        Err(CheckpointError::Unsigned)
    );
}

proptest! {
    #[test]
    fn a_checkpoint_changed_in_one_byte_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let signer = LogSigner::from_seed(&[1; 32]).unwrap();
        let key = checkpoint::verifier_key(ORIGIN, signer.public_key());
        let tree = Checkpoint { size: 1_000_000, root: [0xa5; 32] };
        let note = checkpoint::issue(ORIGIN, signer.public_key(), &tree, |text| signer.sign(text)).unwrap();
        let mut changed = note.into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        prop_assert!(checkpoint::read(&changed, &key).is_err());
    }

    #[test]
    fn any_bytes_are_a_checkpoint_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let signer = LogSigner::from_seed(&[1; 32]).unwrap();
        let key = checkpoint::verifier_key(ORIGIN, signer.public_key());
        prop_assert!(checkpoint::read(&bytes, &key).is_err());
    }
}
