//! The verb `image`, from the command line to the files.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use contract::{Exit, Failure};
use tracing::warn;
use yaml_splice::{Yaml, nearest};

use crate::cli::Image;
use crate::compose::Compose;
use crate::delivery::{self, Change, Rewritten};
use crate::elsewhere;
use crate::error::Error;
use crate::image::{self, Request};
use crate::image_reference;
use crate::override_file::{self, Overridden};
use crate::source::{Opened, Source};

/// The variable in which `versioner env` names the image of this commit.
const CI_IMAGE: &str = "CI_IMAGE";
const ATTEMPT: &str = "put the image into";
const OVERRIDE: &str = "override";
const NAME_THEM: &str = "choose the services with --service";

pub(crate) fn run(args: &Image, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (reference, files) = reference(args)?;
    image_reference::check(&reference, args.escape)?;
    if args.services.iter().any(String::is_empty) {
        return Err(Failure::usage("the name of a service, --service, is empty")
            .hint("is the variable set that it comes from? several names have one comma between them"));
    }
    let reference = if args.escape { reference.replace('$', "$$") } else { reference };
    let sources = Source::locate_all(&files)?;
    match &args.override_out {
        Some(path) => override_file(args, path, &reference, sources, out),
        None => in_files(args, &reference, sources, out),
    }
}

/// REF and the files, or with `--from-env` files alone.
fn reference(args: &Image) -> Result<(String, Vec<PathBuf>), Failure> {
    let paths = |words: &[OsString]| words.iter().map(PathBuf::from).collect();
    if args.from_env {
        let image = std::env::var(CI_IMAGE).unwrap_or_default();
        if image.is_empty() {
            return Err(Failure::usage(format!("there is no image to put in: {CI_IMAGE} is not set"))
                .hint("'versioner env' prints it; pass that on as a dotenv report, or name the image instead of --from-env"));
        }
        if let Some(word) = args.reference_and_files.first().filter(|word| is_rather_an_image(word)) {
            let word = word.to_string_lossy();
            return Err(Failure::usage(format!(
                "'{word}' is no file; is it the image? --from-env was given too"
            ))
            .hint("give either the image or --from-env"));
        }
        return Ok((image, paths(&args.reference_and_files)));
    }
    let (first, rest) = args.reference_and_files.split_first().ok_or_else(|| {
        Failure::usage("the image, REF, is missing")
            .hint("see 'compose-rewrite image --help'; --from-env takes it from CI_IMAGE")
    })?;
    let text = first.to_str().ok_or_else(|| {
        Failure::usage(format!("cannot use '{}' as the image: it is not UTF-8", first.to_string_lossy()))
    })?;
    Ok((text.to_owned(), paths(rest)))
}

fn is_rather_an_image(word: &OsString) -> bool {
    let path = Path::new(word);
    let named_as_yaml = path.extension().is_some_and(|end| end == "yml" || end == "yaml" || end == "json");
    !path.exists() && !named_as_yaml && path != Path::new("-")
}

fn in_files(
    args: &Image,
    reference: &str,
    sources: Vec<Source>,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let files = delivery::open(sources, &args.target)?;
    let names: Vec<String> = files.iter().map(|file| file.source.to_string()).collect();
    let request = Request {
        services: &args.services,
        all_built: args.all_built,
        image: reference,
        inline: args.inline,
        fix_pull_policy: args.fix_pull_policy,
        among_others: names.len() > 1,
    };
    let mut found: Vec<String> = Vec::new();
    let changes = delivery::rewrite_each(files, &args.target, &mut |file| {
        let source = &file.source;
        let rewritten = image::rewrite(&file.text, &file.place, &request)
            .map_err(|error| error.in_file(ATTEMPT, source))?;
        for warning in &rewritten.warnings {
            warn!("{source}: {warning}");
        }
        let what = match rewritten.services.as_slice() {
            [] => "none of the services is here".to_owned(),
            services => format!("{} now uses {reference}", services.join(", ")),
        };
        found.extend(rewritten.services);
        Ok(Rewritten { text: rewritten.text, what })
    })?;
    if request.among_others {
        nobody_is_missing(args, &found, &names)?;
    }
    delivery::deliver(&changes, &args.target, out)
}

/// Of several files each may lack a service, but not all of them.
fn nobody_is_missing(args: &Image, found: &[String], files: &[String]) -> Result<(), Failure> {
    let none = format!("none of {} has a service", files.join(", "));
    if args.all_built {
        let nothing = || Failure::usage(format!("{none} with a build"));
        return if found.is_empty() { Err(nothing().hint(NAME_THEM)) } else { Ok(()) };
    }
    let Some(missing) = args.services.iter().find(|name| !found.contains(name)) else {
        return Ok(());
    };
    Err(Failure::usage(format!("{none} '{missing}' with a build or an image")).hint(NAME_THEM))
}

fn override_file(
    args: &Image,
    path: &Path,
    reference: &str,
    sources: Vec<Source>,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let files = Opened::all(sources)?;
    let overridden = overridden(args, &files)?;
    let (after, warnings) = override_file::text(&overridden, reference, args.fix_pull_policy)
        .map_err(|error| error.in_file(OVERRIDE, &files[0].source))?;
    let place = delivery::file(path);
    let name = place.as_ref().map_or("standard output".into(), |path| path.display().to_string());
    for warning in warnings {
        warn!("{name}: {warning}");
    }
    let names: Vec<&str> = overridden.iter().map(Overridden::name).collect();
    let change = Change {
        name,
        before: place.as_ref().and_then(|path| std::fs::read(path).ok()).unwrap_or_default(),
        after,
        place,
        what: format!("{} now uses {reference}", names.join(", ")),
    };
    delivery::deliver(&[change], &args.target, out)
}

/// What the override has to say about which services.
fn overridden(args: &Image, files: &[Opened]) -> Result<Vec<Overridden>, Failure> {
    let mut overridden: Vec<Overridden> = Vec::new();
    let mut not_found = None;
    let mut includes = false;
    let mut written: Vec<String> = Vec::new();
    for file in files {
        let explained = |error: Error| error.in_file(OVERRIDE, &file.source);
        let yaml = Yaml::open(&file.text).map_err(|error| explained(error.into()))?;
        let compose = Compose::new(&yaml, &file.place).map_err(explained)?;
        let names = if args.all_built {
            elsewhere::warn_of_includes(&compose, &file.source);
            compose.built().map_err(explained)?
        } else {
            args.services.clone()
        };
        for service in override_file::look_up(&compose, &names).map_err(explained)? {
            match overridden.iter_mut().find(|known| known.name() == service.name()) {
                Some(known) => known.join(service),
                None => overridden.push(service),
            }
        }
        includes |= !compose.includes.is_empty();
        written.extend(compose.services.iter().map(|service| service.name.to_string()));
        let missing = names.iter().find(|name| !overridden.iter().any(|known| known.name() == *name));
        not_found = missing.map(|name| explained(compose.no_service(name)));
    }
    if args.all_built && overridden.is_empty() {
        return Err(Error::NothingBuilt { includes }.in_file(OVERRIDE, &files[0].source));
    }
    if let Some(failure) = not_found {
        let is_known = |name: &String| overridden.iter().any(|known| known.name() == name);
        // Compose would make a new service of a slip.
        let is_slip = |name: &String| !is_known(name) && nearest(name, &written).is_some();
        if !includes || args.all_built || args.services.iter().any(is_slip) {
            return Err(failure);
        }
        let unknown: Vec<&String> = args.services.iter().filter(|name| !is_known(name)).collect();
        for name in unknown {
            let source = &files[0].source;
            warn!("'{name}' is not written in {source}; it is taken to be in a file that is included");
            overridden.push(Overridden::unknown(name));
        }
    }
    Ok(overridden)
}
