//! Shortens paths in the generated code.

use syn::{
    Attribute, Meta, Path,
    visit_mut::{self, VisitMut},
};

use super::state::{State, declared, unsupported};
use crate::naming;

/// Paths that progenitor writes in full, although the prelude contains the names.
const PRELUDE: &[&str] = &[
    "std::option::Option",
    "std::vec::Vec",
    "std::string::String",
    "std::boxed::Box",
    "std::convert::From",
];

/// Shortens the paths of prelude items and of generated types. Reports types whose names the generated code
/// already uses.
pub(super) fn short_paths(state: &mut State<'_>) {
    let types = state.types.iter().filter_map(declared);
    let types = types.map(|name| (name.to_string(), "rename the schema in an overlay"));
    let enums = state.model.enums.iter().map(|open| {
        let fix = "add `x-rust-name` with another name to it in an overlay, or rename the schema";
        (open.name.clone(), fix)
    });
    let names: Vec<(String, &str)> = types.chain(enums).collect();
    for (name, fix) in names {
        if naming::TYPES.contains(&name.as_str()) {
            let message = format!(
                "a schema would become the type `{name}`, a name that the generated code already uses"
            );
            let diagnostic = unsupported(state.source, state.schema_pointer(&name), message);
            state.diagnostics.push(diagnostic.fix(fix));
        }
    }
    let mut shorten = Shorten { count: 0 };
    for item in &mut state.types {
        shorten.visit_item_mut(item);
    }
    for method in &mut state.methods {
        // The next pass drops the body.
        shorten.visit_signature_mut(&mut method.sig);
    }
    state.count += shorten.count;
}

struct Shorten {
    count: usize,
}

impl VisitMut for Shorten {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let segments = path.segments.iter().map(|segment| segment.ident.to_string());
        let spelled = segments.collect::<Vec<_>>().join("::");
        let is_ours =
            path.leading_colon.is_none() && path.segments.len() == 2 && spelled.starts_with("types::");
        let is_spelled_out = path.leading_colon.is_some() && PRELUDE.contains(&spelled.as_str());
        if is_ours || is_spelled_out {
            path.leading_colon = None;
            if let Some(last) = path.segments.pop() {
                path.segments.clear();
                path.segments.push(last);
                self.count += 1;
            }
        }
    }

    /// Shortens the paths that serde attributes contain as strings.
    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        let Meta::List(list) = &mut attribute.meta else {
            return;
        };
        if !list.path.is_ident("serde") {
            return;
        }
        let text = list.tokens.to_string();
        let short = text.replace("::std::option::Option::", "Option::");
        if short != text
            && let Ok(tokens) = short.parse()
        {
            list.tokens = tokens;
            self.count += 1;
        }
    }
}
