//! From a path to what answers it, and who may ask for it.

use bytes::Bytes;
use serde_json::Value;

use super::access::{self, Needs, Role};
use super::parameters::Parameters;
use super::project::Project;
use super::{World, badges, code, error, links, message, packages, releases, repository, requests, wikis};
use crate::server::{Asked, Reply, decoded};

/// An answer, or a refusal.
pub(crate) type Answer = Result<Reply, Reply>;

/// A request about a project.
#[derive(Clone)]
pub(crate) struct Call {
    project: usize,
    /// Where it came in: what the link to the next page is made of.
    target: String,
}

const WRITES: Needs = Needs { role: Role::Developer, job: true };
const READS: Needs = Needs { role: Role::Reporter, job: true };
/// What a job token may not do.
const BY_HAND: Needs = Needs { role: Role::Developer, job: false };
const SETTINGS: Needs = Needs { role: Role::Maintainer, job: false };

pub(crate) fn answer(world: &mut World, prefix: &str, asked: &Asked) -> Answer {
    let no_route = || error(404, "404 Not Found");
    let path = if world.decodes_slashes { decoded(&asked.path) } else { asked.path.clone() };
    let path =
        path.strip_prefix(prefix).and_then(|path| path.strip_prefix("/projects/")).ok_or_else(no_route)?;
    let parts: Vec<_> = path.split('/').map(decoded).collect();
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    let Some((project, rest)) = parts.split_first() else { return Err(no_route()) };
    let method = asked.method.as_str();
    if let (["trigger", "pipeline"], "POST") = (rest, method) {
        return trigger(world, project, asked);
    }
    let who = access::who(&world.tokens, asked)?;
    let needs = needs(rest, method).ok_or_else(no_route)?;
    access::check(who, needs, method != "GET")?;
    let call = call(world, project, asked)?;
    if let ["packages", "generic", package, version, name] = rest {
        let parameters = Parameters::of(&without_body(asked))?;
        let content = Bytes::clone(&asked.body);
        return packages::answer(world, call, [package, version, name], method, content, parameters);
    }
    dispatch(world, call, rest, method, Parameters::of(asked)?)
}

fn dispatch(
    world: &mut World,
    call: Call,
    rest: &[&str],
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let url = world.url.clone();
    match (method, rest) {
        ("GET", []) => {
            for option in ["license", "statistics", "with_custom_attributes"] {
                parameters.flag(option)?;
            }
            parameters.end()?;
            Ok(Reply::json(200, &call.project(world).to_json(&url)))
        }
        ("GET", ["releases"]) => {
            let all = releases::list(call.project(world), &url, &mut parameters)?;
            call.page(all, parameters)
        }
        ("POST", ["releases"]) => releases::create(world, call, parameters),
        ("GET", ["releases", "permalink", "latest"]) => {
            let all = releases::list(call.project(world), &url, &mut parameters)?;
            Ok(Reply::json(200, all.first().ok_or_else(|| message(404, "404 Not Found"))?))
        }
        ("GET", ["releases", tag]) => {
            parameters.end()?;
            let project = call.project(world);
            project.release(tag)?;
            Ok(Reply::json(200, &project.releases[*tag].to_json(project, &url)))
        }
        ("PUT", ["releases", tag]) => releases::update(world, call, tag, parameters),
        ("DELETE", ["releases", tag]) => releases::delete(world, call, tag, parameters),
        (_, ["releases", tag, "assets", "links"]) => {
            links::answer(world, call, (tag, None), method, parameters)
        }
        (_, ["releases", tag, "assets", "links", id]) => {
            links::answer(world, call, (tag, Some(id)), method, parameters)
        }
        (_, ["badges"]) => badges::answer(world, call, None, method, parameters),
        (_, ["badges", id]) => badges::answer(world, call, Some(id), method, parameters),
        ("GET", ["packages"]) => packages::list(world, call, parameters),
        (_, ["repository", "tags"]) => repository::tags(world, call, None, method, parameters),
        (_, ["repository", "tags", name]) => repository::tags(world, call, Some(name), method, parameters),
        (_, ["repository", "branches", name]) => code::branch(world, &call, name, method, parameters),
        (_, ["repository", "files", path, "raw"]) => code::file(world, &call, path, method, parameters),
        (_, ["repository", "commits"]) => repository::commits(world, call, None, method, parameters),
        (_, ["repository", "commits", sha]) => {
            repository::commits(world, call, Some(sha), method, parameters)
        }
        ("GET", ["repository", "commits", sha, "refs"]) => repository::refs(world, &call, sha, parameters),
        (_, ["wikis"]) => wikis::answer(world, call, None, method, parameters),
        (_, ["wikis", slug]) => wikis::answer(world, call, Some(slug), method, parameters),
        (_, ["merge_requests", rest @ ..]) => requests::answer(world, call, rest, method, parameters),
        (_, ["milestones"]) => milestones(world, &call, method, parameters),
        _ => Err(error(405, "405 Not Allowed")),
    }
}

/// What a path needs; none where there is nothing.
fn needs(rest: &[&str], method: &str) -> Option<Needs> {
    let reads = method == "GET";
    Some(match rest {
        [] | ["releases", ..] | ["packages", ..] if reads => READS,
        // The documentation asks for a maintainer here.
        ["releases", _] if method == "DELETE" => Needs { role: Role::Maintainer, job: true },
        ["releases", ..] | ["packages", ..] => WRITES,
        ["repository", "tags", ..] if reads => READS,
        ["repository", "branches", _] | ["repository", "files", _, "raw"] if reads => READS,
        // A job token may read one commit and not list them.
        ["repository", "commits", _] if reads => READS,
        ["repository", "commits", _, "refs"] if reads => Needs { role: Role::Reporter, job: false },
        ["merge_requests", ..] if reads => READS,
        ["badges", ..] | ["milestones"] if reads => Needs { role: Role::Reporter, job: false },
        ["badges", ..] => SETTINGS,
        ["repository", "tags" | "commits", ..] | ["wikis", ..] | ["merge_requests", ..] | ["milestones"] => {
            BY_HAND
        }
        _ => return None,
    })
}

/// The token of a trigger is a parameter; a job's own token does as well.
fn trigger(world: &mut World, project: &str, asked: &Asked) -> Answer {
    let mut parameters = Parameters::of(asked)?;
    let secret = parameters.need("token")?;
    let header = Asked {
        headers: hyper::HeaderMap::from_iter([(
            hyper::header::HeaderName::from_static("job-token"),
            hyper::header::HeaderValue::from_str(&secret).map_err(|_| message(401, "401 Unauthorized"))?,
        )]),
        ..without_body(asked)
    };
    access::who(&world.tokens, &header).map_err(|_| message(404, "404 Not Found"))?;
    let call = call(world, project, asked)?;
    requests::trigger(world, call, parameters)
}

fn milestones(world: &mut World, call: &Call, method: &str, mut parameters: Parameters) -> Answer {
    let project = call.project(world);
    match method {
        "GET" => {
            let title = parameters.text("title")?;
            let wanted = |known: &&String| title.as_ref().is_none_or(|title| title == *known);
            let all = project.milestones.iter().filter(wanted);
            let all = all.map(|title| serde_json::json!({ "title": title })).collect();
            call.page(all, parameters)
        }
        "POST" => {
            let title = parameters.need("title")?;
            parameters.end()?;
            project.milestones.push(title.clone());
            Ok(Reply::json(201, &serde_json::json!({ "title": title })))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}

fn without_body(asked: &Asked) -> Asked {
    Asked {
        host: asked.host.clone(),
        raw_query: asked.raw_query.clone(),
        method: asked.method.clone(),
        path: asked.path.clone(),
        query: asked.query.clone(),
        headers: asked.headers.clone(),
        body: Bytes::new(),
    }
}

fn call(world: &World, name: &str, asked: &Asked) -> Result<Call, Reply> {
    let found =
        world.projects.iter().position(|project| project.path == name || project.id.to_string() == name);
    let project = found.ok_or_else(|| message(404, "404 Project Not Found"))?;
    let host = asked.header("host").unwrap_or_default();
    Ok(Call { project, target: format!("http://{host}{}", asked.path) })
}

impl Call {
    pub(crate) fn project<'a>(&self, world: &'a mut World) -> &'a mut Project {
        &mut world.projects[self.project]
    }

    /// One page of a list, and how many there are.
    pub(crate) fn page(&self, all: Vec<Value>, mut parameters: Parameters) -> Answer {
        let number = |text: Option<String>, default: usize| match text.map(|text| text.parse()) {
            None => Ok(default),
            Some(Ok(number)) if number > 0 => Ok(number),
            Some(_) => Err(error(400, "page is invalid")),
        };
        let page = number(parameters.text("page")?, 1)?;
        let per_page = number(parameters.text("per_page")?, 20)?.min(100);
        parameters.end()?;
        let total = all.len();
        let pages = total.div_ceil(per_page).max(1);
        let shown: Vec<_> = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
        let next = if page < pages { (page + 1).to_string() } else { String::new() };
        let mut reply = Reply::json(200, &Value::Array(shown))
            .with("x-total", &total.to_string())
            .with("x-total-pages", &pages.to_string())
            .with("x-page", &page.to_string())
            .with("x-per-page", &per_page.to_string())
            .with("x-next-page", &next);
        if !next.is_empty() {
            let link = format!("<{}?page={next}&per_page={per_page}>; rel=\"next\"", self.target);
            reply = reply.with("link", &link);
        }
        Ok(reply)
    }
}
