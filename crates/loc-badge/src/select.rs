//! Which files are wanted, by what they are called.

use std::path::Path;

use contract::Failure;
use gix_glob::Pattern;
use gix_glob::wildmatch::Mode;
use tokei::LanguageType;

use crate::cli::Selection;
use crate::ignored::{self, Excludes};
use crate::language::{self, Language};
use crate::walk::Wanted;

/// Suffixes and languages; with none of either, those of source code.
#[derive(Debug, Default)]
pub(crate) struct Suffixes {
    patterns: Vec<Pattern>,
    languages: Vec<Language>,
}

impl Suffixes {
    /// The language of a file, if it is one of those wanted.
    pub(crate) fn language_of(&self, path: &Path) -> Option<Language> {
        let suffix = language::suffix(path);
        let by_default = self.languages.is_empty() && self.patterns.is_empty();
        if by_default {
            return suffix
                .filter(|suffix| language::is_source(suffix))
                .and_then(|name| language::of_suffix(&name));
        }
        if !self.patterns.is_empty() && !suffix.as_ref().is_some_and(|suffix| self.match_suffix(suffix)) {
            return None;
        }
        let language = language::of_name(path).or_else(|| language::of_suffix(&suffix?))?;
        (self.languages.is_empty() || self.languages.contains(&language)).then_some(language)
    }

    fn match_suffix(&self, suffix: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(suffix.into(), Mode::IGNORE_CASE))
    }
}

/// What the command line asks for.
pub(crate) fn wanted(selection: &Selection) -> Result<Wanted, Failure> {
    let given = |values: &[String]| -> Vec<String> {
        values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
    };
    let patterns = given(&selection.suffix).iter().map(|suffix| pattern(suffix)).collect::<Result<_, _>>()?;
    let languages = given(&selection.language).iter().map(|name| named(name)).collect::<Result<_, _>>()?;
    let excluded = given(&selection.exclude);
    if let Some(half) = excluded.iter().find(|glob| glob.contains('{') && !glob.contains('}')) {
        // A comma has ended it, and what is left would silently leave out nothing.
        return Err(Failure::usage(format!("--exclude: '{half}' is half of a pair of braces"))
            .hint("patterns of .gitignore know no {a,b}: give a,b with what is around them in both"));
    }
    if let Some(open) = excluded.iter().find(|glob| !ignored::is_closed(glob)) {
        return Err(Failure::usage(format!(
            "--exclude: '{open}' has a [ without its ], and matches nothing"
        ))
        .hint("close it, as in [ab].py; \\[ is a bracket of the name itself"));
    }
    Ok(Wanted {
        suffixes: Suffixes { patterns, languages },
        excludes: Excludes::new(&excluded),
        gitignore: !selection.no_gitignore,
    })
}

/// A suffix, with or without its dot, or a pattern of suffixes. One that no file of a known language can have is a slip.
fn pattern(text: &str) -> Result<Pattern, Failure> {
    let bare = text.strip_prefix("*.").or(text.strip_prefix('.')).unwrap_or(text);
    let pattern = Pattern::from_bytes_without_negation(bare.as_bytes());
    let mut known = LanguageType::list().iter().flat_map(|(_, suffixes)| suffixes.iter());
    pattern
        // pygount's word for a regular expression, which would be a pattern here as well.
        .filter(|_| !text.starts_with("[regex]"))
        .filter(|pattern| known.any(|suffix| pattern.matches((*suffix).into(), Mode::IGNORE_CASE)))
        .ok_or_else(|| {
            Failure::usage(format!("--suffix: '{text}' is the suffix of no known language")).hint(
                "suffixes are separated by commas, such as py,sql; '*' stands for all that are known; $FILE_SUFFIX is read too",
            )
        })
}

fn named(name: &str) -> Result<Language, Failure> {
    Language::by_name(name).ok_or_else(|| {
        let failure = Failure::usage(format!("--language: '{name}' is not known"));
        match nearest(name) {
            Some(near) => failure.hint(format!("did you mean '{near}'?")),
            None => failure
                .hint("names are those of the table that loc-badge prints, such as Python, C++, JavaScript"),
        }
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let names = LanguageType::list().iter().map(|(language, _)| language.name());
    let scored = names.map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &name), known));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(suffix: &[&str], language: &[&str]) -> Selection {
        let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        Selection {
            paths: Vec::new(),
            count: Default::default(),
            suffix: owned(suffix),
            language: owned(language),
            exclude: Vec::new(),
            no_gitignore: false,
        }
    }

    #[test]
    fn suffixes_and_languages_choose() {
        let files = ["a.py", "b.PYI", "c.js", "d.md", "e.json", "Makefile", "f.cpp", "g.unknown", "h"];
        for (suffix, language, chosen) in [
            (&[][..], &[][..], &["a.py", "b.PYI", "c.js", "f.cpp"][..]),
            (&["py"], &[], &["a.py"]),
            (&[" .py", "*.MD", ""], &[], &["a.py", "d.md"]),
            (&["py*"], &[], &["a.py", "b.PYI"]),
            (&["*"], &[], &["a.py", "b.PYI", "c.js", "d.md", "e.json", "f.cpp"]),
            (&[], &["python"], &["a.py", "b.PYI"]),
            (&[], &["json", "Makefile"], &["e.json", "Makefile"]),
            (&["py", "js"], &["Python"], &["a.py"]),
            (&[""], &[""], &["a.py", "b.PYI", "c.js", "f.cpp"]),
        ] {
            let wanted = wanted(&selection(suffix, language)).unwrap();
            let found: Vec<_> = files
                .into_iter()
                .filter(|file| wanted.suffixes.language_of(Path::new(file)).is_some())
                .collect();
            assert_eq!(found, chosen, "{suffix:?} {language:?}");
        }
    }

    #[test]
    fn what_nothing_can_match_is_wrong_usage() {
        for (suffix, language, message) in [
            (&["pyy"][..], &[][..], "--suffix: 'pyy' is the suffix of no known language"),
            (&["[regex]py"], &[], "--suffix: '[regex]py' is the suffix of no known language"),
            (&[], &["Pyhton"], "--language: 'Pyhton' is not known"),
        ] {
            let failure = wanted(&selection(suffix, language)).err().unwrap();
            assert_eq!((failure.exit(), failure.summary().as_str()), (contract::Exit::Usage, message));
        }
        assert_eq!(nearest("Pyhton"), Some("Python"));
        assert_eq!(nearest("qqq"), None);
    }
}
