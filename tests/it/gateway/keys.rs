//! The gateway's own keys, as `keys init` makes them.

use interop_gateway::audit::LogSigner;
use interop_gateway::clock::SystemEntropy;
use interop_gateway::config::{KeyFile, KeysConfig};
use interop_gateway::store::keyring::{LookupKeys, secret_file};
use simulator::jose::Es256;

pub(super) fn make(keys: &KeysConfig) {
    std::fs::create_dir_all(&keys.directory).unwrap();
    let entropy = SystemEntropy::default();
    for key in KeyFile::ALL {
        let content = match key {
            KeyFile::Events | KeyFile::Log | KeyFile::Receipts => {
                LogSigner::new_pem(&entropy).as_bytes().to_vec()
            }
            KeyFile::Lookup => LookupKeys::file_text(1, &[1; 32]).as_bytes().to_vec(),
            KeyFile::Pairwise | KeyFile::Wrapping => vec![2; 32],
            KeyFile::Tokens => Es256::generate().to_pem().into_bytes(),
        };
        secret_file::create(&keys.file(key), &content).unwrap();
    }
}
