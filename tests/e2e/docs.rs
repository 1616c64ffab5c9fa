//! The pages of `docs/`: what they show is what the tools do.

mod migrate;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{File, Image, Registry, Repository, binaries, tools};

const PROJECT: &[(&str, &str)] = &[
    ("docker-compose.yml", include_str!("docs/project/docker-compose.yml")),
    ("numbers_api/__init__.py", include_str!("docs/project/numbers_api/__init__.py")),
    ("numbers_api/__main__.py", include_str!("docs/project/numbers_api/__main__.py")),
    ("coverage.json", include_str!("docs/project/coverage.json")),
];

/// What the pages call the registry; it is another one in each run.
const REGISTRY: &str = "registry.example.com";

/// Where the examples of a page are tried: the clone of a small service, its images in a layout beside it and in a
/// registry, and nothing of a pipeline around it.
struct Place {
    folder: tempfile::TempDir,
    registry: Registry,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut repository = Repository::at(&folder.path().join("numbers-api"));
        let (compose, code) = PROJECT.split_first().expect("files");
        for (name, text) in code {
            repository.write(name, text);
        }
        repository.commit("feat: random numbers");
        repository.tag("1.3.0");
        repository.write("README.md", "# Numbers\n");
        repository.commit("docs: say what it is");
        repository.write(compose.0, compose.1);
        repository.commit("feat: run with compose");
        let place = Self { folder, registry: Registry::start() };
        let image = Image::new().layer(vec![File::new("app/main.py", "print(42)\n")]);
        image.write(&place.folder.path().join("images/ci"), "e19fde6c").expect("an image");
        let pushed = place.run(&format!(
            "image-promote --quiet copy oci:../images/ci:e19fde6c {REGISTRY}/team/numbers-api/ci:e19fde6c"
        ));
        assert!(pushed.starts_with("sha256:"), "{pushed}");
        place
    }

    /// What a person sees who types this line.
    fn run(&self, line: &str) -> String {
        let path = std::env::var("PATH").unwrap_or_default();
        let address = self.registry.address();
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{}", line.replace(REGISTRY, address))])
            .env_clear()
            .env("PATH", format!("{}:{path}", binaries().display()))
            .env("HOME", self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .env("SOURCE_DATE_EPOCH", "1767225600")
            .current_dir(self.folder.path().join("numbers-api"))
            .output()
            .expect("bash runs");
        String::from_utf8_lossy(&output.stdout).replace(address, REGISTRY)
    }
}

/// A line that is typed, and what it answers.
struct Example {
    line: String,
    answer: String,
}

/// The examples of a page: the blocks of a console, where `$ ` stands before what is typed.
fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(typed) = line.strip_prefix("$ ").filter(|_| inside) {
            found.push(Example { line: typed.to_owned(), answer: String::new() });
        } else if let Some(example) = found.last_mut().filter(|_| inside) {
            let _ = writeln!(example.answer, "{line}");
        }
    }
    found
}

/// Whether the text is what the page shows, where `…` stands for anything within a line.
fn is_shown(shown: &str, text: &str) -> bool {
    let (shown, text): (Vec<_>, Vec<_>) = (shown.lines().collect(), text.lines().collect());
    shown.len() == text.len() && shown.iter().zip(text).all(|(shown, line)| is_like(shown, line))
}

fn is_like(shown: &str, line: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else {
        return shown == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| is_like(after, &rest[at..]))
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

#[test]
fn every_tool_has_a_page_whose_examples_answer_what_it_shows() {
    let place = Place::new();
    let mut wrong = String::new();
    for tool in tools() {
        let page = fs::read_to_string(docs().join(tool).with_extension("md"));
        let page = page.unwrap_or_else(|error| panic!("docs/{tool}.md: {error}"));
        let examples = examples(&page);
        assert!(examples.len() >= 3, "docs/{tool}.md has {} examples", examples.len());
        for Example { line, answer } in examples {
            let text = place.run(&line);
            if !is_shown(&answer, &text) {
                let _ = writeln!(wrong, "docs/{tool}.md\n$ {line}\n{text}--- the page says\n{answer}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_ellipsis_stands_for_anything_within_a_line() {
    let rows = [
        ("sha256:…", "sha256:89034f", true),
        ("done in … s: sha256:…; 5", "done in 0.05 s: sha256:12; 5", true),
        ("done in … s", "done", false),
        ("a", "a\nb", false),
        ("a…", "a", true),
        ("a", "b", false),
    ];
    for (shown, text, expected) in rows {
        assert_eq!(is_shown(shown, text), expected, "{shown} / {text}");
    }
}
