//! `keyring rotate`: from one wrapping key to the next.

use std::process::ExitCode;

use zeroize::Zeroizing;

use super::{Vault, day};
use crate::store::keyring::{FileWrapper, KeyringError, Role, Status};

/// Keys wrapped anew in one transaction; people who need theirs wait for it.
const BATCH: u32 = 100;

impl Vault {
    /// Goes as far as it can: to where the operator has something to do, or to the end.
    pub(super) async fn rotate(&self) -> anyhow::Result<ExitCode> {
        self.keyring.check().await?; // in another folder than the gateways', everything looks new
        loop {
            match step(&self.keyring.status().await?) {
                Step::Begin => {
                    println!("nothing was ever wrapped here: there is nothing to rotate");
                    return Ok(ExitCode::SUCCESS);
                }
                Step::Make => return self.make(),
                Step::Use(id) => match self.keyring.use_wrapping_key(&id).await {
                    Ok(()) => eprintln!("{id} wraps from now on"),
                    Err(error @ KeyringError::Behind { .. }) => {
                        eprintln!("{error}; then run: interop-gateway keyring rotate");
                        return Ok(ExitCode::FAILURE);
                    }
                    Err(error) => return Err(error.into()),
                },
                Step::Choose(count) => {
                    eprintln!(
                        "{count} wrapping keys here were never used; keep one, remove the others, and run it again"
                    );
                    return Ok(ExitCode::FAILURE);
                }
                Step::Rewrap => self.rewrap().await?,
                Step::Finish => {
                    println!("every key is under the newest wrapping key");
                    eprintln!("next: interop-gateway keyring rotate --finish");
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }

    fn make(&self) -> anyhow::Result<ExitCode> {
        let key = Zeroizing::new(self.world.entropy.bytes::<32>());
        let file = FileWrapper::make(&self.folder, &key)?;
        println!("{}", file.display());
        eprintln!(
            "made and not in use yet: back it up, put it into the key folder of every gateway,\n\
             restart them one by one, then run: interop-gateway keyring rotate"
        );
        Ok(ExitCode::SUCCESS)
    }

    async fn rewrap(&self) -> anyhow::Result<()> {
        let mut done = 0;
        loop {
            let some = self.keyring.rewrap_some(BATCH).await?;
            if some == 0 {
                eprintln!("{done} key(s) wrapped anew");
                return Ok(());
            }
            done += some;
            if done.is_multiple_of(100 * u64::from(BATCH)) {
                eprintln!("{done} ...");
            }
        }
    }

    pub(super) async fn finish(&self) -> anyhow::Result<ExitCode> {
        let retired = match self.keyring.retire_wrapping_keys().await {
            Ok(retired) => retired,
            Err(KeyringError::StillNeeded { rows }) => {
                eprintln!(
                    "{rows} key(s) still need an older wrapping key; run: interop-gateway keyring rotate"
                );
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => return Err(error.into()),
        };
        if retired.is_empty() {
            println!("no older wrapping key is in use");
        }
        for id in &retired {
            match self.file_of(id)? {
                Some(file) => println!("{id}  {}", file.display()),
                None => println!("{id}"),
            }
        }
        if !retired.is_empty() {
            eprintln!(
                "nothing needs it: remove it from every gateway. Its offline copy opens backups of the\n\
                 keyring made before today; destroy it with the last of them, on {}",
                day(self.in_thirty_days())
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Where a rotation stands, and so what comes next.
#[derive(Debug, Eq, PartialEq)]
enum Step {
    /// Nothing was ever wrapped.
    Begin,
    /// One key is in use and no other is at hand.
    Make,
    /// Another is at hand.
    Use(String),
    /// Several others are.
    Choose(usize),
    /// Some data keys are under an older one.
    Rewrap,
    /// None is.
    Finish,
}

fn step(status: &Status) -> Step {
    let of = |role| status.wrapping.iter().filter(move |key| key.role == role);
    let unused: Vec<_> = of(Role::Unused).collect();
    if of(Role::Current).next().is_none() {
        return Step::Begin;
    }
    if of(Role::Older).next().is_some() {
        let holds = of(Role::Older).any(|key| key.keys > 0);
        return if holds { Step::Rewrap } else { Step::Finish };
    }
    match unused.as_slice() {
        [] => Step::Make,
        [one] => Step::Use(one.id.clone()),
        several => Step::Choose(several.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keyring::WrappingStatus;

    fn status(keys: &[(Role, u64)]) -> Status {
        let wrapping = keys
            .iter()
            .enumerate()
            .map(|(n, (role, keys))| WrappingStatus {
                id: format!("file:{n}"),
                keys: *keys,
                role: *role,
                at_hand: true,
            });
        Status {
            wrapping: wrapping.collect(),
            retired: Vec::new(),
            lookup: Vec::new(),
            people: 0,
            erased: 0,
            running: 0,
        }
    }

    #[test]
    fn the_next_step_of_a_rotation_follows_from_what_the_keyring_says() {
        use Role::{Current, Older, Unused};
        for (keys, expected) in [
            (&[(Unused, 0)][..], Step::Begin),
            (&[(Current, 3)], Step::Make),
            (&[(Current, 3), (Unused, 0)], Step::Use("file:1".to_owned())),
            (&[(Current, 3), (Unused, 0), (Unused, 0)], Step::Choose(2)),
            (&[(Older, 3), (Current, 0)], Step::Rewrap),
            (&[(Older, 0), (Current, 3)], Step::Finish),
            // One rotation is ended before the next one begins.
            (&[(Older, 0), (Current, 3), (Unused, 0)], Step::Finish),
        ] {
            assert_eq!(step(&status(keys)), expected, "{keys:?}");
        }
    }
}
