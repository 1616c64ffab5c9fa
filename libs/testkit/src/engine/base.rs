//! An image from nothing but Debian's busybox-static: base images cannot be pulled where there is no registry.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tar::{Builder, EntryType, Header};

use super::Engine;

const BUSYBOX: &str = "/bin/busybox";
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000::/home/tester:/bin/sh\n";
const GROUPS: &str = "root:x:0:\ntester:x:1000:\n";

/// Makes the image, and gives it to the engine.
pub(super) fn load(engine: &Engine) {
    import(engine, Engine::BASE, shell);
}

/// The same with the Python of this machine, which belongs to Debian.
pub(super) fn load_python(engine: &Engine) {
    import(engine, Engine::PYTHON, |archive| {
        shell(archive)?;
        python(archive)
    });
}

fn import(engine: &Engine, name: &str, fill: impl FnOnce(&mut Builder<Vec<u8>>) -> std::io::Result<()>) {
    let mut builder = Builder::new(Vec::new());
    let archive = fill(&mut builder).and_then(|()| builder.into_inner());
    let archive = archive.unwrap_or_else(|error| panic!("no files for the image {name}: {error}"));
    let mut import = engine
        .command(&["import", "--change", "CMD [\"sh\"]", "--change", "ENV PATH=/bin", "-", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start docker: {error}"));
    let sent = import.stdin.take().map(|mut pipe| pipe.write_all(&archive));
    let status = import.wait().unwrap_or_else(|error| panic!("cannot wait for docker: {error}"));
    assert!(status.success() && sent.is_some_and(|sent| sent.is_ok()), "docker import: {status}");
}

fn shell(builder: &mut Builder<Vec<u8>>) -> std::io::Result<()> {
    for (folder, mode) in [("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("home", 0o755)] {
        builder.append_data(&mut header(EntryType::Directory, mode, 0), folder, std::io::empty())?;
    }
    let told = |error: std::io::Error| {
        std::io::Error::other(format!("{BUSYBOX}: {error}; apt-get install busybox-static"))
    };
    let program = fs::read(BUSYBOX).map_err(told)?;
    for (path, mode, content) in [
        ("bin/busybox", 0o755, program.as_slice()),
        ("etc/passwd", 0o644, USERS.as_bytes()),
        ("etc/group", 0o644, GROUPS.as_bytes()),
    ] {
        builder.append_data(&mut header(EntryType::Regular, mode, content.len()), path, content)?;
    }
    let list = Command::new(BUSYBOX).arg("--list").output()?;
    for name in String::from_utf8_lossy(&list.stdout).lines().filter(|name| *name != "busybox") {
        builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), format!("bin/{name}"), "busybox")?;
    }
    Ok(())
}

/// The interpreter, its library, and the shared objects that they name.
fn python(builder: &mut Builder<Vec<u8>>) -> std::io::Result<()> {
    let program = fs::canonicalize("/usr/bin/python3")?;
    let version = program.file_name().unwrap_or_default().to_owned();
    let library = Path::new("/usr/lib").join(&version);
    builder.append_path_with_name(&program, within(&program))?;
    builder.append_dir_all(within(&library), &library)?;
    let target = Path::new("../usr/bin").join(&version);
    for name in ["bin/python", "bin/python3"] {
        builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), name, &target)?;
    }
    let mut objects = BTreeSet::new();
    let parts = fs::read_dir(library.join("lib-dynload"))?.filter_map(|entry| Some(entry.ok()?.path()));
    for file in parts.chain([program]) {
        let told = Command::new("ldd").arg(&file).output()?;
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let words = told.split_whitespace().filter(|word| word.starts_with('/') && word.contains(".so"));
        objects.extend(words.map(str::to_owned));
    }
    for object in objects.iter().map(Path::new) {
        builder.append_path_with_name(object, within(object))?;
    }
    Ok(())
}

fn within(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
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
