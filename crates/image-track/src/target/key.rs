//! The key of a value in a YAML file, in the two dialects that manifests have: `$.image.tag`, `$.'a.b'.c`, `a\.b.c` of
//! updatecli's own engine, and `$.items[?(@.name == 'app')].image`, `$..tag`, `$['a.b'][*]` of yamlpath
//! (<https://goessner.net/articles/JsonPath/>). What is in both means the same in both.

use yaml_splice::{Node, Path, nearest};

use crate::trouble::Trouble;

/// A parsed key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    /// From 0; negative ones count from the end.
    Index(i64),
    /// Every value of a mapping, every item of a list.
    All,
    /// The same name at any depth.
    Deep(String),
    /// Items of which a value is, or is not, this text.
    Filter {
        path: Vec<String>,
        equal: bool,
        text: String,
    },
}

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// When it is none, or uses what is not supported.
    pub(crate) fn parse(text: &str) -> Result<Self, Trouble> {
        let wrong = |reason: &str| {
            Trouble::usage(format!("'{text}' is no key: {reason}")).hint(
                "expected such as $.image.tag, $.list[0].image, $.'a.b'.tag or $.list[?(@.name == 'app')].image",
            )
        };
        let mut steps = Vec::new();
        let mut rest = text.trim();
        rest = match rest.strip_prefix('$') {
            Some(rest) => rest,
            None => {
                let (name, behind) = name(rest.strip_prefix('.').unwrap_or(rest)).map_err(wrong)?;
                steps.push(Step::Name(name));
                behind
            }
        };
        while !rest.is_empty() {
            let (step, behind) = if let Some(inner) = rest.strip_prefix('[') {
                let end = closing(inner).ok_or_else(|| wrong("a bracket is not closed"))?;
                (bracket(&inner[..end]).map_err(wrong)?, &inner[end + 1..])
            } else if let Some(rest) = rest.strip_prefix("..") {
                let (name, behind) = name(rest).map_err(wrong)?;
                (Step::Deep(name), behind)
            } else if let Some(rest) = rest.strip_prefix(".*") {
                (Step::All, rest)
            } else if let Some(rest) = rest.strip_prefix('.') {
                let (name, behind) = name(rest).map_err(wrong)?;
                (Step::Name(name), behind)
            } else {
                return Err(wrong("a dot is missing"));
            };
            steps.push(step);
            rest = behind;
        }
        if steps.is_empty() {
            return Err(wrong("it names nothing"));
        }
        Ok(Self { text: text.trim().to_owned(), steps })
    }

    /// The paths below the root of a document that it means.
    ///
    /// # Errors
    /// When it means none: the last part that is there, and the nearest name.
    pub(crate) fn find(&self, root: Node<'_>, document: usize) -> Result<Vec<Path>, Trouble> {
        let mut found = vec![(root, Path::document(document))];
        for step in &self.steps {
            let next: Vec<_> = found.iter().flat_map(|(node, path)| step.from(*node, path)).collect();
            if next.is_empty() {
                return Err(self.missing(step, &found));
            }
            found = next;
        }
        Ok(found.into_iter().map(|(_, path)| path).collect())
    }

    fn missing(&self, step: &Step, last: &[(Node<'_>, Path)]) -> Trouble {
        let trouble = Trouble::usage(format!("there is no {}", self.text));
        let Some((node, path)) = last.first() else { return trouble };
        let (Step::Name(name) | Step::Deep(name)) = step else {
            return trouble.hint(match node.is_sequence() {
                true => format!("{path} has {} items, and none fits", node.items().count()),
                false => format!("the last that is there is {path}"),
            });
        };
        let keys: Vec<String> =
            node.entries().filter_map(|entry| entry.key.as_str().map(str::to_owned)).collect();
        if node.inherited(name).is_some() {
            return trouble
                .hint(format!("{} is there through << only; name where it is written", path.key(name)));
        }
        match nearest(name, &keys) {
            Some(near) => trouble.hint(format!("did you mean {}?", path.key(&near))),
            None if keys.is_empty() => trouble.hint(format!("the last that is there is {path}")),
            None => trouble.hint(format!("{path} has: {}", keys.join(", "))),
        }
    }
}

impl Step {
    fn from<'y>(&self, node: Node<'y>, path: &Path) -> Vec<(Node<'y>, Path)> {
        let children = || {
            let entries = node.entries().filter(|entry| !entry.is_merge());
            let entries = entries.filter_map(|entry| Some((entry.value, path.key(entry.key.as_str()?))));
            let items = node.items().enumerate().map(|(index, item)| (item, path.index(index)));
            entries.chain(items).collect::<Vec<_>>()
        };
        match self {
            Self::Name(name) => {
                node.own(name).map(|entry| (entry.value, path.key(name))).into_iter().collect()
            }
            Self::Index(index) => {
                let count = i64::try_from(node.items().count()).unwrap_or_default();
                let index = if *index < 0 { count + index } else { *index };
                let index = usize::try_from(index).ok();
                let found = index.and_then(|index| Some((node.items().nth(index)?, path.index(index))));
                found.into_iter().collect()
            }
            Self::All => children(),
            Self::Deep(name) => {
                let mut found = Self::Name(name.clone()).from(node, path);
                // What an alias stands for was met where it is written.
                let below = children().into_iter().filter(|(child, _)| !child.is_alias());
                found.extend(below.flat_map(|(child, path)| self.from(child, &path)));
                found
            }
            Self::Filter { path: at, equal, text } => {
                let value = |item: Node<'y>| {
                    at.iter().try_fold(item, |node, name| Some(node.own(name)?.value))?.as_str()
                };
                let fits = |item: Node<'y>| value(item).is_some_and(|value| (value == text) == *equal);
                children().into_iter().filter(|(child, _)| fits(*child)).collect()
            }
        }
    }
}

/// A name up to the next dot or bracket; in quotes, or with backslashes, these may be in it.
fn name(text: &str) -> Result<(String, &str), &'static str> {
    if let Some(quote @ ('\'' | '"')) = text.chars().next() {
        let end = text[1..].find(quote).ok_or("a quote is not closed")?;
        return Ok((text[1..=end].to_owned(), &text[end + 2..]));
    }
    let mut name = String::new();
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' => {
                end = at;
                break;
            }
            c => name.push(c),
        }
    }
    if name.is_empty() { Err("a name is missing") } else { Ok((name, &text[end..])) }
}

/// Where the bracket ends that `text` is the inside of.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inner: &str) -> Result<Step, &'static str> {
    let inner = inner.trim();
    if inner == "*" {
        return Ok(Step::All);
    }
    if let Some(condition) = inner.strip_prefix("?(").and_then(|rest| rest.strip_suffix(')')) {
        return filter(condition.trim());
    }
    if inner.starts_with(['\'', '"']) {
        let (name, behind) = name(inner)?;
        return if behind.is_empty() {
            Ok(Step::Name(name))
        } else {
            Err("of several names in brackets only one is supported")
        };
    }
    inner
        .parse()
        .map(Step::Index)
        .map_err(|_| "in brackets stands a number, a name in quotes, * or ?(@.name == 'text')")
}

/// `@.name == 'app'`
fn filter(condition: &str) -> Result<Step, &'static str> {
    const FORM: &str = "of filters only ?(@.name == 'text') and != are supported";
    let (left, equal, right) = match (condition.split_once("=="), condition.split_once("!=")) {
        (Some((left, right)), None) => (left, true, right),
        (None, Some((left, right))) => (left, false, right),
        _ => return Err(FORM),
    };
    let mut rest = left.trim().strip_prefix('@').ok_or(FORM)?;
    let mut path = Vec::new();
    while !rest.is_empty() {
        let (step, behind) = name(rest.strip_prefix('.').ok_or(FORM)?)?;
        path.push(step);
        rest = behind;
    }
    let right = right.trim();
    let text = match right.chars().next() {
        Some('\'' | '"') => name(right)?.0,
        Some(_) if !right.contains(['&', '|', '(', ' ']) => right.to_owned(),
        _ => return Err(FORM),
    };
    if condition.contains("&&") || condition.contains("||") {
        Err(FORM)
    } else {
        Ok(Step::Filter { path, equal, text })
    }
}

#[cfg(test)]
mod tests {
    use yaml_splice::Yaml;

    use super::*;

    const TEXT: &[u8] = b"
image: &image
  tag: 1
a.b: {c: 2}
list:
  - {name: app, image: i1, deep: {tag: 5}}
  - {name: db, image: i2}
again: *image
merged:
  <<: *image
";

    fn found(key: &str) -> Result<String, String> {
        let yaml = Yaml::open(TEXT).unwrap();
        let root = yaml.documents().next().unwrap();
        let key = Key::parse(key).map_err(|trouble| trouble.message)?;
        let paths = key.find(root, 0).map_err(|trouble| trouble.hint.unwrap_or(trouble.message))?;
        Ok(paths.iter().map(Path::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn both_dialects_lead_to_the_same_places() {
        let table = [
            ("$.image.tag", "image.tag"),
            ("image.tag", "image.tag"),
            (".image.tag", "image.tag"),
            ("$['image']['tag']", "image.tag"),
            ("$.'a.b'.c", "\"a.b\".c"),
            ("$[\"a.b\"].c", "\"a.b\".c"),
            ("a\\.b.c", "\"a.b\".c"),
            ("$.list[1].image", "list[1].image"),
            ("$.list[-1].image", "list[1].image"),
            ("list[*].image", "list[0].image list[1].image"),
            ("$.list.*.name", "list[0].name list[1].name"),
            ("$.list[?(@.name == 'db')].image", "list[1].image"),
            ("$.list[?(@.name!=\"db\")].image", "list[0].image"),
            ("$.list[?(@.deep.tag==5)].name", "list[0].name"),
            ("$..tag", "image.tag list[0].deep.tag"),
            ("$.again.tag", "again.tag"),
        ];
        for (key, expected) in table {
            assert_eq!(found(key).as_deref(), Ok(expected), "{key}");
        }
    }

    #[test]
    fn what_is_not_there_or_no_key_is_told() {
        let table = [
            ("$.image.tga", "did you mean image.tag?"),
            ("$.imag.tag", "did you mean image?"),
            ("$.list[7].image", "list has 2 items, and none fits"),
            ("$.list[?(@.name == 'x')].image", "list has 2 items, and none fits"),
            ("$.merged.tag", "merged.tag is there through << only; name where it is written"),
            ("$.image.tag.more", "the last that is there is image.tag"),
            ("$.image.other", "image has: tag"),
            ("$", "'$' is no key: it names nothing"),
            ("", "'' is no key: a name is missing"),
            ("$.a[", "'$.a[' is no key: a bracket is not closed"),
            (
                "$.a['x', 'y']",
                "'$.a['x', 'y']' is no key: of several names in brackets only one is supported",
            ),
            (
                "$.a[1:2]",
                "'$.a[1:2]' is no key: in brackets stands a number, a name in quotes, * or ?(@.name == 'text')",
            ),
            (
                "$.a[?(@.x > 2)]",
                "'$.a[?(@.x > 2)]' is no key: of filters only ?(@.name == 'text') and != are supported",
            ),
        ];
        for (key, expected) in table {
            assert_eq!(found(key), Err(expected.to_owned()), "{key}");
        }
    }
}
