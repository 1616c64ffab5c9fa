//! Ports and mounts in their short and long forms.
//!
//! Specification: <https://github.com/compose-spec/compose-spec/blob/main/05-services.md#volumes>.

use yaml_splice::Node;

/// An item of `ports` or `volumes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// What two items cannot share: the whole of a port, the place in the container where a mount is seen.
    pub(crate) place: String,
    /// What it says; none for a mount that is no folder or file of the host.
    pub(crate) shown: Option<String>,
}

/// An item of `volumes`.
pub(crate) fn mount(item: Node<'_>) -> Option<Listed> {
    let target = match item.as_str() {
        Some(text) => target(text),
        None => item.get("target")?.entry.value.as_str()?,
    };
    Some(Listed { place: target.trim_end_matches('/').to_owned(), shown: bind_mount(item) })
}

/// An item of `ports`.
pub(crate) fn port(item: Node<'_>) -> Option<Listed> {
    let text = short_port(item)?;
    Some(Listed { place: text.clone(), shown: Some(text) })
}

/// What a mount of a folder or file of the host says, or none when it is something else.
pub(crate) fn bind_mount(item: Node<'_>) -> Option<String> {
    if let Some(text) = item.as_str() {
        return is_bind(text).then(|| text.to_owned());
    }
    let text = |key: &str| item.get(key)?.entry.value.as_str();
    if text("type")? != "bind" {
        return None;
    }
    Some(format!("{}:{}", text("source").unwrap_or_default(), text("target").unwrap_or_default()))
}

/// `SOURCE:TARGET[:MODE]` with a path for a source. A variable may hold either; where it has no default that says
/// which, it is taken for a path, because names of volumes are not what is kept in variables.
fn is_bind(text: &str) -> bool {
    let Some(source) = source(text) else {
        return false;
    };
    let is_path = |text: &str| {
        let is_drive = text.len() > 2
            && text.as_bytes()[1] == b':'
            && text.starts_with(|c: char| c.is_ascii_alphabetic());
        text.starts_with(['.', '/', '~', '\\']) || is_drive
    };
    match default(source) {
        Some(default) if !default.is_empty() => is_path(default) || default.starts_with('$'),
        _ => is_path(source) || source.starts_with('$'),
    }
}

/// `TARGET` of `SOURCE:TARGET[:MODE]`; alone it is an anonymous volume.
fn target(text: &str) -> &str {
    let behind = source(text).map_or(text, |source| &text[source.len() + 1..]);
    source(behind).unwrap_or(behind)
}

/// What stands before the first colon that is in no `${…}` and behind no drive letter.
fn source(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && !is_drive(text, at) => return Some(&text[..at]),
            _ => {}
        }
    }
    None
}

/// Is the colon there that of a drive, as in `c:\data`? The home folder and the one we are in are no drives.
fn is_drive(text: &str, colon: usize) -> bool {
    colon == 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text[colon + 1..].starts_with(['\\', '/'])
}

/// The default of a variable at the start, `${NAME:-default}`.
fn default(source: &str) -> Option<&str> {
    let (name, rest) = source.strip_prefix("${")?.split_once('-')?;
    if name.contains(['}', '?', '+', '$']) {
        return None;
    }
    Some(rest.split('}').next().unwrap_or(rest))
}

/// A port as the short form has it.
fn short_port(item: Node<'_>) -> Option<String> {
    if let Some(text) = item.as_str() {
        return Some(text.to_owned());
    }
    let text = |key: &str| item.get(key)?.entry.value.as_str();
    let target = text("target")?;
    let mut port = text("published").map_or_else(String::new, |published| format!("{published}:"));
    if let Some(address) = text("host_ip") {
        port.insert_str(0, &format!("{address}:"));
    }
    port.push_str(target);
    if let Some(protocol) = text("protocol") {
        port.push_str(&format!("/{protocol}"));
    }
    Some(port)
}

#[cfg(test)]
mod tests {
    use super::{is_bind, target};

    #[test]
    fn paths_of_the_host_are_told_from_names_of_volumes() {
        for text in [
            "./a:/a",
            ".:/a:ro",
            ".:/a",
            "~:/a",
            "../a:/a",
            "/a:/a",
            "~/a:/a",
            "C:\\a:/a",
            "c:/a:/a:ro",
            "$HOME/a:/a",
            "${A}:/a",
            "${A:-./a}:/a",
            "${A-/a}:/b",
            "${A:?must be set}:/a",
            "${A:-${B}}:/c",
        ] {
            assert!(is_bind(text), "{text}");
        }
        for text in ["a:/a", "/a", "a_b:/a:ro", "${A:-data}:/a", "/var/lib/${A}", "$A"] {
            assert!(!is_bind(text), "{text}");
        }
    }

    #[test]
    fn the_target_is_the_path_in_the_container() {
        for text in ["/a", "./b:/a", "data:/a:ro", "C:\\b:/a:ro", "${B:-./b}:/a", "~:/a:z,ro"] {
            assert_eq!(target(text), "/a", "{text}");
        }
    }
}
