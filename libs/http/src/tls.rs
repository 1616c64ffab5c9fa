//! Whom we trust: the system's store, the file of `--ca-cert`, and Mozilla's roots where there is no store at all.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

pub(crate) fn config(ca_cert: Option<&Path>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup { source: error.into() })?
        .with_root_certificates(roots(ca_cert)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn roots(ca_cert: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    // Honours SSL_CERT_FILE and SSL_CERT_DIR. One broken certificate in a store must not make the others useless.
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::debug!("skipping a certificate of the system's store: {error}");
    }
    store.add_parsable_certificates(system.certs);
    if store.is_empty() {
        tracing::debug!("no system certificates found; using the bundled Mozilla roots");
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = ca_cert {
        add_file(&mut store, path)?;
    }
    Ok(store)
}

fn add_file(store: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let wrong = |reason: String| Error::Certificates { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        store.add(certificate).map_err(|error| wrong(error.to_string()))?;
        count += 1;
    }
    if count == 0 { Err(wrong("it holds none".into())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let folder = std::env::temp_dir().join(format!("pypelines-tls-{}", std::process::id()));
        std::fs::write(&folder, "hello").unwrap();
        let error = config(Some(&folder)).unwrap_err().to_string();
        std::fs::remove_file(&folder).unwrap();
        assert!(error.contains("it holds none"), "{error}");
        assert!(config(Some(Path::new("no/such/file"))).unwrap_err().to_string().contains("no/such/file"));
    }
}
