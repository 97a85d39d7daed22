//! Normative words of descriptions: numbers, and words such as *must*, *not* or *seconds*. If they change,
//! the meaning of the description may have changed.

use std::{
    collections::{BTreeMap, HashSet},
    sync::LazyLock,
};

use serde_json::Value;

use crate::site::Site;

const NORMATIVE: &str = "
    must shall should may might can could cannot required requires require needed mandatory optional
    optionally no not never none neither nor without only always unless except excluding including instead
    reserved forbidden prohibited allowed refused rejected accepted ignored overwritten removed deprecated
    obsolete hidden masked placeholder secret internal unique immutable permanent permanently irreversible
    irreversibly maximum minimum clamped limit limited unlimited inclusive inclusively exclusive
    exclusively ascending descending milliseconds seconds minutes hours days weeks months years bytes
    kilobytes megabytes characters percent cents ms kb mb utc";

static NORMATIVE_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| NORMATIVE.split_whitespace().collect());

/// Lists the differences between the normative words and numbers of two texts. A different order is also a
/// difference.
pub(crate) fn differences(site: &Site<'_, '_>) -> Vec<String> {
    between(site.sides().map(|node| node.map(|node| node.value)))
}

/// Lists the differences like `differences`, but of two values.
pub(crate) fn between(texts: [Option<&Value>; 2]) -> Vec<String> {
    let [old, new] = texts.map(|text| {
        let text = text.and_then(Value::as_str);
        let text = text.unwrap_or_default().to_lowercase();
        // Numbers and words in URLs are not normative.
        let chunks = text.split_whitespace();
        let chunks = chunks.map(|chunk| chunk.split_once("://").map_or(chunk, |(before, _)| before));
        let text = chunks.collect::<Vec<_>>().join(" ");
        text.replace('’', "'").replace('−', "-")
    });
    let [before, after] = [&old, &new].map(|text| words(text));
    let [old_normative, new_normative] = [&before, &after].map(|words| {
        let words = words.iter().copied();
        words.filter(|word| is_normative(word)).collect::<Vec<_>>()
    });
    let mut growth: BTreeMap<&str, isize> = BTreeMap::new();
    for word in &old_normative {
        *growth.entry(word).or_default() -= 1;
    }
    for word in &new_normative {
        *growth.entry(word).or_default() += 1;
    }
    let differences = growth.into_iter().filter_map(|(word, growth)| match growth {
        1.. => Some(format!("more “{word}”")),
        0 => None,
        _ => Some(format!("less “{word}”")),
    });
    let mut differences: Vec<String> = differences.collect();
    // The words around a normative word determine its meaning, as in “required for A, ignored for B”.
    let is_reordered = !new_normative.is_empty() && before != after && sorted(before) == sorted(after);
    if differences.is_empty() && (old_normative != new_normative || is_reordered) {
        differences.push("the same words in another order".to_owned());
    }
    differences
}

fn is_normative(word: &str) -> bool {
    is_number(word.trim_start_matches('-')) || word.ends_with("n't") || NORMATIVE_WORDS.contains(word)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_numeric())
}

/// Splits a text into words. A number with its sign and its fraction is one word.
fn words(text: &str) -> Vec<&str> {
    let is_separator = |character: char| !character.is_alphanumeric() && !"'.-".contains(character);
    let mut words = Vec::new();
    for chunk in text.split(is_separator) {
        let chunk = chunk.trim_matches('\'').trim_end_matches(['\'', '.', '-']);
        let negative = chunk.strip_prefix('-');
        if negative.is_some_and(is_number) || chunk.parse::<f64>().is_ok() {
            words.push(chunk);
        } else {
            let parts = chunk.split(['.', '-']).map(|part| part.trim_matches('\''));
            words.extend(parts.filter(|part| !part.is_empty()));
        }
    }
    words
}

fn sorted(mut words: Vec<&str>) -> Vec<&str> {
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::node::Node;

    fn between(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new].map(Value::from);
        let [old, new] = [&old, &new].map(Node::root);
        differences(&Site::between(&old, &new, &new))
    }

    #[test]
    fn normative_words_are_reported_and_nothing_else() {
        for (old, new) in [
            ("This field is used.", "This field is no longer used."),
            ("Send it.", "Don't send it."),
            ("You can send it.", "You can’t send it."),
            ("Clients may send it.", "Clients shall send it."),
            ("Timeout in milliseconds.", "Timeout in seconds."),
            ("The end date, inclusive.", "The end date, exclusive."),
            ("Deletes the asset.", "Deletes the asset permanently."),
            ("Deletes it.", "Deletes it without confirmation."),
            ("At least -10.", "At least 10."),
            ("At least -10ms.", "At least 10ms."),
            ("At least −10.", "At least 10."),
            ("At most 1.5 of it.", "At most 15 of it."),
            ("From 1 to 10.", "From 10 to 1."),
            ("Required for A, ignored for B.", "Ignored for A, required for B."),
            ("Required for A, ignored for B.", "Required for B, ignored for A."),
        ] {
            assert_ne!(between(old, new), [""; 0], "{old} → {new}");
            assert_ne!(between(new, old), [""; 0], "{new} → {old}");
        }
        for (old, new) in [
            ("The name of the asset.", "What the asset is called."),
            ("A read-only field.", "A field that is read only"),
            ("Required: 'name'.", "Required: name."),
            ("One to ten.", "Ten to one."),
            (
                "See [it](https://a.example/v70/not).",
                "See [it](https://a.example/v71/must).",
            ),
        ] {
            assert_eq!(between(old, new), [""; 0], "{old} → {new}");
        }
    }
}
