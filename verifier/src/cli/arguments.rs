//! The command line itself. What is wrong with it ends with code 2.

use clap::{Args, CommandFactory, Parser, Subcommand, error::ErrorKind};

const EXAMPLES: &str = "\
verifier proof entry.tlog-proof --key-file log.vkey
verifier receipt receipt.json --jwks jwks.json --proof entry.tlog-proof --key-file log.vkey";

const EXIT_CODES: &str = "\
Exit: 0 valid, 1 not valid, 2 wrong usage, 4 unreadable or malformed, 5 cannot tell,
6 indeterminate (signed with a compromised key), 70 our bug.
Any one file may be `-`, standard input. The formats are in docs/verify-a-proof.md.";

/// Checks proofs of the data-exchange log and consent receipts, offline.
#[derive(Debug, Parser)]
#[command(version, before_help = EXAMPLES, after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) check: Check,
    /// One JSON object instead of text; its form is stable
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print nothing unless something is wrong
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Check {
    /// Is this entry in the log, and what does it say?
    Proof {
        /// The tlog-proof
        file: String,
        #[command(flatten)]
        log: LogKeys,
    },
    /// Was this receipt signed, and does the log hold what it says?
    Receipt {
        /// The receipt: the JSON of the API, or the JWS in it
        file: String,
        /// The issuer's key set, from /.well-known/jwks.json
        #[arg(long, value_name = "FILE")]
        jwks: Option<String>,
        /// The tlog-proof of the receipt's log entry
        #[arg(long, value_name = "FILE")]
        proof: Option<String>,
        #[command(flatten)]
        before: Before,
        #[command(flatten)]
        log: LogKeys,
    },
    /// Does the whole evidence of an exchange hold, each part and all together?
    Bundle {
        /// The bundle: the JSON of the API
        file: String,
        /// The issuer's key set, from /.well-known/jwks.json
        #[arg(long, value_name = "FILE")]
        jwks: Option<String>,
        #[command(flatten)]
        before: Before,
        #[command(flatten)]
        log: LogKeys,
    },
    /// Did the log only grow between two checkpoints?
    Consistency {
        /// The checkpoint kept from before
        old: String,
        /// The checkpoint of now
        new: String,
        /// The consistency proof, one base64 hash a line
        proof: String,
        #[command(flatten)]
        log: LogKeys,
    },
}

/// For a receipt whose key was compromised later.
#[derive(Args, Debug)]
pub(super) struct Before {
    /// A checkpoint from before the receipt's key was compromised
    #[arg(long, value_name = "FILE")]
    pub(super) before: Option<String>,
    /// The consistency proof between that checkpoint and the proof's
    #[arg(long, value_name = "FILE", requires = "before")]
    pub(super) growth: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct LogKeys {
    /// The log's key, name+id+base64, from /v1/log/key
    #[arg(long, value_name = "VKEY", conflicts_with = "key_file")]
    pub(super) key: Option<String>,
    /// A file with the log's key
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<String>,
    /// The key of a witness that must have cosigned; may be repeated
    #[arg(long, value_name = "VKEY")]
    pub(super) witness: Vec<String>,
    /// How many of the witnesses suffice, instead of all
    #[arg(long, value_name = "K", requires = "witness")]
    pub(super) quorum: Option<usize>,
}

impl Arguments {
    /// The arguments of this process; an error may also be a request for help.
    pub(super) fn read() -> Result<Self, clap::Error> {
        let arguments = Self::try_parse()?;
        let refuse = |kind, why: &str| Err(Self::command().error(kind, why));
        if arguments.files().filter(|file| *file == "-").count() > 1 {
            return refuse(
                ErrorKind::ArgumentConflict,
                "only one file can be standard input",
            );
        }
        if let Check::Receipt {
            proof: None,
            log,
            before,
            ..
        } = &arguments.check
            && (log.key.is_some()
                || log.key_file.is_some()
                || !log.witness.is_empty()
                || before.before.is_some())
        {
            return refuse(
                ErrorKind::MissingRequiredArgument,
                "a log key is for a proof: add --proof FILE",
            );
        }
        Ok(arguments)
    }

    fn files(&self) -> impl Iterator<Item = &str> {
        let (files, log) = match &self.check {
            Check::Proof { file, log } => (vec![Some(file)], log),
            Check::Receipt {
                file,
                jwks,
                proof,
                before,
                log,
            } => (
                vec![
                    Some(file),
                    jwks.as_ref(),
                    proof.as_ref(),
                    before.before.as_ref(),
                    before.growth.as_ref(),
                ],
                log,
            ),
            Check::Bundle {
                file,
                jwks,
                before,
                log,
            } => (
                vec![
                    Some(file),
                    jwks.as_ref(),
                    before.before.as_ref(),
                    before.growth.as_ref(),
                ],
                log,
            ),
            Check::Consistency {
                old,
                new,
                proof,
                log,
            } => (vec![Some(old), Some(new), Some(proof)], log),
        };
        files
            .into_iter()
            .chain([log.key_file.as_ref()])
            .flatten()
            .map(String::as_str)
    }
}
