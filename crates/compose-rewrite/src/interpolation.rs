//! What compose takes for variables: `$NAME`, `${NAME}`, `${NAME:-default}` and the like; `$$` is a dollar sign.
//!
//! Specification: <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>.

/// The text as it may be once compose has filled it in: a variable gives way to its default, and to `instead` where it
/// has none.
///
/// # Errors
/// Why compose would not take the text.
pub(crate) fn filled(text: &str, instead: &str) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        filled.push_str(&rest[..dollar]);
        let behind = &rest[dollar + 1..];
        if let Some(literal) = behind.strip_prefix('$') {
            filled.push('$');
            rest = literal;
            continue;
        }
        let (value, left) = variable(behind, instead)?;
        filled.push_str(&value);
        rest = left;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The value of a variable, from behind its `$` on, and what stands behind it.
fn variable<'t>(text: &'t str, instead: &str) -> Result<(String, &'t str), String> {
    let Some(braced) = text.strip_prefix('{') else {
        let (name, rest) = text.split_at(name_length(text));
        return if name.is_empty() {
            Err("a $ stands there without the name of a variable".into())
        } else {
            Ok((instead.to_owned(), rest))
        };
    };
    let close = closing_brace(braced).ok_or_else(|| format!("the brace of '${text}' is not closed"))?;
    let (inner, rest) = (&braced[..close], &braced[close + 1..]);
    let (name, operator) = inner.split_at(name_length(inner));
    let wrong = || Err(format!("'${{{inner}}}' is no variable"));
    if name.is_empty() {
        return wrong();
    }
    let unless_empty = operator.strip_prefix(':').unwrap_or(operator);
    match unless_empty.chars().next() {
        None if operator.is_empty() => Ok((instead.to_owned(), rest)),
        Some('-') => {
            let default = filled(&unless_empty[1..], instead)?;
            Ok((if default.is_empty() { instead.to_owned() } else { default }, rest))
        }
        Some('?' | '+') => filled(&unless_empty[1..], instead).map(|_| (instead.to_owned(), rest)),
        _ => wrong(),
    }
}

fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if starts { end } else { 0 }
}

/// Where the brace closes that was opened before this text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn variables_give_way_to_their_defaults() {
        for (text, expected) in [
            ("app:1", "app:1"),
            ("$A/b", "x/b"),
            ("${A}/b:${B_2}", "x/b:x"),
            ("${A:-docker.io}/b", "docker.io/b"),
            ("${A-docker.io}/b", "docker.io/b"),
            ("${A:-${B:-c}}/d", "c/d"),
            ("${A:-}b", "xb"),
            ("${A:?not set}/b", "x/b"),
            ("${A+b}", "x"),
            ("a$$b", "a$b"),
        ] {
            assert_eq!(filled(text, "x").as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_compose_would_not_take_says_why() {
        for (text, reason) in [
            ("a$", "a $ stands there without the name of a variable"),
            ("$1", "a $ stands there without the name of a variable"),
            ("a/${B", "the brace of '${B' is not closed"),
            ("${A:-${B}", "the brace of '${A:-${B}' is not closed"),
            ("${}", "'${}' is no variable"),
            ("${A B}", "'${A B}' is no variable"),
            ("${A:=b}", "'${A:=b}' is no variable"),
            ("${A:}", "'${A:}' is no variable"),
            ("${A:-$}", "a $ stands there without the name of a variable"),
        ] {
            assert_eq!(filled(text, "x"), Err(reason.to_owned()), "{text}");
        }
    }
}
