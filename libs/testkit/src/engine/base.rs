//! Images from nothing but Debian's packages: base images cannot be pulled where there is no registry.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tar::{Builder, EntryType, Header};

use super::Engine;

const BUSYBOX: &str = "/bin/busybox";
/// Where Debian keeps the pip that it gives to virtual environments.
const PIP: &str = "/usr/share/python-wheels";
/// What compiled wheels take for granted beside the C library (PEP 600).
const GRANTED: [&str; 5] = ["libgcc_s.so.1", "libstdc++.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1"];
const USERS: &str = "root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000::/home/tester:/bin/sh\n";
const GROUPS: &str = "root:x:0:\ntester:x:1000:\n";

/// Makes the image, and gives it to the engine.
pub(super) fn load(engine: &Engine) {
    import(engine, Engine::BASE, "PATH=/bin", shell);
}

/// The same with the Python of this machine, which belongs to Debian, and pip, which knows these packages and no others.
pub(super) fn load_python(engine: &Engine, wheels: &Path) {
    let environment = "PATH=/usr/local/bin:/bin PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels";
    import(engine, Engine::PYTHON, environment, |archive| {
        shell(archive)?;
        python(archive)?;
        pip(archive)?;
        archive.append_dir_all("wheels", wheels)
    });
}

fn import(
    engine: &Engine,
    name: &str,
    environment: &str,
    fill: impl FnOnce(&mut Builder<Vec<u8>>) -> std::io::Result<()>,
) {
    let mut builder = Builder::new(Vec::new());
    let archive = fill(&mut builder).and_then(|()| builder.into_inner());
    let archive = archive.unwrap_or_else(|error| panic!("no files for the image {name}: {error}"));
    let environment = format!("ENV {environment}");
    let mut import = engine
        .command(&["import", "--change", "CMD [\"sh\"]", "--change", &environment, "-", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start docker: {error}"));
    let sent = import.stdin.take().map(|mut pipe| pipe.write_all(&archive));
    let status = import.wait().unwrap_or_else(|error| panic!("cannot wait for docker: {error}"));
    assert!(status.success() && sent.is_some_and(|sent| sent.is_ok()), "docker import: {status}");
}

fn shell(builder: &mut Builder<Vec<u8>>) -> std::io::Result<()> {
    let folders = [("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("home", 0o755), ("srv", 0o755)];
    for (folder, mode) in folders {
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
    for entry in fs::read_dir(&library)? {
        let path = entry?.path();
        // This keeps pip from installing beside Debian's packages, of which there are none here.
        if path.file_name().is_some_and(|name| name == "EXTERNALLY-MANAGED") {
            continue;
        }
        if path.is_dir() {
            builder.append_dir_all(within(&path), &path)?;
        } else {
            builder.append_path_with_name(&path, within(&path))?;
        }
    }
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
    let libraries = objects.iter().find_map(|object| Some(Path::new(object.strip_suffix("/libc.so.6")?)));
    let granted = libraries.into_iter().flat_map(|folder| GRANTED.map(|name| folder.join(name)));
    for object in granted.filter(|object| object.exists()).chain(objects.iter().map(Into::into)) {
        let object = object.as_path();
        builder.append_path_with_name(object, within(object))?;
    }
    Ok(())
}

/// A wheel of pip runs as it is.
fn pip(builder: &mut Builder<Vec<u8>>) -> std::io::Result<()> {
    let missing = || std::io::Error::other(format!("no pip in {PIP}; apt-get install python3-venv"));
    let wheels = fs::read_dir(PIP).map_err(|_| missing())?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_pip = |path: &std::path::PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pip-"))
    };
    let wheel = wheels.into_iter().find(is_pip).ok_or_else(missing)?;
    builder.append_path_with_name(&wheel, "opt/pip.whl")?;
    let script = "#!/bin/sh\nexec python3 /opt/pip.whl/pip \"$@\"\n";
    builder.append_data(&mut header(EntryType::Regular, 0o755, script.len()), "bin/pip", script.as_bytes())
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
