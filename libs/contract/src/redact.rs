//! Takes secrets out of text that may hold URLs.

/// The same text with user information and the values of query parameters in every URL replaced by `***`.
///
/// Registries and object stores put signed tokens into the query, so no parameter's value is shown, whatever its name.
pub fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let start = rest[..at]
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || "+.-".contains(c)))
            .map_or(0, |i| i + rest[i..].chars().next().map_or(1, char::len_utf8));
        let end = rest[at..].find(ends_url).map_or(rest.len(), |i| at + i);
        shown.push_str(&rest[..start]);
        shown.push_str(&redact_url(&rest[start..end]));
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | ')' | ']' | '}')
}

/// By its delimiters (RFC 3986, section 3), not parsed: what is no valid URL may hold a password all the same.
fn redact_url(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (rest, fragment) =
        rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let path = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path);
    let mut shown = format!("{scheme}://");
    match authority.rsplit_once('@') {
        Some((_, host)) => shown.extend(["***@", host]),
        None => shown.push_str(authority),
    }
    shown.push_str(path);
    if let Some(query) = query {
        let hidden: Vec<_> = query.split('&').map(hide_value).collect();
        shown.extend(["?", &hidden.join("&")]);
    }
    shown.extend(fragment.map(|fragment| format!("#{fragment}")));
    shown
}

fn hide_value(pair: &str) -> String {
    match pair.split_once('=') {
        // Without these two an error about an upload or a page of tags could not be read.
        Some(("digest" | "n", _)) => pair.to_owned(),
        Some((name, _)) => format!("{name}=***"),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_in_urls_are_hidden_and_the_rest_is_kept() {
        let table = [
            ("no url here: a/b@c", "no url here: a/b@c"),
            (
                "GET http://localhost:5000/v2/a/manifests/x failed",
                "GET http://localhost:5000/v2/a/manifests/x failed",
            ),
            ("https://bob:pw@host/p", "https://***@host/p"),
            ("https://token@host/p", "https://***@host/p"),
            ("(https://h/p?sig=abc&n=5)", "(https://h/p?sig=***&n=5)"),
            ("https://h/p?abc", "https://h/p?***"),
            ("PUT https://h/u?_state=x&digest=sha256:ab", "PUT https://h/u?_state=***&digest=sha256:ab"),
            ("two https://a:b@h/ and https://c:d@i/", "two https://***@h/ and https://***@i/"),
            ("docker://bob:pw@host/image", "docker://***@host/image"),
            ("http://a:b@c@host", "http://***@host"),
            ("http://bob:pw@[not a host]/", "http://***@[not a host]/"),
            ("https://host/user@example?x=1#top", "https://host/user@example?x=***#top"),
            ("://", "://"),
            ("é://x https://a:b@h/", "é://x https://***@h/"),
        ];
        for (text, expected) in table {
            assert_eq!(redact(text), expected);
        }
    }
}
