//! A registry behind token proxies, an image in it, and runs that are judged.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit::{File, Image, Output, Proxy, ProxyBuilder, Registry, Tokens, Tool, tool};

/// How many promotes at a time: they wait more than they work.
pub(crate) const WORKERS: usize = 12;

/// The repository with the image, under the tag `1`.
pub(super) const SOURCE: &str = "team/app/ci";

/// A registry with an image.
pub(super) struct Stand {
    pub(super) registry: Registry,
    pub(super) digest: String,
    repositories: AtomicUsize,
}

/// An image with as many layers that both of its platforms share: 2 children, and 4 blobs besides them.
pub(super) fn image(layers: usize) -> Image {
    let layer = |image: Image, n: usize| {
        let content: Vec<u8> = (0..10_000_u32).flat_map(|word| (word ^ n as u32).to_le_bytes()).collect();
        image.layer(vec![File::new(&format!("app/data-{n}"), content)])
    };
    (0..layers).fold(Image::new(), layer)
}

impl Stand {
    pub(super) fn new(layers: usize) -> Self {
        let registry = Registry::start();
        let digest = push(&image(layers), &registry, &format!("{SOURCE}:1"), &["--all"]);
        Self { registry, digest, repositories: AtomicUsize::new(0) }
    }

    /// A proxy that wants tokens, and gives them to the robot only.
    pub(super) fn proxy(&self) -> ProxyBuilder {
        Proxy::builder(self.registry.address()).tokens(Tokens::new().account("robot", "testing"))
    }

    /// A repository that nobody has used yet.
    pub(super) fn repository(&self) -> String {
        format!("team/app/release-{}", self.repositories.fetch_add(1, Ordering::SeqCst))
    }

    /// What the tag `1` of a repository leads to, after all of it was read.
    pub(super) fn digest_in(&self, repository: &str) -> Result<Option<String>, String> {
        self.registry.audit(repository, "1")
    }

    /// A run that failed has to be followed by one that finishes its work.
    pub(super) fn finish(&self, proxy: &Proxy, repository: &str) -> Result<(), String> {
        proxy.heal();
        let output = promote(proxy, repository).arg("--move").run();
        if output.code != Some(0) {
            return Err(format!("the second run ends with {:?}:\n{}", output.code, output.stderr));
        }
        match self.digest_in(repository)? {
            Some(digest) if digest == self.digest => Ok(()),
            other => Err(format!("after the second run the tag leads to {other:?}")),
        }
    }
}

/// Pushes an image with skopeo and returns its digest; skopeo says which that is, because it may choose a platform.
pub(super) fn push(image: &Image, registry: &Registry, name: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    image.write(folder.path(), "1").expect("a layout");
    let told = folder.path().join("digest");
    let output = Command::new("skopeo")
        .args(["copy", "--quiet", "--dest-tls-verify=false", "--digestfile"])
        .arg(&told)
        .args(more)
        .arg(format!("oci:{}:1", folder.path().display()))
        .arg(format!("docker://{}/{name}", registry.address()))
        .output()
        .expect("skopeo is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(told).expect("a digest").trim().to_owned()
}

/// A promote within the registry behind the proxy, with the robot's credentials.
pub(super) fn promote(proxy: &Proxy, repository: &str) -> Tool {
    let address = proxy.address();
    copy(proxy, &format!("{address}/{SOURCE}:1"), &format!("{address}/{repository}:1"))
}

/// A copy with the robot's credentials for the registry behind the proxy.
pub(super) fn copy(proxy: &Proxy, from: &str, to: &str) -> Tool {
    let address = proxy.address();
    let login = r#"{"username":"robot","password":"testing"}"#;
    tool("image-promote")
        .args(["copy", from, to])
        .env("DOCKER_AUTH_CONFIG", format!(r#"{{"auths":{{"{address}":{login}}}}}"#))
        .env("IMAGE_PROMOTE_TIMEOUT", "5")
}

/// Does a failed run say so as it should: exit code 1, one or two lines?
pub(super) fn fails_clearly(output: &Output) -> Result<(), String> {
    let error = output.error();
    let clear = output.code == Some(1)
        && (1..=2).contains(&error.len())
        && error[0].starts_with("image-promote: ")
        && !output.stderr.contains("panicked");
    if clear { Ok(()) } else { Err(format!("it fails with {:?} and says:\n{}", output.code, output.stderr)) }
}
