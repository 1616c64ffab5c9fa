//! Wiki pages.

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::route::{Answer, Call};
use super::{World, error, message};
use crate::server::Reply;

pub(crate) struct Page {
    title: String,
    format: String,
    pub(crate) content: String,
}

impl Page {
    fn to_json(&self, slug: &str) -> Value {
        json!({ "slug": slug, "title": self.title, "format": self.format, "content": self.content, "encoding": "UTF-8" })
    }
}

const FORMATS: [&str; 4] = ["markdown", "rdoc", "asciidoc", "org"];

/// `/projects/:id/wikis` and what is below it.
pub(crate) fn answer(
    world: &mut World,
    call: Call,
    slug: Option<&str>,
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let pages = &mut call.project(world).wikis;
    let not_found = || message(404, "404 Wiki Page Not Found");
    match (method, slug) {
        ("GET", None) => {
            parameters.flag("with_content")?;
            let all = pages.iter().map(|(slug, page)| page.to_json(slug)).collect();
            call.page(all, parameters)
        }
        ("POST", None) => {
            let (title, content) = (parameters.need("title")?, parameters.need("content")?);
            let format = parameters.word("format", &FORMATS)?.unwrap_or_else(|| "markdown".into());
            parameters.end()?;
            let slug = title.replace(' ', "-");
            if pages.contains_key(&slug) {
                let text = "Duplicate page: A page with that title already exists";
                return Err(Reply::json(400, &json!({ "message": { "base": [text] } })));
            }
            let page = Page { title, format, content };
            let body = page.to_json(&slug);
            pages.insert(slug, page);
            Ok(Reply::json(201, &body))
        }
        ("GET", Some(slug)) => {
            parameters.flag("render_html")?;
            parameters.text("version")?;
            parameters.end()?;
            Ok(Reply::json(200, &pages.get(slug).ok_or_else(not_found)?.to_json(slug)))
        }
        ("PUT", Some(slug)) => {
            let (title, content) = (parameters.text("title")?, parameters.text("content")?);
            let format = parameters.word("format", &FORMATS)?;
            parameters.end()?;
            if title.is_none() && content.is_none() {
                return Err(error(
                    400,
                    "title, content are missing, at least one parameter must be provided",
                ));
            }
            let page = pages.get_mut(slug).ok_or_else(not_found)?;
            page.title = title.unwrap_or_else(|| page.title.clone());
            page.content = content.unwrap_or_else(|| page.content.clone());
            page.format = format.unwrap_or_else(|| page.format.clone());
            Ok(Reply::json(200, &page.to_json(slug)))
        }
        ("DELETE", Some(slug)) => {
            parameters.end()?;
            pages.remove(slug).ok_or_else(not_found)?;
            Ok(Reply::new(204, ""))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}
