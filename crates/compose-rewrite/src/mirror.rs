//! The verb `mirror`.

use std::io::Write;
use std::net::IpAddr;

use contract::{Exit, Failure};
use registry::{Reference, Repository};
use tracing::debug;
use yaml_splice::{Splice, Yaml};

use crate::cli::Mirror;
use crate::compose::Compose;
use crate::delivery::{self, Rewritten, counted};
use crate::elsewhere;
use crate::error::Error;
use crate::image_reference::pulled;
use crate::interpolation::filled;
use crate::source::{Opened, Source};
use crate::used_images::used_images;

pub(crate) fn run(args: &Mirror, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mirror = Through::new(args)?;
    let files = delivery::open(Source::locate_all(&args.files)?, &args.target)?;
    let changes = delivery::rewrite_each(files, &args.target, &mut |file| {
        let (text, count) = rewrite(file, &mirror).map_err(|error| error.in_file("change", &file.source))?;
        let come = counted(count, "image comes", "images come");
        Ok(Rewritten { text, what: format!("{come} through {}", mirror.prefix) })
    })?;
    delivery::deliver(&changes, &args.target, out)
}

fn rewrite(file: &Opened, mirror: &Through<'_>) -> Result<(String, usize), Error> {
    let source = &file.source;
    let yaml = Yaml::open(&file.text)?;
    let compose = Compose::new(&yaml, &file.place)?;
    let mut splice = Splice::new(&yaml);
    // Services that share an image share the mirror as well.
    splice.spread();
    let mut count = 0;
    for image in used_images(&compose) {
        match mirror.name(image.text) {
            Ok(Some(name)) => {
                splice.replace_scalar(&image.path, &name)?;
                count += 1;
            }
            Ok(None) => debug!("{source}: '{}' keeps {}", image.service, image.text),
            Err(reason) => image.is_kept(source, &reason),
        }
    }
    elsewhere::warn_of_images(&compose, source);
    Ok((splice.render()?, count))
}

/// A mirror, and what comes through it.
struct Through<'a> {
    prefix: &'a str,
    /// The one registry that it mirrors.
    of: Option<String>,
}

impl<'a> Through<'a> {
    fn new(args: &'a Mirror) -> Result<Self, Failure> {
        let prefix = args.prefix.strip_prefix("docker://").unwrap_or(&args.prefix).trim_end_matches('/');
        let wrong = |reason: String| {
            Failure::usage(format!("'{}' is no mirror: {reason}", args.prefix))
                .hint("expected HOST[:PORT][/PATH], as in mirror.example.com/proxy")
        };
        if std::path::Path::new(&args.prefix).is_file() {
            return Err(wrong("it is a file here; PREFIX comes first".into()));
        }
        // Compose fills variables in; whatever they are, what is around them has to fit.
        let likely = filled(prefix, "variable.example").map_err(wrong)?;
        host_of(&likely).map_err(wrong)?;
        let of = args.of.as_deref().map(registry_host).transpose()?;
        Ok(Self { prefix, of })
    }

    /// The name by which an image comes through the mirror; none when it need not. An error says why it cannot be
    /// known.
    fn name(&self, image: &str) -> Result<Option<String>, String> {
        if image.strip_prefix(self.prefix).is_some_and(|rest| rest.starts_with('/')) {
            return Ok(None);
        }
        let (name, version) = split_version(image);
        if name.contains('$') {
            return Err("there is a variable in its name".into());
        }
        // A tag or digest with a variable in it is not known here.
        let known = if version.contains('$') { name } else { image };
        let Repository::Remote { host, path } = pulled(known)?.repository else {
            return Err("it is no image of a registry".into());
        };
        match &self.of {
            Some(of) if of.eq_ignore_ascii_case(&host) => {
                Ok(Some(format!("{}/{path}{version}", self.prefix)))
            }
            Some(_) => Ok(None),
            None if is_this_machine(&host) => Ok(None),
            None => Ok(Some(format!("{}/{host}/{path}{version}", self.prefix))),
        }
    }
}

/// The host that a prefix starts with.
fn host_of(prefix: &str) -> Result<String, String> {
    match format!("{prefix}/name").parse::<Reference>() {
        Ok(Reference { repository: Repository::Remote { host, .. }, .. }) if prefix.starts_with(&host) => {
            Ok(host)
        }
        Ok(_) => Err(format!(
            "'{}' is no host, which has a dot or a port",
            prefix.split('/').next().unwrap_or_default()
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// The registry that `--of` names.
fn registry_host(text: &str) -> Result<String, Failure> {
    let name = text.trim_end_matches('/');
    let name = if name == "index.docker.io" { "docker.io" } else { name };
    let reason = match host_of(name) {
        Ok(host) if host == name => return Ok(host),
        Ok(host) => format!("its host is {host}"),
        Err(reason) => reason,
    };
    Err(Failure::usage(format!("'{text}' is no host of a registry: {reason}"))
        .hint("--of names it alone, as in --of docker.io"))
}

/// The name, and the tag and digest with the sign in front of them; those may hold variables.
fn split_version(image: &str) -> (&str, &str) {
    // A variable may bring the colon along: nginx${TAG}.
    let name = &image[..image.find('$').unwrap_or(image.len())];
    let at = name.find('@').unwrap_or(name.len());
    let last_part = name[..at].rfind('/').map_or(0, |slash| slash + 1);
    match name[last_part..at].find(':') {
        Some(colon) => image.split_at(last_part + colon),
        None if at < name.len() => image.split_at(at),
        None => (image, ""),
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::Through;

    #[test]
    fn names_are_written_out_and_come_behind_the_prefix() {
        let all = Through { prefix: "m.example/p", of: None };
        let hub = Through { prefix: "m.example/p", of: Some("docker.io".into()) };
        let digest = format!("@sha256:{}", "0".repeat(64));
        for (image, by_all, by_hub) in [
            ("nginx", Some("docker.io/library/nginx"), Some("library/nginx")),
            ("nginx:1", Some("docker.io/library/nginx:1"), Some("library/nginx:1")),
            ("a/b:1", Some("docker.io/a/b:1"), Some("a/b:1")),
            ("docker.io/library/nginx:1", Some("docker.io/library/nginx:1"), Some("library/nginx:1")),
            ("nginx:${TAG:-1}", Some("docker.io/library/nginx:${TAG:-1}"), Some("library/nginx:${TAG:-1}")),
            ("quay.io/a/b:1", Some("quay.io/a/b:1"), None),
            ("h.example:5000/a/b:$T", Some("h.example:5000/a/b:$T"), None),
            ("localhost:5000/a:1", None, None),
            ("[::1]:5000/a:1", None, None),
            ("m.example/p/library/nginx:1", None, None),
        ] {
            let behind = |name: Option<&str>| name.map(|name| format!("m.example/p/{name}"));
            assert_eq!(all.name(image), Ok(behind(by_all)), "{image}");
            assert_eq!(hub.name(image), Ok(behind(by_hub)), "{image}");
        }
        let pinned = format!("nginx:1{digest}");
        assert_eq!(hub.name(&pinned), Ok(Some(format!("m.example/p/library/{pinned}"))));
    }

    #[test]
    fn what_cannot_be_known_says_why() {
        let all = Through { prefix: "m.example", of: None };
        for (image, reason) in [
            ("$IMAGE", "there is a variable in its name"),
            ("${REGISTRY}/nginx:1", "there is a variable in its name"),
            ("nginx${TAG}", "there is a variable in its name"),
            (
                "NGINX",
                "'NGINX' is no image reference: the path part 'NGINX' holds upper-case letters, which no registry takes",
            ),
        ] {
            assert_eq!(all.name(image), Err(reason.to_owned()));
        }
    }
}
