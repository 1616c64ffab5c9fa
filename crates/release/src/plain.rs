//! What others have written, in Markdown of ours: it neither brings HTML, images or headings with it, nor calls people.

/// A text without any markup, in one line: a name, a tag.
pub(crate) fn text(plain: &str) -> String {
    let mut safe = String::new();
    for c in plain.chars() {
        push(&mut safe, c);
    }
    safe
}

/// The words of a commit message, in one line. Spans of code stay as they are, since nothing is obeyed in them, and so do
/// links and addresses; everything else means what it says, as `git log` shows it: `__init__`, `*args`, `List<T>`.
pub(crate) fn message(words: &str) -> String {
    let words = words.trim();
    let mut safe = String::new();
    let mut rest = words;
    if let Some(length) = block_mark(words) {
        let (mark, after) = words.split_at(length - 1);
        safe.push_str(mark);
        safe.push('\\');
        let first = after.chars().next().map_or(0, char::len_utf8);
        safe.push_str(&after[..first]);
        rest = &after[first..];
    }
    while let Some(c) = rest.chars().next() {
        if let Some(code) = code_span(rest) {
            safe.push_str(code);
            rest = &rest[code.len()..];
        } else if let Some(address) = address(rest, &safe) {
            safe.push_str(&address.replace('&', "&amp;"));
            rest = &rest[address.len()..];
        } else if c == '`' {
            // All of a run that nothing closes: escaping its first only would make a shorter one of it.
            let run = rest.len() - rest.trim_start_matches('`').len();
            safe.push_str(&"\\`".repeat(run));
            rest = &rest[run..];
        } else {
            let before = safe.chars().next_back();
            let after = rest[c.len_utf8()..].chars().next();
            match c {
                // Within a word it marks nothing.
                '_' if is_word(before) && is_word(after) => safe.push('_'),
                '[' if before != Some('!') => safe.push(c),
                ']' => safe.push(c),
                c => push(&mut safe, c),
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    safe
}

/// A link whose address ends where it should.
pub(crate) fn link(words: &str, target: &str) -> String {
    format!("[{words}]({})", target.replace('(', "%28").replace(')', "%29"))
}

fn push(safe: &mut String, c: char) {
    match c {
        '&' => safe.push_str("&amp;"),
        '<' => safe.push_str("&lt;"),
        // A word joiner: it is not seen, and no name begins with it.
        '@' => safe.push_str("@\u{2060}"),
        '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' => {
            safe.push('\\');
            safe.push(c);
        }
        c if c.is_control() => safe.push(' '),
        c => safe.push(c),
    }
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// The length of what would begin a heading, a list, a quote or a box to tick where a line begins
/// (<https://spec.commonmark.org/0.31.2/#leaf-blocks>); its last byte is the one to be escaped.
fn block_mark(line: &str) -> Option<usize> {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let hashes = line.len() - line.trim_start_matches('#').len();
    if (1..=6).contains(&hashes) && ends(&line[hashes..]) {
        return Some(1);
    }
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if (1..=9).contains(&digits) && line[digits..].starts_with(['.', ')']) && ends(&line[digits + 1..]) {
        return Some(digits + 1);
    }
    let is_bullet = line.starts_with(['-', '+']) && ends(&line[1..]);
    let is_rule = line.len() > 2 && line.chars().all(|c| c == '-' || c == '=');
    let is_box = ["[ ]", "[x]", "[X]"].iter().any(|mark| line.starts_with(mark));
    (is_bullet || is_rule || is_box || line.starts_with(['>', '='])).then_some(1)
}

/// The span of code that the text begins with (<https://spec.commonmark.org/0.31.2/#code-spans>).
fn code_span(text: &str) -> Option<&str> {
    let length = text.len() - text.trim_start_matches('`').len();
    if length == 0 {
        return None;
    }
    let mut at = length;
    loop {
        at += text[at..].find('`')?;
        let run = text[at..].len() - text[at..].trim_start_matches('`').len();
        at += run;
        if run == length {
            return Some(&text[..at]);
        }
    }
}

/// The address that the text begins with, where a word begins.
fn address<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let begins = !is_word(before.chars().next_back());
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>`\"|()[]".contains(c);
    (begins && is_web).then(|| &text[..text.find(ends).unwrap_or(text.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_commits_mean_what_they_say() {
        let table = [
            ("plain words, #12 and !34", "plain words, #12 and !34"),
            ("a `List<T>` & more", "a `List<T>` &amp; more"),
            ("`a<b>` and ``c`d & @e``", "`a<b>` and ``c`d & @e``"),
            ("an open ` and <b>", "an open \\` and &lt;b>"),
            ("an open `` and `", "an open \\`\\` and \\`"),
            ("List<T> <img src=x>", "List&lt;T> &lt;img src=x>"),
            ("call __init__ with *args", "call \\_\\_init\\_\\_ with \\*args"),
            ("snake_case_name", "snake_case_name"),
            ("see [docs](https://h/a_b)", "see [docs](https://h/a_b)"),
            ("see https://h/_a_?b=1&c=2 ok", "see https://h/_a_?b=1&amp;c=2 ok"),
            ("![x](y)", "!\\[x](y)"),
            ("thanks @all, a@b.c", "thanks @\u{2060}all, a@\u{2060}b.c"),
            ("~~gone~~ a|b C:\\x", "\\~\\~gone\\~\\~ a\\|b C:\\\\x"),
            ("# a heading", "\\# a heading"),
            ("#1 is an issue", "#1 is an issue"),
            ("1. a list", "1\\. a list"),
            ("12) a list", "12\\) a list"),
            ("1.2 is out", "1.2 is out"),
            ("- a list", "\\- a list"),
            ("-v is a flag", "-v is a flag"),
            ("> a quote", "\\> a quote"),
            ("[x] done", "\\[x] done"),
            ("---", "\\---"),
            ("a\u{1b}[31m", "a [31m"),
            ("é", "é"),
            ("", ""),
        ];
        for (words, expected) in table {
            assert_eq!(message(words), expected, "{words}");
        }
    }

    #[test]
    fn names_have_no_markup() {
        assert_eq!(text("a_b [c](d) `e` *f* <g> @h"), "a\\_b \\[c\\](d) \\`e\\` \\*f\\* &lt;g> @\u{2060}h");
        assert_eq!(link("x", "https://h/a(b)"), "[x](https://h/a%28b%29)");
    }

    #[test]
    fn what_is_rendered_is_what_was_written() {
        let table = [
            "call __init__ with *args and **kwargs",
            "an open `` and ` and <b>&amp;</b>",
            "1. not a list",
            "# not a heading",
            "[ ] not a box",
            "a \\ b \\* c",
            "=== x",
        ];
        for words in table {
            let html = crate::markdown::render(&format!("- {}\n", message(words)));
            let plain = html.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            assert_eq!(plain, format!("<ul>\n<li>{words}</li>\n</ul>\n"));
        }
    }
}
