//! Functions of templates on lists and mappings.

use std::collections::BTreeMap;

use super::functions::{ANY, Function};
use super::value::Value;
use crate::trouble::Trouble;

/// No manifest counts further.
const MOST: i64 = 10_000;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "list", count: (0, ANY), call: |all| Ok(Value::List(all.to_vec())) },
    Function { name: "dict", count: (0, ANY), call: dict },
    Function { name: "index", count: (1, ANY), call: index },
    Function { name: "get", count: (2, 2), call: get },
    Function { name: "hasKey", count: (2, 2), call: has_key },
    Function { name: "keys", count: (1, 1), call: keys },
    Function { name: "len", count: (1, 1), call: |all| Ok(Value::Number(length(&all[0])?.to_string())) },
    Function {
        name: "first",
        count: (1, 1),
        call: |all| Ok(items(&all[0])?.first().cloned().unwrap_or(Value::Nothing(None))),
    },
    Function {
        name: "last",
        count: (1, 1),
        call: |all| Ok(items(&all[0])?.last().cloned().unwrap_or(Value::Nothing(None))),
    },
    Function { name: "has", count: (2, 2), call: |all| Ok(Value::Truth(items(&all[1])?.contains(&all[0]))) },
    Function {
        name: "append",
        count: (2, 2),
        call: |all| Ok(Value::List([items(&all[0])?, &all[1..]].concat())),
    },
    Function { name: "concat", count: (1, ANY), call: concat },
    Function { name: "sortAlpha", count: (1, 1), call: sorted },
    Function { name: "uniq", count: (1, 1), call: unique },
    Function { name: "until", count: (1, 1), call: until },
];

fn items(value: &Value) -> Result<&[Value], Trouble> {
    match value {
        Value::List(list) => Ok(list),
        other => Err(Trouble::usage(format!("the template wants a list, and that is {}", other.kind()))),
    }
}

fn map(value: &Value) -> Result<&BTreeMap<String, Value>, Trouble> {
    match value {
        Value::Map(map) => Ok(map),
        other => Err(Trouble::usage(format!("the template wants a mapping, and that is {}", other.kind()))),
    }
}

fn dict(all: &[Value]) -> Result<Value, Trouble> {
    let pairs = all.chunks(2).map(|pair| {
        let value = pair.get(1).cloned().unwrap_or(Value::Text(String::new()));
        Ok((pair[0].text()?, value))
    });
    pairs.collect::<Result<_, Trouble>>().map(Value::Map)
}

/// `index .list 0 "name"`
fn index(all: &[Value]) -> Result<Value, Trouble> {
    let mut value = all[0].clone();
    for step in &all[1..] {
        value = match &value {
            Value::List(list) => {
                let number = step.number()?;
                let item = usize::try_from(number).ok().and_then(|number| list.get(number));
                item.cloned().ok_or_else(|| {
                    Trouble::usage(format!("the template wants item {number} of {}, from 0", list.len()))
                })?
            }
            Value::Map(_) => {
                let name = step.text()?;
                value.below(std::slice::from_ref(&name), &format!("\"{name}\""))
            }
            Value::Nothing(_) => return Ok(value.clone()),
            other => return Err(Trouble::usage(format!("the template's index looks into {}", other.kind()))),
        };
    }
    Ok(value)
}

fn get(all: &[Value]) -> Result<Value, Trouble> {
    let found = map(&all[0])?.get(&all[1].text()?).cloned();
    Ok(found.unwrap_or(Value::Text(String::new())))
}

fn has_key(all: &[Value]) -> Result<Value, Trouble> {
    Ok(Value::Truth(map(&all[0])?.contains_key(&all[1].text()?)))
}

fn keys(all: &[Value]) -> Result<Value, Trouble> {
    Ok(Value::List(map(&all[0])?.keys().cloned().map(Value::Text).collect()))
}

fn length(value: &Value) -> Result<usize, Trouble> {
    match value {
        Value::List(list) => Ok(list.len()),
        Value::Map(map) => Ok(map.len()),
        // In bytes, as Go counts.
        other => Ok(other.text()?.len()),
    }
}

fn concat(all: &[Value]) -> Result<Value, Trouble> {
    let lists: Result<Vec<&[Value]>, Trouble> = all.iter().map(items).collect();
    Ok(Value::List(lists?.concat()))
}

fn sorted(all: &[Value]) -> Result<Value, Trouble> {
    let mut texts = items(&all[0])?.iter().map(Value::text).collect::<Result<Vec<_>, _>>()?;
    texts.sort();
    Ok(Value::List(texts.into_iter().map(Value::Text).collect()))
}

fn unique(all: &[Value]) -> Result<Value, Trouble> {
    let mut found: Vec<Value> = Vec::new();
    for item in items(&all[0])? {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    Ok(Value::List(found))
}

/// 0, 1, 2 and so on, without the number itself.
fn until(all: &[Value]) -> Result<Value, Trouble> {
    let end = all[0].number()?;
    if end > MOST {
        return Err(Trouble::usage(format!("the template counts to {end}")));
    }
    Ok(Value::List((0..end).map(|number| Value::Number(number.to_string())).collect()))
}
