//! What the CI says about the commit it runs for.

use contract::Failure;
use forge::{Ref, Tag};

/// The tag and the commit of this pipeline.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    /// None when it runs for a branch, or there is no pipeline.
    pub(crate) tag: Option<String>,
    sha: Option<String>,
}

/// The commit of a release.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) git_ref: Option<Ref>,
    /// Whether a server may make the tag there.
    pub(crate) may_tag: bool,
}

impl Pipeline {
    /// By GitLab's variables, or else by GitHub's.
    pub(crate) fn find(variable: impl Fn(&str) -> Option<String>) -> Self {
        let (tag, sha) = (variable("CI_COMMIT_TAG"), variable("CI_COMMIT_SHA"));
        if tag.is_some() || sha.is_some() {
            return Self { tag, sha };
        }
        let is_tag = variable("GITHUB_REF_TYPE").is_some_and(|kind| kind == "tag");
        Self { tag: variable("GITHUB_REF_NAME").filter(|_| is_tag), sha: variable("GITHUB_SHA") }
    }

    /// The commit that the release of `tag` is made from. A slip in a tag must not put it on whatever is being built.
    pub(crate) fn commit_of(&self, tag: &Tag, typed: Option<&str>) -> Result<Commit, Failure> {
        if let Some(text) = typed {
            return Ok(Commit { git_ref: Some(text.parse()?), may_tag: true });
        }
        let git_ref = self.sha.as_deref().map(str::parse).transpose()?;
        match &self.tag {
            Some(own) if own != tag.as_str() => {
                let message = format!("this pipeline is for the tag '{own}', not for '{tag}'");
                Err(Failure::usage(message)
                    .hint(format!("release '{own}', or say which commit '{tag}' belongs on with --ref SHA")))
            }
            Some(_) => Ok(Commit { git_ref, may_tag: false }),
            None => Ok(Commit { git_ref, may_tag: true }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(variables: &[(&str, &str)]) -> Pipeline {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Pipeline::find(|name| variable(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn only_a_commit_that_was_meant_gets_a_tag() {
        let (sha, own) = (("CI_COMMIT_SHA", "0a"), ("CI_COMMIT_TAG", "1.0.0"));
        let hub = [("GITHUB_SHA", "0b"), ("GITHUB_REF_NAME", "1.0.0")];
        let of_tag = ("GITHUB_REF_TYPE", "tag");
        let table: [(&[(&str, &str)], Option<&str>, Option<(Option<&str>, bool)>); 8] = [
            (&[], None, Some((None, true))),
            (&[], Some("0c"), Some((Some("0c"), true))),
            (&[sha], None, Some((Some("0a"), true))),
            (&[sha, own], None, Some((Some("0a"), false))),
            (&[sha, ("CI_COMMIT_TAG", "1.0.1")], None, None),
            (&[sha, ("CI_COMMIT_TAG", "1.0.1")], Some("0c"), Some((Some("0c"), true))),
            (&hub, None, Some((Some("0b"), true))),
            (&[hub[0], hub[1], of_tag], None, Some((Some("0b"), false))),
        ];
        for (variables, typed, expected) in table {
            let found = pipeline(variables).commit_of(&"1.0.0".parse().unwrap(), typed).ok();
            let found = found.map(|commit| (commit.git_ref, commit.may_tag));
            let expected = expected.map(|(sha, may_tag)| (sha.map(|sha| sha.parse().unwrap()), may_tag));
            assert_eq!(found, expected, "{variables:?} {typed:?}");
        }
    }
}
