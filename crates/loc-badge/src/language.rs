//! Which language a file is written in, by its suffix.

use std::path::Path;

use tokei::LanguageType;

/// A source language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Counted by our own rule, which is pygount's.
    Python,
    /// Counted by tokei.
    Other(LanguageType),
}

impl Language {
    /// As people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Other(language) => language.name(),
        }
    }
}

/// Suffixes of files that people write programs in. Markup, data and translations are not among them: a README that
/// grows is no more code.
const SUFFIXES: &[&str] = &[
    "asm", "awk", "bash", "bat", "c", "cc", "cjs", "clj", "cljc", "cljs", "cmake", "cmd", "coffee", "cpp",
    "cs", "css", "cts", "cu", "cxx", "d", "dart", "el", "elm", "erl", "ex", "exs", "f", "f03", "f08", "f90",
    "f95", "fish", "for", "fs", "fsx", "go", "groovy", "h", "hcl", "hh", "hpp", "hrl", "hs", "hxx", "java",
    "jl", "js", "jsx", "kt", "kts", "less", "lisp", "lua", "m", "mjs", "ml", "mli", "mm", "mts", "nim",
    "nix", "pas", "php", "pl", "pm", "proto", "ps1", "psm1", "pyx", "r", "rb", "rkt", "rs", "s", "sass",
    "scala", "scm", "scss", "sh", "sol", "sql", "sv", "svelte", "swift", "tcl", "tf", "ts", "tsx", "vb",
    "vhd", "vue", "zig", "zsh", "v",
];

/// The language of a file, or none if it is no source code.
pub(crate) fn of(path: &Path) -> Option<Language> {
    let suffix = path.extension()?.to_str()?.to_ascii_lowercase();
    match suffix.as_str() {
        "py" | "pyi" | "pyw" => Some(Language::Python),
        other if SUFFIXES.contains(&other) => LanguageType::from_file_extension(other).map(Language::Other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokei_knows_every_suffix() {
        let unknown: Vec<_> =
            SUFFIXES.iter().filter(|suffix| LanguageType::from_file_extension(suffix).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn the_suffix_says_the_language() {
        for (path, name) in [
            ("a.py", Some("Python")),
            ("a.PYI", Some("Python")),
            ("src/a.rs", Some("Rust")),
            ("a.h", Some("C Header")),
            ("a.tsx", Some("TSX")),
            ("a.vue", Some("Vue")),
            ("README.md", None),
            ("index.html", None),
            ("data.json", None),
            ("locale/de.po", None),
            ("a.svg", None),
            ("Makefile", None),
            (".py", None),
            ("a.", None),
        ] {
            assert_eq!(of(Path::new(path)).map(Language::name), name, "{path}");
        }
    }
}
