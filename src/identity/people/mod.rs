//! The documents people are found by: joined when they change, indexed anew when the key does.

use std::sync::Arc;

use super::error::Unavailable;
use super::subjects::Subjects;
use crate::citizen::{Document, Person, SubjectId};
use crate::clock::World;
use crate::store::Db;
use crate::store::keyring::{Keyring, KeyringError};

/// People who are indexed between two looks at the database.
const BATCH: u32 = 100;

/// Everybody this service knows.
#[derive(Clone, Debug)]
pub struct People {
    db: Db,
    subjects: Subjects,
}

/// Why a person was not joined with a document.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Somebody logged in with it before: two people are here, and stay two.
    #[error("the document is already known as another person's")]
    AnotherSubject,
    /// Our own keys or database.
    #[error("the document could not be recorded")]
    Unavailable(#[source] Unavailable),
}

/// Why a hashing key was not given up.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// The keyring refused.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// They would not be found again.
    #[error("{people} people are not indexed under the newest key; they would not be found again")]
    Lost {
        /// How many.
        people: u64,
    },
    /// Our own keys or database.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What came of indexing everybody under the newest hashing key.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reindexed {
    /// People who are indexed now and were not.
    pub indexed: u64,
    /// People with a document nobody can read any more; they have to log in with it.
    pub left: u64,
    /// Look-ups of people nobody knows, from log-ins that never ended.
    pub strays: u64,
}

/// Whether one person is indexed now.
enum Fate {
    Indexed,
    Left,
    Stray,
}

impl People {
    /// The people of a database and its keyring.
    pub fn new(db: Db, keyring: Arc<Keyring>, world: World) -> Self {
        Self {
            db,
            subjects: Subjects::new(keyring, world),
        }
    }

    /// Lets a person be found by one more document, as when a NIE became a DNI.
    ///
    /// Only for whoever was told so by a log-in with both, or by the police. Doing it twice is doing
    /// it once; after a crash in between, do it again.
    pub async fn join(&self, subject: SubjectId, document: &Document) -> Result<(), JoinError> {
        let keyring = &self.subjects.keyring;
        match keyring.alias(subject, document).await {
            Err(KeyringError::AnotherSubject) => return Err(JoinError::AnotherSubject),
            joined => joined.map_err(|error| JoinError::Unavailable(error.into()))?,
        }
        self.keep(subject, document)
            .await
            .map_err(JoinError::Unavailable)
    }

    /// Who somebody is, for whoever recorded why they ask; `None` once they were erased.
    pub async fn person(&self, subject: SubjectId) -> Result<Option<Person>, Unavailable> {
        self.subjects.person(&self.db, subject).await
    }

    async fn keep(&self, subject: SubjectId, document: &Document) -> Result<(), Unavailable> {
        let unkept = self.subjects.unkept(&self.db, subject, document).await?;
        if let Some(document) = unkept {
            let mut tx = self.db.begin().await?;
            Subjects::keep(&mut tx, subject, document, self.subjects.world.now()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Indexes everybody under the newest hashing key in use. May be stopped and begun again at any
    /// moment: whoever is indexed is not looked at again.
    pub async fn reindex(&self) -> Result<Reindexed, Unavailable> {
        let mut done = Reindexed::default();
        let mut after = None;
        loop {
            let people = self.subjects.keyring.unindexed(after, BATCH).await?;
            let Some(last) = people.last() else {
                return Ok(done);
            };
            after = Some(*last);
            for subject in people {
                match self.index(subject).await? {
                    Fate::Indexed => done.indexed += 1,
                    Fate::Left => done.left += 1,
                    Fate::Stray => done.strays += 1,
                }
            }
        }
    }

    /// Gives up a hashing key, once everybody is found without it. Gives how many look-ups went.
    pub async fn retire(&self, version: u32) -> Result<u64, RetireError> {
        let keyring = &self.subjects.keyring;
        let done = self.reindex().await?;
        let mut lost = done.left;
        let mut after = None;
        while let Some(subject) = keyring.unindexed(after, 1).await?.pop() {
            after = Some(subject);
            if self.is_stray(subject).await? && !keyring.drop_stray(subject).await? {
                lost += 1;
            }
        }
        match lost {
            0 => Ok(keyring.retire_lookup_key(version).await?),
            people => Err(RetireError::Lost { people }),
        }
    }

    /// How many people, not erased, have no key: what is kept about them opens for nobody. More than
    /// none after a keyring was restored that is older than the database.
    pub async fn without_keys(&self) -> Result<u64, Unavailable> {
        let mut found = 0;
        let mut after = String::new();
        loop {
            let people = self.db.rows(
                "SELECT subject FROM subject WHERE subject > $1
                 AND subject NOT IN (SELECT subject FROM erasure) ORDER BY subject LIMIT $2",
                vec![after.into(), BATCH.into()],
            );
            let people = people.await?;
            let Some(last) = people.last() else {
                return Ok(found);
            };
            after = last.text(0)?;
            for row in &people {
                let has_keys = self.subjects.keyring.has_keys(row.parsed(0)?).await?;
                found += u64::from(!has_keys);
            }
        }
    }

    async fn index(&self, subject: SubjectId) -> Result<Fate, Unavailable> {
        if self.is_stray(subject).await? {
            return Ok(Fate::Stray);
        }
        let keyring = &self.subjects.keyring;
        for document in self.documents(subject).await? {
            match keyring.alias(subject, &document).await {
                // Erased meanwhile, or somebody else's by now: the others still count.
                Ok(()) | Err(KeyringError::AnotherSubject | KeyringError::Erased) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let indexed = keyring.is_indexed(subject).await?;
        Ok(if indexed { Fate::Indexed } else { Fate::Left })
    }

    /// Every document kept about a person, the one they last logged in with included.
    async fn documents(&self, subject: SubjectId) -> Result<Vec<Document>, Unavailable> {
        let mut documents = self.subjects.kept(&self.db, subject).await?;
        match self.subjects.person(&self.db, subject).await {
            Ok(Some(person)) if !documents.contains(&person.document) => {
                documents.push(person.document);
            }
            Ok(_)
            | Err(
                Unavailable::Record
                | Unavailable::Keyring(KeyringError::Missing | KeyringError::Unreadable),
            ) => {}
            Err(error) => return Err(error),
        }
        Ok(documents)
    }

    async fn is_stray(&self, subject: SubjectId) -> Result<bool, Unavailable> {
        let sql = "SELECT subject FROM subject WHERE subject = $1";
        let known = self.db.row(sql, vec![subject.to_string().into()]).await?;
        Ok(known.is_none())
    }
}

#[cfg(test)]
mod tests;
