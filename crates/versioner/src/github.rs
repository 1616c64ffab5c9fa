//! What GitHub's variables say, in GitLab's terms. They count where nothing else was said.

use contract::Failure;

use crate::cli::{BaseArgs, CommitArgs, ProjectArgs};

const GITHUB: &str = "https://github.com";

/// The variables of a job on GitHub (<https://docs.github.com/actions/reference/workflows-and-actions/variables>).
#[derive(Debug, Default)]
pub(crate) struct GitHub {
    sha: Option<String>,
    tag: Option<String>,
    branch: Option<String>,
    server: Option<String>,
    /// OWNER/NAME
    repository: Option<String>,
}

impl GitHub {
    /// Those of this process; empty when it is no job on GitHub.
    pub(crate) fn here() -> Self {
        Self::from(&|name| std::env::var(name).ok())
    }

    fn from(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let get = |name| variable(name).filter(|value| !value.is_empty());
        if get("GITHUB_ACTIONS").as_deref() != Some("true") {
            return Self::default();
        }
        let kind = get("GITHUB_REF_TYPE");
        let of_kind = |wanted| get("GITHUB_REF_NAME").filter(|_| kind.as_deref() == Some(wanted));
        Self {
            sha: get("GITHUB_SHA"),
            tag: of_kind("tag"),
            // For a pull request the other is 7/merge, and no branch.
            branch: get("GITHUB_HEAD_REF").or_else(|| of_kind("branch")),
            server: get("GITHUB_SERVER_URL"),
            repository: get("GITHUB_REPOSITORY"),
        }
    }

    /// Adds the commit, its tag or branch.
    pub(crate) fn complete_commit(&self, args: &mut CommitArgs) -> Result<(), Failure> {
        if args.is_pipeline() {
            return Ok(());
        }
        if let Some(sha) = &self.sha {
            let wrong = |error| Failure::usage(format!("GITHUB_SHA is '{sha}': {error}"));
            args.sha.id = Some(sha.parse().map_err(wrong)?);
        }
        args.commit_tag.clone_from(&self.tag);
        args.commit_branch = args.commit_branch.take().or_else(|| self.branch.clone());
        Ok(())
    }

    /// Adds the registry that belongs to github.com. Its paths are in lower case, whatever the owner's name is.
    pub(crate) fn complete_base(&self, args: &mut BaseArgs) {
        let Some((_, name)) = self.repository.as_deref().and_then(|path| path.split_once('/')) else {
            return;
        };
        args.project_name.get_or_insert_with(|| name.to_owned());
        if let (Some(GITHUB), Some(path)) = (self.server.as_deref(), &self.repository) {
            args.registry_image.get_or_insert_with(|| format!("ghcr.io/{}", path.to_lowercase()));
        }
    }

    /// Adds the project's page and name.
    pub(crate) fn complete_project(&self, args: &mut ProjectArgs) {
        let Some(path) = &self.repository else { return };
        if let Some(server) = &self.server {
            args.project_url.get_or_insert_with(|| format!("{server}/{path}"));
        }
        if let Some((_, name)) = path.split_once('/') {
            args.project_title.get_or_insert_with(|| name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &str) -> GitHub {
        GitHub::from(&|name| {
            let named = |word: &str| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
            variables.split(' ').find_map(named)
        })
    }

    #[test]
    fn variables_are_read_in_gitlabs_terms() {
        let table = [
            ("GITHUB_SHA=1 GITHUB_REF_TYPE=tag GITHUB_REF_NAME=v1.0.0", "-", "-"),
            ("GITHUB_ACTIONS=true GITHUB_REF_TYPE=tag GITHUB_REF_NAME=v1.0.0", "v1.0.0", "-"),
            ("GITHUB_ACTIONS=true GITHUB_REF_TYPE=branch GITHUB_REF_NAME=main GITHUB_HEAD_REF=", "-", "main"),
            (
                "GITHUB_ACTIONS=true GITHUB_REF_TYPE=branch GITHUB_REF_NAME=7/merge GITHUB_HEAD_REF=x",
                "-",
                "x",
            ),
        ];
        for (variables, tag, branch) in table {
            let found = read(variables);
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
            assert_eq!(
                (shown(&found.tag).as_str(), shown(&found.branch).as_str()),
                (tag, branch),
                "{variables}"
            );
        }
    }

    #[test]
    fn the_registry_is_githubs_only_on_github_com() {
        let base = "GITHUB_ACTIONS=true GITHUB_REPOSITORY=Octo/Hello-World GITHUB_SERVER_URL=";
        for (server, image) in [(GITHUB, Some("ghcr.io/octo/hello-world")), ("https://git.example.com", None)]
        {
            let mut args = BaseArgs::default();
            read(&format!("{base}{server}")).complete_base(&mut args);
            assert_eq!(args.registry_image.as_deref(), image);
            assert_eq!(args.project_name.as_deref(), Some("Hello-World"));
        }
    }
}
