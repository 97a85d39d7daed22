//! Documentation comments.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, parse_quote, visit_mut::VisitMut};

use crate::prose;

use super::Code;

/// Where the generator's dump of a schema begins.
const DUMP: &str = "<details><summary>JSON schema</summary>";

/// Cuts the schema in JSON off the documentation of every type.
pub(super) fn strip_schema_dumps(code: &mut Code<'_>) -> usize {
    let mut strip = EachDoc {
        count: 0,
        change: |text| Some(vec![text.split_once(DUMP)?.0.trim_end().to_owned()]),
    };
    code.types
        .iter_mut()
        .for_each(|item| strip.visit_item_mut(item));
    strip.count
}

/// Makes one attribute a line, which prints as `///`, and breaks long lines.
pub(super) fn documentation_lines(code: &mut Code<'_>) -> usize {
    let mut lines = EachDoc {
        count: 0,
        change: |text| Some(lines(text)),
    };
    code.types
        .iter_mut()
        .for_each(|item| lines.visit_item_mut(item));
    lines.count
}

/// The attributes of a documentation comment.
pub(crate) fn attributes(text: &str) -> Vec<Attribute> {
    lines(text).iter().map(|line| attribute(line)).collect()
}

/// As written after `///`, the space included.
pub(crate) fn lines(text: &str) -> Vec<String> {
    prose::wrap(text.trim())
        .into_iter()
        .map(|line| match line.trim_end() {
            "" => String::new(),
            line => format!(" {line}"),
        })
        .collect()
}

fn attribute(line: &str) -> Attribute {
    let line = LitStr::new(line, Span::call_site());
    parse_quote!(#[doc = #line])
}

fn text_of(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Replaces each documentation attribute by those that `change` makes of it.
struct EachDoc {
    count: usize,
    change: fn(&str) -> Option<Vec<String>>,
}

impl VisitMut for EachDoc {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let old = std::mem::take(attributes);
        for old in old {
            let new = text_of(&old).and_then(|text| {
                let new = (self.change)(&text)?;
                (new != [text]).then_some(new)
            });
            match new {
                Some(new) => {
                    self.count += 1;
                    attributes.extend(new.iter().map(|line| attribute(line)));
                }
                None => attributes.push(old),
            }
        }
    }
}
