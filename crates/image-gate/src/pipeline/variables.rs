//! `${NAME}` and `${NAME:-default}`, as compose files have them; `$$` is a dollar sign.

/// The text with values in the place of its variables.
///
/// # Errors
/// When a variable without a default is not set, or the text breaks off in the middle of one.
pub(crate) fn filled(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut result, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            result.push('$');
            rest = behind;
            continue;
        }
        let wrong = || format!("'{text}' holds a $ that is neither ${{NAME}} nor $$");
        let (inside, behind) =
            rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or_else(wrong)?;
        let (name, default) =
            inside.split_once(":-").map_or((inside, None), |(name, default)| (name, Some(default)));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(wrong());
        }
        let value = variable(name).filter(|value| !value.is_empty()).or_else(|| default.map(str::to_owned));
        result.push_str(&value.ok_or_else(|| {
            format!("the variable {name} is not set; ${{{name}:-default}} gives it a default")
        })?);
        rest = behind;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn variables_are_filled_in_and_nothing_else() {
        let variable = |name: &str| match name {
            "A" => Some("1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("plain", "plain"),
            ("${A}/x:${A}", "1/x:1"),
            ("${B:-two}", "two"),
            ("${B:-}", ""),
            ("${EMPTY:-e}", "e"),
            ("$$A", "$A"),
        ] {
            assert_eq!(filled(text, &variable).as_deref(), Ok(expected), "{text}");
        }
        for text in ["${B}", "$A", "${A", "${A-b}", "$", "${}", "${EMPTY}"] {
            assert!(filled(text, &variable).is_err(), "{text}");
        }
    }
}
