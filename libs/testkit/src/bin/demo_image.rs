//! Makes an image of a folder of Python files, for the demo: `demo-image FOLDER LAYOUT TAG REVISION`.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::{File, Image};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder, layout, tag, revision] = arguments.as_slice() else {
        return Err("usage: demo-image FOLDER LAYOUT TAG REVISION".into());
    };
    let mut files = Vec::new();
    collect(Path::new(folder), Path::new(folder), &mut files)?;
    files.sort();
    let files: Result<Vec<_>, io::Error> = files
        .iter()
        .map(|path| {
            Ok(File::new(&format!("app/{}", path.display()), fs::read(Path::new(folder).join(path))?))
        })
        .collect();
    let config = json!({
        "User": "1000",
        "WorkingDir": "/app",
        "Env": ["PYTHONUNBUFFERED=1"],
        "Cmd": ["python", "-m", "numbers_api"],
        "ExposedPorts": { "8000/tcp": {} },
        "Labels": { "org.opencontainers.image.revision": revision },
    });
    let digest = Image::new().layer(files?).config(config).write(Path::new(layout), tag)?;
    writeln!(io::stdout(), "{digest}")?;
    Ok(())
}

/// The files that the service consists of: no tests, no repository, no leftovers of an interpreter.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && !["tests", "__pycache__"].contains(&name.as_str()) {
            collect(root, &path, files)?;
        } else if path.is_file() && (name.ends_with(".py") || name == "pyproject.toml") {
            files.extend(path.strip_prefix(root).map(Path::to_owned));
        }
    }
    Ok(())
}
