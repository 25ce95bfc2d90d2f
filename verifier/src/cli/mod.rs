//! Arguments in, files read, one check, one report out. Nothing here decides a verdict.

mod arguments;
mod files;
mod print;

use std::{
    io,
    panic::catch_unwind,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use verifier::{Defect, Earlier, LogTrust, Report, bundle, check, receipt::KeySet};

use arguments::{Arguments, Before, Check, LogKeys};

/// Exit code of a defect of ours, after `EX_SOFTWARE`.
const OUR_BUG: u8 = 70;

pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(usage) => {
            // Help and version arrive here too, with code 0. Where to complain if this fails?
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    // The panic itself was told on standard error by then.
    let code = catch_unwind(|| run(&arguments)).unwrap_or(OUR_BUG);
    ExitCode::from(code)
}

fn run(arguments: &Arguments) -> u8 {
    let report = check(&arguments.check).unwrap_or_else(Report::refused);
    let verdict = report.verdict().exit_code();
    match print::print(&report, arguments) {
        Ok(()) => verdict,
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => verdict,
        Err(error) => {
            let _ = print::complain(&format!("the result cannot be written: {error}"));
            OUR_BUG
        }
    }
}

/// Reads what the check needs; an error is a file that is missing or a key that is damaged.
fn check(check: &Check) -> Result<Report, Defect> {
    Ok(match check {
        Check::Proof { file, log } => check::proof(&files::read(file)?, &trust(log)?),
        Check::Receipt {
            file,
            jwks,
            proof,
            before,
            log,
        } => {
            let keys = key_set(jwks.as_deref())?;
            let proof = proof.as_deref().map(files::read).transpose()?;
            let trust = LogTrust {
                earlier: earlier(before)?,
                ..trust(log)?
            };
            let log = proof.as_deref().map(|proof| (proof, &trust));
            check::receipt(&files::read(file)?, keys.as_ref(), log, now())
        }
        Check::Bundle {
            file,
            jwks,
            before,
            log,
        } => {
            let keys = key_set(jwks.as_deref())?;
            let trust = LogTrust {
                earlier: earlier(before)?,
                ..trust(log)?
            };
            bundle::check(&files::read(file)?, keys.as_ref(), &trust, now())
        }
        Check::Consistency {
            old,
            new,
            proof,
            log,
        } => check::consistency(
            &files::read(old)?,
            &files::read(new)?,
            &files::read(proof)?,
            &trust(log)?,
        ),
    })
}

fn key_set(file: Option<&str>) -> Result<Option<KeySet>, Defect> {
    let keys = file.map(files::read).transpose()?;
    keys.as_deref().map(KeySet::parse).transpose()
}

fn earlier(before: &Before) -> Result<Option<Earlier>, Defect> {
    let Some(checkpoint) = &before.before else {
        return Ok(None);
    };
    Ok(Some(Earlier {
        checkpoint: files::read(checkpoint)?,
        growth: before.growth.as_deref().map(files::read).transpose()?,
    }))
}

fn trust(keys: &LogKeys) -> Result<LogTrust, Defect> {
    let log = match (&keys.key, &keys.key_file) {
        (Some(key), _) => Some(key.trim().parse()?),
        (None, Some(file)) => {
            let line = String::from_utf8(files::read(file)?)
                .map_err(|_| Defect::KeyFormat("the file is not UTF-8"))?;
            Some(line.trim().parse()?)
        }
        (None, None) => None,
    };
    let witnesses = keys
        .witness
        .iter()
        .map(|key| key.trim().parse())
        .collect::<Result<_, _>>()?;
    Ok(LogTrust {
        log,
        witnesses,
        quorum: keys.quorum,
        earlier: None,
    })
}

/// Unix seconds. A clock before 1970 is as wrong as any, and makes every receipt one of the future.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the verifier asks the time"
)]
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
