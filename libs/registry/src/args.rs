//! The arguments of every tool that speaks to registries.

use clap::Args;
use contract::Explain;
use http::NetworkArgs;

use crate::{InvalidReference, Reference};

/// How registries are spoken to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network options")]
pub struct RegistryArgs {
    /// What holds for every request.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Speak plain HTTP to registries; loopback addresses get it anyway, unless --ca-cert or --client-cert is given
    #[arg(long)]
    pub plain_http: bool,
}

/// Where skopeo and podman keep images besides registries and OCI layouts (containers-transports(5)).
const TRANSPORTS: [&str; 9] = [
    "atomic",
    "containers-storage",
    "dir",
    "docker-archive",
    "docker-daemon",
    "oci-archive",
    "ostree",
    "sif",
    "tarball",
];

/// Reads a reference that somebody has typed. Unlike one in a file, `dir:out` is none: who types it means a directory, as
/// skopeo does, and it would be pushed to Docker Hub.
///
/// # Errors
/// The message, and below it the hint as clap's errors have theirs.
pub fn typed_reference(text: &str) -> Result<Reference, String> {
    let with_hint = |error: InvalidReference| {
        let hint = if text.is_empty() || text.ends_with([':', '@']) {
            Some("see that the variable is set that it comes from".to_owned())
        } else {
            error.hint()
        };
        hint.map_or_else(|| error.to_string(), |hint| format!("{error}\n\ntip: {hint}"))
    };
    refuse_transport(text).and_then(|()| text.parse()).map_err(with_hint)
}

fn refuse_transport(text: &str) -> Result<(), InvalidReference> {
    match text.split_once(':') {
        Some((transport, rest)) if TRANSPORTS.contains(&transport) && !is_port(rest) => {
            Err(InvalidReference::transport(text, transport))
        }
        _ => Ok(()),
    }
}

/// A host may be called as a transport is: `tarball:5000/app`.
fn is_port(rest: &str) -> bool {
    rest.split_once('/').is_some_and(|(port, _)| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_transports_are_refused_where_they_are_typed_and_names_like_them_are_not() {
        for text in [
            "dir:lay",
            "dir:/srv/lay",
            "docker-archive:app.tar",
            "docker-archive:app.tar:app:3",
            "oci-archive:app.tar:3",
            "docker-daemon:app:3",
            "containers-storage:[overlay@/var/lib]app:3",
            "ostree:app@/ostree/repo",
            "sif:app.sif",
            "tarball:/srv/app.tar",
            "atomic:app:3",
        ] {
            let error = typed_reference(text).expect_err(text);
            let (message, hint) = error.split_once("\n\ntip: ").expect("a hint");
            assert!(message.contains("oci:DIR:TAG") && message.contains(text), "{message}");
            assert_eq!(hint.contains("docker.io/library/dir:lay"), text == "dir:lay", "{hint}");
        }
        for text in ["", "localhost:5000/app:", "localhost:5000/app@"] {
            assert!(typed_reference(text).expect_err(text).contains("the variable is set"), "{text}");
        }
        for (text, expected) in [
            ("docker.io/library/dir:lay", "docker.io/library/dir:lay"),
            ("docker://dir:lay", "docker.io/library/dir:lay"),
            ("tarball:5000/app:1", "tarball:5000/app:1"),
            ("dir", "docker.io/library/dir"),
            ("dirs:1", "docker.io/library/dirs:1"),
            ("docker:27", "docker.io/library/docker:27"),
        ] {
            assert_eq!(typed_reference(text).expect(text).to_string(), expected);
        }
        // In a file it is the image's name.
        assert_eq!(
            "dir:lay".parse::<Reference>().expect("an image").to_string(),
            "docker.io/library/dir:lay"
        );
    }
}
