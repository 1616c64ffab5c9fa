//! Whose repository it is: git's rule of `safe.directory`
//! (<https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory>).
//!
//! Nothing of a repository is run here, but what it says decides what is released: that of another user has to be
//! trusted in so many words, the same ones as git wants.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use gix::bstr::{BString, ByteSlice};
use gix::config::file::{Metadata, includes, init};
use gix::config::path::interpolate;
use gix::config::{File, Source};
use gix::discover::repository::Path as Found;

use crate::Error;

/// Refuses a repository that belongs to another user, unless the user or the system trusts it. `folder` is where the
/// search for it began.
///
/// # Errors
/// [`Error::NotOurs`]; [`Error::Unreadable`] where the configuration that could trust it cannot be read.
pub(crate) fn check(found: &Found, folder: &Path) -> Result<(), Error> {
    let (place, owned): (&Path, Vec<Cow<'_, Path>>) = match found {
        Found::LinkedWorkTree { work_dir, git_dir } => {
            (work_dir, vec![work_dir.into(), git_dir.into(), work_dir.join(".git").into()])
        }
        Found::WorkTree(work_dir) => (work_dir, vec![work_dir.into(), work_dir.join(".git").into()]),
        Found::Repository(git_dir) => (git_dir, vec![git_dir.into()]),
    };
    let user = rustix::process::geteuid().as_raw();
    if owned.iter().all(|path| is_owned(path, user)) {
        return Ok(());
    }
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let trusted = protected_values().map_err(|error| Error::unreadable("git's configuration", &error))?;
    if is_trusted(&place, folder, &trusted) { Ok(()) } else { Err(Error::NotOurs { folder: place }) }
}

/// Whether this user owns it. Under sudo, what belongs to the user who called it is root's too.
fn is_owned(path: &Path, user: u32) -> bool {
    const ROOT: u32 = 0;
    let Ok(owner) = path.symlink_metadata().map(|metadata| metadata.uid()) else { return false };
    let caller = || std::env::var("SUDO_UID").ok()?.parse().ok();
    owner == user || user == ROOT && caller() == Some(owner)
}

/// Whether one of these values of `safe.directory` names this repository. An empty one takes back those before it.
fn is_trusted(place: &Path, folder: &Path, values: &[BString]) -> bool {
    let mut trusted = false;
    for value in values {
        trusted = match value.as_slice() {
            b"" => false,
            b"*" => true,
            _ => trusted || names(value, place, folder),
        };
    }
    trusted
}

fn names(value: &BString, place: &Path, folder: &Path) -> bool {
    let home = home();
    let context = interpolate::Context { home_dir: home.as_deref(), ..interpolate_context() };
    let Ok(path) = gix::config::Path::from(value.as_bstr()).interpolate(context) else { return false };
    if path == Path::new(".") {
        return folder == place;
    }
    // What another path would be relative to is anybody's guess.
    if !path.is_absolute() {
        return false;
    }
    match path.file_name() {
        Some(name) if name == "*" => {
            let above = path.parent().and_then(|above| above.canonicalize().ok());
            above.is_some_and(|above| place != above && place.starts_with(above))
        }
        _ => path.canonicalize().is_ok_and(|path| path == place),
    }
}

/// The values that a repository cannot set itself: the system's, the user's and those of the environment.
fn protected_values() -> gix::Result<Vec<BString>> {
    let mut variable = |name: &str| std::env::var_os(name);
    let sources = [Source::System, Source::Git, Source::User].into_iter();
    let files = sources.filter_map(|source| {
        let path = source.storage_location(&mut variable).filter(|path| path.is_file())?;
        Some(Metadata::from(source).at(path).with(gix::sec::Trust::Full))
    });
    let home = home();
    // As git does here, conditional includes are passed over: they depend on the repository that is in question.
    let nowhere = gix::refs::FullName::try_from("refs/none").ok();
    let conditional = includes::conditional::Context {
        git_dir: Some(Path::new("/dev/null")),
        branch_name: nowhere.as_ref().map(AsRef::as_ref),
    };
    let context = interpolate::Context { home_dir: home.as_deref(), ..interpolate_context() };
    let includes = includes::Options::follow(context, conditional);
    let options = init::Options { includes, ..init::Options::default() };
    let file = File::from_paths_metadata(files, options)?;
    let mut values = file.and_then(|file| file.strings("safe.directory")).unwrap_or_default();
    values.extend(counted_values());
    values.extend(passed_values(&std::env::var("GIT_CONFIG_PARAMETERS").unwrap_or_default()));
    Ok(values)
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}

fn interpolate_context() -> interpolate::Context<'static> {
    interpolate::Context {
        home_for_user: Some(interpolate::home_for_user),
        ..interpolate::Context::default()
    }
}

/// The values in `GIT_CONFIG_KEY_0`, `GIT_CONFIG_VALUE_0` and so on.
fn counted_values() -> Vec<BString> {
    let value = |name: &str, number: usize| std::env::var_os(format!("GIT_CONFIG_{name}_{number}"));
    let is_ours = |name: OsString| name.eq_ignore_ascii_case(KEY);
    let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let ours = (0..count).map_while(|number| Some((value("KEY", number)?, number)));
    let ours = ours.filter(|(name, _)| is_ours(name.clone()));
    let values = ours.filter_map(|(_, number)| value("VALUE", number));
    values.map(|value| BString::from(value.into_vec())).collect()
}

const KEY: &str = "safe.directory";

/// The values in `GIT_CONFIG_PARAMETERS`, in which `git -c` hands them on: `'NAME'='VALUE' 'NAME=VALUE'`.
fn passed_values(parameters: &str) -> Vec<BString> {
    let mut values = Vec::new();
    for word in words(parameters) {
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        if name.eq_ignore_ascii_case(KEY) {
            values.push(value.into());
        }
    }
    values
}

/// The words of a shell's line, as git quotes them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => word.extend(characters.next()),
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    words.push(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_in_a_path_a_folder_above_or_everything_and_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let above = folder.path().canonicalize().unwrap();
        let place = above.join("a/clone");
        std::fs::create_dir_all(place.join("sub")).unwrap();
        std::os::unix::fs::symlink(&place, above.join("link")).unwrap();
        let table = [
            ("", false),
            ("*", true),
            ("ABOVE/a/clone", true),
            ("ABOVE/a/clone/", true),
            ("ABOVE/link", true),
            ("ABOVE/a/*", true),
            ("ABOVE/*", true),
            ("ABOVE/a/clone/*", false),
            ("ABOVE/b/*", false),
            ("ABOVE/a", false),
            ("ABOVE/a/clone/.git", false),
            ("a/clone", false),
            (".", true),
            ("* ,", false),
            (", *", true),
            ("ABOVE/a/clone ABOVE/b", true),
        ];
        for (values, expected) in table {
            let values = values.replace("ABOVE", &above.to_string_lossy());
            let values = values.split(' ').map(|value| BString::from(value.trim_matches(',')));
            let values: Vec<_> = values.collect();
            assert_eq!(is_trusted(&place, &place, &values), expected, "{values:?}");
        }
        assert!(!is_trusted(&place, &place.join("sub"), &[BString::from(".")]));
    }

    #[test]
    fn what_git_hands_on_is_understood() {
        let table = [
            ("", ""),
            ("'safe.directory'='*'", "*"),
            ("'safe.directory=*'", "*"),
            ("'user.name'='A B' 'Safe.Directory'='/a b' 'safe.directory'=''", "/a b|"),
            (r"'safe.directory'='/it'\''s'", "/it's"),
        ];
        for (parameters, expected) in table {
            let values: Vec<String> = passed_values(parameters).iter().map(ToString::to_string).collect();
            assert_eq!(values.join("|"), expected, "{parameters}");
        }
    }
}
