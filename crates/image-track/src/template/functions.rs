//! The functions of templates: Go's own, and of sprig's (<https://masterminds.github.io/sprig/>) those that manifests use.

use super::value::Value;
use super::{data, logic, texts};
use crate::trouble::Trouble;

/// A function of values alone.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How many arguments it takes: at least, and at most.
    pub(super) count: (usize, usize),
    pub(super) call: fn(&[Value]) -> Result<Value, Trouble>,
}

/// As many arguments as one likes.
pub(super) const ANY: usize = usize::MAX;

/// Those that know more than their arguments.
pub(super) const ASKING: [&str; 4] = ["requiredEnv", "env", "source", "pipeline"];

fn all() -> impl Iterator<Item = &'static Function> {
    texts::FUNCTIONS.iter().chain(data::FUNCTIONS).chain(logic::FUNCTIONS)
}

/// The function of this name.
pub(super) fn known(name: &str) -> Result<&'static Function, Trouble> {
    all().find(|function| function.name == name).ok_or_else(|| {
        let names: Vec<String> =
            all().map(|function| function.name).chain(ASKING).map(str::to_owned).collect();
        let trouble = Trouble::usage(format!("the template's '{name}' is not supported"));
        match yaml_splice::nearest(name, &names) {
            Some(near) => trouble.hint(format!("did you mean {near}?")),
            None => trouble.hint("docs/image-track.md lists what templates may use"),
        }
    })
}

pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, Trouble> {
    let function = known(name)?;
    let (least, most) = function.count;
    if (least..=most).contains(&arguments.len()) {
        return (function.call)(arguments);
    }
    let plural = if most == 1 { "" } else { "s" };
    let wanted = match (least, most) {
        (least, ANY) => format!("at least {least} argument{}", if least == 1 { "" } else { "s" }),
        (least, most) if least == most => format!("{least} argument{plural}"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    Err(wants(name, &wanted, arguments.len()))
}

pub(super) fn wants(name: &str, wanted: &str, count: usize) -> Trouble {
    Trouble::usage(format!("the template's {name} wants {wanted} and gets {count}"))
}
