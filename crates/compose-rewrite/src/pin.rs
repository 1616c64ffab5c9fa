//! The verb `pin`.

use std::collections::HashMap;
use std::io::Write;

use contract::{Exit, Failure};
use futures_util::future::try_join_all;
use registry::{Access, Digest, Reference, Registries, Store, Tag};
use tracing::{debug, info};
use yaml_splice::{Splice, Yaml};

use crate::cli::Pin;
use crate::compose::Compose;
use crate::delivery::{self, Rewritten, counted};
use crate::elsewhere;
use crate::error::Error;
use crate::image_reference::pulled;
use crate::source::{Opened, Source};
use crate::used_images::used_images;

/// What tags lead to.
type Digests = HashMap<(String, String), Digest>;

pub(crate) fn run(args: &Pin, out: &mut dyn Write) -> Result<Exit, Failure> {
    let files = delivery::open(Source::locate_all(&args.files)?, &args.target)?;
    // Everything is read before anything is asked.
    let mut wanted = Vec::new();
    for file in &files {
        let explained = |error: Error| error.in_file("read", &file.source);
        let yaml = Yaml::open(&file.text).map_err(|error| explained(error.into()))?;
        let compose = Compose::new(&yaml, &file.place).map_err(explained)?;
        for image in used_images(&compose) {
            match to_be_asked(image.text, args.update) {
                Ok(Some(tagged)) if !wanted.contains(&tagged) => wanted.push(tagged),
                Ok(_) => {}
                Err(reason) => image.is_kept(&file.source, &reason),
            }
        }
        elsewhere::warn_of_images(&compose, &file.source);
    }
    let digests = http::run(ask(&wanted, args))??;
    let changes = delivery::rewrite_each(files, &args.target, &mut |file| {
        let (text, count) =
            rewrite(file, &digests, args.update).map_err(|error| error.in_file("change", &file.source))?;
        let are = counted(count, "image is pinned to its digest", "images are pinned to their digests");
        Ok(Rewritten { text, what: are })
    })?;
    delivery::deliver(&changes, &args.target, out)
}

/// The image with its tag alone; none when it is pinned already. An error says why no registry can be asked.
fn to_be_asked(text: &str, update: bool) -> Result<Option<Reference>, String> {
    if text.contains('$') {
        return Err("there is a variable in it".into());
    }
    let reference = pulled(text)?;
    match (&reference.tag, &reference.digest) {
        (_, Some(_)) if !update => Ok(None),
        (Some(_), _) => Ok(Some(Reference { digest: None, ..reference })),
        (None, Some(_)) => Ok(None),
        (None, None) => Err("it has no tag; write the one that is meant, be it latest".into()),
    }
}

/// Asks for all digests at a time; the client keeps the number of requests to a server within bounds.
async fn ask(wanted: &[Reference], args: &Pin) -> Result<Digests, Failure> {
    if wanted.is_empty() {
        return Ok(Digests::new());
    }
    let registries = Registries::new(&args.registry, "compose-rewrite", env!("CARGO_PKG_VERSION"))?;
    let found = try_join_all(wanted.iter().map(|reference| resolve(&registries, reference))).await?;
    Ok(found.into_iter().collect())
}

async fn resolve(
    registries: &Registries,
    reference: &Reference,
) -> Result<((String, String), Digest), Failure> {
    let missing = || {
        Failure::failed(format!("cannot pin {reference}: there is no such image"))
            .hint("check its tag; nothing was written")
    };
    let tag: &Tag = reference.tag.as_ref().ok_or_else(missing)?;
    let Store::Remote(remote) = registries.open(&reference.repository, Access::Pull)? else {
        return Err(missing());
    };
    let digest = remote.resolve(tag).await?.ok_or_else(missing)?;
    info!("{reference} is {digest}");
    Ok((key(reference, tag), digest))
}

fn key(reference: &Reference, tag: &Tag) -> (String, String) {
    (reference.repository.to_string(), tag.to_string())
}

fn rewrite(file: &Opened, digests: &Digests, update: bool) -> Result<(String, usize), Error> {
    let yaml = Yaml::open(&file.text)?;
    let compose = Compose::new(&yaml, &file.place)?;
    let mut splice = Splice::new(&yaml);
    // Services that share an image share its digest as well.
    splice.spread();
    let mut count = 0;
    for image in used_images(&compose) {
        let Ok(Some(reference)) = to_be_asked(image.text, update) else {
            debug!("{}: '{}' keeps {}", file.source, image.service, image.text);
            continue;
        };
        let Some(digest) = reference.tag.as_ref().and_then(|tag| digests.get(&key(&reference, tag))) else {
            continue;
        };
        // The name stays as it is written: nginx is not docker.io/library/nginx to the eye.
        let tagged = image.text.split('@').next().unwrap_or(image.text);
        splice.replace_scalar(&image.path, &format!("{tagged}@{digest}"))?;
        count += 1;
    }
    Ok((splice.render()?, count))
}

#[cfg(test)]
mod tests {
    use super::to_be_asked;

    #[test]
    fn tags_are_asked_for_and_what_is_pinned_stays() {
        let digest = format!("@sha256:{}", "0".repeat(64));
        let asked =
            |text: &str, update| to_be_asked(text, update).map(|found| found.map(|image| image.to_string()));
        assert_eq!(asked("nginx:1", false), Ok(Some("docker.io/library/nginx:1".into())));
        assert_eq!(asked(&format!("nginx:1{digest}"), false), Ok(None));
        assert_eq!(asked(&format!("nginx:1{digest}"), true), Ok(Some("docker.io/library/nginx:1".into())));
        assert_eq!(asked(&format!("nginx{digest}"), true), Ok(None));
        assert_eq!(asked("nginx:$TAG", false), Err("there is a variable in it".into()));
        assert_eq!(
            asked("nginx", false),
            Err("it has no tag; write the one that is meant, be it latest".into())
        );
        assert_eq!(asked("oci:layout:1", false), Err("it is no image of a registry".into()));
    }
}
