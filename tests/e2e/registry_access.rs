//! How every tool gets into a registry: credentials, tokens, certificates, proxies. `image-promote` stands for all.

mod credentials;
mod tokens;
mod transport;

use std::path::Path;

use testkit::{File, Image, Tool, tool};

fn image() -> Image {
    Image::new().layer(vec![File::new("app/main.py", "print()")])
}

fn digest(reference: &str) -> Tool {
    tool("image-promote").args(["digest", reference])
}

/// The image as a layout in this folder, and its digest.
fn layout(folder: &Path) -> (String, String) {
    let path = folder.join("layout");
    let digest = image().write(&path, "1").expect("a layout");
    (format!("oci:{}:1", path.display()), digest)
}

/// The credentials of the account that the registries here know, for this host.
fn login(host: &str) -> String {
    format!(r#"{{"auths":{{"{host}":{{"username":"robot","password":"s3cret"}}}}}}"#)
}
