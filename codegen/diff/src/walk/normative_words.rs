//! Words of a description that bind a client.

use crate::node::Node;
use std::{cmp::Ordering, collections::BTreeMap};

/// Words by which a description binds a client, takes something back, or says how much.
const OBLIGATIONS: &str = "
    must shall should may might can could cannot required requires require needed mandatory optional optionally
    no not never none neither nor without only always unless except excluding including instead
    reserved forbidden prohibited allowed refused rejected accepted ignored overwritten removed deprecated obsolete
    hidden masked placeholder secret internal unique immutable permanent permanently irreversible irreversibly
    maximum minimum clamped limit limited unlimited inclusive inclusively exclusive exclusively ascending descending
    milliseconds seconds minutes hours days weeks months years bytes kilobytes megabytes characters percent cents
    ms kb mb utc";

/// In which binding words and numbers two texts differ; empty if in none, nor in the order in which they say them.
pub(super) fn obligations(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> Vec<String> {
    let [old, new] = [old, new].map(|node| {
        let text = node.and_then(|node| node.value.as_str());
        let text = text.unwrap_or_default().to_lowercase();
        text.replace('’', "'").replace('−', "-")
    });
    let [before, after] = [&old, &new].map(|text| words(text));
    let [bound, binds] = [&before, &after].map(|words| {
        let words = words.iter().copied();
        words.filter(|word| is_binding(word)).collect::<Vec<_>>()
    });
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for (side, words) in [&bound, &binds].into_iter().enumerate() {
        for word in words {
            if let Some(count) = counts.entry(word).or_default().get_mut(side) {
                *count += 1;
            }
        }
    }
    let mut differences: Vec<String> = counts
        .into_iter()
        .filter_map(|(word, [before, after])| match after.cmp(&before) {
            Ordering::Greater => Some(format!("more “{word}”")),
            Ordering::Less => Some(format!("less “{word}”")),
            Ordering::Equal => None,
        })
        .collect();
    // To whom a word applies is said by what stands around it: “required for A, ignored for B”.
    let is_turned = !binds.is_empty() && before != after && sorted(before) == sorted(after);
    if differences.is_empty() && (bound != binds || is_turned) {
        differences.push("the same words in another order".to_owned());
    }
    differences
}

fn is_binding(word: &str) -> bool {
    is_number(word.trim_start_matches('-'))
        || word.ends_with("n't")
        || OBLIGATIONS
            .split_whitespace()
            .any(|obligation| obligation == word)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_numeric())
}

/// The words of a text; a number with its sign and its fraction is one.
fn words(text: &str) -> Vec<&str> {
    let is_apart = |character: char| !character.is_alphanumeric() && !"'.-".contains(character);
    let mut words = Vec::new();
    for chunk in text.split(is_apart) {
        let chunk = chunk.trim_matches('\'').trim_end_matches(['\'', '.', '-']);
        let below_zero = chunk.strip_prefix('-');
        if below_zero.is_some_and(is_number) || chunk.parse::<f64>().is_ok() {
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

    fn told(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new].map(Value::from);
        obligations(Some(&Node::root(&old)), Some(&Node::root(&new)))
    }

    #[test]
    fn what_binds_is_told_and_nothing_else() {
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
            assert_ne!(told(old, new), [""; 0], "{old} → {new}");
            assert_ne!(told(new, old), [""; 0], "{new} → {old}");
        }
        for (old, new) in [
            ("The name of the asset.", "What the asset is called."),
            ("A read-only field.", "A field that is read only"),
            ("Required: 'name'.", "Required: name."),
            ("One to ten.", "Ten to one."),
        ] {
            assert_eq!(told(old, new), [""; 0], "{old} → {new}");
        }
    }
}
