//! A private certificate authority, and the certificates of a registry and its client.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The names a registry's certificate is good for. The last one is for tests that need a name which is not loopback;
/// [`crate::Tunnel`] leads there.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "registry.example"];

/// A file with a certificate, and one with its private key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The files of a private certificate authority.
#[derive(Clone, Debug)]
pub(crate) struct Certificates {
    pub(crate) authority: PathBuf,
    pub(crate) server: KeyFiles,
    pub(crate) client: KeyFiles,
}

impl Certificates {
    /// Makes them all, below `folder`.
    pub(crate) fn make(folder: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let mut params = named("testkit authority", &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let authority = folder.join("ca.crt");
        fs::write(&authority, params.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(params, key);
        let mut server = named("testkit registry", &NAMES)?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let mut client = named("testkit client", &[])?;
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(Self {
            authority,
            server: sign(server, &issuer, &folder.join("server"))?,
            client: sign(client, &issuer, &folder.join("client"))?,
        })
    }
}

fn named(name: &str, hosts: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn sign(
    mut params: CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
    path: &Path,
) -> Result<KeyFiles, Box<dyn std::error::Error>> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let own = KeyPair::generate()?;
    let files = KeyFiles { certificate: path.with_extension("cert"), key: path.with_extension("key") };
    fs::write(&files.certificate, params.signed_by(&own, issuer)?.pem())?;
    fs::write(&files.key, own.serialize_pem())?;
    Ok(files)
}
