//! The tags of a repository, all pages of them (distribution-spec, "Listing Tags").

use http::{Method, StatusCode};
use serde::Deserialize;

use super::{Remote, link};
use crate::{Error, Tag};

/// How many tags a page should have. A registry may send fewer.
const PAGE: usize = 1000;
/// A page of that many tags of the greatest length is far smaller, in bytes.
const PAGE_LIMIT: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Page {
    /// Some registries send null for none.
    tags: Option<Vec<String>>,
}

impl Remote {
    /// The tags in the registry's own order, `most` of them if that is given. What is no valid tag is left out.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such repository.
    pub async fn tags(&self, most: Option<usize>) -> Result<Vec<Tag>, Error> {
        let what = format!("{}/{}", self.line.host(), self.path);
        let action = format!("list the tags of {what}");
        let page = most.unwrap_or(PAGE).clamp(1, PAGE);
        let mut request = self.request(Method::GET, &format!("tags/list?n={page}"))?;
        let mut tags: Vec<Tag> = Vec::new();
        loop {
            let answer = self.line.fetch(request, PAGE_LIMIT, &action).await?;
            match answer.status {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => return Err(Error::NotFound { what }),
                status => return Err(self.line.refusal(status, &answer.body, &action)),
            }
            let (next, body) = (link::next(&answer), answer.body);
            let page: Page = serde_json::from_slice(&body).map_err(|error| {
                self.fault(&action, &format!("answers with what is no list of tags: {error}"))
            })?;
            let before = tags.len();
            tags.extend(page.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse().ok()));
            match next {
                Some(url) if most.is_none_or(|most| tags.len() < most) => {
                    // A page without anything new that names a next one would go on for ever.
                    if tags.len() == before {
                        return Err(self.fault(&action, "sends an empty page that leads to another"));
                    }
                    request = self.page_request(url, &action)?;
                }
                _ => break,
            }
        }
        tags.truncate(most.unwrap_or(usize::MAX));
        Ok(tags)
    }
}
