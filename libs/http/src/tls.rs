//! Whom we trust: the system's store, the file of `--ca-cert`, and Mozilla's roots where there is no store at all. And
//! who we are, for servers that ask for a certificate.

mod client_certificate;

pub(crate) use client_certificate::ClientCertificate;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::{Error, Options};

/// The settings of TLS, and what they show of us.
pub(crate) fn config(options: &Options) -> Result<(ClientConfig, Arc<ClientCertificate>), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let own = options.ca_cert.as_deref().map(read_file).transpose()?.unwrap_or_default();
    let certificate = Arc::new(ClientCertificate::new(options, &provider)?);
    let trust = Arc::new(Trust { own, provider: Arc::clone(&provider), verifier: OnceLock::new() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Setup { source: error.into() })?
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_client_cert_resolver(Arc::clone(&certificate) as _);
    // Offered only where it can be spoken: a server takes the first that it knows.
    let http2 = (cfg!(feature = "http2") && options.http2).then(|| b"h2".to_vec());
    config.alpn_protocols = http2.into_iter().chain([b"http/1.1".to_vec()]).collect();
    Ok((config, certificate))
}

/// The library's own verifier, made when the first certificate comes: reading the system's store takes longer than a
/// whole promotion in a registry next door, and many runs never meet TLS.
#[derive(Debug)]
struct Trust {
    own: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    verifier: OnceLock<Result<Arc<WebPkiServerVerifier>, String>>,
}

impl Trust {
    fn verifier(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        let made = self.verifier.get_or_init(|| {
            let (roots, provider) = (Arc::new(roots(&self.own)?), Arc::clone(&self.provider));
            WebPkiServerVerifier::builder_with_provider(roots, provider)
                .build()
                .map_err(|error| error.to_string())
        });
        made.as_deref().map_err(|reason| rustls::Error::General(reason.clone()))
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?.verify_server_cert(certificate, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn roots(own: &[CertificateDer<'static>]) -> Result<RootCertStore, String> {
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
    for certificate in own {
        store.add(certificate.clone()).map_err(|error| error.to_string())?;
    }
    Ok(store)
}

/// Read at once, unlike the system's store: whoever names a file wants to know when it is of no use.
fn read_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |reason: String| Error::Certificates { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        RootCertStore::empty().add(certificate.clone()).map_err(|error| wrong(error.to_string()))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() { Err(wrong("it holds none".into())) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http2_is_offered_where_it_is_built_in_and_wanted() {
        for http2 in [true, false] {
            let (config, _) = config(&Options { http2, ..Options::default() }).unwrap();
            let offered = config.alpn_protocols.contains(&b"h2".to_vec());
            assert_eq!(offered, http2 && cfg!(feature = "http2"));
            assert_eq!(config.alpn_protocols.last().map(Vec::as_slice), Some(&b"http/1.1"[..]));
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let folder = std::env::temp_dir().join(format!("pypelines-tls-{}", std::process::id()));
        std::fs::write(&folder, "hello").unwrap();
        let with = |file: &Path| config(&Options { ca_cert: Some(file.to_owned()), ..Options::default() });
        let error = with(&folder).err().unwrap().to_string();
        std::fs::remove_file(&folder).unwrap();
        assert!(error.contains("it holds none"), "{error}");
        assert!(with(Path::new("no/such/file")).err().unwrap().to_string().contains("no/such/file"));
    }
}
