//! `wire sign` and `wire verify`: the platform's signatures, at the desk.
//!
//! Each command is a function from its arguments and an instant to an [`Outcome`]; nothing is
//! printed here.

mod sign;
mod verify;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::exchange::pci::{PlatformProfile, SignatureAlgorithm};

/// Signing and verifying messages of the platform.
#[derive(Clone, Debug, Subcommand)]
pub enum WireCommand {
    /// Sign a SOAP envelope, a Body or a `procesa`, and print the envelope to send
    #[command(after_help = "Examples:
  interop-gateway wire sign request.xml --certificate seal.pem --key seal.key > signed.xml
  interop-gateway wire sign - --certificate seal.pem --key seal.key --algorithm rsa-sha256 < body.xml

Nothing is sent. The key is read from its file and kept nowhere.")]
    Sign(SignArgs),
    /// Say whether a message is what its signer signed, and why
    #[command(after_help = "Examples:
  interop-gateway wire verify answer.xml --roots ec-sectorpublic.pem
  interop-gateway wire verify answer.xml --roots ca.pem --at 2026-11-20T08:15:31Z --json

Exit: 0 valid, 1 not valid, 2 wrong usage, 3 configuration, 4 unreadable, 5 cannot tell.")]
    Verify(VerifyArgs),
}

/// Arguments of `wire sign`.
#[derive(Args, Clone, Debug)]
pub struct SignArgs {
    /// The message; `-` reads standard input
    pub file: PathBuf,
    /// Seal certificate (PEM)
    #[arg(long, value_name = "PEM")]
    pub certificate: PathBuf,
    /// Its private key (PEM, PKCS #8, unencrypted)
    #[arg(long, value_name = "PEM")]
    pub key: PathBuf,
    /// Algorithm, instead of the profile's
    #[arg(long, value_name = "NAME", value_parser = algorithm)]
    pub algorithm: Option<SignatureAlgorithm>,
    /// Sign the timestamp too
    #[arg(long)]
    pub sign_timestamp: bool,
    /// The instant to sign at, instead of now
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<Timestamp>,
    /// Which platform this is for.
    #[command(flatten)]
    pub platform: PlatformArgs,
}

/// Arguments of `wire verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The message; `-` reads standard input
    pub file: PathBuf,
    /// Certification authorities to trust (PEM)
    #[arg(long, value_name = "PEM")]
    pub roots: Option<PathBuf>,
    /// Whose seal to expect, by NIF, or `any`; otherwise the profile's
    #[arg(long, value_name = "NIF")]
    pub organisation: Option<String>,
    /// The instant to verify at, instead of now
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<Timestamp>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Which platform this is from.
    #[command(flatten)]
    pub platform: PlatformArgs,
}

/// Which platform a message is of.
#[derive(Args, Clone, Debug)]
pub struct PlatformArgs {
    /// Platform profile
    #[arg(long, value_name = "NAME", default_value = "aoc")]
    pub profile: String,
    /// File of profiles, instead of the one that comes with the program
    #[arg(long, value_name = "TOML")]
    pub profiles: Option<PathBuf>,
}

/// What a command has to say: the exit code, the result, and the talk around it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// 0 yes, 1 not valid, 3 configuration, 4 input unreadable or malformed, 5 cannot tell.
    pub exit: u8,
    /// For standard output.
    pub result: String,
    /// For standard error.
    pub talk: String,
}

/// Exit codes, as the whole command line has them.
mod exit {
    pub(super) const VALID: u8 = 0;
    pub(super) const NOT_VALID: u8 = 1;
    pub(super) const CONFIGURATION: u8 = 3;
    pub(super) const MALFORMED: u8 = 4;
    pub(super) const CANNOT_TELL: u8 = 5;
}

/// Runs a command at an instant.
pub fn run(command: &WireCommand, now: Timestamp) -> Outcome {
    let outcome = match command {
        WireCommand::Sign(args) => sign::run(args, now),
        WireCommand::Verify(args) => verify::run(args, now),
    };
    outcome.unwrap_or_else(|refusal| refusal)
}

impl Outcome {
    fn refused(exit: u8, talk: String) -> Self {
        Self {
            exit,
            talk,
            ..Self::default()
        }
    }
}

impl PlatformArgs {
    fn read(&self) -> Result<PlatformProfile, Outcome> {
        let Some(file) = &self.profiles else {
            return match self.profile.as_str() {
                "aoc" => Ok(PlatformProfile::aoc()),
                other => Err(Outcome::refused(
                    exit::CONFIGURATION,
                    format!(
                        "No profile `{other}` comes with the program.\nTry: --profile aoc, or --profiles FILE\n"
                    ),
                )),
            };
        };
        let text = configuration(file)?;
        let text = String::from_utf8_lossy(&text);
        let mut profiles = PlatformProfile::parse_all(&text).map_err(|error| {
            Outcome::refused(
                exit::CONFIGURATION,
                format!("{}: {error}\n", file.display()),
            )
        })?;
        let known: Vec<String> = profiles.keys().cloned().collect();
        profiles.remove(&self.profile).ok_or_else(|| {
            Outcome::refused(
                exit::CONFIGURATION,
                format!(
                    "{} has no profile `{}`.\nTry: --profile {}\n",
                    file.display(),
                    self.profile,
                    known.join(" or ")
                ),
            )
        })
    }
}

/// Reads a file we were told to use.
fn configuration(file: &Path) -> Result<Vec<u8>, Outcome> {
    std::fs::read(file).map_err(|error| {
        Outcome::refused(
            exit::CONFIGURATION,
            format!("{} cannot be read: {error}\n", file.display()),
        )
    })
}

/// Reads the message, up to one byte more than is ever accepted.
fn message(file: &Path, limit: usize) -> Result<Vec<u8>, Outcome> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Outcome::refused(
            exit::MALFORMED,
            format!("{} cannot be read: {error}\n", file.display()),
        )),
    }
}

fn algorithm(text: &str) -> Result<SignatureAlgorithm, String> {
    SignatureAlgorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.as_str() == text)
        .ok_or_else(|| "the algorithms are rsa-sha1 and rsa-sha256".to_owned())
}
