//! Where the files of a manifest are kept, and how changes of them are proposed.

use contract::Secret;
use http::Url;

use super::fields::Fields;
use super::resource::web;
use super::source::usual_server;
use super::{Action, ForgeKind, Scm};
use crate::cli::MergeMethod;
use crate::trouble::Trouble;

pub(super) fn scms(manifest: &mut Fields<'_>) -> Result<Vec<Scm>, Trouble> {
    let text = manifest.text;
    let mut scms = Vec::new();
    for (_, id, node) in manifest.entries("scms")? {
        let mut fields = Fields::open(text, node, format!("the scm '{id}'"))?;
        if fields.flag("disabled")? {
            continue;
        }
        let (kind_node, kind) = fields.need("kind")?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "github" => ForgeKind::Github,
            "gitlab" => ForgeKind::Gitlab,
            _ => {
                return Err(text
                    .wrong(kind_node, format!("scms of the kind '{kind}' are not supported"))
                    .hint("github and gitlab are"));
            }
        };
        let mut spec = fields.spec()?;
        fields.end()?;
        scms.push(scm(&mut spec, id, kind)?);
        spec.end()?;
    }
    Ok(scms)
}

fn scm(spec: &mut Fields<'_>, id: String, kind: ForgeKind) -> Result<Scm, Trouble> {
    let text = spec.text;
    let ((_, owner), (_, repository)) = (spec.need("owner")?, spec.need("repository")?);
    let server = spec.located("url")?;
    let server = server.map(|(node, address)| web(text, node, &address)).transpose()?;
    let token = spec.string("token")?.filter(|token| !token.is_empty()).map(|token| Secret::new(&token));
    let author = (spec.string("user")?, spec.string("email")?);
    let author = author.0.zip(author.1);
    // The API makes the commit: no clone, no key, no push.
    spec.ignore(&["username", "force", "depth", "singlebranch", "directory", "submodules", "commitusingapi"]);
    spec.ignore(&["workingbranch", "workingbranchprefix", "workingbranchseparator", "commitmessage"]);
    spec.refuse("gpg", "commits are made by the forge's API, which signs them itself")?;
    let branch = spec.string("branch")?;
    Ok(Scm { id, kind, server, project: format!("{owner}/{repository}"), branch, token, author })
}

pub(super) fn actions(manifest: &mut Fields<'_>, scms: &[Scm]) -> Result<Vec<Action>, Trouble> {
    let text = manifest.text;
    let mut actions = Vec::new();
    // The second is an old name of the same.
    let entries = [manifest.entries("actions")?, manifest.entries("pullrequests")?].concat();
    for (key, id, node) in entries {
        let mut fields = Fields::open(text, node, format!("the action '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        let kind = match kind.to_ascii_lowercase().as_str() {
            "github/pullrequest" | "github" => ForgeKind::Github,
            "gitlab/mergerequest" | "gitlab" => ForgeKind::Gitlab,
            _ => {
                return Err(text
                    .wrong(kind_node, format!("actions of the kind '{kind}' are not supported"))
                    .hint("github/pullrequest and gitlab/mergerequest are"));
            }
        };
        let title = fields.expression("title")?.map(|(_, title)| title);
        // All targets of a manifest are in one request, so which of them it is about says nothing new.
        fields.ignore(&["disablepipelineurl", "targets", "target"]);
        let scm = fields.located("scmid")?;
        if let Some((node, id)) = scm.as_ref().filter(|(_, id)| !scms.iter().any(|scm| scm.id == *id)) {
            return Err(text.wrong(*node, format!("there is no scm '{id}'")));
        }
        let mut spec = fields.spec()?;
        fields.end()?;
        let mut action = Action {
            place: text.place(key.span().start),
            kind,
            scm: scm.map(|(_, id)| id),
            title,
            body: None,
            labels: Vec::new(),
            auto_merge: false,
            merge_method: None,
        };
        request(&mut spec, &mut action)?;
        spec.end()?;
        actions.push(action);
    }
    Ok(actions)
}

fn request(spec: &mut Fields<'_>, action: &mut Action) -> Result<(), Trouble> {
    let text = spec.text;
    let said = |found: Option<(_, String)>| found.map(|(_, text)| text);
    action.title = said(spec.expression("title")?).or(action.title.take());
    action.body = said(spec.expression("body")?.or(spec.expression("description")?));
    action.labels = spec.strings("labels")?.into_iter().map(|(_, label)| label).collect();
    action.auto_merge = spec.flag("automerge")?;
    if let Some(mut merge) = spec.below("merge")? {
        if let Some((node, strategy)) = merge.located("strategy")? {
            if strategy != "auto" {
                return Err(text
                    .wrong(node, format!("the merge strategy '{strategy}' is not supported"))
                    .hint("auto is; without a strategy people merge it"));
            }
            action.auto_merge = true;
        }
        merge.end()?;
    }
    action.merge_method = match spec.located("mergemethod")? {
        None => None,
        Some((_, method)) if method == "squash" => Some(MergeMethod::Squash),
        Some((_, method)) if method == "merge" => Some(MergeMethod::Merge),
        Some((_, method)) if method == "rebase" => Some(MergeMethod::Rebase),
        Some((node, method)) => {
            return Err(text
                .wrong(node, format!("the merge method '{method}' is not known"))
                .hint("squash, merge, rebase"));
        }
    };
    if spec.flag("squash")? {
        action.merge_method = Some(MergeMethod::Squash);
    }
    spec.ignore(&[
        "removesourcebranch",
        "usetitleforautomerge",
        "maintainercannotmodify",
        "allowcollaboration",
    ]);
    spec.ignore(&["mergecommitmessage", "squashcommitmessage", "parent"]);
    spec.refuse("draft", "a draft cannot be merged by itself")?;
    spec.refuse("assignees", "set them by the forge's own rules, such as CODEOWNERS")?;
    spec.refuse("reviewers", "set them by the forge's own rules, such as CODEOWNERS")?;
    Ok(())
}

impl Scm {
    /// Where the project is on the web.
    pub(crate) fn web(&self) -> Option<Url> {
        let server = self.server.as_ref().map_or_else(|| usual_server(self.kind), Url::to_string);
        Url::parse(&format!("{}/{}", server.trim_end_matches('/'), self.project)).ok()
    }
}
