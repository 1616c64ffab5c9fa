//! The verb `list`.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::Serialize;
use yaml_splice::{Node, Yaml};

use crate::cli::List;
use crate::compose::{Compose, Inherited, Service, is_reset};
use crate::error::Error;
use crate::mounts::{bind_mount, port};
use crate::source::Source;

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
    /// Through `extends` of a file that was not read: there may be one.
    OtherFile,
}

pub(crate) fn run(args: &List, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for source in Source::locate_all(&args.files)? {
        let bytes = source.read()?;
        let services =
            services(&bytes, source.file_name()).map_err(|error| error.in_file("read", &source))?;
        files.push(FileReport { file: source.to_string(), services });
    }
    match args.format.format {
        Format::Json => output::json(out, &Report { files })?,
        Format::Text => output::bytes(out, table(&files).as_bytes())?,
    }
    Ok(Exit::Done)
}

fn services(text: &[u8], file_name: Option<&str>) -> Result<Vec<ServiceReport>, Error> {
    let yaml = Yaml::open(text)?;
    let compose = Compose::new(&yaml, file_name)?;
    Ok(compose.services.iter().map(|service| report(&compose, *service)).collect())
}

fn report(compose: &Compose<'_>, service: Service<'_>) -> ServiceReport {
    let items = |key: &str| -> Vec<Node<'_>> {
        service.node.get(key).map(|found| found.entry.value.items().collect()).unwrap_or_default()
    };
    let own_image = service.node.own("image").filter(|entry| !is_reset(entry));
    let image = own_image.or_else(|| match compose.inherited(service, "image")? {
        Inherited::Merged(entry) | Inherited::Extended { entry, .. } => Some(entry),
        Inherited::OtherFile { .. } => None,
    });
    ServiceReport {
        name: service.name.to_owned(),
        image: image.and_then(|entry| entry.value.as_str()).map(str::to_owned),
        build: build(compose, service),
        ports: items("ports").into_iter().filter_map(port).collect(),
        bind_mounts: items("volumes").into_iter().filter_map(bind_mount).collect(),
    }
}

fn build(compose: &Compose<'_>, service: Service<'_>) -> Option<Build> {
    let context = |value: Node<'_>| {
        let long = || value.get("context")?.entry.value.as_str();
        value.as_str().or_else(long).map(str::to_owned)
    };
    let new = |origin, context| Build { context, origin, from: None, file: None };
    if let Some(own) = service.build() {
        return Some(new(BuildOrigin::Own, context(own.value)));
    }
    match compose.inherited(service, "build")? {
        Inherited::Merged(entry) => Some(new(BuildOrigin::Merged, context(entry.value))),
        _ if service.resets_build() => None,
        Inherited::Extended { from, entry } => {
            Some(Build { from: Some(from.to_owned()), ..new(BuildOrigin::Extended, context(entry.value)) })
        }
        Inherited::OtherFile { from, file } => Some(Build {
            from: Some(from.to_owned()),
            file: Some(file.to_owned()),
            ..new(BuildOrigin::OtherFile, None)
        }),
    }
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
                format!("? (extends {from} in {})", self.file.as_deref().unwrap_or_default())
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
