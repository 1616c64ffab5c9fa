//! What a build sees of a folder.

use std::io;
use std::path::Path;

use bytes::Bytes;
use futures_util::Stream;

use crate::dockerignore::Ignored;
use crate::upload::Archive;

/// The folder as an archive, less what `.dockerignore` leaves out.
pub(super) fn packed(
    context: &Path,
    dockerfile: &str,
) -> io::Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static> {
    // A Dockerfile may have a file of its own.
    let names = [format!("{dockerfile}.dockerignore"), ".dockerignore".to_owned()];
    let mut ignored = Ignored::default();
    for name in names {
        match std::fs::read_to_string(context.join(&name)) {
            Ok(text) => {
                ignored = Ignored::parse(&text);
                break;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{name}: {error}"))),
        }
    }
    let dockerfile = Path::new(dockerfile);
    let dockerfile = dockerfile.strip_prefix(".").unwrap_or(dockerfile);
    let mut archive = Archive::new((0, 0))?;
    archive.add(context, Path::new(""), &|path, is_folder| ignored.wanted(path, is_folder, &[dockerfile]))?;
    archive.into_stream()
}
