//! What is pushed on which branch and tag.

use contract::Failure;
use registry::{Reference, Tag};
use version::{Version, image_tag};

use crate::cli::EventArgs;

/// What a pipeline runs for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Tag(String),
    Branch(String),
    /// A merge request, or something else that is neither.
    Other,
    /// Neither GitLab nor GitHub has said anything.
    Unknown,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing, and this is why.
    Nothing(String),
    /// These, in this order.
    Push(Vec<Reference>),
}

impl Event {
    /// From the flags and GitLab's variables, else from GitHub's.
    pub(crate) fn find(args: &EventArgs, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        // An empty one is a variable of a job that runs for the other.
        let typed = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(tag) = typed(&args.commit_tag) {
            return Self::Tag(tag);
        }
        if let Some(branch) = typed(&args.commit_branch) {
            return Self::Branch(branch);
        }
        let is_told =
            ["GITLAB_CI", "GITHUB_ACTIONS", "GITHUB_REF_TYPE"].iter().any(|name| variable(name).is_some());
        match (variable("GITHUB_REF_TYPE").as_deref(), variable("GITHUB_REF_NAME")) {
            (Some("tag"), Some(name)) => Self::Tag(name),
            // A pull request's name is 7/merge.
            (Some("branch"), Some(name)) if variable("GITHUB_HEAD_REF").is_none() => Self::Branch(name),
            _ if is_told => Self::Other,
            _ => Self::Unknown,
        }
    }
}

/// What is said where nobody can tell what is right.
pub(crate) const UNKNOWN: &str = "neither a branch nor a tag is known";

/// Which references are pushed. `tags` take the place of those that belong to the event.
///
/// # Errors
/// When the git tag makes no tag of an image.
pub(crate) fn decide(
    event: &Event,
    only_on: &[String],
    references: &[Reference],
    tags: Option<&[String]>,
) -> Result<Decision, Failure> {
    let allowed = |name: &str| only_on.iter().any(|pattern| fits(pattern, name));
    let own: Vec<String> = match event {
        Event::Tag(tag) if only_on.iter().any(|name| name == "tag") => of_tag(tag),
        Event::Branch(branch) if branch != "tag" && allowed(branch) => vec!["latest".into()],
        Event::Tag(tag) => return Ok(nothing(&format!("this is the tag {tag}"), only_on)),
        Event::Branch(branch) => return Ok(nothing(&format!("this is the branch {branch}"), only_on)),
        Event::Other => return Ok(nothing("this is neither a branch nor a tag", only_on)),
        Event::Unknown => {
            return Ok(nothing(&format!("{UNKNOWN}; --commit-branch or --commit-tag says it"), only_on));
        }
    };
    let tags = tags.map_or(own, <[String]>::to_vec);
    let mut all = Vec::new();
    for tag in &tags {
        for reference in references.iter().filter(|reference| reference.tag.is_none()) {
            let tag: Tag = tag.parse()?;
            all.push(Reference { tag: Some(tag), ..reference.clone() });
        }
    }
    // One that names its tag is meant as it is. It may be what others wait for, so it comes before those that move.
    let exact = references.iter().filter(|reference| reference.tag.is_some()).cloned();
    Ok(Decision::Push(exact.chain(all).collect()))
}

fn nothing(why: &str, only_on: &[String]) -> Decision {
    Decision::Nothing(format!("{why}; it is done on {}", only_on.join(", ")))
}

/// A release is the latest, one that is being prepared is not. Which of `1.4` and `1` may move is for versioner to say, who
/// knows the other releases.
fn of_tag(tag: &str) -> Vec<String> {
    match tag.parse::<Version>() {
        Ok(version) if version.is_prerelease() => vec![image_tag(&version)],
        Ok(version) => vec![image_tag(&version), "latest".into()],
        Err(_) => vec![tag.replace(['/', '+'], "_")],
    }
}

/// `*` stands for any characters.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| fits(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(event: &Event, references: &[&str], tags: Option<&[&str]>) -> String {
        let only_on = ["main", "release/*", "tag"].map(str::to_owned);
        let references: Vec<Reference> = references.iter().map(|text| text.parse().unwrap()).collect();
        let tags: Option<Vec<String>> = tags.map(|tags| tags.iter().map(ToString::to_string).collect());
        match decide(event, &only_on, &references, tags.as_deref()).unwrap() {
            Decision::Nothing(why) => why,
            Decision::Push(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn main_is_latest_a_tag_is_itself_and_other_branches_are_nothing() {
        let tag = |name: &str| Event::Tag(name.into());
        let branch = |name: &str| Event::Branch(name.into());
        for (event, expected) in [
            (branch("main"), "r.io/a:latest"),
            (branch("release/1"), "r.io/a:latest"),
            (branch("feature/x"), "this is the branch feature/x; it is done on main, release/*, tag"),
            (branch("tag"), "this is the branch tag; it is done on main, release/*, tag"),
            (tag("v1.4.3"), "r.io/a:1.4.3 r.io/a:latest"),
            (tag("1.5.0-rc.1"), "r.io/a:1.5.0-rc.1"),
            (tag("1.4.3+b.1"), "r.io/a:1.4.3_b.1 r.io/a:latest"),
            (tag("nightly/7"), "r.io/a:nightly_7"),
            (Event::Other, "this is neither a branch nor a tag; it is done on main, release/*, tag"),
            (
                Event::Unknown,
                "neither a branch nor a tag is known; --commit-branch or --commit-tag says it; it is done on main, release/*, tag",
            ),
        ] {
            assert_eq!(pushed(&event, &["r.io/a"], None), expected, "{event:?}");
        }
        assert_eq!(pushed(&branch("main"), &["r.io/a:7", "r.io/b"], None), "r.io/a:7 r.io/b:latest");
        let tags = ["1.4.3", "1.4", "1", "latest"];
        assert_eq!(
            pushed(&tag("v1.4.3"), &["r.io/a"], Some(&tags)),
            "r.io/a:1.4.3 r.io/a:1.4 r.io/a:1 r.io/a:latest"
        );
    }

    #[test]
    fn a_git_tag_that_makes_no_image_tag_is_an_error() {
        let references = ["r.io/a".parse().unwrap()];
        assert!(decide(&Event::Tag("ü".into()), &["tag".into()], &references, None).is_err());
    }

    #[test]
    fn gitlab_and_github_say_what_a_pipeline_runs_for() {
        let find = |variables: &[(&str, &str)], args: EventArgs| {
            Event::find(&args, &|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        let args = |tag: Option<&str>, branch: Option<&str>| EventArgs {
            commit_tag: tag.map(str::to_owned),
            commit_branch: branch.map(str::to_owned),
        };
        let none = || args(None, None);
        assert_eq!(find(&[], args(Some("v1"), Some("main"))), Event::Tag("v1".into()));
        assert_eq!(find(&[], args(None, Some("main"))), Event::Branch("main".into()));
        assert_eq!(find(&[], args(Some(""), Some("main"))), Event::Branch("main".into()), "a job sets both");
        assert_eq!(find(&[], args(Some(""), Some(""))), Event::Unknown);
        assert_eq!(
            find(&[("GITHUB_REF_TYPE", "tag"), ("GITHUB_REF_NAME", "v1")], none()),
            Event::Tag("v1".into())
        );
        let branch = [("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "main"), ("CI", "true")];
        assert_eq!(find(&branch, none()), Event::Branch("main".into()));
        let request = [
            ("GITHUB_REF_TYPE", "branch"),
            ("GITHUB_REF_NAME", "7/merge"),
            ("GITHUB_HEAD_REF", "x"),
            ("CI", "true"),
        ];
        assert_eq!(find(&request, none()), Event::Other);
        assert_eq!(find(&[("CI", "true"), ("GITLAB_CI", "true")], none()), Event::Other);
        assert_eq!(find(&[("CI", "true")], none()), Event::Unknown, "another CI has other variables");
        assert_eq!(find(&[], none()), Event::Unknown);
    }
}
