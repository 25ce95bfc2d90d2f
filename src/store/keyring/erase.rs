//! Destroying a person's keys.

use super::{Keyring, KeyringError, hold};
use crate::citizen::SubjectId;

impl Keyring {
    /// Destroys every key of a person, and how they were found. Gives the number of keys.
    ///
    /// Nothing brings them back but an older copy of this database; after restoring one, see
    /// [`Log::repeat_erasures`](crate::audit::Log::repeat_erasures).
    pub async fn erase(&self, subject: SubjectId) -> Result<u64, KeyringError> {
        let whose = subject.to_string();
        let mut tx = self.eraser.begin().await?;
        // A key being made now is durable, and found below, or waits and then finds the tombstone.
        hold(&mut tx, &whose).await?;
        tx.execute(
            "INSERT INTO erased (subject, at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            vec![whose.as_str().into(), self.world.now().into()],
        )
        .await?;
        let keys = tx
            .execute(
                "DELETE FROM data_key WHERE subject = $1",
                vec![whose.as_str().into()],
            )
            .await?;
        tx.execute(
            "DELETE FROM subject_lookup WHERE subject = $1",
            vec![whose.into()],
        )
        .await?;
        tx.commit().await?;
        self.eraser.truncate_journal().await?; // or the deleted bytes would linger beside the file
        Ok(keys)
    }
}
