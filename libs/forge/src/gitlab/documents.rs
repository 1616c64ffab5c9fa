//! Files that a project keeps: in its generic package registry (<https://docs.gitlab.com/user/packages/generic_packages/>),
//! for which a job's token suffices, and in its wiki.

use bytes::Bytes;
use http::{Method, Repeat, Url};
use serde::Deserialize;
use serde_json::json;

use super::Gitlab;
use super::api::{Body, Call, FileThere, Right, SERVER};
use crate::page_of_html::page_of_html;
use crate::{Change, Error};

#[derive(Deserialize)]
struct PageJson {
    content: String,
}

impl Gitlab {
    async fn package_file(&self, file: [&str; 3], limit: usize) -> Result<FileThere, Error> {
        let what = format!("read the package file {} of {}", file.join("/"), self.api.name);
        self.api.find_file(&package_path(file), limit, &what).await
    }

    /// The content of a package's file that this tool keeps; none when it is not there.
    ///
    /// # Errors
    /// When it is longer than `limit`, or a page that somebody else answers with: whatever it is, it is not ours, and must
    /// not be taken for nothing and written over.
    pub(crate) async fn document(&self, file: [&str; 3], limit: usize) -> Result<Option<Bytes>, Error> {
        match self.package_file(file, limit).await? {
            FileThere::No => Ok(None),
            FileThere::Longer => {
                Err(Error::LongDocument { place: self.package_url(file).to_string(), limit })
            }
            FileThere::Whole(text) => match page_of_html(&text) {
                Some(page) => Err(Error::NotTheApi {
                    what: format!("read the package file {} of {}", file.join("/"), self.api.name),
                    server: SERVER,
                    page,
                }),
                None => Ok(Some(text)),
            },
        }
    }

    /// Makes a package's file have this content. The same name again only adds a file to the package, so it is not sent
    /// when it is there.
    pub(crate) async fn store(&self, file: [&str; 3], content: &Bytes) -> Result<Change, Error> {
        let change = match self.package_file(file, content.len()).await? {
            FileThere::Whole(known) if known == *content => return Ok(Change::Unchanged),
            FileThere::Whole(_) | FileThere::Longer => Change::Updated,
            FileThere::No => Change::Created,
        };
        self.put_package_file(file, content).await?;
        Ok(change)
    }

    pub(crate) async fn put_package_file(&self, file: [&str; 3], content: &Bytes) -> Result<(), Error> {
        let call = Call {
            method: Method::PUT,
            path: &package_path(file),
            query: &[],
            body: Body::File(content.clone()),
            right: Right::Package,
            what: format!("store the package file {} of {}", file.join("/"), self.api.name),
        };
        self.api.write(call, Repeat::Safe, &[]).await.map(drop)
    }

    /// Where a package's file can be had.
    pub(crate) fn package_url(&self, file: [&str; 3]) -> Url {
        self.api.url(&package_path(file))
    }

    /// The same, with GitLab's placeholder for the project.
    pub(crate) fn package_badge_url(&self, file: [&str; 3]) -> String {
        let mut projects = self.api.project.clone();
        if let Ok(mut parts) = projects.path_segments_mut() {
            parts.pop();
        }
        format!("{projects}/%{{project_id}}/packages/generic/{}", file.join("/"))
    }

    /// Makes the project's wiki have this page.
    pub(crate) async fn wiki(&self, title: &str, content: &str) -> Result<Change, Error> {
        let what = |verb: &str| format!("{verb} the wiki page '{title}' of {}", self.api.name);
        let slug = title.replace(' ', "-");
        let path = ["wikis", slug.as_str()];
        let known = self.api.find(&path, Right::Wiki, &what("read")).await?;
        let body = Body::Json(json!({ "title": title, "content": content, "format": "markdown" }));
        let right = Right::Wiki;
        let Some(known) = known else {
            let call = Call {
                method: Method::POST,
                path: &["wikis"],
                query: &[],
                body,
                right,
                what: what("create"),
            };
            // A second page of the same title is refused; then it is there.
            let answer = self.api.write(call, Repeat::Safe, &[400]).await?;
            return match answer {
                Some(answer) if !answer.status.is_success() && !answer.said().contains("Duplicate") => {
                    Err(self.api.refused("create the wiki page", title, &answer))
                }
                _ => Ok(Change::Created),
            };
        };
        let known: PageJson = known.json()?;
        if known.content.trim_end() == content.trim_end() {
            return Ok(Change::Unchanged);
        }
        let call = Call { method: Method::PUT, path: &path, query: &[], body, right, what: what("update") };
        self.api.write(call, Repeat::Safe, &[]).await?;
        Ok(Change::Updated)
    }

    pub(crate) fn wiki_location(&self, title: &str) -> String {
        let slug = title.replace(' ', "-");
        let page = self.web().map(|web| web.page(&["wikis", &slug]));
        page.unwrap_or_else(|| self.api.url(&["wikis", &slug])).to_string()
    }

    pub(crate) fn project_name(&self) -> &str {
        &self.api.name
    }
}

fn package_path([package, version, name]: [&str; 3]) -> [&str; 5] {
    ["packages", "generic", package, version, name]
}
