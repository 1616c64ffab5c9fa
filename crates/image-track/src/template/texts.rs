//! Functions of templates on texts.

use regex_lite::Regex;

use super::functions::{ANY, Function};
use super::value::Value;
use crate::trouble::Trouble;

/// No manifest repeats a text longer than that, in bytes.
const LONGEST: usize = 1024 * 1024;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "quote", count: (1, ANY), call: |all| each(all, |text| format!("{text:?}")) },
    Function { name: "squote", count: (1, ANY), call: |all| each(all, |text| format!("'{text}'")) },
    Function { name: "print", count: (0, ANY), call: |all| joined(all, "") },
    Function { name: "cat", count: (1, ANY), call: |all| joined(all, " ") },
    Function { name: "toString", count: (1, 1), call: |all| on(all, |text| text) },
    Function { name: "lower", count: (1, 1), call: |all| on(all, |text| text.to_lowercase()) },
    Function { name: "upper", count: (1, 1), call: |all| on(all, |text| text.to_uppercase()) },
    Function { name: "title", count: (1, 1), call: |all| on(all, |text| title(&text)) },
    Function { name: "trim", count: (1, 1), call: |all| on(all, |text| text.trim().to_owned()) },
    Function {
        name: "nospace",
        count: (1, 1),
        call: |all| on(all, |text| text.split_whitespace().collect()),
    },
    Function { name: "trimAll", count: (2, 2), call: trim_all },
    Function {
        name: "trimPrefix",
        count: (2, 2),
        call: |all| two(all, |start, text| cut(text, text.strip_prefix(start))),
    },
    Function {
        name: "trimSuffix",
        count: (2, 2),
        call: |all| two(all, |end, text| cut(text, text.strip_suffix(end))),
    },
    Function {
        name: "hasPrefix",
        count: (2, 2),
        call: |all| two(all, |start, text| Value::Truth(text.starts_with(start))),
    },
    Function {
        name: "hasSuffix",
        count: (2, 2),
        call: |all| two(all, |end, text| Value::Truth(text.ends_with(end))),
    },
    Function {
        name: "contains",
        count: (2, 2),
        call: |all| two(all, |part, text| Value::Truth(text.contains(part))),
    },
    Function { name: "replace", count: (3, 3), call: replace },
    Function { name: "repeat", count: (2, 2), call: repeat },
    Function { name: "trunc", count: (2, 2), call: trunc },
    Function { name: "substr", count: (3, 3), call: substr },
    Function { name: "indent", count: (2, 2), call: indent },
    Function {
        name: "nindent",
        count: (2, 2),
        call: |all| Ok(Value::Text(format!("\n{}", indent(all)?.text()?))),
    },
    Function { name: "splitList", count: (2, 2), call: |all| two(all, split) },
    Function { name: "join", count: (2, 2), call: join },
    Function { name: "printf", count: (1, ANY), call: printf },
    Function {
        name: "regexMatch",
        count: (2, 2),
        call: |all| Ok(Value::Truth(regex(&all[0])?.is_match(&all[1].text()?))),
    },
    Function { name: "regexFind", count: (2, 2), call: regex_find },
    Function { name: "regexReplaceAll", count: (3, 3), call: regex_replace },
];

fn on(all: &[Value], change: impl Fn(String) -> String) -> Result<Value, Trouble> {
    Ok(Value::Text(change(all[0].text()?)))
}

fn two(all: &[Value], make: impl Fn(&str, &str) -> Value) -> Result<Value, Trouble> {
    Ok(make(&all[0].text()?, &all[1].text()?))
}

/// What is left of a text, or all of it.
fn cut(text: &str, rest: Option<&str>) -> Value {
    Value::Text(rest.unwrap_or(text).to_owned())
}

/// Each of them changed, with blanks in between; nothing is passed over, as sprig does it.
fn each(all: &[Value], change: impl Fn(&str) -> String) -> Result<Value, Trouble> {
    if let [Value::Nothing(Some(_))] = all {
        return Ok(Value::Text(change(&all[0].text()?)));
    }
    let there = all.iter().filter(|value| !matches!(value, Value::Nothing(_)));
    let changed: Result<Vec<String>, Trouble> = there.map(|value| Ok(change(&value.text()?))).collect();
    Ok(Value::Text(changed?.join(" ")))
}

fn joined(all: &[Value], between: &str) -> Result<Value, Trouble> {
    let texts: Result<Vec<_>, _> = all.iter().map(Value::text).collect();
    Ok(Value::Text(texts?.join(between)))
}

fn trim_all(all: &[Value]) -> Result<Value, Trouble> {
    let ends: Vec<char> = all[0].text()?.chars().collect();
    Ok(Value::Text(all[1].text()?.trim_matches(ends.as_slice()).to_owned()))
}

fn title(text: &str) -> String {
    let mut starts = true;
    let upper = |c: char| {
        let upper = if starts { c.to_uppercase().collect() } else { c.to_string() };
        starts = c.is_whitespace();
        upper
    };
    text.chars().map(upper).collect()
}

fn replace(all: &[Value]) -> Result<Value, Trouble> {
    let (from, to, text) = (all[0].text()?, all[1].text()?, all[2].text()?);
    Ok(Value::Text(text.replace(&from, &to)))
}

fn repeat(all: &[Value]) -> Result<Value, Trouble> {
    let (count, text) = (usize::try_from(all[0].number()?).unwrap_or_default(), all[1].text()?);
    if count.saturating_mul(text.len()) > LONGEST {
        return Err(Trouble::usage(format!("the template repeats a text {count} times")));
    }
    Ok(Value::Text(text.repeat(count)))
}

/// The first characters, or with a negative number the last.
fn trunc(all: &[Value]) -> Result<Value, Trouble> {
    let (number, text) = (all[0].number()?, all[1].text()?);
    let count = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    let skipped = if number < 0 { text.chars().count().saturating_sub(count) } else { 0 };
    Ok(Value::Text(text.chars().skip(skipped).take(count).collect()))
}

fn substr(all: &[Value]) -> Result<Value, Trouble> {
    let (start, end, text) = (all[0].number()?, all[1].number()?, all[2].text()?);
    let start = usize::try_from(start).unwrap_or_default();
    let end = usize::try_from(end).unwrap_or(usize::MAX);
    Ok(Value::Text(text.chars().skip(start).take(end.saturating_sub(start)).collect()))
}

fn indent(all: &[Value]) -> Result<Value, Trouble> {
    let (count, text) = (usize::try_from(all[0].number()?).unwrap_or_default().min(LONGEST), all[1].text()?);
    let blank = " ".repeat(count);
    Ok(Value::Text(format!("{blank}{}", text.replace('\n', &format!("\n{blank}")))))
}

fn split(between: &str, text: &str) -> Value {
    Value::List(text.split(between).map(|part| Value::Text(part.to_owned())).collect())
}

fn join(all: &[Value]) -> Result<Value, Trouble> {
    match &all[1] {
        Value::List(list) => joined(list, &all[0].text()?),
        other => Ok(Value::Text(other.text()?)),
    }
}

/// `%s`, `%v`, `%d`, `%q` and `%%`, without widths.
fn printf(all: &[Value]) -> Result<Value, Trouble> {
    let format = all[0].text()?;
    let mut arguments = all[1..].iter();
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let verb = chars.next();
        if verb == Some('%') {
            text.push('%');
            continue;
        }
        let argument = arguments.next().ok_or_else(|| {
            Trouble::usage(format!("the template's printf has too few arguments for \"{format}\""))
        })?;
        match verb {
            Some('s' | 'v') => text.push_str(&argument.text()?),
            Some('d') => text.push_str(&argument.number()?.to_string()),
            Some('q') => text.push_str(&format!("{:?}", argument.text()?)),
            _ => {
                return Err(Trouble::usage(format!("the template's printf \"{format}\" is not supported"))
                    .hint("%s, %v, %d, %q and %% are"));
            }
        }
    }
    Ok(Value::Text(text))
}

fn regex(pattern: &Value) -> Result<Regex, Trouble> {
    let pattern = pattern.text()?;
    Regex::new(&pattern).map_err(|error| {
        Trouble::usage(format!("'{pattern}' in the template is no regular expression: {error}"))
    })
}

fn regex_find(all: &[Value]) -> Result<Value, Trouble> {
    let text = all[1].text()?;
    let found = regex(&all[0])?.find(&text).map_or("", |found| found.as_str()).to_owned();
    Ok(Value::Text(found))
}

fn regex_replace(all: &[Value]) -> Result<Value, Trouble> {
    let (text, with) = (all[1].text()?, all[2].text()?);
    Ok(Value::Text(regex(&all[0])?.replace_all(&text, with.as_str()).into_owned()))
}
