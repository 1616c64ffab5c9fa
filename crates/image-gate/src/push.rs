//! `image-gate push`: tags what was built, and pushes it.

mod rule;

use std::io::Write;

use bollard::query_parameters::{PushImageOptionsBuilder, TagImageOptionsBuilder};
use contract::{Exit, Failure};
use futures_util::StreamExt;
use registry::{Reference, Repository};
use tracing::info;

use crate::cli::Push;
use crate::engine::Engine;
use crate::image::{Image, login};
use crate::output;
use crate::signals::Signals;

use rule::UNKNOWN;
pub(crate) use rule::{Decision, Event, decide};

/// A reference that was pushed, and the digest that it leads to.
pub(crate) struct Pushed {
    pub(crate) reference: Reference,
    pub(crate) digest: Option<String>,
}

/// Pushes, or says why not.
pub(crate) async fn run(args: &Push, out: &mut dyn Write) -> Result<Exit, Failure> {
    let event = Event::find(&args.events, &|name| std::env::var(name).ok());
    if event == Event::Unknown {
        // Nothing at all would look like success, and here nobody has said that it is.
        return Err(Failure::usage(format!("cannot push {}: {UNKNOWN}", args.image))
            .hint("say what it is pushed for: --commit-branch main, or --commit-tag v1.4.0; GitLab's and GitHub's jobs say it by themselves"));
    }
    let references = match decide(&event, &args.only_on, &args.references, None)? {
        Decision::Nothing(why) => {
            info!("nothing is pushed: {why}");
            output::pushed(args, &[], Some(&why), out)?;
            return Ok(Exit::Done);
        }
        Decision::Push(references) => references,
    };
    let signals = Signals::listen()?;
    let engine = Engine::connect().await?;
    let image = Image::there(&engine, &args.image).await?;
    let pushed = if args.dry_run.dry_run {
        references.into_iter().map(|reference| Pushed { reference, digest: None }).collect()
    } else {
        let mut listener = signals.listener();
        tokio::select! {
            biased;
            signal = listener.end() => {
                return Err(Failure::failed(format!("{} ended the push; run it again to finish it", signal.name))
                    .exits(Exit::Command(128 + signal.number)));
            }
            pushed = all(&engine, &image.id, &references) => pushed?,
        }
    };
    output::pushed(args, &pushed, None, out)?;
    Ok(Exit::Done)
}

/// Pushes them one after the other: what is seen by everybody comes last.
///
/// # Errors
/// At the first that fails.
pub(crate) async fn all(
    engine: &Engine,
    image: &str,
    references: &[Reference],
) -> Result<Vec<Pushed>, Failure> {
    let mut pushed = Vec::new();
    for reference in references {
        let digest = one(engine, image, reference).await?;
        info!("pushed {reference}");
        pushed.push(Pushed { reference: reference.clone(), digest });
    }
    Ok(pushed)
}

async fn one(engine: &Engine, image: &str, reference: &Reference) -> Result<Option<String>, Failure> {
    let (Repository::Remote { .. }, Some(tag)) = (&reference.repository, &reference.tag) else {
        return Err(Failure::usage(format!(
            "cannot push {reference}: an engine pushes HOST[:PORT]/PATH:TAG"
        ))
        .hint("name it such as registry.example.com/team/app; image-promote copies layouts"));
    };
    let (name, tag) = (reference.repository.to_string(), tag.to_string());
    let options = TagImageOptionsBuilder::new().repo(&name).tag(&tag).build();
    let tagged = engine.api.tag_image(image, Some(options)).await;
    tagged.map_err(|error| engine.failure(&format!("tag the image as {reference}"), error))?;
    let attempt = format!("push {reference}");
    let options = PushImageOptionsBuilder::new().tag(&tag).build();
    let credentials = login(reference)?;
    let known = credentials.is_some();
    let mut progress = std::pin::pin!(engine.api.push_image(&name, Some(options), credentials));
    let mut digest = None;
    while let Some(step) = progress.next().await {
        let failure = match step {
            Ok(step) => match step.error_detail {
                Some(detail) => {
                    Failure::failed(format!("cannot {attempt}: {}", detail.message.unwrap_or_default()))
                }
                None => {
                    digest = step.status.as_deref().and_then(digest_in).or(digest);
                    continue;
                }
            },
            Err(error) => engine.failure(&attempt, error),
        };
        let hint = advice(&failure.to_string(), known);
        return Err(failure.hint(hint));
    }
    Ok(digest)
}

/// What to do next. Registries and engines say in many words that somebody may not push; that nobody is there they say alike.
fn advice(failure: &str, known: bool) -> &'static str {
    if ["dial tcp", "no such host", "timeout", "x509", "server gave HTTP response"]
        .iter()
        .any(|sign| failure.contains(sign))
    {
        "it is the engine that pushes: the registry has to be reached, and trusted, from there"
    } else if known {
        "see whether the account that is known for this registry may push there"
    } else {
        "no credentials are known for this registry: docker login, or IMAGE_GATE_REGISTRY, _USER and _PASSWORD"
    }
}

/// The engine says it in a sentence: `latest: digest: sha256:... size: 528`.
fn digest_in(status: &str) -> Option<String> {
    let (_, rest) = status.split_once("digest: ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{advice, digest_in};

    #[test]
    fn the_digest_is_read_from_the_engines_sentence() {
        assert_eq!(digest_in("latest: digest: sha256:ab size: 5").as_deref(), Some("sha256:ab"));
        assert_eq!(digest_in("Preparing"), None);
    }

    #[test]
    fn who_is_not_let_in_is_told_apart_from_who_finds_nobody() {
        for (failure, known, says) in [
            ("dial tcp 127.0.0.1:1: connect: connection refused", false, "from there"),
            ("dial tcp: lookup r.example.com: no such host", true, "from there"),
            ("tls: failed to verify certificate: x509: unknown authority", true, "trusted"),
            ("no basic auth credentials", false, "docker login"),
            ("denied: requested access to the resource is denied", true, "may push"),
        ] {
            assert!(advice(failure, known).contains(says), "{failure}");
        }
    }
}
