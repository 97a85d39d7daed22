//! Documentation comments.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, parse_quote, visit_mut::VisitMut};

use crate::rustdoc;

use super::Code;

/// Makes one attribute a line, which prints as `///`, and breaks long lines.
pub(super) fn documentation_lines(code: &mut Code<'_>) -> usize {
    let mut lines = OneALine { count: 0 };
    code.types.iter_mut().for_each(|item| lines.visit_item_mut(item));
    lines.count
}

/// The attributes of a documentation comment.
pub(crate) fn attributes(text: &str) -> Vec<Attribute> {
    lines(text).iter().map(|line| attribute(line)).collect()
}

/// As written after `///`, the space included.
pub(crate) fn lines(text: &str) -> Vec<String> {
    rustdoc::wrap(text.trim())
        .into_iter()
        .map(|line| match line.trim_end() {
            "" => String::new(),
            line => format!(" {line}"),
        })
        .collect()
}

pub(super) fn is_documented(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"))
}

fn attribute(line: &str) -> Attribute {
    let line = LitStr::new(line, Span::call_site());
    parse_quote!(#[doc = #line])
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

/// Replaces each documentation attribute by one a line.
struct OneALine {
    count: usize,
}

impl VisitMut for OneALine {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        for old in std::mem::take(attributes) {
            let new = text_of(&old).map(|text| (lines(&text), text));
            match new {
                Some((new, text)) if new != [text.as_str()] => {
                    self.count += 1;
                    attributes.extend(new.iter().map(|line| attribute(line)));
                }
                _ => attributes.push(old),
            }
        }
    }
}
