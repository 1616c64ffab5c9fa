//! What was most likely meant by a name that is not there.

/// The one of these names that is most likely meant.
pub fn nearest(name: &str, known: &[String]) -> Option<String> {
    let distance =
        |other: &str| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &other.to_ascii_lowercase());
    let (distance, other) = known.iter().map(|other| (distance(other), other)).min()?;
    // As far off as a third of its letters is still a typing error; a service called app is meant by application.
    let is_near = distance <= name.chars().count().div_ceil(3)
        || name.starts_with(other.as_str())
        || other.starts_with(name);
    is_near.then(|| other.clone())
}
