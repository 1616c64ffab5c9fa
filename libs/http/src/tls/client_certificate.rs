//! The certificate of `--client-cert`, and its private key.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::{Error, Options};

/// What servers get that ask for a certificate, and whether one did.
///
/// A server tells us after its handshake that it does not like our certificate, or that it wants one, and closes the
/// connection; often the connection is gone before we have read that. So we note that it has asked.
#[derive(Debug, Default)]
pub(crate) struct ClientCertificate {
    own: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ClientCertificate {
    /// The one of the options, if they name one.
    pub(super) fn new(options: &Options, provider: &CryptoProvider) -> Result<Self, Error> {
        let own = match &options.client_cert {
            Some(file) => Some(Arc::new(read(file, options.client_key.as_deref(), provider)?)),
            None => None,
        };
        Ok(Self { own, asked: AtomicBool::new(false) })
    }

    /// Has a server asked for one?
    pub(crate) fn was_asked_for(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for ClientCertificate {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.own.clone()
    }

    fn has_certs(&self) -> bool {
        self.own.is_some()
    }
}

/// The certificate in `file`, with the key in the file `key` or in the same one.
fn read(file: &Path, key: Option<&Path>, provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
    let wrong = |path: &Path, reason: String| Error::ClientCertificate { path: path.to_owned(), reason };
    let read = |path: &Path| std::fs::read(path).map_err(|error| wrong(path, error.to_string()));
    let chain = CertificateDer::pem_slice_iter(&read(file)?).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| wrong(file, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(file, "it holds no certificate".into()));
    }
    let key_file = key.unwrap_or(file);
    let key = PrivateKeyDer::from_pem_slice(&read(key_file)?).map_err(|error| match error {
        pem::Error::NoItemsFound => wrong(key_file, "it holds no private key that is not encrypted".into()),
        error => wrong(key_file, error.to_string()),
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => wrong(file, "its key is another one".into()),
        error => wrong(file, error.to_string()),
    })
}
