//! The part of Artifactory's query language that searches for items:
//! `items.find(…).include(…).sort(…).offset(…).limit(…)`.

use serde_json::{Map, Value, json};

use super::criteria::{Item, holds};
use super::reply::{Reply, refusal};
use super::{Asked, Server};

/// The longest query, in characters.
const LONGEST: usize = 6000;
/// What `include` may name.
const FIELDS: [&str; 8] = ["repo", "path", "name", "type", "size", "sha256", "property", "property.*"];
/// Without these, only administrators get an answer.
const NEEDED: [&str; 3] = ["repo", "path", "name"];
const NOTIFICATION: &str = "AQL query reached the search hard limit, results are trimmed.";

struct Query {
    criteria: Map<String, Value>,
    include: Vec<String>,
    sort: Option<(String, Vec<String>)>,
    offset: usize,
    limit: Option<usize>,
}

impl Server {
    pub(super) fn search(&self, asked: &Asked) -> Reply {
        let content_type = asked.header("content-type");
        if !content_type.is_empty() && !content_type.starts_with("text/plain") {
            return refusal(415, "Unsupported Media Type");
        }
        let Ok(text) = std::str::from_utf8(&asked.body) else { return refusal(400, "not UTF-8") };
        if text.chars().count() > LONGEST {
            return refusal(400, &format!("Query is longer than {LONGEST} characters"));
        }
        match parse(text).and_then(|query| self.evaluate(&query, asked.is_admin)) {
            Ok(answer) => Reply::json(200, &answer),
            Err(reason) => refusal(400, &format!("Failed to parse query: {text}, {reason}")),
        }
    }

    fn evaluate(&self, query: &Query, is_admin: bool) -> Result<Value, String> {
        let names = |name: &&str| query.include.iter().any(|field| field == name);
        if !is_admin && !query.include.is_empty() && !NEEDED.iter().all(names) {
            return Err(
                "For permissions reasons AQL demands the following fields: repo, path and name.".into()
            );
        }
        let storage = self.storage();
        let repositories = |key: &str| storage.locals(key);
        let mut found = Vec::new();
        for (path, file) in &storage.files {
            let item = Item { path, file };
            if holds(&query.criteria, &item, &repositories)? {
                found.push(item);
            }
        }
        if let Some((direction, fields)) = &query.sort {
            let key = |item: &Item<'_>| fields.iter().map(|field| item.field(field)).collect::<Vec<_>>();
            found.sort_by_key(key);
            if direction == "$desc" {
                found.reverse();
            }
        }
        let hard = self.settings.aql_limit.unwrap_or(usize::MAX);
        let trimmed = found.len() > hard && query.limit.is_none_or(|limit| limit > hard);
        let most = query.limit.unwrap_or(usize::MAX).min(hard);
        let results: Vec<Value> =
            found.iter().skip(query.offset).take(most).map(|item| row(item, &query.include)).collect();
        let mut range = json!({
            "start_pos": query.offset, "end_pos": query.offset + results.len(), "total": results.len(),
        });
        if let Some(limit) = query.limit {
            range["limit"] = json!(limit);
        }
        if trimmed {
            range["notification"] = json!(NOTIFICATION);
        }
        Ok(json!({ "results": results, "range": range }))
    }
}

fn row(item: &Item<'_>, include: &[String]) -> Value {
    let mut row = Map::new();
    let plain = ["repo", "path", "name", "type", "size", "sha256"];
    for field in plain.iter().filter(|field| include.is_empty() || include.iter().any(|name| name == *field))
    {
        let text = item.field(field).unwrap_or_default();
        let value =
            if *field == "size" { json!(text.parse::<u64>().unwrap_or_default()) } else { json!(text) };
        row.insert((*field).to_owned(), value);
    }
    // An item without properties has no such field at all.
    if include.iter().any(|field| field.starts_with("property")) && !item.file.properties.is_empty() {
        let pairs = item.file.properties.iter();
        let pairs = pairs
            .flat_map(|(key, values)| values.iter().map(move |value| json!({ "key": key, "value": value })));
        row.insert("properties".into(), pairs.collect());
    }
    Value::Object(row)
}

fn parse(text: &str) -> Result<Query, String> {
    let rest = text.trim().strip_prefix("items.find").ok_or("expected items.find")?;
    let (criteria, mut rest) = argument(rest)?;
    let criteria = match json_of(if criteria.trim().is_empty() { "{}" } else { criteria })? {
        Value::Object(criteria) => criteria,
        _ => return Err("the criteria are no object".into()),
    };
    let mut query = Query { criteria, include: Vec::new(), sort: None, offset: 0, limit: None };
    while let Some(call) = rest.trim().strip_prefix('.') {
        let end = call.find('(').ok_or("expected (")?;
        let (inside, behind) = argument(&call[end..])?;
        match &call[..end] {
            "include" => query.include = fields(inside)?,
            "sort" => query.sort = Some(order(inside)?),
            "offset" => query.offset = inside.trim().parse().map_err(|_| "offset is no number")?,
            "limit" => query.limit = Some(inside.trim().parse().map_err(|_| "limit is no number")?),
            other => return Err(format!("unknown '{other}'")),
        }
        rest = behind;
    }
    if !rest.trim().is_empty() {
        return Err(format!("unexpected '{rest}'"));
    }
    if query.sort.is_some() && query.include.iter().any(|field| field.starts_with("property")) {
        return Err("Sort does not work when property is in the include section".into());
    }
    Ok(query)
}

/// What is inside of the parentheses that `text` begins with, and what is behind them.
fn argument(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start().strip_prefix('(').ok_or("expected (")?;
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth == 0 => return Ok((&text[..at], &text[at + 1..])),
            ')' if !quoted => depth -= 1,
            _ => {}
        }
    }
    Err("expected )".into())
}

fn json_of(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn fields(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = serde_json::from_str(&format!("[{text}]")).map_err(|error| error.to_string())?;
    match names.iter().find(|name| !FIELDS.contains(&name.as_str())) {
        Some(unknown) => Err(format!("unknown field '{unknown}'")),
        None => Ok(names),
    }
}

fn order(text: &str) -> Result<(String, Vec<String>), String> {
    let json = json_of(text)?;
    let entry = json.as_object().and_then(|object| object.iter().next()).ok_or("sort wants an object")?;
    let fields: Vec<String> = serde_json::from_value(entry.1.clone()).map_err(|error| error.to_string())?;
    match entry.0.as_str() {
        "$asc" | "$desc" => Ok((entry.0.clone(), fields)),
        other => Err(format!("unknown order '{other}'")),
    }
}
