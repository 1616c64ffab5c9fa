//! Pages for people where an API should be: login pages, and those of proxies.

/// What an answer is when it is a page of HTML: `a page of HTML, "Sign in"`.
pub(crate) fn page_of_html(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    // XML, as object stores answer, is no page.
    if !text.starts_with('<') || text.starts_with("<?xml") {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let title =
        lower.find("<title").zip(lower.find("</title>")).and_then(|(begin, end)| text.get(begin..end));
    let title = title.and_then(|title| title.split_once('>')).map(|(_, title)| title.trim());
    Some(match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("a page of HTML, \"{title}\""),
        None => "a page of HTML".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::page_of_html;

    #[test]
    fn a_page_is_known_by_its_beginning_and_named_by_its_title() {
        let table = [
            (
                "<html><head><title>502 Bad Gateway</title></head></html>",
                Some("a page of HTML, \"502 Bad Gateway\""),
            ),
            ("\n<!DOCTYPE html>\n<TITLE lang=en> Sign in </TITLE>", Some("a page of HTML, \"Sign in\"")),
            ("<html>", Some("a page of HTML")),
            ("<html><title></title>", Some("a page of HTML")),
            ("<title", Some("a page of HTML")),
            ("</title><title>", Some("a page of HTML")),
            ("<?xml version=\"1.0\"?><Error/>", None),
            ("Retry later", None),
            ("{}", None),
            ("", None),
        ];
        for (body, expected) in table {
            assert_eq!(page_of_html(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
