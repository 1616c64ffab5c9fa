//! The verb `list`.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::Serialize;
use tracing::warn;
use yaml_splice::Yaml;

use crate::cli::List;
use crate::compose::{Compose, Effective, Inherited, Service};
use crate::elsewhere::not_given;
use crate::error::Error;
use crate::inventory::{mounts, ports};
use crate::mounts::Listed;
use crate::source::{Opened, Source};

/// The result; its JSON is an interface.
#[derive(Serialize)]
struct Report {
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    services: Vec<ServiceReport>,
}

#[derive(Serialize)]
struct ServiceReport {
    name: String,
    image: Option<String>,
    build: Option<Build>,
    ports: Vec<String>,
    bind_mounts: Vec<String>,
}

#[derive(Serialize)]
struct Build {
    context: Option<String>,
    origin: BuildOrigin,
    /// The service it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The file that service is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

/// How a build got into its service.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum BuildOrigin {
    Own,
    /// Through `<<`.
    Merged,
    /// Through `extends`.
    Extended,
    /// Through `extends` of another file; without a context when that cannot be read, so there may be one.
    OtherFile,
}

pub(crate) fn run(args: &List, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for file in Opened::all(Source::locate_all(&args.files)?)? {
        let services = services(&file).map_err(|error| error.in_file("read", &file.source))?;
        files.push(FileReport { file: file.source.to_string(), services });
    }
    match args.format.format {
        Format::Json => output::json(out, &Report { files })?,
        Format::Text => output::bytes(out, table(&files).as_bytes())?,
    }
    Ok(Exit::Done)
}

fn services(file: &Opened) -> Result<Vec<ServiceReport>, Error> {
    let yaml = Yaml::open(&file.text)?;
    let compose = Compose::new(&yaml, &file.place)?;
    for other in not_given(&compose) {
        warn!("{}: it includes {other}, whose services are not listed; name that file too", file.source);
    }
    for service in &compose.services {
        if let Some((from, other)) = compose.unread(*service) {
            let name = service.name;
            warn!(
                "{}: what '{name}' has from '{from}' in {other} is not shown: it cannot be read there",
                file.source
            );
        }
    }
    // A service of several documents is listed once.
    let is_first = |service: &&Service<'_>| {
        compose.declarations(**service).last().is_some_and(|first| first.document == service.document)
    };
    Ok(compose.services.iter().filter(is_first).map(|service| report(&compose, *service)).collect())
}

fn report(compose: &Compose<'_>, service: Service<'_>) -> ServiceReport {
    ServiceReport {
        name: service.name.to_owned(),
        image: compose.merged(service, "image").and_then(|image| image.text()),
        build: build(compose, service),
        ports: shown(ports(compose, service)),
        bind_mounts: shown(mounts(compose, service)),
    }
}

fn shown(items: Vec<Listed>) -> Vec<String> {
    items.into_iter().filter_map(|item| item.shown).collect()
}

fn build(compose: &Compose<'_>, service: Service<'_>) -> Option<Build> {
    let found = compose.merged(service, "build")?;
    let new = |origin, from: Option<&str>, file: Option<&str>| Build {
        context: found.text(),
        origin,
        from: from.map(str::to_owned),
        file: file.map(str::to_owned),
    };
    Some(match &found {
        Effective::Own(_) => new(BuildOrigin::Own, None, None),
        Effective::Inherited(Inherited::Merged(_)) => new(BuildOrigin::Merged, None, None),
        Effective::Inherited(Inherited::Extended { from, .. }) => {
            new(BuildOrigin::Extended, Some(from), None)
        }
        Effective::Inherited(Inherited::OtherFile { from, file, .. }) => {
            new(BuildOrigin::OtherFile, Some(from), Some(file))
        }
    })
}

impl Build {
    fn shown(&self) -> String {
        let context = self.context.as_deref().unwrap_or("?");
        let from = self.from.as_deref().unwrap_or_default();
        match self.origin {
            BuildOrigin::Own => context.to_owned(),
            BuildOrigin::Merged => format!("{context} (merged)"),
            BuildOrigin::Extended => format!("{context} (extends {from})"),
            BuildOrigin::OtherFile => {
                format!("{context} (extends {from} in {})", self.file.as_deref().unwrap_or_default())
            }
        }
    }
}

fn table(files: &[FileReport]) -> String {
    let mut rows = vec![["FILE", "SERVICE", "IMAGE", "BUILD", "PORTS", "BIND MOUNTS"].map(str::to_owned)];
    for file in files {
        rows.extend(file.services.iter().map(|service| {
            let cells = [
                file.file.clone(),
                service.name.clone(),
                service.image.clone().unwrap_or_default(),
                service.build.as_ref().map(Build::shown).unwrap_or_default(),
                service.ports.join(", "),
                service.bind_mounts.join(", "),
            ];
            // A line of the table is a line, whatever was written; and an empty cell can be seen.
            cells.map(|cell| if cell.is_empty() { "-".into() } else { cell.replace(char::is_control, " ") })
        }));
    }
    let skipped = usize::from(files.len() == 1);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).skip(skipped).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
