//! The tags of a repository, all pages of them (distribution-spec, "Listing Tags").

use http::header::{HeaderMap, LINK};
use http::{Cache, Kept, Method, Request, StatusCode};
use serde::Deserialize;

use super::{Remote, link};
use crate::connection::Answer;
use crate::{Error, Tag};

/// How many tags a page should have. A registry may send fewer.
const PAGE: usize = 1000;
/// So many empty pages in a row make no sense.
const MOST_BARREN: u32 = 20;
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
        self.list_tags(most, None).await
    }

    /// All of them; pages that `cache` has and the registry has not changed are not sent again.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such repository.
    pub async fn tags_through(&self, cache: &Cache) -> Result<Vec<Tag>, Error> {
        self.list_tags(None, Some(cache)).await
    }

    async fn list_tags(&self, most: Option<usize>, cache: Option<&Cache>) -> Result<Vec<Tag>, Error> {
        let what = format!("{}/{}", self.line.host(), self.path);
        let action = format!("list the tags of {what}");
        let page = most.unwrap_or(PAGE).clamp(1, PAGE);
        let mut request = self.request(Method::GET, &format!("tags/list?n={page}"))?;
        let mut tags: Vec<Tag> = Vec::new();
        let mut barren = 0;
        loop {
            let answer = self.tag_page(request, cache, &action).await?;
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
                    // The link counts and not the number of tags: registries that filter may send an empty page. But
                    // pages without anything new could go on for ever.
                    barren = if tags.len() == before { barren + 1 } else { 0 };
                    if barren == MOST_BARREN {
                        return Err(self.fault(&action, "sends one empty page after the other"));
                    }
                    request = self.page_request(url, &action)?;
                }
                _ => break,
            }
        }
        tags.truncate(most.unwrap_or(usize::MAX));
        Ok(tags)
    }

    async fn tag_page(
        &self,
        mut request: Request,
        cache: Option<&Cache>,
        action: &str,
    ) -> Result<Answer, Error> {
        let Some(cache) = cache else { return self.line.fetch(request, PAGE_LIMIT, action).await };
        let kept = cache.condition(&mut request);
        let url = request.url().clone();
        let answer = self.line.fetch(request, PAGE_LIMIT, action).await?;
        match (answer.status, kept) {
            (StatusCode::NOT_MODIFIED, Some(Kept { link, body, .. })) => {
                let headers = HeaderMap::from_iter(link.map(|link| (LINK, link)));
                return Ok(Answer { status: StatusCode::OK, headers, body, ..answer });
            }
            (StatusCode::OK, _) => {
                if let Some(kept) = Kept::of(&answer.headers, &answer.body) {
                    cache.keep(&url, &kept);
                }
            }
            _ => {}
        }
        Ok(answer)
    }
}
