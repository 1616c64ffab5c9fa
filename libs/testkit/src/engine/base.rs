//! An image from nothing but Debian's busybox-static: base images cannot be pulled where there is no registry.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use tar::{Builder, EntryType, Header};

use super::Engine;

const BUSYBOX: &str = "/bin/busybox";
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000::/home/tester:/bin/sh\n";
const GROUPS: &str = "root:x:0:\ntester:x:1000:\n";

/// Makes the image, and gives it to the engine.
pub(super) fn load(engine: &Engine) {
    let archive =
        archive().unwrap_or_else(|error| panic!("{BUSYBOX}: {error}; apt-get install busybox-static"));
    let mut import = engine
        .command(&["import", "--change", "CMD [\"sh\"]", "--change", "ENV PATH=/bin", "-", Engine::BASE])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start docker: {error}"));
    let sent = import.stdin.take().map(|mut pipe| pipe.write_all(&archive));
    let status = import.wait().unwrap_or_else(|error| panic!("cannot wait for docker: {error}"));
    assert!(status.success() && sent.is_some_and(|sent| sent.is_ok()), "docker import: {status}");
}

fn archive() -> std::io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (folder, mode) in [("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("home", 0o755)] {
        builder.append_data(&mut header(EntryType::Directory, mode, 0), folder, std::io::empty())?;
    }
    let program = fs::read(BUSYBOX)?;
    for (path, mode, content) in [
        ("bin/busybox", 0o755, program.as_slice()),
        ("etc/passwd", 0o644, USERS.as_bytes()),
        ("etc/group", 0o644, GROUPS.as_bytes()),
    ] {
        builder.append_data(&mut header(EntryType::Regular, mode, content.len()), path, content)?;
    }
    let list = std::process::Command::new(BUSYBOX).arg("--list").output()?;
    for name in String::from_utf8_lossy(&list.stdout).lines().filter(|name| *name != "busybox") {
        builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), format!("bin/{name}"), "busybox")?;
    }
    builder.into_inner()
}

fn header(kind: EntryType, mode: u32, length: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(length as u64);
    header.set_uid(0);
    header.set_gid(0);
    header
}
