//! What a registry answers to who it does not know: `WWW-Authenticate` (RFC 9110, section 11.6.1).

/// One challenge of a `WWW-Authenticate` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The scheme in lower case: `bearer`, `basic`.
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter, by its lower-case name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All challenges of a header's value. What makes no sense is left out; a server's nonsense is no reason to stop.
    pub(crate) fn parse(header: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = header;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            let length = rest.find(|c: char| !is_token_character(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(length);
            if word.is_empty() {
                // Neither a scheme nor a parameter: nothing behind it can be trusted.
                return challenges;
            }
            if let Some(value) = value_of(behind) {
                let (value, behind) = take_value(value);
                if let Some(challenge) = challenges.last_mut() {
                    challenge.parameters.push((word.to_ascii_lowercase(), value));
                }
                rest = behind;
            } else {
                challenges.push(Self { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
                rest = without_token68(behind);
            }
        }
    }
}

/// What stands behind the `=` of a parameter, whose name ends here.
fn value_of(behind: &str) -> Option<&str> {
    let value = behind.trim_start().strip_prefix('=')?;
    // The padding of a token68 is no parameter.
    (!value.starts_with('=')).then(|| value.trim_start())
}

/// Steps over what `Negotiate` and others have behind them instead of parameters: `YII…==`.
fn without_token68(behind: &str) -> &str {
    let text = behind.trim_start();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    let end = text.trim_start_matches(is_part).trim_start_matches('=').trim_start();
    let is_one = end.len() < text.len() && (end.is_empty() || end.starts_with(','));
    if is_one && !text.starts_with(',') { end } else { behind }
}

fn is_token_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn show(header: &str) -> Vec<String> {
        let show = |challenge: &Challenge| {
            let parameters: Vec<_> = challenge.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("{} {}", challenge.scheme, parameters.join(" | "))
        };
        Challenge::parse(header).iter().map(show).collect()
    }

    #[test]
    fn challenges_as_registries_send_them() {
        let table: [(&str, &[&str]); 11] = [
            (r#"Basic realm="Registry""#, &["basic realm=Registry"]),
            (
                r#"Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push""#,
                &[
                    "bearer realm=https://auth.example/token | service=registry | scope=repository:a/b:pull,push",
                ],
            ),
            (r#"Bearer realm="a", Basic realm="b""#, &["bearer realm=a", "basic realm=b"]),
            (r#"Negotiate, Basic realm="b""#, &["negotiate ", "basic realm=b"]),
            (r#"Negotiate YII/+a==, Basic realm="b""#, &["negotiate ", "basic realm=b"]),
            (r#"Negotiate YII=,Bearer realm="a""#, &["negotiate ", "bearer realm=a"]),
            (r#"Bearer realm="a",error=, Basic realm="b""#, &["bearer realm=a | error=", "basic realm=b"]),
            (r#"BEARER Realm=plain , Service = "x y""#, &["bearer realm=plain | service=x y"]),
            (r#"Basic realm="with \"quotes\", and comma""#, &[r#"basic realm=with "quotes", and comma"#]),
            (r#"Basic realm="never closed"#, &["basic realm=never closed"]),
            ("", &[]),
        ];
        for (header, expected) in table {
            assert_eq!(show(header), expected, "{header}");
        }
    }

    /// A header that says the same, with every value in quotes.
    fn written(challenges: &[Challenge]) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let write = |challenge: &Challenge| {
            let parameters = challenge.parameters.iter();
            let parameters: Vec<_> = parameters.map(|(k, v)| format!("{k}=\"{}\"", quoted(v))).collect();
            format!("{} {}", challenge.scheme, parameters.join(","))
        };
        challenges.iter().map(write).collect::<Vec<_>>().join(", ")
    }

    fn challenge() -> impl Strategy<Value = Challenge> {
        let parameters = proptest::collection::vec(("[a-z]{1,8}", "[ -~]{0,20}"), 1..4);
        ("[a-z]{1,8}", parameters).prop_map(|(scheme, parameters)| Challenge { scheme, parameters })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(challenges in proptest::collection::vec(challenge(), 0..4)) {
            prop_assert_eq!(Challenge::parse(&written(&challenges)), challenges);
        }

        #[test]
        fn no_header_is_a_panic(header in "\\PC{0,80}", nearly in "[A-Za-z =,\"\\\\/+éä]{0,80}") {
            Challenge::parse(&header);
            Challenge::parse(&nearly);
        }
    }
}
