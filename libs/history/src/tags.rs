//! The names of tags, and the commits they stand for.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};

use crate::{CommitId, Error, Tag};

const TAGS: &str = "refs/tags/";

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
