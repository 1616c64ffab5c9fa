//! Takes secrets out of text that may hold URLs.

use url::Url;

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

fn redact_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        // Not a URL after all, yet what stands before an `@` may be a password all the same.
        return text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("***@{host}"));
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() {
        return text.to_owned();
    }
    if has_user {
        // Both fail only for URLs that cannot have a user, and those have none.
        let _ = url.set_username("***");
        let _ = url.set_password(None);
    }
    if let Some(query) = url.query() {
        let hidden: Vec<String> = query.split('&').map(hide_value).collect();
        url.set_query(Some(&hidden.join("&")));
    }
    url.to_string()
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
            ("é://x https://a:b@h/", "é://x https://***@h/"),
        ];
        for (text, expected) in table {
            assert_eq!(redact(text), expected);
        }
    }
}
