//! Forms of words: snake case, singular and plural.

pub(super) use crate::naming::snake;

/// Converts snake case to words with spaces.
pub(super) fn spaced(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        "ai" | "api" | "id" | "url" => word.to_ascii_uppercase(),
        word => word.to_owned(),
    });
    words.collect::<Vec<String>>().join(" ")
}

/// Converts text to lower case and removes separators, as in the vendor's paths.
pub(super) fn squashed(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Changes the last word of a snake-case name to the singular.
pub(super) fn singular(name: &str) -> String {
    let is_singular = ["ss", "us", "is"].iter().any(|suffix| name.ends_with(suffix));
    let is_es = |stem: &&str| ["ss", "x", "ch", "sh"].iter().any(|end| stem.ends_with(end));
    let y = name.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let stem = name
        .strip_suffix("es")
        .filter(is_es)
        .or_else(|| name.strip_suffix('s'));
    let singular = y.or_else(|| stem.map(str::to_owned));
    let singular = singular.filter(|singular| !is_singular && !singular.is_empty());
    singular.unwrap_or_else(|| name.to_owned())
}

/// Changes the last word of a snake-case name to the plural.
pub(super) fn plural(name: &str) -> String {
    let consonant_y = name
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match consonant_y {
        Some(stem) => format!("{stem}ies"),
        None if name.ends_with("settings") => name.to_owned(),
        None if ["s", "x", "ch", "sh"].iter().any(|suffix| name.ends_with(suffix)) => format!("{name}es"),
        None => format!("{name}s"),
    }
}

#[cfg(test)]
mod tests;
