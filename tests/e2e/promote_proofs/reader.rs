//! Reads what we wrote with the client of `oci-client`, which shares nothing with our transport.

use oci_distribution::client::{Client, ClientConfig, ClientProtocol};
use oci_distribution::secrets::RegistryAuth;
use oci_distribution::{Reference, manifest};
use tokio::runtime::Runtime;

use super::inventory::{Inventory, Kind, links};

const TYPES: [&str; 4] = [
    manifest::OCI_IMAGE_INDEX_MEDIA_TYPE,
    manifest::OCI_IMAGE_MEDIA_TYPE,
    manifest::IMAGE_MANIFEST_LIST_MEDIA_TYPE,
    manifest::IMAGE_MANIFEST_MEDIA_TYPE,
];

/// A reader of registries that speak plain HTTP with everybody.
pub(super) struct Reader {
    client: Client,
    runtime: Runtime,
}

impl Reader {
    pub(super) fn new() -> Self {
        // It comes without a TLS library of its own, and wants one even for plain HTTP. Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { client: Client::try_from(config).expect("a client"), runtime }
    }

    /// Reads all of an image, `HOST:PORT/PATH:TAG`. The client compares each digest with what came.
    pub(super) fn read(&self, name: &str) -> Inventory {
        self.runtime.block_on(self.walk(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    async fn walk(&self, name: &str) -> Result<Inventory, Box<dyn std::error::Error>> {
        let tagged: Reference = name.parse()?;
        let (_, root) = self.client.pull_manifest_raw(&tagged, &RegistryAuth::Anonymous, &TYPES).await?;
        let mut found = Inventory { root: root.clone(), ..Inventory::default() };
        let mut pending = vec![(Kind::Manifest, root)];
        while let Some((kind, digest)) = pending.pop() {
            match kind {
                Kind::Foreign => {
                    let there = self.client.blob_exists(&tagged, &digest).await?;
                    found.foreign.insert(digest, there);
                }
                Kind::Blob => {
                    let mut bytes = Vec::new();
                    self.client.pull_blob(&tagged, digest.as_str(), &mut bytes).await?;
                    found.blobs.insert(digest, bytes);
                }
                Kind::Manifest => {
                    let one = tagged.clone_with_digest(digest.clone());
                    let (bytes, told) =
                        self.client.pull_manifest_raw(&one, &RegistryAuth::Anonymous, &TYPES).await?;
                    assert_eq!(told, digest, "{name}");
                    pending.extend(links(&bytes));
                    found.manifests.insert(digest, bytes.to_vec());
                }
            }
        }
        Ok(found)
    }
}
