//! What a release holds besides binaries: man pages, completions, archives, bills of materials, images, provenance; and the
//! tables of options in `docs/`. `ci/dist` calls it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

mod archive;
mod completions;
mod image;
mod notices;
mod pages;
mod provenance;
mod sbom;
mod tables;

/// Makes what a release holds besides binaries; dates are those of `SOURCE_DATE_EPOCH`
#[derive(Parser)]
#[command(name = "packaging")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Man pages into DIR/man1, completions into DIR/completions
    Pages {
        /// The folder, made if it is not there
        dir: PathBuf,
    },
    /// The tables of options in docs/TOOL.md
    Tables {
        /// Write nothing; exit 3 if a page is not as it should be
        #[arg(long)]
        check: bool,
    },
    /// A compressed archive with a folder of its name in it
    Archive {
        /// NAME.tar.gz
        out: PathBuf,
        /// What is in it, and where
        #[arg(value_name = "FILE=PATH", value_parser = pair, required = true)]
        files: Vec<(String, String)>,
        /// A symbolic link in it, and where it leads
        #[arg(long = "link", value_name = "PATH=TARGET", value_parser = pair)]
        links: Vec<(String, String)>,
    },
    /// The bill of materials of a tool and its image, to standard output
    Sbom {
        #[command(flatten)]
        program: Program,
        /// A package of Debian in its image
        #[arg(long = "image-part", value_name = "NAME=VERSION:LICENSE", value_parser = image_part)]
        image: Vec<(String, String, String)>,
        /// Where the licences and notices of the crates in it go
        #[arg(long)]
        notices: Option<PathBuf>,
    },
    /// The provenance of the files that a list of checksums names, and of images, to standard output
    Provenance {
        /// The list, as sha256sum writes it
        checksums: PathBuf,
        /// The list of images, as NAME DIGEST
        images: PathBuf,
        /// The commit that was built
        #[arg(long)]
        commit: String,
        /// The version that was built
        #[arg(long)]
        version: String,
        /// The address of the project
        #[arg(long)]
        source: String,
        /// The address of its releases, as install.sh has it
        #[arg(long)]
        base_url: String,
        /// A package of Debian of which something is in an image
        #[arg(long = "package", value_name = "NAME=VERSION", value_parser = pair)]
        packages: Vec<(String, String)>,
        /// The digest of the image that the image of all tools stands on
        #[arg(long)]
        base: Option<String>,
    },
    /// An image of one platform, into a layout; prints its digest
    Image(Box<ImageArgs>),
}

/// A tool, as it is built.
#[derive(clap::Args)]
struct Program {
    /// The tool
    tool: String,
    /// What it is built for
    #[arg(long = "target", default_values = ["aarch64-unknown-linux-musl", "x86_64-unknown-linux-musl"])]
    targets: Vec<String>,
}

#[derive(clap::Args)]
struct ImageArgs {
    /// DIR:TAG
    #[arg(value_parser = place)]
    into: (PathBuf, String),
    /// What it is for, as linux/amd64
    #[arg(long, value_parser = platform)]
    platform: (String, String),
    /// An image of one platform to stand on; from scratch unless given
    #[arg(long, value_name = "DIR:TAG", value_parser = place)]
    base: Option<(PathBuf, String)>,
    /// A folder whose content goes to the root, with its modes
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// A file, and where it goes
    #[arg(long = "file", value_name = "FILE=PATH", value_parser = pair)]
    files: Vec<(String, String)>,
    /// A symbolic link, and where it leads
    #[arg(long = "link", value_name = "PATH=TARGET", value_parser = pair)]
    links: Vec<(String, String)>,
    /// A label of the image
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    /// A variable of its environment
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = pair)]
    variables: Vec<(String, String)>,
    /// What it starts
    #[arg(long)]
    entrypoint: Option<String>,
    /// What it starts when nothing else is said
    #[arg(long)]
    cmd: Option<String>,
    /// Who it runs as
    #[arg(long)]
    user: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("there is no '=' in it")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn image_part(text: &str) -> Result<(String, String, String), String> {
    let (name, rest) = pair(text)?;
    // Versions of Debian have one, too.
    let (version, license) = rest.rsplit_once(':').ok_or("there is no ':' and licence in it")?;
    Ok((name, version.to_owned(), license.to_owned()))
}

fn place(text: &str) -> Result<(PathBuf, String), String> {
    let (folder, tag) = text.rsplit_once(':').ok_or("there is no ':' and tag in it")?;
    Ok((folder.into(), tag.to_owned()))
}

fn platform(text: &str) -> Result<(String, String), String> {
    let (os, architecture) = text.split_once('/').ok_or("there is no '/' in it")?;
    Ok((os.to_owned(), architecture.to_owned()))
}

/// The command lines of all tools, in the order of their names.
fn tools() -> Vec<clap::Command> {
    let mut tools = vec![
        contract::command::<compose_rewrite::Cli>(),
        contract::command::<image_gate::Cli>(),
        contract::command::<image_promote::Cli>(),
        contract::command::<image_track::Cli>(),
        contract::command::<loc_badge::Cli>(),
        contract::command::<props::Cli>(),
        contract::command::<release::Cli>(),
        contract::command::<versioner::Cli>(),
    ];
    tools.iter_mut().for_each(clap::Command::build);
    tools
}

/// The subcommands that people call; `help` explains itself.
fn below(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
}

fn main() -> ExitCode {
    match run(Cli::parse().verb) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        #[expect(clippy::print_stderr, reason = "a program of the build, and no tool with a log")]
        Err(error) => {
            eprintln!("packaging: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> io::Result<bool> {
    match verb {
        Verb::Pages { dir } => pages::write(&dir)?,
        Verb::Tables { check } => return tables::write(check),
        Verb::Archive { out, files, links } => archive::write(&out, &paths(files), &links)?,
        Verb::Sbom { program: Program { tool, targets }, image, notices } => {
            let linked = sbom::Linked::of(&tool, &targets)?;
            if let Some(path) = notices {
                fs::write(path, format!("{}\n", notices::of(&tool, &linked)?.trim_end()))?;
            }
            let part = |(name, version, license)| sbom::ImagePart { package: (name, version), license };
            let image: Vec<_> = image.into_iter().map(part).collect();
            print(&sbom::of(&linked, &image))?;
        }
        Verb::Provenance { checksums, images, commit, version, source, base_url, packages, base } => {
            let given = provenance::Given { commit, version, source, base_url, packages, base };
            print(&provenance::statement(&checksums, &images, &given)?)?;
        }
        Verb::Image(args) => {
            let (layout, tag) = args.into.clone();
            let digest = image::write(&layout, &tag, plan(*args))?;
            print_line(&digest)?;
        }
    }
    Ok(true)
}

fn paths(files: Vec<(String, String)>) -> Vec<(PathBuf, String)> {
    files.into_iter().map(|(from, path)| (Path::new(&from).to_owned(), path)).collect()
}

fn plan(args: ImageArgs) -> image::Plan {
    let mut config = json!({});
    if !args.labels.is_empty() {
        config["Labels"] =
            args.labels.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect();
    }
    if !args.variables.is_empty() {
        config["Env"] = args.variables.iter().map(|(key, value)| format!("{key}={value}")).collect();
    }
    if let Some(entrypoint) = args.entrypoint {
        config["Entrypoint"] = json!([entrypoint]);
    }
    if let Some(cmd) = args.cmd {
        config["Cmd"] = json!([cmd]);
    }
    if let Some(user) = args.user {
        config["User"] = json!(user);
    }
    let (os, architecture) = args.platform;
    image::Plan {
        base: args.base,
        os,
        architecture,
        tree: args.tree,
        files: paths(args.files),
        links: args.links,
        config,
    }
}

fn print(document: &Value) -> io::Result<()> {
    print_line(&serde_json::to_string_pretty(document)?)
}

fn print_line(line: &str) -> io::Result<()> {
    use io::Write as _;
    writeln!(io::stdout().lock(), "{line}")
}
