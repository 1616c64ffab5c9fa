//! Functions of templates that compare, choose and count.

use std::cmp::Ordering;

use version::{Range, RangeOptions, Version};

use super::functions::{ANY, Function};
use super::value::Value;
use crate::trouble::Trouble;

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "default", count: (2, 2), call: |all| Ok(choose(all[1].is_true()?, &all[1], &all[0])) },
    Function { name: "ternary", count: (3, 3), call: |all| Ok(choose(all[2].is_true()?, &all[0], &all[1])) },
    Function { name: "coalesce", count: (1, ANY), call: |all| first(all, true) },
    Function { name: "or", count: (1, ANY), call: |all| first(all, true) },
    Function { name: "and", count: (1, ANY), call: |all| first(all, false) },
    Function { name: "not", count: (1, 1), call: |all| Ok(Value::Truth(!all[0].is_true()?)) },
    Function { name: "empty", count: (1, 1), call: |all| Ok(Value::Truth(!all[0].is_true()?)) },
    Function { name: "eq", count: (2, ANY), call: equal },
    Function { name: "ne", count: (2, 2), call: |all| Ok(Value::Truth(compare(&all[0], &all[1])?.is_ne())) },
    Function { name: "lt", count: (2, 2), call: |all| Ok(Value::Truth(compare(&all[0], &all[1])?.is_lt())) },
    Function { name: "le", count: (2, 2), call: |all| Ok(Value::Truth(compare(&all[0], &all[1])?.is_le())) },
    Function { name: "gt", count: (2, 2), call: |all| Ok(Value::Truth(compare(&all[0], &all[1])?.is_gt())) },
    Function { name: "ge", count: (2, 2), call: |all| Ok(Value::Truth(compare(&all[0], &all[1])?.is_ge())) },
    Function { name: "int", count: (1, 1), call: |all| calculate(all, |sum, _| Some(sum)) },
    Function { name: "add", count: (1, ANY), call: |all| calculate(all, i64::checked_add) },
    Function {
        name: "add1",
        count: (1, 1),
        call: |all| calculate(&[all[0].clone(), Value::Number("1".into())], i64::checked_add),
    },
    Function { name: "sub", count: (2, 2), call: |all| calculate(all, i64::checked_sub) },
    Function { name: "mul", count: (1, ANY), call: |all| calculate(all, i64::checked_mul) },
    Function { name: "div", count: (2, 2), call: |all| calculate(all, i64::checked_div) },
    Function { name: "mod", count: (2, 2), call: |all| calculate(all, i64::checked_rem) },
    Function { name: "semverCompare", count: (2, 2), call: semver_compare },
    Function { name: "fail", count: (1, 1), call: |all| Err(Trouble::usage(all[0].text()?)) },
];

fn choose(truth: bool, then: &Value, otherwise: &Value) -> Value {
    if truth { then.clone() } else { otherwise.clone() }
}

/// The first one that is true, or false; else the last.
fn first(all: &[Value], wanted: bool) -> Result<Value, Trouble> {
    for value in all {
        if value.is_true()? == wanted {
            return Ok(value.clone());
        }
    }
    Ok(all.last().cloned().unwrap_or(Value::Nothing(None)))
}

/// Whether the first is one of the others.
fn equal(all: &[Value]) -> Result<Value, Trouble> {
    for other in &all[1..] {
        if compare(&all[0], other)?.is_eq() {
            return Ok(Value::Truth(true));
        }
    }
    Ok(Value::Truth(false))
}

fn compare(one: &Value, other: &Value) -> Result<Ordering, Trouble> {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            let number = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
            Ok(number(a).total_cmp(&number(b)))
        }
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Truth(a), Value::Truth(b)) => Ok(a.cmp(b)),
        (Value::Nothing(_), Value::Nothing(_)) => Ok(Ordering::Equal),
        (Value::Nothing(_), _) => Ok(Ordering::Less),
        (_, Value::Nothing(_)) => Ok(Ordering::Greater),
        _ => Err(Trouble::usage(format!("the template compares {} with {}", one.kind(), other.kind()))
            .hint("a number in quotes is a text; int makes a number of it")),
    }
}

fn calculate(all: &[Value], step: fn(i64, i64) -> Option<i64>) -> Result<Value, Trouble> {
    let mut numbers = all.iter().map(Value::number);
    let mut result = numbers.next().unwrap_or(Ok(0))?;
    for number in numbers {
        let number = number?;
        result = step(result, number).ok_or_else(|| {
            Trouble::usage(format!("the template cannot calculate with {result} and {number}"))
        })?;
    }
    Ok(Value::Number(result.to_string()))
}

fn semver_compare(all: &[Value]) -> Result<Value, Trouble> {
    let range =
        Range::parse(&all[0].text()?, RangeOptions::default()).map_err(|error| Trouble::of(&error))?;
    let version = Version::lenient(&all[1].text()?).map_err(|error| Trouble::of(&error))?;
    Ok(Value::Truth(range.matches(&version)))
}
