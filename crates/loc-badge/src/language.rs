//! Which language a file is written in, by its suffix.

use std::path::Path;

use tokei::LanguageType;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Counted by our own rule, which is pygount's.
    Python,
    /// Text for people: it has lines, and no code.
    Markup(LanguageType),
    /// Counted by tokei.
    Other(LanguageType),
}

impl From<LanguageType> for Language {
    fn from(language: LanguageType) -> Self {
        use LanguageType as L;
        match language {
            L::Python => Self::Python,
            L::AsciiDoc | L::Djot | L::Markdown | L::Org | L::ReStructuredText | L::Tex | L::Text => {
                Self::Markup(language)
            }
            other => Self::Other(other),
        }
    }
}

impl Language {
    /// As people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Markup(language) | Self::Other(language) => language.name(),
        }
    }

    /// The word for how it is counted.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Python => "pygount",
            Self::Markup(_) => "markup",
            Self::Other(_) => "tokei",
        }
    }

    /// All of them, by the names people use: `C++` and `cpp`, in any case.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let mut all = LanguageType::list().iter().map(|(language, _)| *language);
        let is_it = |language: &LanguageType| {
            language.name().eq_ignore_ascii_case(name) || format!("{language:?}").eq_ignore_ascii_case(name)
        };
        all.find(is_it).map(Self::from)
    }
}

/// Suffixes of files that people write programs in. Markup, data and translations are not among them: a README that
/// grows is no more code.
const SUFFIXES: &[&str] = &[
    "asm", "awk", "bash", "bat", "c", "cc", "cjs", "clj", "cljc", "cljs", "cmake", "cmd", "coffee", "cpp",
    "cs", "css", "cts", "cu", "cxx", "d", "dart", "el", "elm", "erl", "ex", "exs", "f", "f03", "f08", "f90",
    "f95", "fish", "for", "fs", "fsx", "go", "groovy", "h", "hcl", "hh", "hpp", "hrl", "hs", "hxx", "java",
    "jl", "js", "jsx", "kt", "kts", "less", "lisp", "lua", "m", "mjs", "ml", "mli", "mm", "mts", "nim",
    "nix", "pas", "php", "pl", "pm", "proto", "ps1", "psm1", "py", "pyi", "pyw", "pyx", "r", "rb", "rkt",
    "rs", "s", "sass", "scala", "scm", "scss", "sh", "sol", "sql", "sv", "svelte", "swift", "tcl", "tf",
    "ts", "tsx", "vb", "vhd", "vue", "zig", "zsh", "v",
];

/// Files without a suffix that are known by their names.
const NAMES: &[(&str, LanguageType)] = &[
    ("CMakeLists.txt", LanguageType::CMake),
    ("Dockerfile", LanguageType::Dockerfile),
    ("GNUmakefile", LanguageType::Makefile),
    ("Gemfile", LanguageType::Ruby),
    ("Jenkinsfile", LanguageType::Groovy),
    ("Makefile", LanguageType::Makefile),
    ("Rakefile", LanguageType::Ruby),
    ("SConstruct", LanguageType::Python),
    ("Vagrantfile", LanguageType::Ruby),
    ("makefile", LanguageType::Makefile),
];

/// The suffix of a file in lower case, without its dot.
pub(crate) fn suffix(path: &Path) -> Option<String> {
    path.extension()?.to_str().map(str::to_ascii_lowercase)
}

/// Whether people write programs in files of this suffix.
pub(crate) fn is_source(suffix: &str) -> bool {
    SUFFIXES.contains(&suffix)
}

/// The language that a suffix stands for.
pub(crate) fn of_suffix(suffix: &str) -> Option<Language> {
    LanguageType::from_file_extension(suffix).map(Language::from)
}

/// The language that a file's whole name stands for.
pub(crate) fn of_name(path: &Path) -> Option<Language> {
    let name = path.file_name()?;
    NAMES.iter().find(|(known, _)| name == *known).map(|(_, language)| Language::from(*language))
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
            ("README.md", Some("Markdown")),
            ("locale/de.po", Some("PO File")),
            ("a.svg", Some("SVG")),
            ("Makefile", None),
            (".py", None),
            ("a.", None),
        ] {
            let language = suffix(Path::new(path)).and_then(|suffix| of_suffix(&suffix));
            assert_eq!(language.map(Language::name), name, "{path}");
        }
    }

    #[test]
    fn markup_data_and_translations_are_no_source() {
        for name in ["md", "rst", "txt", "html", "xml", "svg", "json", "yaml", "toml", "po", "csv", "lock"] {
            assert!(!is_source(name), "{name}");
        }
        for name in ["py", "pyi", "rs", "js", "sql", "sh", "css"] {
            assert!(is_source(name), "{name}");
        }
    }

    #[test]
    fn languages_have_names_and_rules() {
        for (name, language, rule) in [
            ("python", "Python", "pygount"),
            ("C++", "C++", "tokei"),
            ("cpp", "C++", "tokei"),
            ("TypeScript", "TypeScript", "tokei"),
            ("makefile", "Makefile", "tokei"),
            ("Markdown", "Markdown", "markup"),
        ] {
            let found = Language::by_name(name).unwrap();
            assert_eq!((found.name(), found.rule()), (language, rule), "{name}");
        }
        assert_eq!(Language::by_name("Pyhton"), None);
        assert_eq!(of_name(Path::new("web/Makefile")).map(Language::name), Some("Makefile"));
        assert_eq!(of_name(Path::new("makefile.in")), None);
    }
}
