//! The wrapping key is replaced, and whatever stopped in between, nothing is lost.

use super::*;

/// A keyring with something sealed for so many people under the first wrapping key.
struct Vault {
    folder: TempDir,
    sealed: Vec<(SubjectId, Vec<u8>)>,
}

const CLASS: RetentionClass = RetentionClass::Evidence;

impl Vault {
    async fn with(people: usize) -> Self {
        let Scratch { folder, keyring } = scratch().await;
        let mut vault = Self {
            folder,
            sealed: Vec::new(),
        };
        for _ in 0..people {
            vault.seal(&keyring).await;
        }
        vault
    }

    async fn seal(&mut self, keyring: &Keyring) {
        let whom = nobody();
        let sealed = keyring.seal(whom, CLASS, "t/1", b"x").await.unwrap();
        self.sealed.push((whom, sealed));
    }

    /// The file of a second wrapping key, as step 1 makes it, and the key's name.
    fn make_next(&self) -> String {
        let file = FileWrapper::make(self.folder.path(), &[10; 32]).unwrap();
        FileWrapper::name_in(&file).unwrap()
    }

    fn remove_first(&self) {
        std::fs::remove_file(self.folder.path().join("wrapping.key")).unwrap();
    }

    /// A gateway started with the files as they are now.
    async fn start(&self) -> Keyring {
        let wrapper = FileWrapper::open_folder(self.folder.path()).unwrap();
        open_with(self.folder.path(), &lookup(&[(1, 1)]), wrapper).await
    }

    /// Everything sealed so far opens, and something new can be sealed.
    async fn assert_whole(&mut self, keyring: &Keyring) {
        keyring.check().await.unwrap();
        for (whom, sealed) in &self.sealed {
            let opened = keyring.open_sealed(*whom, CLASS, "t/1", sealed).await;
            assert_eq!(opened.unwrap().as_slice(), b"x");
        }
        self.seal(keyring).await;
    }
}

fn is_unknown(error: &KeyringError) -> bool {
    matches!(error, KeyringError::Wrapper(WrapperError::Unknown { .. }))
}

#[tokio::test]
async fn after_every_step_of_a_rotation_every_gateway_opens_everything() {
    let mut vault = Vault::with(5).await;
    let next = vault.make_next();
    let (mut one, mut other) = (vault.start().await, vault.start().await);
    one.use_wrapping_key(&next).await.unwrap();
    vault.assert_whole(&one).await;
    vault.assert_whole(&other).await;
    // Killed here, or between any two batches: the next process goes on where this one stopped.
    assert_eq!(one.rewrap_some(2).await.unwrap(), 2);
    (one, other) = (vault.start().await, vault.start().await);
    vault.assert_whole(&one).await;
    vault.assert_whole(&other).await;
    let early = other.retire_wrapping_keys().await;
    assert!(matches!(early, Err(KeyringError::StillNeeded { rows: 3 })));
    assert_eq!(other.rewrap_some(100).await.unwrap(), 3);
    assert_eq!(other.rewrap_some(100).await.unwrap(), 0);
    assert_eq!(other.retire_wrapping_keys().await.unwrap().len(), 1);
    assert_eq!(other.retire_wrapping_keys().await.unwrap().len(), 0);
    vault.assert_whole(&one).await;
    vault.remove_first();
    let after = vault.start().await;
    vault.assert_whole(&after).await;
}

#[tokio::test]
async fn a_batch_that_is_dropped_midway_leaves_every_key_as_it_was() {
    let mut vault = Vault::with(3).await;
    let next = vault.make_next();
    let keyring = vault.start().await;
    keyring.use_wrapping_key(&next).await.unwrap();
    // Polled a few times and dropped, as a process that is killed: sooner or later in the batch.
    for polls in 0..40 {
        let mut batch = Box::pin(keyring.rewrap_some(3));
        for _ in 0..polls {
            let pause = tokio::time::sleep(std::time::Duration::from_micros(50));
            tokio::select! { biased; _ = &mut batch => break, () = pause => {} }
        }
        drop(batch);
        let keyring = vault.start().await;
        let rows = keyring.status().await.unwrap().wrapping;
        assert!(rows[0].keys == 3 || rows[0].keys == 0, "{rows:?}");
        for (whom, sealed) in &vault.sealed {
            let opened = keyring.open_sealed(*whom, CLASS, "t/1", sealed).await;
            assert_eq!(opened.unwrap().as_slice(), b"x");
        }
    }
    while keyring.rewrap_some(3).await.unwrap() > 0 {}
    keyring.retire_wrapping_keys().await.unwrap();
    vault.remove_first();
    let after = vault.start().await;
    vault.assert_whole(&after).await;
}

#[tokio::test]
async fn a_key_comes_into_use_only_once_every_running_gateway_can_read_it() {
    let vault = Vault::with(1).await;
    let old = vault.start().await;
    old.announce().await.unwrap();
    let next = vault.make_next();
    let new = vault.start().await;
    new.announce().await.unwrap();
    let refused = new.use_wrapping_key(&next).await.unwrap_err();
    assert!(matches!(refused, KeyringError::Behind { readers: 1, .. }));
    assert_eq!(new.status().await.unwrap().running, 2);
    old.depart().await.unwrap();
    new.use_wrapping_key(&next).await.unwrap();
    let left_behind = old.announce().await.unwrap_err();
    assert!(is_unknown(&left_behind), "it notices by itself");
}

#[tokio::test]
async fn a_gateway_that_lacks_a_wrapping_key_in_use_does_not_start() {
    let vault = Vault::with(1).await;
    let old = FileWrapper::open(&vault.folder.path().join("wrapping.key"), &[]).unwrap();
    let next = vault.make_next();
    let keyring = vault.start().await;
    keyring.use_wrapping_key(&next).await.unwrap();
    let old = open_with(vault.folder.path(), &lookup(&[(1, 1)]), old).await;
    assert!(is_unknown(&old.check().await.unwrap_err()));
    vault.remove_first();
    let new = vault.start().await;
    assert!(is_unknown(&new.check().await.unwrap_err()));
}

#[tokio::test]
async fn a_gateway_left_behind_wraps_nothing_under_a_key_that_was_retired() {
    let vault = Vault::with(1).await;
    let old = open(vault.folder.path(), &lookup(&[(1, 1)])).await;
    let next = vault.make_next();
    let keyring = vault.start().await;
    keyring.use_wrapping_key(&next).await.unwrap();
    let refused = old.seal(nobody(), CLASS, "t/1", b"x").await.unwrap_err();
    assert!(is_unknown(&refused));
    // Even past the program, the database does not let a key name a retired one.
    keyring.rewrap_some(9).await.unwrap();
    let retired = keyring.retire_wrapping_keys().await.unwrap();
    let mut tx = keyring.db.begin().await.unwrap();
    let forced = tx.execute(
        "UPDATE data_key SET wrapper = $1",
        vec![retired[0].as_str().into()],
    );
    assert!(forced.await.is_err());
}

#[tokio::test]
async fn a_retired_wrapping_key_is_not_used_again_though_its_file_is_still_there() {
    let vault = Vault::with(1).await;
    let next = vault.make_next();
    let keyring = vault.start().await;
    keyring.use_wrapping_key(&next).await.unwrap();
    keyring.rewrap_some(9).await.unwrap();
    let retired = keyring.retire_wrapping_keys().await.unwrap();
    let again = vault.start().await.use_wrapping_key(&retired[0]).await;
    assert!(matches!(again, Err(KeyringError::Retired { id }) if id == retired[0]));
    let status = keyring.status().await.unwrap();
    assert_eq!(status.wrapping.len(), 1);
    assert_eq!(status.retired[0].0, retired[0]);
}

#[tokio::test]
async fn rewrapping_removes_what_the_old_key_opens_from_the_files() {
    let folder = folder();
    let old = on_file(&folder).await;
    old.seal(nobody(), CLASS, "t/1", b"x").await.unwrap();
    let row = old.db.row("SELECT wrapped FROM data_key", vec![]).await;
    let wrapped = row.unwrap().unwrap().bytes(0).unwrap();
    assert!(on_disk(folder.path(), &wrapped));
    old.db.close().await;
    let made = FileWrapper::make(folder.path(), &[10; 32]).unwrap();
    let keyring = on_file(&folder).await;
    let next = FileWrapper::name_in(&made).unwrap();
    keyring.use_wrapping_key(&next).await.unwrap();
    keyring.rewrap_some(9).await.unwrap();
    assert_eq!(keyring.rewrap_some(9).await.unwrap(), 0);
    assert!(!on_disk(folder.path(), &wrapped));
}

#[test]
fn the_wrapping_keys_of_a_folder_are_found_by_name_the_first_one_first() {
    let folder = tempfile::tempdir().unwrap();
    let made = FileWrapper::make(folder.path(), &[10; 32]).unwrap();
    for name in [
        "wrapping.key",
        "lookup.keys",
        "wrapping.new",
        "wrapping.key.old",
    ] {
        secret_file::create(&folder.path().join(name), &[9; 32]).unwrap();
    }
    let files = FileWrapper::files(folder.path()).unwrap();
    assert_eq!(files, [folder.path().join("wrapping.key"), made.clone()]);
    // What an interrupted run left is replaced, never read.
    let again = FileWrapper::make(folder.path(), &[10; 32]).unwrap();
    assert_eq!(again, made);
}

#[test]
fn a_folder_without_wrapping_key_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = FileWrapper::open_folder(folder.path()).unwrap_err();
    let told = std::error::Error::source(&refused).unwrap().to_string();
    assert!(told.ends_with("wrapping.key"), "{told}");
}
