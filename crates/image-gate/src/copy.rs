//! Copies files of ours into a container that has not been started yet.

use std::io::Read;

use bollard::query_parameters::{DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder};
use contract::Failure;
use futures_util::StreamExt;
use tracing::debug;

use crate::engine::Engine;
use crate::upload::{Archive, everything, from_root};
use crate::values::Copy;

/// No list of users is longer.
const LONGEST: usize = 1 << 20;

/// Copies them. They belong to `user`, so that the command may write beside them.
pub(crate) async fn copy(
    engine: &Engine,
    container: &str,
    copies: &[Copy],
    user: &str,
) -> Result<(), Failure> {
    if copies.is_empty() {
        return Ok(());
    }
    let owner = owner(engine, container, user).await;
    let unreadable =
        |error: std::io::Error| Failure::failed("cannot copy files into the container").because(error);
    let mut archive = Archive::new(owner).map_err(unreadable)?;
    for copy in copies {
        let mut target = from_root(&copy.target);
        let is_file = std::fs::metadata(&copy.source).is_ok_and(|metadata| metadata.is_file());
        if is_file && copy.target.ends_with('/') {
            target.extend(copy.source.file_name());
        }
        debug!("copying {} to /{}", copy.source.display(), target.display());
        archive.add(&copy.source, &target, &everything).map_err(unreadable)?;
    }
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let body = archive.into_stream().map_err(unreadable)?;
    let sent = engine.api.upload_to_container(container, Some(options), bollard::body_try_stream(body)).await;
    sent.map_err(|error| engine.failure("copy files into the container", error))
}

/// The numbers of the user and the group that a container runs as.
async fn owner(engine: &Engine, container: &str, user: &str) -> (u64, u64) {
    let (user, group) = user.split_once(':').map_or((user, None), |(user, group)| (user, Some(group)));
    if user.is_empty() {
        return (0, 0);
    }
    if let (Ok(user), Some(Ok(group))) = (user.parse(), group.map(str::parse)) {
        return (user, group);
    }
    let users = read(engine, container, "/etc/passwd").await;
    let known = field(&users, user, 2).or_else(|| user.parse().ok()).unwrap_or(0);
    let own_group = || field(&users, user, 3).unwrap_or(0);
    let group = match group {
        None => own_group(),
        Some(group) => match group.parse() {
            Ok(group) => group,
            Err(_) => field(&read(engine, container, "/etc/group").await, group, 2).unwrap_or_else(own_group),
        },
    };
    (known, group)
}

/// A number of the line with this name, or this number in the third place.
fn field(table: &str, name: &str, at: usize) -> Option<u64> {
    let lines = table.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut found = lines.filter(|fields| fields.first() == Some(&name) || fields.get(2) == Some(&name));
    found.next()?.get(at)?.parse().ok()
}

/// A small file of the container; nothing where there is none.
async fn read(engine: &Engine, container: &str, path: &str) -> String {
    let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
    let mut stream = std::pin::pin!(engine.api.download_from_container(container, Some(options)));
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = stream.next().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LONGEST {
            break;
        }
    }
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut text = String::new();
    let first = archive.entries().ok().and_then(|mut entries| entries.next()?.ok());
    // An image from scratch has none, and whoever runs there has no name either.
    let _ = first.map(|mut entry| entry.read_to_string(&mut text));
    text
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn users_are_found_by_name_and_by_number() {
        let table = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\nbroken\n";
        assert_eq!((field(table, "node", 2), field(table, "node", 3)), (Some(1000), Some(1001)));
        assert_eq!(field(table, "1000", 3), Some(1001));
        assert_eq!(field(table, "nobody", 2), None);
        assert_eq!(field(table, "broken", 2), None);
    }
}
