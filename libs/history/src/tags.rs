//! The names of tags, and the commits they stand for.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use crate::{CommitId, Error, Tag};

const TAGS: &str = "refs/tags/";

/// Whether git lets a tag be called that (<https://git-scm.com/docs/git-check-ref-format>).
pub fn is_tag_name(name: &str) -> bool {
    // The reference could be called so, but `git tag` takes it for an option.
    !name.starts_with('-') && gix::validate::tag::name(name.into()).is_ok()
}

/// The tags whose name is `wanted`: those in files of their own first, then the packed ones that these do not replace.
///
/// gix's own list of both would read every file and make an owned and checked reference of each, wanted or not: half of
/// the time where there are thousands.
pub(crate) fn read(
    repository: &gix::Repository,
    mut wanted: impl FnMut(&str) -> bool,
) -> Result<Vec<Tag>, Error> {
    let unreadable = |error| Error::unreadable("the tags", &error);
    let folder = repository.common_dir().join(TAGS);
    let mut names = Vec::new();
    list(&folder, "", &mut names).map_err(|error| Error::io("the tags", error))?;
    names.sort_unstable();
    let mut tags = Vec::new();
    for name in names.iter().filter(|name| wanted(name)) {
        let target = peel_file(repository, name, &folder.join(name))?;
        tags.push(Tag { name: name.clone(), target });
    }
    let loose: HashSet<String> = names.into_iter().collect();
    let Some(packed) = repository.refs.cached_packed_buffer().map_err(unreadable)? else { return Ok(tags) };
    for reference in packed.iter_prefixed(TAGS.into()).map_err(unreadable)? {
        let reference = reference.map_err(unreadable)?;
        let name = short(reference.name.as_bstr()).to_str_lossy();
        if loose.contains(&*name) || !wanted(&name) {
            continue;
        }
        // What an annotated tag leads to was written down with it.
        let target = match reference.object {
            Some(_) => Ok(CommitId(reference.object())),
            None => peel(repository, reference.target()),
        };
        tags.push(Tag { target: target.map_err(of(&name))?, name: name.into_owned() });
    }
    Ok(tags)
}

/// The tag of this name, with an annotated one followed to its end.
pub(crate) fn find(repository: &gix::Repository, name: &str) -> Result<Option<Tag>, Error> {
    if !is_tag_name(name) {
        return Ok(None);
    }
    let Some(mut reference) =
        repository.try_find_reference(format!("{TAGS}{name}").as_str()).map_err(of(name))?
    else {
        return Ok(None);
    };
    let target = CommitId(reference.peel_to_id().map_err(of(name))?.detach());
    Ok(Some(Tag { name: name.to_owned(), target }))
}

/// How many tags in files of their own are looked into for those on one commit.
const FEW: usize = 32;

/// The tags on one commit whose name is `wanted`; `None` where that takes as long as reading all of them.
///
/// Packed ones are found by the commit's id in their file, and no other line of it is read.
pub(crate) fn on(
    repository: &gix::Repository,
    commit: CommitId,
    mut wanted: impl FnMut(&str) -> bool,
) -> Result<Option<Vec<Tag>>, Error> {
    let folder = repository.common_dir().join(TAGS);
    let mut names = Vec::new();
    list(&folder, "", &mut names).map_err(|error| Error::io("the tags", error))?;
    let loose: Vec<&String> = names.iter().filter(|name| wanted(name)).collect();
    let packed = match std::fs::read(repository.common_dir().join("packed-refs")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(|error| Error::io("the packed references", error))?,
    };
    if loose.len() > FEW || !(packed.is_empty() || is_peeled(&packed)) {
        return Ok(None);
    }
    let mut tags = Vec::new();
    for name in loose {
        let target = peel_file(repository, name, &folder.join(name))?;
        tags.push(Tag { name: name.clone(), target });
    }
    tags.retain(|tag| tag.target == commit);
    for name in packed_on(&packed, commit) {
        if !names.contains(&name) && wanted(&name) {
            tags.push(Tag { name, target: commit });
        }
    }
    Ok(Some(tags))
}

/// Whether the file of packed references names the commit of every annotated tag, as git writes it since 2013.
fn is_peeled(packed: &[u8]) -> bool {
    packed.starts_with(b"# pack-refs with:")
        && packed.lines().next().is_some_and(|header| header.contains_str("fully-peeled"))
}

/// The names of the packed tags of a commit: `ID refs/tags/NAME`, or `^ID` in the line below that.
fn packed_on(packed: &[u8], commit: CommitId) -> Vec<String> {
    let id = commit.to_string();
    let mut names = Vec::new();
    for at in packed.find_iter(&id) {
        let (before, behind) = packed.split_at(at);
        let line = match before.last() {
            Some(b'\n') => behind,
            Some(b'^') => {
                let above = before.trim_end_with(|c| c == '^' || c == '\n');
                &packed[above.rfind_byte(b'\n').map_or(0, |end| end + 1)..]
            }
            _ => continue,
        };
        let name = line.lines().next().and_then(|line| line.split_once_str(" ")).map(|(_, name)| name);
        let name = name.and_then(|name| name.strip_prefix(TAGS.as_bytes()));
        names.extend(name.map(|name| name.to_str_lossy().into_owned()));
    }
    names
}

fn short(name: &BStr) -> &BStr {
    name.strip_prefix(TAGS.as_bytes()).unwrap_or(name).as_bstr()
}

fn of(name: &str) -> impl Fn(gix::Error) -> Error {
    move |error| Error::unreadable(format!("the tag {name}"), &error)
}

/// What an annotated tag was put on, which may be one again.
fn peel(repository: &gix::Repository, id: ObjectId) -> gix::Result<CommitId> {
    let object = repository.find_object(id)?;
    Ok(CommitId(object.peel_tags_to_end()?.id))
}

/// What the tag in a file leads to. One that is another name of some reference is left to gix, and so is one that cannot
/// be made out: it knows what to say.
fn peel_file(repository: &gix::Repository, name: &str, path: &Path) -> Result<CommitId, Error> {
    let mut content = [0; 128];
    let length = File::open(path).and_then(|mut file| file.read(&mut content));
    let length = length.map_err(|error| Error::io(format!("the tag {name}"), error))?;
    match ObjectId::from_hex(content[..length].trim_ascii()) {
        Ok(id) => peel(repository, id).map_err(of(name)),
        Err(_) => {
            let reference = repository.find_reference(format!("{TAGS}{name}").as_str());
            let peeled = reference.and_then(|mut reference| Ok(reference.peel_to_id()?.detach()));
            peeled.map(CommitId).map_err(of(name))
        }
    }
}

/// The names of the files below a folder of references. What git is about to write ends with `.lock`.
fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else if !name.ends_with(".lock") {
            names.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_tags_are_found_by_the_id_of_their_commit() {
        let (wanted, other) = ("1a".repeat(20), "2b".repeat(20));
        let packed = format!(
            "# pack-refs with: peeled fully-peeled sorted \n\
             {wanted} refs/heads/main\n\
             {other} refs/tags/{wanted}\n\
             {wanted} refs/tags/light\n\
             {other} refs/tags/nested/annotated\n^{wanted}\n\
             {wanted} refs/tags/of-a-tag-object\n^{other}\n\
             {wanted} refs/tags/last"
        );
        assert!(is_peeled(packed.as_bytes()));
        assert!(!is_peeled(b"# pack-refs with: peeled\n") && !is_peeled(b"1a refs/tags/fully-peeled\n"));
        let found = packed_on(packed.as_bytes(), wanted.parse().unwrap());
        // An id of a tag object is none of a commit, so nobody asks for it.
        assert_eq!(found, ["light", "nested/annotated", "of-a-tag-object", "last"]);
        assert!(packed_on(b"", wanted.parse().unwrap()).is_empty());
    }
}
