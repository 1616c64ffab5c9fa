//! Where the tests of marks happen: the same repository with the same images on every backend.

use std::path::PathBuf;

use testkit::{Artifactory, ArtifactoryBuilder, File, Image, Proxy, Referrers, Registry, Tool, tool};

/// The time of every run.
pub(crate) const NOW: &str = "1767323045";
/// The same, as it is written.
pub(crate) const CREATED: &str = "2026-01-02T03:04:05Z";

pub(crate) fn props<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Tool {
    tool("props").args(arguments).env("SOURCE_DATE_EPOCH", NOW)
}

/// A layout directory with images of different content, under these tags.
pub(crate) struct Layout {
    folder: tempfile::TempDir,
}

impl Layout {
    pub(crate) fn with(tags: &[&str]) -> Self {
        let layout = Self { folder: tempfile::tempdir().expect("a folder") };
        tags.iter().for_each(|tag| drop(layout.image(tag, tag)));
        layout
    }

    /// Writes an image with this content, and says its digest.
    pub(crate) fn image(&self, tag: &str, content: &str) -> String {
        let image = Image::new().layer(vec![File::new("content", content)]);
        image.write(&self.path(), tag).expect("an image")
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("layout")
    }

    pub(crate) fn repository(&self) -> String {
        format!("oci:{}", self.path().display())
    }
}

/// The one local repository of most tests.
pub(crate) const KEY: &str = "docker-local";
/// The image in it.
pub(crate) const NAME: &str = "team/app";

/// An Artifactory with the images of a layout in `docker-local/team/app`.
pub(crate) fn artifactory(
    layout: &Layout,
    tags: &[&str],
    set_up: impl Fn(ArtifactoryBuilder) -> ArtifactoryBuilder,
) -> Artifactory {
    let artifactory = set_up(Artifactory::builder().local(KEY)).start();
    tags.iter().for_each(|tag| drop(artifactory.push(&layout.path(), tag, KEY, NAME, tag)));
    artifactory
}

/// One of the places that keep marks, with its server.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    /// The repository, without a tag.
    pub(crate) repository: String,
    pub(crate) layout: Layout,
    _server: Box<dyn std::any::Any + Send>,
}

/// Every backend, each with the same images.
pub(crate) fn backends(tags: &[&str]) -> Vec<Backend> {
    let layout = Layout::with(tags);
    let here = Backend { name: "layout", repository: layout.repository(), layout, _server: Box::new(()) };

    let layout = Layout::with(tags);
    let server = artifactory(&layout, tags, |builder| builder);
    let repository = format!("{}/{KEY}/{NAME}", server.address());
    let artifactory = Backend { name: "artifactory", repository, layout, _server: Box::new(server) };

    let referrers = [
        ("oci", None),
        ("oci with referrers", Some(Referrers::Native { page: 2, filters: true })),
        ("oci with referrers unfiltered", Some(Referrers::Native { page: 100, filters: false })),
        ("oci as GitLab's", Some(Referrers::TagIsDigest)),
    ];
    let registries = referrers.map(|(name, referrers)| registry(name, referrers, tags));
    [here, artifactory].into_iter().chain(registries).collect()
}

/// A registry with images, and with a proxy in front that deals with referrers in another way.
pub(crate) fn registry(name: &'static str, referrers: Option<Referrers>, tags: &[&str]) -> Backend {
    let layout = Layout::with(tags);
    let server = Registry::start();
    let proxy = referrers.map(|referrers| Proxy::builder(server.address()).referrers(referrers).start());
    let address = proxy.as_ref().map_or_else(|| server.address().to_owned(), Proxy::address);
    let repository = format!("{address}/{NAME}");
    for tag in tags {
        let from = format!("{}:{tag}", layout.repository());
        tool("image-promote").args(["copy", &from, &format!("{repository}:{tag}")]).succeeds();
    }
    Backend { name, repository, layout, _server: Box::new((proxy, server)) }
}
