//! Checkpoints: signing the head, and keeping the newest outside the database.

use std::sync::PoisonError;

use super::log::checkpoint::{self, Checkpoint};
use super::sequencer::Sequencer;
use super::store::{self, Head};
use super::{CheckpointError, Log, LogError, anchor};

impl Log {
    /// Signs and stores the checkpoint of the head, unless that is done; gives the newest.
    ///
    /// Nothing is signed that does not extend what was signed before. Several may publish at once:
    /// what they sign are sizes of one growing tree, and the greatest of them is the newest, however
    /// late another is stored.
    pub(super) async fn publish(
        &self,
        sequencer: &Sequencer,
    ) -> Result<(Checkpoint, String), LogError> {
        let mut tx = sequencer.db.begin().await?;
        // In this order: the head only grows, so it is not older than what was signed before.
        let newest = store::newest_note_in(&mut tx).await?;
        let head = store::head_in(&mut tx).await?.tree;
        if let Some(note) = newest {
            let newest = self.signed(note.as_bytes())?;
            if newest == head {
                return Ok((newest, note));
            }
            self.extends(&newest, &head).await?;
        }
        let note = self.sign(&head)?;
        let now = self.world.now();
        if store::add_note(&mut tx, head.size, &note, now).await? {
            tx.commit().await?;
            return Ok((head, note));
        }
        let note = store::note_of(&mut tx, head.size).await?;
        let note = note.ok_or(LogError::Damaged("a checkpoint came and went"))?;
        if self.signed(note.as_bytes())? == head {
            Ok((head, note))
        } else {
            Err(LogError::Damaged("a checkpoint is of other entries"))
        }
    }

    /// Keeps the checkpoint in the anchor file, unless a newer one is there.
    ///
    /// Every replica keeps one of its own, also if it never numbers: so each can tell that the database
    /// went back. One that the checkpoint does not extend is left as it is, for it is the evidence.
    pub(super) async fn keep(&self, tree: &Checkpoint, note: &str) -> Result<(), LogError> {
        if let Some(kept) = self.anchored().await? {
            // Another process may keep the same file, and be ahead. (One may also write between this
            // look and our rename; then the anchor is a little older than it could be, never wrong.)
            if kept.size > tree.size || kept == *tree {
                return Ok(());
            }
            self.extends(&kept, tree).await?;
        }
        let aside = hex::encode(self.world.entropy.bytes::<8>());
        anchor::write(&self.config.anchor, &aside, note).await
    }

    /// The head, if the database still has everything that is anchored.
    pub(super) async fn head_beyond_anchor(&self) -> Result<Head, LogError> {
        // In this order: an anchor is written after its head was committed.
        let anchored = self.anchored().await?;
        let head = store::head(&self.db).await?;
        match anchored {
            Some(anchored) if anchored.size > head.tree.size => Err(LogError::RolledBack {
                anchored: anchored.size,
                found: head.tree.size,
            }),
            _ => Ok(head),
        }
    }

    /// The anchored checkpoint.
    pub(super) async fn anchored(&self) -> Result<Option<Checkpoint>, LogError> {
        let Some(kept) = anchor::read(&self.config.anchor).await? else {
            return Ok(None);
        };
        Ok(Some(self.signed(&kept)?))
    }

    /// Reads a checkpoint that this log signed. The last one is remembered: a log at rest is asked for
    /// it over and over.
    pub(super) fn signed(&self, note: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((tree, known)) = &*last
            && known == note
        {
            return Ok(tree.clone());
        }
        let tree = checkpoint::read(note, &self.verifier_key)?;
        *last = Some((tree.clone(), note.to_owned()));
        Ok(tree)
    }

    pub(super) fn sign(&self, tree: &Checkpoint) -> Result<String, LogError> {
        let key = self.signer.public_key();
        let note = checkpoint::issue(&self.config.origin, key, tree, |text| {
            self.signer.sign(text)
        });
        Ok(note?)
    }
}
