//! Groups similar diagnostics, and prints each group as one diagnostic.

use std::collections::HashMap;

use funnelflux_openapi::{
    Diagnostic, Diagnostics, Severity, Stage,
    text::{SENTENCE, one_line, shared_sentence, shorten, unquoted},
};

/// Maximum number of places that the notice of a group names.
const MOST_PLACES: usize = 5;

/// Key of a group of diagnostics: the rule, the message without its quoted parts, and the fix.
type Key<'a> = ((Severity, Stage, &'a str), Vec<&'a str>, &'a str);

/// Prints the errors in full. The warnings and notices follow in groups, because they explain the errors. The
/// last line counts the diagnostics of each severity.
pub(crate) fn errors_first(diagnostics: &Diagnostics) -> String {
    let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
    let (errors, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) = diagnostics.iter().partition(is_error);
    let mut blocks: Vec<String> = errors.iter().map(ToString::to_string).collect();
    blocks.extend(grouped(others));
    blocks.push(diagnostics.counts());
    blocks.join("\n")
}

/// Prints one block per group of similar diagnostics, in the order of the first diagnostic of each group.
pub(crate) fn grouped<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<String> {
    let mut groups: Vec<Vec<&Diagnostic>> = Vec::new();
    let mut numbers: HashMap<Key<'_>, usize> = HashMap::new();
    for diagnostic in diagnostics {
        let rule = (diagnostic.severity, diagnostic.stage, diagnostic.code);
        let key = (rule, unquoted(&diagnostic.message), diagnostic.fix.as_str());
        let number = *numbers.entry(key).or_insert(groups.len());
        match groups.get_mut(number) {
            Some(group) => group.push(diagnostic),
            None => groups.push(vec![diagnostic]),
        }
    }
    groups.iter().filter_map(|group| block(group)).collect()
}

fn block(group: &[&Diagnostic]) -> Option<String> {
    let (first, more) = group.split_first()?;
    if more.is_empty() {
        return Some(first.to_string());
    }
    let sentence = shared_sentence(group.iter().map(|diagnostic| diagnostic.message.as_str()));
    let mut places: Vec<String> = group.iter().map(|diagnostic| place(diagnostic)).collect();
    places.dedup();
    let all = places.len();
    places.truncate(MOST_PLACES);
    let rest = match all - places.len() {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    // The place may be an operation, but the value in a component. So the first location is added.
    let first_place = match (&first.operation, &first.location, first.pointer.as_str()) {
        (None, _, _) | (_, None, _) => String::new(),
        (_, Some(location), "") => format!("; first at {location}"),
        (_, Some(location), pointer) => format!("; first at {location}, {}", one_line(pointer)),
    };
    let mut block = format!(
        "{} × {}[{}::{}]: {}\n  {}{rest}{first_place}",
        group.len(),
        first.severity,
        first.stage,
        first.code,
        shorten(&one_line(&sentence), SENTENCE),
        one_line(&places.join(", ")),
    );
    if !first.fix.is_empty() {
        block.push_str("\n  fix: ");
        block.push_str(&first.fix.replace('\n', "\n       "));
    }
    Some(block)
}

/// Returns the operation of a diagnostic, or else its location or pointer.
fn place(diagnostic: &Diagnostic) -> String {
    match (&diagnostic.operation, &diagnostic.location) {
        (Some(operation), _) => operation.clone(),
        (None, Some(location)) => location.to_string(),
        (None, None) => diagnostic.pointer.to_string(),
    }
}

#[cfg(test)]
mod tests;
