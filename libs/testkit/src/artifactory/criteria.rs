//! Which items a query means: the JSON inside of `items.find(…)`.

use serde_json::{Map, Value};

use super::storage::{File, parts};

/// What a query may ask about an item besides its properties.
const FIELDS: [&str; 7] = ["repo", "path", "name", "type", "size", "sha256", "depth"];

/// An item, as a query sees it.
pub(super) struct Item<'a> {
    pub(super) path: &'a str,
    pub(super) file: &'a File,
}

impl Item<'_> {
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let (repo, folder, file) = parts(self.path)?;
        Some(match name {
            "repo" => repo.to_owned(),
            "path" => folder.to_owned(),
            "name" => file.to_owned(),
            "type" => "file".to_owned(),
            "size" => self.file.bytes.len().to_string(),
            "sha256" => self.file.sha256.clone(),
            "depth" => self.path.matches('/').count().to_string(),
            _ => return None,
        })
    }
}

/// Do all of these criteria hold? `repositories` says which local ones a key stands for.
///
/// # Errors
/// What is no criterion.
pub(super) fn holds(
    criteria: &Map<String, Value>,
    item: &Item<'_>,
    repositories: &dyn Fn(&str) -> Vec<String>,
) -> Result<bool, String> {
    let mut all = true;
    for (name, value) in criteria {
        // Each one is looked at, so that a wrong one is found whatever the others say.
        all &= match (name.as_str(), value) {
            ("$and" | "$or", Value::Array(list)) => {
                let mut results = Vec::new();
                for entry in list {
                    let entry = entry.as_object().ok_or("a criterion is no object")?;
                    results.push(holds(entry, item, repositories)?);
                }
                if name == "$and" { results.iter().all(|met| *met) } else { results.contains(&true) }
            }
            ("repo", Value::String(key)) => {
                repositories(key).contains(&item.field("repo").unwrap_or_default())
            }
            (name, value) => match name.strip_prefix('@') {
                Some(key) => {
                    let values = item.file.properties.get(key).map(Vec::as_slice).unwrap_or_default();
                    let mut any = false;
                    // With no values at all the criterion is still looked at.
                    for known in values.iter().map(String::as_str).chain(values.is_empty().then_some("")) {
                        any |= compare(known, value)? && !values.is_empty();
                    }
                    any
                }
                None if FIELDS.contains(&name) => compare(&item.field(name).unwrap_or_default(), value)?,
                None => return Err(format!("unknown field '{name}'")),
            },
        };
    }
    Ok(all)
}

fn compare(known: &str, wanted: &Value) -> Result<bool, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("{other} is no value")),
    };
    let Value::Object(operators) = wanted else { return Ok(known == text(wanted)?) };
    let mut all = !operators.is_empty();
    for (operator, value) in operators {
        let value = text(value)?;
        let number = |text: &str| text.parse::<f64>().ok();
        let order = match (number(known), number(&value)) {
            (Some(known), Some(value)) => known.total_cmp(&value),
            _ => known.cmp(&value),
        };
        all &= match operator.as_str() {
            "$eq" => known == value,
            "$ne" => known != value,
            "$match" => matches(known, &value),
            "$nmatch" => !matches(known, &value),
            "$gt" => order.is_gt(),
            "$gte" => order.is_ge(),
            "$lt" => order.is_lt(),
            "$lte" => order.is_le(),
            other => return Err(format!("unknown operator '{other}'")),
        };
    }
    Ok(all)
}

/// `*` stands for anything, slashes among it, and `?` for one character.
fn matches(text: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = rest.as_str();
            let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            starts.into_iter().any(|at| matches(&text[at..], rest))
        }
        Some(wanted) => {
            let mut characters = text.chars();
            characters.next().is_some_and(|c| {
                (wanted == '?' || wanted == c) && matches(characters.as_str(), rest.as_str())
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_anything_and_a_question_mark_one_character() {
        let table = [
            ("team/app/1", "team/app/*", true),
            ("team/app/ci/1", "team/app/*", true),
            ("team/app", "team/app/*", false),
            ("list.manifest.json", "*manifest.json", true),
            ("manifest.json", "*manifest.json", true),
            ("manifest.json", "manifest?json", true),
            ("é", "?", true),
            ("", "*", true),
        ];
        for (text, pattern, expected) in table {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }
}
