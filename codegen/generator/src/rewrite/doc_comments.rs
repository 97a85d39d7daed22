//! Splits and wraps documentation comments.

use syn::{Attribute, Expr, ExprLit, Lit, Meta, visit_mut::VisitMut};

use crate::rustdoc;

use super::state::State;

/// Splits documentation into one attribute per line, and wraps long lines. Each attribute is printed as a
/// `///` line.
pub(super) fn documentation_lines(state: &mut State<'_>) {
    let mut lines = OnePerLine { count: 0 };
    state.types.iter_mut().for_each(|item| lines.visit_item_mut(item));
    state.count += lines.count;
}

pub(super) fn is_documented(attributes: &[Attribute]) -> bool {
    let mut attributes = attributes.iter();
    attributes.any(|attribute| attribute.path().is_ident("doc"))
}

fn text_of(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

struct OnePerLine {
    count: usize,
}

impl VisitMut for OnePerLine {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let old: Vec<String> = attributes.iter().filter_map(text_of).collect();
        if old.is_empty() {
            return;
        }
        // The attributes are joined to one text, because a code block may span several attributes.
        let text = old.iter().map(|line| line.strip_prefix(' ').unwrap_or(line));
        let new = rustdoc::lines(&text.collect::<Vec<&str>>().join("\n"));
        self.count += usize::from(new != old);
        attributes.retain(|attribute| text_of(attribute).is_none());
        attributes.splice(0..0, new.iter().map(|line| rustdoc::attribute(line)));
    }
}
