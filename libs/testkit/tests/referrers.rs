//! The list of referrers and GitLab's way with their tag, with a client that we did not write.

use oci_distribution::client::{Client, ClientConfig, ClientProtocol};
use oci_distribution::secrets::RegistryAuth;
use oci_distribution::{Reference, RegistryOperation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{Proxy, Referrers, Registry};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A client for the repository `app` behind a proxy.
struct Judge {
    client: Client,
    address: String,
}

impl Judge {
    async fn new(proxy: &Proxy) -> Self {
        // May have been done by another test.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        let judge = Self { client: Client::new(config), address: proxy.address() };
        let app = judge.tag("any");
        judge.client.auth(&app, &RegistryAuth::Anonymous, RegistryOperation::Push).await.expect("no login");
        judge.client.push_blob(&app, &b"{}"[..], &digest_of(b"{}")).await.expect("a blob");
        judge
    }

    fn tag(&self, tag: &str) -> Reference {
        Reference::with_tag(self.address.clone(), "app".into(), tag.into())
    }

    fn digest(&self, digest: &str) -> Reference {
        Reference::with_digest(self.address.clone(), "app".into(), digest.into())
    }

    /// Pushes a manifest with these fields by its digest, which it returns.
    async fn push(&self, fields: Value) -> String {
        let empty = json!({ "mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2 });
        let mut manifest =
            json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": [empty] });
        let all = manifest.as_object_mut().expect("an object");
        all.extend(fields.as_object().expect("fields").clone());
        let bytes = manifest.to_string().into_bytes();
        let digest = digest_of(&bytes);
        let kind = MANIFEST.parse().expect("a header");
        self.client.push_manifest_raw(&self.digest(&digest), bytes, kind).await.expect("a manifest");
        digest
    }

    async fn about(&self, subject: &str, kind: &str, number: usize) -> String {
        let subject = json!({ "mediaType": MANIFEST, "digest": subject, "size": 1 });
        self.push(
            json!({ "artifactType": kind, "subject": subject, "annotations": { "n": number.to_string() } }),
        )
        .await
    }

    async fn listed(&self, subject: &str, kind: Option<&str>) -> Vec<(String, Option<String>)> {
        let index = self.client.pull_referrers(&self.digest(subject), kind).await.expect("a list");
        let annotation = |entry: &std::collections::BTreeMap<String, String>| entry.get("n").cloned();
        let entries = index.manifests.into_iter();
        entries.map(|entry| (entry.digest, entry.annotations.as_ref().and_then(annotation))).collect()
    }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}

#[test]
fn what_is_pushed_with_a_subject_is_listed_until_it_is_deleted() {
    let registry = Registry::start();
    for filters in [true, false] {
        let native = Referrers::Native { page: 10, filters };
        let proxy = Proxy::builder(registry.address()).referrers(native).start();
        block(async {
            let judge = Judge::new(&proxy).await;
            let image = judge.push(json!({})).await;
            assert_eq!(judge.listed(&image, None).await, []);
            let (one, two) = (judge.about(&image, "a/one", 1).await, judge.about(&image, "a/two", 2).await);
            judge.about(&image, "a/two", 2).await;
            judge.about(&one, "a/two", 3).await;
            let row = |digest: &String, n: &str| (digest.clone(), Some(n.to_owned()));
            let both = vec![row(&one, "1"), row(&two, "2")];
            assert_eq!(judge.listed(&image, None).await, both);
            let of_type = judge.listed(&image, Some("a/two")).await;
            assert_eq!(of_type, if filters { vec![row(&two, "2")] } else { both });
            let client = reqwest_client();
            let url = format!("http://{}/v2/app/manifests/{two}", proxy.address());
            assert_eq!(client.delete(url).send().await.expect("an answer").status(), 202);
            assert_eq!(judge.listed(&image, None).await, [row(&one, "1")]);
        });
    }
}

#[test]
fn pages_are_linked_and_say_whether_they_were_filtered() {
    let registry = Registry::start();
    let native = Referrers::Native { page: 2, filters: true };
    let proxy = Proxy::builder(registry.address()).referrers(native).start();
    block(async {
        let judge = Judge::new(&proxy).await;
        let image = judge.push(json!({})).await;
        let mut pushed = Vec::new();
        for number in 0..5 {
            pushed.push(judge.about(&image, "a/b+c", number).await);
        }
        judge.about(&image, "other", 9).await;
        let client = reqwest_client();
        let base = format!("http://{}", proxy.address());
        let mut next = Some(format!("/v2/app/referrers/{image}?artifactType=a%2Fb%2Bc"));
        let (mut found, mut lengths) = (Vec::new(), Vec::new());
        while let Some(target) = next.take() {
            let answer = client.get(format!("{base}{target}")).send().await.expect("an answer");
            let header =
                |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
            assert_eq!(header("content-type").as_deref(), Some(INDEX));
            assert_eq!(header("oci-filters-applied").as_deref(), Some("artifactType"));
            next = header("link").map(|link| {
                link.strip_prefix('<')
                    .and_then(|rest| rest.strip_suffix(">; rel=\"next\""))
                    .expect(&link)
                    .to_owned()
            });
            let page: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
            let entries = page["manifests"].as_array().expect("a list").clone();
            lengths.push(entries.len());
            found.extend(entries.iter().map(|entry| entry["digest"].as_str().expect("a digest").to_owned()));
        }
        assert_eq!((found, lengths), (pushed, vec![2, 2, 1]));
        let wrong = client.get(format!("{base}/v2/app/referrers/1")).send().await.expect("an answer");
        assert_eq!(wrong.status(), 400);
    });
}

#[test]
fn the_tag_of_a_list_leads_to_the_image_where_there_is_one() {
    let registry = Registry::start();
    let proxy = Proxy::builder(registry.address()).referrers(Referrers::TagIsDigest).start();
    block(async {
        let judge = Judge::new(&proxy).await;
        let image = judge.push(json!({})).await;
        let stem = |digest: &str| judge.tag(&digest.replace(':', "-"));
        let found = judge.client.fetch_manifest_digest(&stem(&image), &RegistryAuth::Anonymous).await;
        assert_eq!(found.expect("a digest"), image);
        let absent = stem(&digest_of(b"absent"));
        assert!(judge.client.fetch_manifest_digest(&absent, &RegistryAuth::Anonymous).await.is_err());
        // There is no list, so that the client has to look under the tag, and finds no index there.
        judge.about(&image, "a/b", 1).await;
        assert!(judge.client.pull_referrers(&judge.digest(&image), None).await.is_err());
    });
}

fn reqwest_client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}
