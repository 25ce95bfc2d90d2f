//! Certificates and keys of the simulated world, made once into a folder.
//!
//! Every key here is a throw-away: it is written in the clear so that tests, the demo and the
//! gateway's configuration can name it by path.

mod issue;
mod jwks;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// Who the platform signs as: organisation, identifier and name of its seal (wire reference: the
/// pre-production signer of 2022-2025).
pub const PLATFORM: Holder = Holder {
    organisation: "Consorci Administració Oberta de Catalunya",
    nif: "Q0801175A",
    common_name: "Serveis Administracio Electronica proves",
};

/// The town council in whose name the gateway asks.
pub const REQUESTER: Holder = Holder {
    organisation: "Ajuntament de Prova",
    nif: "P0899901C",
    common_name: "Ajuntament de Prova, segell de proves",
};

/// A second public body, to tell "known" from "allowed".
pub const OTHER_REQUESTER: Holder = Holder {
    organisation: "Consell Comarcal de Prova",
    nif: "P0899902A",
    common_name: "Consell Comarcal de Prova, segell de proves",
};

/// Subject of a seal certificate.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// Subject `O`.
    pub organisation: &'static str,
    /// NIF of the organisation: `VATES-<nif>` in `organizationIdentifier`, bare in `serialNumber`.
    pub nif: &'static str,
    /// Subject `CN`.
    pub common_name: &'static str,
}

/// A certificate with its key, on disk and in memory.
#[derive(Debug)]
pub struct Identity {
    /// PEM, leaf first.
    pub certificate_path: PathBuf,
    /// PKCS#8 PEM.
    pub key_path: PathBuf,
    /// DER, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// PKCS#8 DER.
    pub key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// The certificate itself, without its issuers.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }
}

/// An ES256 key of an OAuth client, with its public half as a JWK Set.
#[derive(Debug)]
pub struct ClientKey {
    /// JWK Set with the public key.
    pub jwks_path: PathBuf,
    /// PKCS#8 PEM.
    pub key_path: PathBuf,
    /// Key identifier: the RFC 7638 thumbprint.
    pub kid: String,
}

/// Everything the simulated world trusts and signs with.
#[derive(Debug)]
pub struct Pki {
    /// The folder all paths are in.
    pub folder: PathBuf,
    /// Root for the simulator's TLS servers.
    pub tls_ca_path: PathBuf,
    /// The same root in DER.
    pub tls_ca: CertificateDer<'static>,
    /// Certificate for `localhost`, `127.0.0.1` and `::1`.
    pub tls_server: Identity,
    /// Root of the seals of the platform and of the requesters.
    pub seal_ca_path: PathBuf,
    /// The same root in DER.
    pub seal_ca: CertificateDer<'static>,
    /// Seal of [`REQUESTER`].
    pub requester: Identity,
    /// Seal of [`OTHER_REQUESTER`].
    pub requester_other: Identity,
    /// [`REQUESTER`], expired at the end of 2023.
    pub requester_expired: Identity,
    /// [`REQUESTER`], from a root nobody trusts.
    pub requester_unknown_ca: Identity,
    /// Seal of [`PLATFORM`].
    pub platform: Identity,
    /// [`PLATFORM`], expired at the end of 2023.
    pub platform_expired: Identity,
    /// A seal of the trusted root, but of another organisation.
    pub platform_other_organisation: Identity,
    /// [`PLATFORM`], from a root nobody trusts.
    pub platform_unknown_ca: Identity,
    /// Client `el-meu-espai`.
    pub citizen_folder: ClientKey,
    /// Client `auditor`.
    pub auditor: ClientKey,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The library could not make a key or a certificate.
    #[error("cannot issue {name}")]
    Issue {
        /// Which one, by file name.
        name: String,
        /// What the library said.
        #[source]
        source: rcgen::Error,
    },
    /// A file of the folder was changed by somebody else.
    #[error("{path} does not hold the expected PEM")]
    Pem {
        /// The file.
        path: PathBuf,
    },
}

/// Written last: a folder without it was interrupted half-way and is made again.
const COMPLETE: &str = ".complete";

impl Pki {
    /// Loads the folder, filling it first unless an earlier call did.
    ///
    /// Two processes must not fill the same folder at the same time.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        if !folder.join(COMPLETE).exists() {
            fs::create_dir_all(folder).map_err(at(folder))?;
            issue::everything(folder)?;
            write(&folder.join(COMPLETE), "1\n")?;
        }
        Self::load(folder)
    }

    fn load(folder: &Path) -> Result<Self, PkiError> {
        let pair = |name: &str| identity(folder, name, name);
        let variant = |name: &str, key: &str| identity(folder, name, key);
        Ok(Self {
            folder: folder.to_owned(),
            tls_ca_path: folder.join("tls-ca.pem"),
            tls_ca: certificate(&folder.join("tls-ca.pem"))?,
            tls_server: pair("tls-server")?,
            seal_ca_path: folder.join("seal-ca.pem"),
            seal_ca: certificate(&folder.join("seal-ca.pem"))?,
            requester: pair("requester")?,
            requester_other: pair("requester-other")?,
            requester_expired: variant("requester-expired", "requester")?,
            requester_unknown_ca: variant("requester-unknown-ca", "requester")?,
            platform: pair("platform")?,
            platform_expired: variant("platform-expired", "platform")?,
            platform_other_organisation: variant("platform-other-organisation", "platform")?,
            platform_unknown_ca: variant("platform-unknown-ca", "platform")?,
            citizen_folder: client_key(folder, "folder")?,
            auditor: client_key(folder, "auditor")?,
        })
    }
}

fn identity(folder: &Path, name: &str, key: &str) -> Result<Identity, PkiError> {
    let certificate_path = folder.join(format!("{name}.pem"));
    let key_path = folder.join(format!("{key}.key"));
    let unreadable = |path: &Path| PkiError::Pem {
        path: path.to_owned(),
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&certificate_path)
        .and_then(Iterator::collect)
        .map_err(|_| unreadable(&certificate_path))?;
    if chain.is_empty() {
        return Err(unreadable(&certificate_path));
    }
    let key = PrivatePkcs8KeyDer::from_pem_file(&key_path).map_err(|_| unreadable(&key_path))?;
    Ok(Identity {
        certificate_path,
        key_path,
        chain,
        key,
    })
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>, PkiError> {
    CertificateDer::from_pem_file(path).map_err(|_| PkiError::Pem {
        path: path.to_owned(),
    })
}

fn client_key(folder: &Path, name: &str) -> Result<ClientKey, PkiError> {
    let key_path = folder.join(format!("{name}.key"));
    let kid = jwks::kid_of(&key_path)?;
    Ok(ClientKey {
        jwks_path: folder.join(format!("{name}.jwks.json")),
        key_path,
        kid,
    })
}

/// Writes a file that only its owner may read.
fn write(path: &Path, text: &str) -> Result<(), PkiError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(at(path))?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> PkiError {
    let path = path.to_owned();
    move |source| PkiError::File { path, source }
}
