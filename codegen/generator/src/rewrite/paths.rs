//! Paths as a person writes them.

use syn::{
    Attribute, Ident, Item, Meta, Path,
    visit_mut::{self, VisitMut},
};

use super::Code;

/// What the generator spells out, and what everybody writes.
const SHORT: &[(&str, &str)] = &[
    ("::std::option::Option", "Option"),
    ("::std::vec::Vec", "Vec"),
    ("::std::string::String", "String"),
    ("::std::boxed::Box", "Box"),
    ("::std::convert::From", "From"),
];

/// Names that the generated files use for something else; a type of the document cannot have them.
const RESERVED: &[&str] = &[
    "Option",
    "Some",
    "None",
    "Vec",
    "String",
    "Box",
    "From",
    "Into",
    "Self",
    "Call",
    "Client",
    "Operation",
    "Repeat",
    "RequestBody",
    "Unverified",
    "Default",
    "Clone",
    "Debug",
    "PartialEq",
    "Result",
];

/// Shortens the paths of the standard library, and leaves the module off those of our own types.
pub(super) fn short_paths(code: &mut Code<'_>) -> usize {
    let types = code.types.iter().filter_map(declared);
    let types = types.map(|name| (name.to_string(), "let an overlay rename the schema"));
    let enums = code.prepared.enums.iter().map(|open| {
        let help = "let an overlay add `x-rust-name` with another name to it, or rename the schema";
        (open.name.clone(), help)
    });
    let names: Vec<(String, &str)> = types.chain(enums).collect();
    for (name, help) in names {
        if RESERVED.contains(&name.as_str()) {
            let message =
                format!("a schema makes the type `{name}`, a name that the generated code uses already");
            let diagnostic = super::not_understood(code.source, &code.place_of(&name), message);
            code.diagnostics.push(diagnostic.fix(help));
        }
    }
    let mut shorten = Shorten { count: 0 };
    for item in &mut code.types {
        shorten.visit_item_mut(item);
    }
    for method in &mut code.methods {
        // The body stays as it is: it is compared with what we expect of the generator.
        shorten.visit_signature_mut(&mut method.sig);
    }
    shorten.count
}

/// The name of the type that an item declares.
pub(super) fn declared(item: &Item) -> Option<&Ident> {
    match item {
        Item::Struct(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}

struct Shorten {
    count: usize,
}

impl VisitMut for Shorten {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let spelled: String = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect::<Vec<_>>()
            .join("::");
        let is_ours =
            path.leading_colon.is_none() && path.segments.len() == 2 && spelled.starts_with("types::");
        let is_spelled_out = path.leading_colon.is_some()
            && SHORT
                .iter()
                .any(|(long, _)| long.strip_prefix("::") == Some(&spelled));
        if is_ours || is_spelled_out {
            path.leading_colon = None;
            if let Some(last) = path.segments.pop() {
                path.segments.clear();
                path.segments.push(last);
                self.count += 1;
            }
        }
    }

    /// serde takes paths as strings.
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
