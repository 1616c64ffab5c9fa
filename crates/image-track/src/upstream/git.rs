//! The tags of a git repository, as its server lists them to whoever wants to fetch
//! (<https://git-scm.com/docs/http-protocol>, "Smart Clients"): one request, and no clone.

use contract::Secret;
use http::{Method, Request, Url};

use super::Network;
use crate::trouble::Trouble;

const LIMIT: usize = 128 * 1024 * 1024;

impl Network {
    pub(super) async fn git_tags(
        &self,
        repository: &Url,
        token: Option<&Secret>,
    ) -> Result<Vec<String>, Trouble> {
        let mut url = repository.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(["info", "refs"]);
        }
        url.set_query(Some("service=git-upload-pack"));
        let mut request = Request::new(Method::GET, url.clone());
        if let Some(token) = token {
            // Every forge takes a token as the password of any user.
            super::log_in(&mut request, "oauth2", token);
        }
        let body = self.fetch(&url, request, LIMIT).await?;
        tags(&body).ok_or_else(|| {
            Trouble::failed(format!("{repository} does not list its references as git servers do"))
                .hint("check the address: it is the one that 'git clone' takes")
        })
    }
}

/// The names of the tags out of packet lines: four digits of length, then an id and a name.
fn tags(body: &[u8]) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = body;
    let mut announced = false;
    while rest.len() >= 4 {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..4]).ok()?, 16).ok()?;
        // 0000 ends a part of the answer.
        let end = length.max(4);
        let line = std::str::from_utf8(rest.get(4..end)?).ok()?.trim_end();
        rest = &rest[end..];
        if line.starts_with("# service=git-upload-pack") {
            announced = true;
        }
        let reference = line.split_once(' ').map(|(_, name)| name.split('\0').next().unwrap_or(name));
        let tag = reference.and_then(|name| name.strip_prefix("refs/tags/"));
        // What an annotated tag stands for is listed as well, with ^{} behind it.
        tags.extend(tag.filter(|tag| !tag.ends_with("^{}")).map(str::to_owned));
    }
    announced.then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_out_of_packet_lines() {
        let packet = |line: &str| format!("{:04x}{line}", line.len() + 4);
        let body = [
            packet("# service=git-upload-pack\n"),
            "0000".into(),
            packet("11 HEAD\0multi_ack agent=git\n"),
            packet("11 refs/heads/main\n"),
            packet("22 refs/tags/v1.0.0\n"),
            packet("11 refs/tags/v1.0.0^{}\n"),
            packet("11 refs/tags/a/b\n"),
            "0000".into(),
        ]
        .concat();
        assert_eq!(tags(body.as_bytes()), Some(vec!["v1.0.0".to_owned(), "a/b".to_owned()]));
        for nonsense in ["<html></html>", "zzzz", "", "0010x"] {
            assert_eq!(tags(nonsense.as_bytes()), None, "{nonsense}");
        }
    }
}
