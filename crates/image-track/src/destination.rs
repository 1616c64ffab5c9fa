//! Where changes are proposed: the project, its branch, and what the request says.

use std::env;
use std::path::{Component, Path, PathBuf};

use contract::{Exit, Failure, Secret};
use forge::{Address, Forge, Opening};
use http::{Client, NetworkArgs, Url};

use crate::cli::{MergeMethod, Proposing};
use crate::manifest::{Action, ForgeKind, Pipeline, Scm};

const FORGES: &str = "a request needs a forge: gitlab, gitlab:URL of a project, or github";

/// A project and the branches of a request.
pub(crate) struct Destination {
    pub(crate) forge: Forge,
    pub(crate) base: String,
    pub(crate) branch: String,
    pub(crate) author: Option<(String, String)>,
    /// Whether the forge should merge it by itself, and how.
    pub(crate) merge: Option<forge::MergeMethod>,
    pub(crate) labels: Vec<String>,
}

/// The value of a variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The HTTP client of an API; it trusts what a runner trusts.
pub(crate) fn client(network: &NetworkArgs) -> Result<Client, http::Error> {
    let mut options = network.options("image-track", env!("CARGO_PKG_VERSION"));
    let runners = || variable("CI_SERVER_TLS_CA_FILE").map(PathBuf::from).filter(|path| path.is_file());
    options.ca_cert = options.ca_cert.or_else(runners);
    Client::new(&options)
}

impl Destination {
    /// What is typed wins over the manifests, and they over the variables of the job. Nothing is asked for yet.
    pub(crate) fn open(
        pipelines: &[Pipeline],
        proposing: &Proposing,
        network: &NetworkArgs,
        dry_run: bool,
    ) -> Result<Self, Failure> {
        let scm = match proposing.forge {
            Some(_) => None,
            None => scm(pipelines)?,
        };
        let client = || client(network);
        let forge = match (&proposing.forge, scm) {
            (None, Some(scm)) => open_scm(scm, &client, dry_run)?,
            (typed, _) => {
                let address = match typed {
                    // Releases may be kept in a directory, requests may not.
                    Some(text) => {
                        text.parse().map_err(|error: forge::Invalid| Failure::from(error).hint(FORGES))?
                    }
                    None => Address::detect(&variable).map_err(|_| nowhere())?,
                };
                if let Address::Directory(path) = &address {
                    let failure =
                        Failure::usage(format!("cannot propose a change to dir:{}", path.display()));
                    return Err(failure.hint(FORGES));
                }
                let opening = Opening { client: &client, variables: &variable, dry_run, site: None };
                Forge::open(&address, opening)?
            }
        };
        let base = proposing.base.clone().or_else(|| scm?.branch.clone()).unwrap_or_else(job_branch);
        let branch = proposing.branch.clone().unwrap_or_else(|| format!("image-track/{base}"));
        if branch == base {
            return Err(Failure::usage(format!("the request's branch is the base itself, {base}"))
                .hint("name another one with --branch; it belongs to image-track"));
        }
        let actions: Vec<&Action> = pipelines.iter().flat_map(|pipeline| &pipeline.actions).collect();
        let auto_merge = proposing.auto_merge || actions.iter().any(|action| action.auto_merge);
        let method = actions.iter().find_map(|action| action.merge_method).filter(|_| !proposing.auto_merge);
        let merge = auto_merge.then(|| method.unwrap_or(proposing.merge_method).into());
        let mut labels = proposing.labels.clone();
        for label in actions.iter().flat_map(|action| &action.labels) {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
        let author = scm.and_then(|scm| scm.author.clone());
        Ok(Self { forge, base, branch, author, merge, labels })
    }
}

impl From<MergeMethod> for forge::MergeMethod {
    fn from(method: MergeMethod) -> Self {
        match method {
            MergeMethod::Squash => Self::Squash,
            MergeMethod::Merge => Self::Merge,
            MergeMethod::Rebase => Self::Rebase,
        }
    }
}

fn nowhere() -> Failure {
    Failure::new(Exit::Usage, "it is not known where the request should be opened")
        .hint("say --forge gitlab:https://HOST/GROUP/PROJECT, or set GITHUB_REPOSITORY, or write scms into the manifests")
}

/// The one place that the manifests name, if they name any: the files here are the checkout of one repository.
fn scm(pipelines: &[Pipeline]) -> Result<Option<&Scm>, Failure> {
    let mut found: Option<&Scm> = None;
    for pipeline in pipelines {
        let is_meant = |scm: &&Scm| {
            let by_target = pipeline.targets.iter().any(|target| target.scm.as_ref() == Some(&scm.id));
            let by_action = pipeline.actions.iter().any(|action| {
                action.scm.as_ref() == Some(&scm.id) || (action.scm.is_none() && pipeline.scms.len() == 1)
            });
            by_target || by_action
        };
        for scm in pipeline.scms.iter().filter(is_meant) {
            let same = |known: &Scm| {
                (known.kind, &known.project, &known.branch) == (scm.kind, &scm.project, &scm.branch)
            };
            match found {
                Some(known) if !same(known) => {
                    let shown = |scm: &Scm| {
                        let branch = scm.branch.as_deref().unwrap_or("its own branch");
                        format!("{} ({branch})", scm.project)
                    };
                    return Err(Failure::usage(format!(
                        "the manifests name more than one repository or branch: {} and {}",
                        shown(known),
                        shown(scm)
                    ))
                    .hint("run it in the checkout of each, with the manifests that belong there"));
                }
                Some(_) => {}
                None => found = Some(scm),
            }
        }
        for action in &pipeline.actions {
            let scm = action.scm.as_ref().and_then(|id| pipeline.scms.iter().find(|scm| scm.id == *id));
            if let Some(scm) = scm.filter(|scm| scm.kind != action.kind) {
                return Err(Failure::usage(format!(
                    "{}: the action is of another forge than its scm '{}'",
                    action.place, scm.id
                ))
                .hint("github/pullrequest goes with github, gitlab/mergerequest with gitlab"));
            }
        }
    }
    Ok(found)
}

fn open_scm(
    scm: &Scm,
    client: &dyn Fn() -> Result<Client, http::Error>,
    dry_run: bool,
) -> Result<Forge, Failure> {
    if scm.token.is_none()
        && let Some(home) = jobs_server(scm.kind)
        && let Some(server) = scm.server.as_ref().filter(|server| server.origin() != home.origin())
    {
        // A manifest comes by a merge request, and the token of a job is nobody's business but its own server's.
        return Err(Failure::usage(format!(
            "the scm '{}' is on {server}, and has no token: those of this job are for {home}",
            scm.id
        ))
        .hint("name one in the manifest, token: '{{ requiredEnv \"NAME\" }}', and set that variable"));
    }
    let token = || scm.token.as_ref().map(Secret::expose).map(str::to_owned);
    let address = match scm.kind {
        ForgeKind::Gitlab => Address::Gitlab(scm.web()),
        ForgeKind::Github => Address::Github,
    };
    let api = scm.server.as_ref().map(|server| match server.host_str() {
        Some("github.com") => "https://api.github.com".to_owned(),
        _ => format!("{}/api/v3", server.as_str().trim_end_matches('/')),
    });
    let variables = |name: &str| match (scm.kind, name) {
        (ForgeKind::Gitlab, "GENERIC_GITLAB_TOKEN") if scm.token.is_some() => token(),
        (ForgeKind::Github, "GITHUB_TOKEN") if scm.token.is_some() => token(),
        (ForgeKind::Github, "GITHUB_REPOSITORY") => Some(scm.project.clone()),
        (ForgeKind::Github, "GITHUB_API_URL") if api.is_some() => api.clone(),
        (_, name) => variable(name),
    };
    Ok(Forge::open(&address, Opening { client, variables: &variables, dry_run, site: None })?)
}

/// The server that this job runs for, if it is a job of such a forge.
fn jobs_server(kind: ForgeKind) -> Option<Url> {
    let address = match kind {
        ForgeKind::Gitlab => variable("CI_SERVER_URL"),
        ForgeKind::Github => variable("GITHUB_SERVER_URL"),
    };
    Url::parse(&address?).ok()
}

/// The branch this job runs for.
fn job_branch() -> String {
    let of_job = || variable("CI_COMMIT_BRANCH").or_else(|| variable("CI_DEFAULT_BRANCH"));
    let of_workflow = || {
        let is_branch = variable("GITHUB_REF_TYPE").is_none_or(|kind| kind == "branch");
        variable("GITHUB_REF_NAME").filter(|name| is_branch && !name.ends_with("/merge"))
    };
    of_job().or_else(of_workflow).unwrap_or_else(|| "main".into())
}

/// The path of a file from the root of the repository that the current folder is in.
pub(crate) fn path_in_repository(file: &str) -> Result<String, Failure> {
    let unknown = |error: std::io::Error| Failure::failed("cannot find the current folder").because(error);
    let here = env::current_dir().map_err(unknown)?;
    let root = here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&here);
    let path = plain(&here.join(file));
    let inside = path.strip_prefix(root).ok().and_then(Path::to_str).filter(|inside| !inside.is_empty());
    inside.map(str::to_owned).ok_or_else(|| {
        Failure::usage(format!("{file} is not in the repository at {}", root.display()))
            .hint("run it in the repository that the files belong to")
    })
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}
