//! How a registry wants to be asked: `WWW-Authenticate` (RFC 9110, section 11) and bearer tokens
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use serde::Deserialize;

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
            match behind.trim_start().strip_prefix('=') {
                // The padding of a token68, as `Negotiate` sends it, is no parameter.
                Some(value) if !value.starts_with('=') => {
                    let (value, behind) = take_value(value.trim_start());
                    if let Some(challenge) = challenges.last_mut() {
                        challenge.parameters.push((word.to_ascii_lowercase(), value));
                    }
                    rest = behind;
                }
                _ => {
                    challenges.push(Self { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
                    rest = behind;
                }
            }
        }
    }
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

/// The answer of a token server.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl TokenAnswer {
    /// The token, under whichever of its two names; an empty one is none.
    pub(crate) fn token(self) -> Option<String> {
        [self.token, self.access_token].into_iter().flatten().find(|token| !token.is_empty())
    }
}

#[cfg(test)]
mod tests {
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
        let table: [(&str, &[&str]); 8] = [
            (r#"Basic realm="Registry""#, &["basic realm=Registry"]),
            (
                r#"Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push""#,
                &[
                    "bearer realm=https://auth.example/token | service=registry | scope=repository:a/b:pull,push",
                ],
            ),
            (r#"Bearer realm="a", Basic realm="b""#, &["bearer realm=a", "basic realm=b"]),
            (r#"Negotiate, Basic realm="b""#, &["negotiate ", "basic realm=b"]),
            (r#"BEARER Realm=plain , Service = "x y""#, &["bearer realm=plain | service=x y"]),
            (r#"Basic realm="with \"quotes\", and comma""#, &[r#"basic realm=with "quotes", and comma"#]),
            (r#"Basic realm="never closed"#, &["basic realm=never closed"]),
            ("", &[]),
        ];
        for (header, expected) in table {
            assert_eq!(show(header), expected, "{header}");
        }
    }

    #[test]
    fn a_token_has_two_names_and_may_be_empty() {
        for (body, expected) in [
            (r#"{"token":"a"}"#, Some("a")),
            (r#"{"access_token":"b","expires_in":60}"#, Some("b")),
            (r#"{"token":"","access_token":"c"}"#, Some("c")),
            ("{}", None),
        ] {
            let answer: TokenAnswer = serde_json::from_str(body).unwrap();
            assert_eq!(answer.token().as_deref(), expected, "{body}");
        }
    }
}
