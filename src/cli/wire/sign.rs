//! `wire sign`.

use jiff::Timestamp;

use super::{Outcome, SignArgs, configuration, exit, message};
use crate::exchange::pci::SigningIdentity;
use crate::exchange::pci::signature::{self, CanonicalBody};

pub(super) fn run(args: &SignArgs, now: Timestamp) -> Result<Outcome, Outcome> {
    let mut profile = args.platform.read()?;
    profile.sign_with = args.algorithm.unwrap_or(profile.sign_with);
    profile.sign_timestamp |= args.sign_timestamp;
    let certificate = configuration(&args.certificate)?;
    let key = zeroize::Zeroizing::new(configuration(&args.key)?);
    let identity = SigningIdentity::from_pem(&certificate, &key).map_err(|error| {
        Outcome::refused(
            exit::CONFIGURATION,
            format!(
                "The seal cannot be used: {error}.\nTry: openssl x509 -in {} -noout -text\n",
                args.certificate.display()
            ),
        )
    })?;
    let bytes = message(&args.file, profile.largest_answer)?;
    let body = CanonicalBody::from_message(&bytes, &profile.limits()).map_err(|error| {
        Outcome::refused(
            exit::MALFORMED,
            format!(
                "{}  {error}.\nWanted: a SOAP 1.1 envelope or Body with one `procesa`, or the `procesa` alone.\nTry: xmllint --noout {}\n",
                error.code(),
                args.file.display()
            ),
        )
    })?;
    let envelope = signature::sign(&body, &identity, &profile, args.at.unwrap_or(now))
        .map_err(|error| Outcome::refused(exit::CONFIGURATION, format!("{error}.\n")))?;
    let mut talk = format!(
        "signed by {} ({}), {}, SHA-256 {}\n",
        identity.signer().name,
        identity.signer().serial,
        profile.sign_with.as_str(),
        hex::encode(envelope.sha256())
    );
    if profile.sign_with.is_weak() {
        talk.push_str("weak      SHA-1 resists no collisions; the profile asks for it\n");
    }
    Ok(Outcome {
        exit: exit::VALID,
        // Exactly the bytes to send: a line break at the end would be one byte too many.
        result: String::from_utf8_lossy(envelope.bytes()).into_owned(),
        talk,
    })
}
