//! The `Link` header, which leads to the next page (RFC 8288).

use http::{Method, Request, Url};

use super::Remote;
use crate::Error;
use crate::connection::Answer;

/// Where the next page is, if there is one.
pub(super) fn next(answer: &Answer) -> Option<Url> {
    let values = answer.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
    let target =
        values.flat_map(targets).find(|(_, relation)| relation == "next").map(|(target, _)| target)?;
    answer.url.join(&target).ok()
}

impl Remote {
    /// The request for a further page. It stays with this registry: a list is no reason to ask another server.
    pub(super) fn page_request(&self, url: Url, action: &str) -> Result<Request, Error> {
        if url.origin() != self.line.url("")?.origin() {
            return Err(self.fault(action, "names a next page on another server"));
        }
        Ok(Request::new(Method::GET, url))
    }
}

/// The targets of a header's value with their relations. What makes no sense ends it.
fn targets(value: &str) -> Vec<(String, String)> {
    let mut targets = Vec::new();
    let mut rest = value;
    while let Some((target, behind)) = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        // A comma between quotes is a part of the parameter.
        let mut quoted = false;
        let end = behind.find(|c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        let (parameters, next) = behind.split_at(end.unwrap_or(behind.len()));
        let relation = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
        let relation = relation.filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"));
        let relation = relation.map(|(_, value)| value.trim().trim_matches('"').to_ascii_lowercase()).next();
        targets.push((target.trim().to_owned(), relation.unwrap_or_default()));
        rest = next;
    }
    targets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::targets;

    #[test]
    fn links_as_registries_send_them() {
        let table: [(&str, &[(&str, &str)]); 7] = [
            (r#"</v2/a/tags/list?last=x&n=5>; rel="next""#, &[("/v2/a/tags/list?last=x&n=5", "next")]),
            ("<https://h/v2/a?n=1>; rel=next", &[("https://h/v2/a?n=1", "next")]),
            (r#"</a>; rel="prev", </b>; title="x, y"; REL="Next""#, &[("/a", "prev"), ("/b", "next")]),
            ("</a>", &[("/a", "")]),
            ("</a; rel=next", &[]),
            ("nonsense", &[]),
            ("", &[]),
        ];
        for (value, expected) in table {
            let found = targets(value);
            let found: Vec<_> =
                found.iter().map(|(target, relation)| (target.as_str(), relation.as_str())).collect();
            assert_eq!(found, expected, "{value}");
        }
    }
    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            links in proptest::collection::vec(("/[a-z0-9/?=&,;._-]{0,20}", "[a-z]{1,8}", "[a-z,; <]{0,8}"), 0..4)
        ) {
            let written: Vec<_> = links
                .iter()
                .map(|(target, relation, title)| format!(r#"<{target}>; title="{title}"; rel="{relation}""#))
                .collect();
            let expected: Vec<_> = links.into_iter().map(|(target, relation, _)| (target, relation)).collect();
            prop_assert_eq!(targets(&written.join(", ")), expected);
        }

        #[test]
        fn no_header_is_a_panic(value in "\\PC{0,80}", nearly in "[<>;,=\" a-zé/]{0,80}") {
            targets(&value);
            targets(&nearly);
        }
    }
}
