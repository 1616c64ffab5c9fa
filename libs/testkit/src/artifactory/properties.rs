//! How properties are written into a URL.

use std::collections::BTreeMap;

use super::reply::{Reply, refusal};

/// What a key may not hold.
const FORBIDDEN: &str = ")(}{][*+^$\\/~`!@#%&<>;=,±§ ";

/// Percent-decoded text.
pub(super) fn decoded(text: &str) -> Result<String, String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let pair = [rest.next().unwrap_or(b'x'), rest.next().unwrap_or(b'x')];
                let pair = std::str::from_utf8(&pair).unwrap_or("x");
                u8::from_str_radix(pair, 16).map_err(|_| format!("'{text}' is badly encoded"))?
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| format!("'{text}' is not UTF-8"))
}

/// Reads `k1=v1,v2;k2=v3`. A backslash takes the meaning from `,` `\` `|` and `=`, but not from `;`; a pipe separates
/// as a semicolon does.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Vec<String>>, Reply> {
    let mut properties = BTreeMap::new();
    for pair in split(text, &[';', '|']) {
        let halves = split(&pair, &['=']);
        let [key, values] = halves.as_slice() else {
            return Err(refusal(400, &format!("'{pair}' is not KEY=VALUE")));
        };
        check_key(key)?;
        let values = split(values, &[',']).iter().map(|value| plain(value)).collect();
        properties.insert(key.clone(), values);
    }
    if properties.is_empty() {
        Err(refusal(400, "Properties value cannot be empty."))
    } else {
        Ok(properties)
    }
}

pub(super) fn check_key(key: &str) -> Result<(), Reply> {
    match key.chars().find(|c| FORBIDDEN.contains(*c)) {
        Some(bad) => Err(refusal(400, &format!("the key '{key}' holds '{bad}'"))),
        None if key.is_empty() => Err(refusal(400, "a key is empty")),
        None => Ok(()),
    }
}

/// Splits where a separator stands without a backslash; a semicolon separates with one as well.
fn split(text: &str, separators: &[char]) -> Vec<String> {
    let (mut parts, mut part, mut escaped) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        if separators.contains(&c) && (!escaped || c == ';') {
            parts.push(std::mem::take(&mut part));
            escaped = false;
        } else {
            part.push(c);
            escaped = c == '\\' && !escaped;
        }
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty() || separators == [',']);
    parts
}

fn plain(text: &str) -> String {
    let (mut plain, mut characters) = (String::new(), text.chars());
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let Ok(properties) = parse(text) else { return "refused".into() };
        properties.iter().map(|(key, values)| format!("{key}={values:?} ")).collect()
    }

    #[test]
    fn separators_separate_unless_they_are_escaped() {
        let table = [
            ("a=1", r#"a=["1"] "#),
            ("a=1,2;b=3", r#"a=["1", "2"] b=["3"] "#),
            ("a=1|b=3;", r#"a=["1"] b=["3"] "#),
            (r"a=1\=1\,2\|3\\", r#"a=["1=1,2|3\\"] "#),
            (r"a=1\;b=2", r#"a=["1"] b=["2"] "#),
            ("a=JIRA-1 | x", "refused"),
            ("a b=1", "refused"),
            ("", "refused"),
        ];
        for (text, expected) in table {
            assert_eq!(show(text), expected, "{text}");
        }
    }
}
