mod races;
mod reindexing;
mod rotation;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::citizen::Document;
use crate::store::{Location, Schema, testing};

/// A keyring on files of its own.
pub(crate) struct Scratch {
    pub(crate) folder: TempDir,
    pub(crate) keyring: Arc<Keyring>,
}

/// Key files and an empty keyring.
pub(crate) async fn scratch() -> Scratch {
    let folder = folder();
    let keyring = Arc::new(open(folder.path(), &lookup(&[(1, 1)])).await);
    Scratch { folder, keyring }
}

/// A folder with a wrapping key.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    secret_file::create(&folder.path().join("wrapping.key"), &[9; 32]).unwrap();
    folder
}

/// The keyring of a folder, opened with these versions of look-up keys.
pub(crate) async fn with_lookup_keys(folder: &Path, keys: &[(u32, u8)]) -> Keyring {
    open(folder, &lookup(keys)).await
}

/// Makes every look-up two hours older.
pub(crate) async fn age_look_ups(keyring: &Keyring) {
    let mut tx = keyring.db.begin().await.unwrap();
    let older = "UPDATE subject_lookup SET added_at = added_at - 7200000000";
    tx.execute(older, vec![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// Copies the keyring's database, as a backup does.
pub(crate) async fn copy_of(keys: &Scratch, name: &str) {
    let folder = keys.folder.path();
    let (from, to) = (folder.join("keyring.db"), folder.join(name));
    testing::copy(&keys.keyring.db, &from, &to, Schema::Keyring).await;
}

/// The keyring as a backup has it.
pub(crate) async fn restored(keys: Scratch, name: &str) -> Scratch {
    let folder = keys.folder;
    let wrapper = FileWrapper::open(&folder.path().join("wrapping.key"), &[]).unwrap();
    let keyring = open_file(&folder.path().join(name), &lookup(&[(1, 1)]), wrapper).await;
    Scratch {
        folder,
        keyring: Arc::new(keyring),
    }
}

async fn open(folder: &Path, lookup: &str) -> Keyring {
    let wrapper = FileWrapper::open(&folder.join("wrapping.key"), &[]).unwrap();
    open_with(folder, lookup, wrapper).await
}

async fn open_with(folder: &Path, lookup: &str, wrapper: FileWrapper) -> Keyring {
    open_file(&folder.join("keyring.db"), lookup, wrapper).await
}

async fn open_file(file: &Path, lookup: &str, wrapper: FileWrapper) -> Keyring {
    let db = testing::open(file, Schema::Keyring).await;
    let lookup = LookupKeys::parse(lookup).unwrap();
    Keyring::open(db, Arc::new(wrapper), lookup, World::real())
}

fn lookup(keys: &[(u32, u8)]) -> String {
    keys.iter()
        .map(|(version, byte)| LookupKeys::file_text(*version, &[*byte; 32]).to_string())
        .collect()
}

fn document(nif: &str) -> Document {
    Document::Nif(nif.parse().unwrap())
}

fn nobody() -> SubjectId {
    SubjectId::random(&*World::real().entropy)
}

#[tokio::test]
async fn another_wrapping_key_is_noticed_before_anything_is_needed() {
    let keys = scratch().await;
    keys.keyring.check().await.unwrap();
    let whom = keys.keyring.enrol(&document("11111111H")).await.unwrap();
    let class = RetentionClass::Identity;
    keys.keyring.seal(whom, class, "row", b"x").await.unwrap();
    keys.keyring.check().await.unwrap();
    let other = keys.folder.path().join("other.key");
    secret_file::create(&other, &[8; 32]).unwrap();
    let wrapper = FileWrapper::open(&other, &[]).unwrap();
    let keyring = open_with(keys.folder.path(), &lookup(&[(1, 1)]), wrapper).await;
    assert!(matches!(
        keyring.check().await,
        Err(KeyringError::Wrapper(_))
    ));
}

#[tokio::test]
async fn a_person_is_enrolled_once_and_found_by_their_document() {
    let Scratch { keyring, .. } = &scratch().await;
    let anna = document("11111111H");
    assert_eq!(keyring.subject_of(&anna).await.unwrap(), None);
    let subject = keyring.enrol(&anna).await.unwrap();
    assert_eq!(keyring.enrol(&anna).await.unwrap(), subject);
    assert_eq!(keyring.subject_of(&anna).await.unwrap(), Some(subject));
    assert_ne!(
        keyring.enrol(&document("22222222J")).await.unwrap(),
        subject
    );
}

#[tokio::test]
async fn many_first_log_ins_at_once_make_one_person() {
    let Scratch { folder, keyring } = &scratch().await;
    let replica = Arc::new(open(folder.path(), &lookup(&[(1, 1)])).await);
    let logins = (0..16).map(|n| {
        let keyring = Arc::clone(if n % 2 == 0 { keyring } else { &replica });
        tokio::spawn(async move { keyring.enrol(&document("33333333P")).await.unwrap() })
    });
    let subjects = futures_util::future::join_all(logins).await;
    let first = subjects[0].as_ref().unwrap();
    assert!(
        subjects
            .iter()
            .all(|subject| subject.as_ref().unwrap() == first)
    );
}

#[tokio::test]
async fn a_nie_that_became_a_dni_keeps_the_person_and_never_takes_another() {
    let Scratch { keyring, .. } = &scratch().await;
    let subject = keyring.enrol(&document("Y1234567X")).await.unwrap();
    let dni = document("44444444A");
    keyring.alias(subject, &dni).await.unwrap();
    assert_eq!(keyring.enrol(&dni).await.unwrap(), subject);
    let refused = keyring.alias(nobody(), &dni).await;
    assert!(matches!(refused, Err(KeyringError::AnotherSubject)));
}

#[tokio::test]
async fn what_is_sealed_opens_for_the_same_person_class_and_place_only() {
    let Scratch { keyring, .. } = &scratch().await;
    let (anna, pere) = (nobody(), nobody());
    let class = RetentionClass::Identity;
    let sealed = keyring
        .seal(anna, class, "subject/1", b"Anna")
        .await
        .unwrap();
    let opened = keyring.open_sealed(anna, class, "subject/1", &sealed).await;
    assert_eq!(opened.unwrap().as_slice(), b"Anna");
    let moved = keyring.open_sealed(anna, class, "subject/2", &sealed).await;
    assert!(matches!(moved, Err(KeyringError::Unreadable)));
    keyring.seal(pere, class, "subject/1", b"").await.unwrap();
    let other = keyring.open_sealed(pere, class, "subject/1", &sealed).await;
    assert!(matches!(other, Err(KeyringError::Unreadable)));
    let session = RetentionClass::Session;
    let other = keyring.open_sealed(anna, session, "subject/1", &sealed);
    assert!(matches!(other.await, Err(KeyringError::Missing)));
}

#[tokio::test]
async fn first_uses_at_once_agree_on_one_data_key() {
    let Scratch { folder, keyring } = &scratch().await;
    let replica = Arc::new(open(folder.path(), &lookup(&[(1, 1)])).await);
    let (anna, class) = (nobody(), RetentionClass::Evidence);
    let seals = (0..16).map(|n| {
        let keyring = Arc::clone(if n % 2 == 0 { keyring } else { &replica });
        tokio::spawn(async move { keyring.seal(anna, class, "t/1", b"x").await.unwrap() })
    });
    for sealed in futures_util::future::join_all(seals).await {
        let sealed = sealed.unwrap();
        let opened = keyring.open_sealed(anna, class, "t/1", &sealed).await;
        assert_eq!(opened.unwrap().as_slice(), b"x");
    }
}

#[tokio::test]
async fn after_erasure_nothing_opens_and_no_new_key_is_made() {
    let Scratch { keyring, .. } = &scratch().await;
    let anna = document("11111111H");
    let subject = keyring.enrol(&anna).await.unwrap();
    let class = RetentionClass::Evidence;
    let sealed = keyring.seal(subject, class, "t/1", b"x").await.unwrap();
    let session = RetentionClass::Session;
    keyring.seal(subject, session, "t/2", b"y").await.unwrap();

    assert_eq!(keyring.erase(subject).await.unwrap(), 2);

    let opened = keyring.open_sealed(subject, class, "t/1", &sealed).await;
    assert!(matches!(opened, Err(KeyringError::Erased)));
    let again = keyring.seal(subject, class, "t/1", b"x").await;
    assert!(matches!(again, Err(KeyringError::Erased)));
    assert_ne!(keyring.enrol(&anna).await.unwrap(), subject);
    assert_eq!(keyring.erase(subject).await.unwrap(), 0);
}

#[tokio::test]
async fn an_erased_key_is_gone_from_the_files_not_only_from_the_tables() {
    let folder = folder();
    let keyring = on_file(&folder).await;
    let (subject, class) = (nobody(), RetentionClass::Evidence);
    keyring.seal(subject, class, "t/1", b"x").await.unwrap();
    let row = keyring.db.row("SELECT wrapped FROM data_key", vec![]).await;
    let wrapped = row.unwrap().unwrap().bytes(0).unwrap();
    assert!(on_disk(folder.path(), &wrapped));
    keyring.erase(subject).await.unwrap();
    assert!(!on_disk(folder.path(), &wrapped));
}

#[tokio::test]
async fn a_copy_opens_what_was_sealed_before_it_and_holds_nothing_erased_before_it() {
    let folder = folder();
    let keyring = on_file(&folder).await;
    let (anna, pere, class) = (nobody(), nobody(), RetentionClass::Evidence);
    let sealed = keyring.seal(anna, class, "t/1", b"x").await.unwrap();
    keyring.seal(pere, class, "t/1", b"x").await.unwrap();
    let whose = "SELECT wrapped FROM data_key WHERE subject = $1";
    let row = keyring.db.row(whose, vec![pere.to_string().into()]).await;
    let erased = row.unwrap().unwrap().bytes(0).unwrap();
    keyring.erase(pere).await.unwrap();
    let safe = tempfile::tempdir().unwrap();
    let file = safe.path().join("copy.db");
    std::fs::write(safe.path().join("copy.db.part"), "half").unwrap();
    keyring.backup(&file).await.unwrap();
    assert_eq!(std::fs::read_dir(safe.path()).unwrap().count(), 1);
    assert!(!on_disk(safe.path(), &erased));
    assert!(matches!(
        keyring.backup(&file).await,
        Err(BackupError::Exists(_))
    ));

    let location = Location::File(file);
    let db = Db::open(&location, Schema::Keyring).await.unwrap();
    let (wrapper, lookup) = (
        FileWrapper::open_folder(folder.path()).unwrap(),
        LookupKeys::parse(&lookup(&[(1, 1)])).unwrap(),
    );
    let copy = Keyring::open(db, Arc::new(wrapper), lookup, World::real());
    let opened = copy.open_sealed(anna, class, "t/1", &sealed).await;
    assert_eq!(opened.unwrap().as_slice(), b"x");
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_leaves_nothing_behind() {
    let folder = folder();
    let keyring = on_file(&folder).await;
    let nowhere = folder.path().join("missing/copy.db");
    assert!(matches!(
        keyring.backup(&nowhere).await,
        Err(BackupError::File(_))
    ));
    assert!(!nowhere.exists());
}

/// A keyring in a file, whatever the environment says about servers.
async fn on_file(folder: &TempDir) -> Keyring {
    let location = Location::File(folder.path().join("keyring.db"));
    let db = Db::open(&location, Schema::Keyring).await.unwrap();
    let wrapper = FileWrapper::open_folder(folder.path()).unwrap();
    let lookup = LookupKeys::parse(&lookup(&[(1, 1)])).unwrap();
    Keyring::open(db, Arc::new(wrapper), lookup, World::real())
}

fn on_disk(folder: &Path, bytes: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).any(|file: PathBuf| {
        let content = std::fs::read(file).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn a_wrapped_key_moved_to_another_person_does_not_unwrap() {
    let Scratch { keyring, .. } = &scratch().await;
    let (anna, pere, class) = (nobody(), nobody(), RetentionClass::Evidence);
    keyring.seal(anna, class, "t/1", b"x").await.unwrap();
    let mut tx = keyring.db.begin().await.unwrap();
    let values = vec![pere.to_string().into()];
    tx.execute("UPDATE data_key SET subject = $1", values)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let sealed = keyring.seal(pere, class, "t/1", b"x").await;
    let expected = KeyringError::Wrapper(WrapperError::Unreadable);
    assert_eq!(sealed.unwrap_err().to_string(), expected.to_string());
}

#[test]
fn a_wrapping_key_of_another_length_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.key");
    secret_file::create(&path, &[1; 31]).unwrap();
    assert!(matches!(
        FileWrapper::open(&path, &[]),
        Err(WrapperError::Length { found: 31 })
    ));
}

#[test]
fn lookup_keys_are_read_strictly() {
    let good = lookup(&[(1, 1)]);
    assert!(LookupKeys::parse(&format!("# two\n\n{good}{}", lookup(&[(2, 2)]))).is_ok());
    let refused = |text: &str| LookupKeys::parse(text).unwrap_err();
    assert!(matches!(refused("# none\n"), InvalidLookupKeys::None));
    assert!(matches!(
        refused(&format!("{good}1 AAAA")),
        InvalidLookupKeys::Line { line: 2 }
    ));
    assert!(matches!(
        refused("AAAA"),
        InvalidLookupKeys::Line { line: 1 }
    ));
    assert!(matches!(
        refused(&format!("{good}{good}")),
        InvalidLookupKeys::Twice { version: 1 }
    ));
}
