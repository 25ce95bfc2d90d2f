//! `wire verify`: the verdict first, then why.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Outcome, VerifyArgs, configuration, exit, message};
use crate::exchange::pci::signature::{self, DigestAlgorithm, Part, Timing};
use crate::exchange::pci::{
    Evidence, PlatformProfile, ResponseSignature, SignatureAlgorithm, SignatureError, Signer,
    TrustRoots,
};

pub(super) fn run(args: &VerifyArgs, now: Timestamp) -> Result<Outcome, Outcome> {
    let profile = PlatformProfile {
        // Whoever asks for a verdict wants one, whatever the gateway would let pass.
        response_signature: ResponseSignature::Required,
        ..args.platform.read()?
    };
    let bytes = message(&args.file, profile.largest_answer)?;
    let at = args.at.unwrap_or(now);
    let Some(roots) = roots(args, &profile)? else {
        return Ok(without_roots(args));
    };
    let verdict = signature::verify(&bytes, &profile, &roots, at);
    let view = View { args, profile, at };
    Ok(match verdict {
        Ok(envelope) => view.valid(envelope.evidence()),
        Err(error) => view.refused(&error),
    })
}

fn roots(args: &VerifyArgs, profile: &PlatformProfile) -> Result<Option<TrustRoots>, Outcome> {
    let Some(file) = &args.roots else {
        return Ok(None);
    };
    let organisation = match args.organisation.as_deref() {
        Some("any") => None,
        Some(organisation) => Some(organisation),
        None => Some(profile.organisation.as_str()),
    };
    let roots = TrustRoots::from_pem(&configuration(file)?, organisation).map_err(|error| {
        Outcome::refused(
            exit::CONFIGURATION,
            format!("{}: {error}.\n", file.display()),
        )
    })?;
    Ok(Some(roots))
}

fn without_roots(args: &VerifyArgs) -> Outcome {
    let file = args.file.display();
    let why = "no certification authority is given to trust";
    let result = if args.json {
        line(&json!({
            "version": 1, "verdict": "cannot-tell", "code": "SIG-NO-ROOTS", "why": why,
        }))
    } else {
        format!(
            "cannot tell  SIG-NO-ROOTS\nwhy          {why}\nnext         interop-gateway wire verify {file} --roots CA.pem\n"
        )
    };
    Outcome {
        exit: exit::CANNOT_TELL,
        result,
        talk: String::new(),
    }
}

/// A verdict together with what it was reached with.
struct View<'a> {
    args: &'a VerifyArgs,
    profile: PlatformProfile,
    at: Timestamp,
}

impl View<'_> {
    fn valid(&self, evidence: &Evidence) -> Outcome {
        let Evidence::Signed {
            algorithm,
            digest,
            covered,
            signer,
            timing,
        } = evidence
        else {
            return self.refused(&SignatureError::Missing);
        };
        let result = if self.args.json {
            self.valid_json(*algorithm, *digest, covered, signer, timing)
        } else {
            self.valid_text(*algorithm, *digest, covered, signer, timing)
        };
        Outcome {
            exit: exit::VALID,
            result,
            talk: String::new(),
        }
    }

    fn valid_text(
        &self,
        algorithm: SignatureAlgorithm,
        digest: DigestAlgorithm,
        covered: &[Part],
        signer: &Signer,
        timing: &Timing,
    ) -> String {
        let parts: Vec<_> = covered.iter().map(|part| part.as_str()).collect();
        let mut text = String::from("valid        the Body is what its signer signed\n");
        let _ = write!(text, "covered      {}", parts.join(", "));
        if covered.contains(&Part::Timestamp) {
            text.push('\n');
        } else {
            text.push_str("; not the Timestamp, which therefore proves nothing\n");
        }
        let _ = writeln!(
            text,
            "signer       {}, organisation {}, certificate {}",
            signer.name,
            signer.organisation.as_deref().unwrap_or("not stated"),
            signer.serial
        );
        let _ = writeln!(
            text,
            "path         issued by {}, leads to a trusted root; valid {} to {}",
            signer.issuer, signer.valid_from, signer.valid_until
        );
        let _ = writeln!(
            text,
            "clock        made {}, until {}; checked at {}, tolerance {} s",
            timing.created, timing.expires, self.at, self.profile.clock_tolerance_s
        );
        let _ = writeln!(text, "algorithm    {}", algorithm.as_str());
        if algorithm.is_weak() || digest.is_weak() {
            text.push_str(
                "weak         SHA-1 resists no collisions; accepted because the profile says so\n",
            );
        }
        text
    }

    fn valid_json(
        &self,
        algorithm: SignatureAlgorithm,
        digest: DigestAlgorithm,
        covered: &[Part],
        signer: &Signer,
        timing: &Timing,
    ) -> String {
        line(&json!({
            "version": 1,
            "verdict": "valid",
            "covered": covered,
            "signer": signer,
            "timing": timing,
            "checked_at": self.at,
            "tolerance_s": self.profile.clock_tolerance_s,
            "algorithm": algorithm,
            "digest": digest,
            "weak": algorithm.is_weak() || digest.is_weak(),
        }))
    }

    fn refused(&self, error: &SignatureError) -> Outcome {
        let (exit, verdict) = if error.is_malformed() {
            (exit::MALFORMED, "unreadable")
        } else {
            (exit::NOT_VALID, "not valid")
        };
        let result = if self.args.json {
            line(&json!({
                "version": 1,
                "verdict": verdict.replace(' ', "-"),
                "code": error.code(),
                "why": error.to_string(),
                "checked_at": self.at,
                "tolerance_s": self.profile.clock_tolerance_s,
            }))
        } else {
            format!(
                "{verdict:<12} {}\nwhy          {error}\nclock        checked at {}, tolerance {} s\nnext         {}\n",
                error.code(),
                self.at,
                self.profile.clock_tolerance_s,
                self.next(error)
            )
        };
        Outcome {
            exit,
            result,
            talk: String::new(),
        }
    }

    /// The next command to try.
    fn next(&self, error: &SignatureError) -> String {
        let file = self.args.file.display();
        let again = format!("interop-gateway wire verify {file}");
        match error {
            SignatureError::Path => format!("{again} --roots CA-OF-THE-SIGNER.pem"),
            SignatureError::Organisation => {
                format!("{again} --organisation any   to see whose seal it is")
            }
            SignatureError::Timestamp(_)
            | SignatureError::ExpiredCertificate
            | SignatureError::CertificateNotYetValid => {
                format!("{again} --at INSTANT   for a message of another day")
            }
            SignatureError::Algorithm(_) => {
                format!("{again} --profiles FILE   with the algorithm in `accept`")
            }
            SignatureError::Xml(_) | SignatureError::NotAnEnvelope => {
                format!("xmllint --noout {file}")
            }
            _ => format!("sha256sum {file}   and compare with the log's record of the answer"),
        }
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
