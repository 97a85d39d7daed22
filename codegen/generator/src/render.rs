//! Renders the files of the generated code, split by tag and role.
//!
//! ```text
//! mod.rs                    modules
//! public.rs                 public types and operations
//! asset_groups.rs           groups as data, for programs that choose them at run time
//! ids.rs                    ID types
//! shared.rs                 types that several tags share, if there are any
//! <tag>/mod.rs              description of the tag
//! <tag>/operations.rs       metadata of its operations
//! <tag>/methods.rs          client methods
//! <tag>/resource.rs         kind of asset and the traits of its handle, if assets can be read by ID
//! <tag>/types.rs            its types
//! ```

mod asset_groups;
mod object;
mod page;
mod resource;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Literal;
use quote::{format_ident, quote};
use syn::{
    ImplItem, Item, ItemImpl, parse_quote,
    visit_mut::{self, VisitMut},
};

use crate::{
    naming,
    resources::GroupResource,
    rewrite::{Items, TagItems, TypeItem, mentioned},
    rustdoc,
    steps::StageReport,
    transform::{OpenEnum, Operation},
};
use funnelflux_openapi::{Diagnostic, Diagnostics, Severity, Stage};
use page::{Page, gated, indented};

/// Attribute of items that need the cargo feature `client`. A program that uses only the types does not need
/// this feature.
const CLIENT: &str = "#[cfg(feature = \"client\")]";
/// Path of the module of the ID types.
const IDS: &str = "crate::api::ids";
/// Path of the module of the shared types.
const SHARED: &str = "crate::api::shared";

/// Facts about the whole document.
pub(crate) struct DocumentFacts<'a> {
    pub(crate) version: &'a str,
    /// Default base URL of the client.
    pub(crate) base_url: &'a str,
}

/// Renders the files, keyed by their paths relative to `generated/src/api`.
pub(crate) fn render(
    facts: &DocumentFacts<'_>,
    items: &Items,
    resources: &BTreeMap<String, GroupResource>,
) -> (BTreeMap<String, String>, StageReport) {
    let names = Names::of(items);
    let mut files = BTreeMap::new();
    files.insert("mod.rs".to_owned(), root(facts, items));
    files.insert("public.rs".to_owned(), public(items, resources));
    files.insert("asset_groups.rs".to_owned(), asset_groups::file(items, resources));
    files.insert("ids.rs".to_owned(), ids(items));
    if !items.shared.is_empty() {
        let about = "Types that several tags share, or that no operation uses.";
        files.insert("shared.rs".to_owned(), types(about, &items.shared, &names, true));
    }
    for tag in &items.tags {
        let mut add = |file: &str, text| files.insert(format!("{}/{file}.rs", tag.tag.module), text);
        let resource = resources.get(&tag.tag.name);
        let resource = resource.filter(|group| group.resource.is_some() || group.read_back.is_some());
        add("mod", tag_root(tag, resource.is_some()));
        if let Some(resource) = resource {
            add("resource", resource::file(&tag.tag, resource));
        }
        add("operations", operations(tag));
        add("methods", methods(tag, &names));
        let about = format!("Types of the tag *{}*.", tag.tag.name);
        add("types", types(&about, &tag.types, &names, false));
    }
    let report = StageReport::new(Stage::Render, format!("{} files", files.len()));
    (files, report)
}

/// Checks that files are valid Rust.
///
/// # Errors
/// Returns an error if a file is not valid Rust. No document should be able to cause this error.
pub(crate) fn verify<'a>(
    files: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<(), Diagnostics> {
    let broken = files.into_iter().filter_map(|(path, text)| {
        let message = format!("{path} is not valid Rust: {}", syn::parse_file(text).err()?);
        let error = Diagnostic::new(Severity::Error, Stage::Render, "not-rust", "", message);
        Some(error.fix("this is a bug in codegen/generator/src/render.rs; please report it"))
    });
    Diagnostics(broken.collect()).unless_errors(()).map(|((), _)| ())
}

/// Names of the generated types: ID types, shared types, and types of tags.
struct Names<'a> {
    ids: BTreeSet<&'a str>,
    shared: BTreeSet<&'a str>,
    of_tags: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(items: &'a Items) -> Self {
        let of_tags = items.tags.iter().flat_map(|tag| &tag.types);
        Self {
            ids: items.ids.iter().map(|id| id.name.as_str()).collect(),
            shared: items.shared.iter().map(TypeItem::name).collect(),
            of_tags: of_tags.map(TypeItem::name).collect(),
        }
    }
}

fn root(facts: &DocumentFacts<'_>, items: &Items) -> String {
    let mut page = Page::new(
        "Code generated from the API document: one module per tag, the ID types and the shared types.\n\n\
         `public.rs` lists the public items.",
    );
    let mut modules = vec![("ids", None), ("public", None)];
    let tags = items.tags.iter().map(|tag| &tag.tag);
    modules.extend(tags.map(|tag| (tag.module.as_str(), Some(tag))));
    if !items.shared.is_empty() {
        modules.push(("shared", None));
    }
    modules.sort_by_key(|(module, _)| *module);
    let lines = modules.into_iter().map(|(module, tag)| {
        let line = format!("pub(crate) mod {module};");
        tag.map_or(line.clone(), |tag| gated(tag, &line))
    });
    let mut lines: Vec<String> = lines.collect();
    lines.insert(0, format!("{CLIENT}\npub(crate) mod asset_groups;"));
    page.piece(&lines.join("\n"));
    page.piece(&format!(
        "/// Version of the API document.\n#[cfg(feature = \"snapshot\")]\n\
         pub(crate) const DOCUMENT_VERSION: &str = {};",
        Literal::string(facts.version)
    ));
    page.piece(&format!(
        "/// Default base URL of the client: the first usable server of the API document.\n{CLIENT}\n\
         pub(crate) const BASE_URL: &str = {};",
        Literal::string(facts.base_url)
    ));
    page.finish()
}

/// Renders the public items. All types are in one module, and the operations of each tag are in a module of
/// their own.
fn public(items: &Items, resources: &BTreeMap<String, GroupResource>) -> String {
    let about = "Re-exports the generated items. Lists all operations, and all calls that read an asset back \
                 after its creation.";
    let mut page = Page::new(about);
    let mut types = Vec::new();
    if !items.ids.is_empty() {
        types.push("pub use crate::api::ids::*;".to_owned());
    }
    if !items.shared.is_empty() {
        types.push("pub use crate::api::shared::*;".to_owned());
    }
    let mut operations = Vec::new();
    let mut groups = Vec::new();
    let mut kinds = Vec::new();
    let mut read_backs = Vec::new();
    for TagItems { tag, types: own, .. } in &items.tags {
        let module = &tag.module;
        if !own.is_empty() {
            let line = format!("pub use crate::api::{module}::types::*;");
            types.push(gated(tag, &line));
        }
        let about = format!("/// Operations of the tag *{}*.", tag.name);
        let module_of_tag =
            format!("pub mod {module} {{\n    pub use crate::api::{module}::operations::*;\n}}");
        operations.push(format!("{about}\n{}", gated(tag, &module_of_tag)));
        groups.push(gated(tag, &format!("{module}::ALL,")));
        let group = resources.get(&tag.name);
        if let Some(resource) = group.and_then(|group| group.resource.as_ref()) {
            let line = format!("pub use crate::api::{module}::resource::{};", resource.kind);
            kinds.push(gated(tag, &line));
        }
        if group.is_some_and(|group| group.read_back.is_some()) {
            let line = format!("&crate::api::{module}::resource::READ_BACK,");
            read_backs.push(gated(tag, &line));
        }
    }
    let [types, groups, kinds, read_backs] =
        [types, groups, kinds, read_backs].map(|lines| indented(&lines, "\n"));
    operations.push(format!(
        "/// Operations of all tags whose features are enabled, with one list for each tag.\n\
         pub static GROUPS: &[&[&Operation]] = &[\n{groups}\n];"
    ));
    let operations = indented(&operations, "\n\n");
    page.piece(&format!("/// Types of the API.\npub mod types {{\n{types}\n}}"));
    page.piece(&format!(
        "/// Marker types, one for each kind of asset.\n{CLIENT}\npub(crate) mod kinds {{\n{kinds}\n}}"
    ));
    page.piece(&format!(
        "/// Calls that read an asset back after its creation. There is one for each operation that creates\n\
         /// an asset with an ID from the client.\n{CLIENT}\n\
         pub(crate) static READ_BACKS: &[&crate::runtime::creatable::ReadBack] = &[\n{read_backs}\n];"
    ));
    page.piece(&format!(
        "/// Metadata of the operations, with one module for each tag.\n{CLIENT}\npub mod operations {{\n    \
         pub use crate::runtime::operation::{{\
         Operation, Parameter, ParameterPlace, Repeat, RequestBody}};\n\n\
         {operations}\n}}"
    ));
    page.finish()
}

fn ids(items: &Items) -> String {
    let mut page = Page::new("ID types.");
    for id in &items.ids {
        let mut lines = vec!["crate::values::id::id_type! {".to_owned()];
        lines.extend(comment(4, &id.documentation));
        lines.extend([format!("    {}", id.name), "}".to_owned()]);
        page.piece(&lines.join("\n"));
    }
    page.finish()
}

fn tag_root(tag: &TagItems, has_resource: bool) -> String {
    let about = match tag.tag.description.as_str() {
        "" => format!("The tag *{}*.", tag.tag.name),
        description => {
            let description = rustdoc::uncapitalised(description);
            format!("The tag *{}*: {description}", tag.tag.name)
        }
    };
    let mut page = Page::new(&about);
    let mut modules = vec![CLIENT, "mod methods;", CLIENT, "pub(crate) mod operations;"];
    if has_resource {
        modules.extend([CLIENT, "pub(crate) mod resource;"]);
    }
    modules.push("pub(crate) mod types;");
    page.piece(&modules.join("\n"));
    page.finish()
}

fn operations(tag: &TagItems) -> String {
    let name = &tag.tag.name;
    let mut page = Page::new(&format!("Metadata of the operations of the tag *{name}*."));
    let all = tag.operations.iter().map(|(operation, _)| operation);
    let has_parameters = all.clone().any(|operation| !operation.arguments.is_empty());
    let parameter = if has_parameters { "Parameter, " } else { "" };
    page.piece(&format!(
        "use crate::runtime::operation::{{Operation, {parameter}Repeat, RequestBody}};"
    ));
    let constants = all.clone().map(Operation::constant);
    page.items([parse_quote! {
        /// All operations of the tag, sorted by their effect: list, find, save, create, and so on.
        pub static ALL: &[&Operation] = &[#(&#constants),*];
    }]);
    page.items(all.map(entry));
    page.finish()
}

fn entry(operation: &Operation) -> Item {
    let constant = operation.constant();
    let line = format!("`{} {}`", operation.method, operation.path);
    let docs = rustdoc::attributes(&match rustdoc::sanitise(&operation.summary).as_str() {
        "" => line,
        summary => format!("{}: {line}", summary.trim_end_matches('.')),
    });
    let (id, path) = (operation.id(), &operation.path);
    let (tag, summary) = (&operation.tag, &operation.summary);
    let method = format_ident!("{}", operation.method);
    // Each enum of the model has the same variant names as the corresponding enum of the runtime.
    let repeat = format_ident!("{}", format!("{:?}", operation.repeat));
    let request_body = format_ident!("{}", format!("{:?}", operation.request_body));
    let parameters = operation.arguments.iter().map(|argument| {
        let (name, required) = (&argument.name, argument.required);
        let place = format_ident!("{}", argument.kind.function());
        quote!(Parameter::#place(#name, #required))
    });
    let requires_acknowledgement = operation.requires_acknowledgement;
    parse_quote! {
        #(#docs)*
        pub static #constant: Operation = Operation {
            id: #id,
            method: http::Method::#method,
            path: #path,
            tag: #tag,
            summary: #summary,
            repeat: Repeat::#repeat,
            request_body: RequestBody::#request_body,
            parameters: &[#(#parameters),*],
            requires_acknowledgement: #requires_acknowledgement,
        };
    }
}

fn methods(tag: &TagItems, names: &Names<'_>) -> String {
    let mut page = Page::new(&format!("Client methods of the tag *{}*.", tag.tag.name));
    let docs = rustdoc::attributes(&tag.tag.documentation);
    let mut methods: ItemImpl = parse_quote! {
        #(#docs)*
        impl Client {}
    };
    let functions = tag.operations.iter().map(|(_, method)| method.clone());
    methods.items = functions.map(ImplItem::Fn).collect();
    let mut methods = [Item::Impl(methods)];
    let ids = mentioned(&methods, &names.ids);
    let own = mentioned(&methods, &names.of_tags);
    let shared = mentioned(&methods, &names.shared);
    for item in &mut methods {
        Qualify { names }.visit_item_mut(item);
    }

    let mut imports = vec![if own.is_empty() {
        "use super::operations;".to_owned()
    } else {
        "use super::{operations, types};".to_owned()
    }];
    imports.extend(import(IDS, &ids));
    if !shared.is_empty() {
        imports.push(format!("use {SHARED};"));
    }
    let mut operations = tag.operations.iter().map(|(operation, _)| operation);
    let is_acknowledged = operations.any(|operation| operation.requires_acknowledgement);
    imports.push(if is_acknowledged {
        "use crate::runtime::{acknowledgement::Inferred, call::Call, client::Client};".to_owned()
    } else {
        "use crate::runtime::{call::Call, client::Client};".to_owned()
    });
    page.piece(&imports.join("\n"));
    page.items(methods);
    page.finish()
}

/// Qualifies the types of tags and the shared types with their modules (`types` and `shared`), so that no
/// type can shadow a name that the methods need.
struct Qualify<'a> {
    names: &'a Names<'a>,
}

impl VisitMut for Qualify<'_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        let Some(name) = path.get_ident() else {
            return;
        };
        let text = name.to_string();
        if self.names.of_tags.contains(text.as_str()) {
            *path = parse_quote!(types::#name);
        } else if self.names.shared.contains(text.as_str()) {
            *path = parse_quote!(shared::#name);
        }
    }
}

fn types(about: &str, types: &[TypeItem], names: &Names<'_>, is_shared: bool) -> String {
    let mut page = Page::new(about);
    let own = types.iter().filter_map(|item| match item {
        TypeItem::Enum(_) => None,
        TypeItem::Items { items, .. } => Some(items.clone()),
    });
    let own: Vec<Item> = own.flatten().collect();
    let mut imports: Vec<String> = import(IDS, &mentioned(&own, &names.ids)).into_iter().collect();
    if !is_shared {
        imports.extend(import(SHARED, &mentioned(&own, &names.shared)));
    }
    if types.iter().any(object::is_any) {
        imports.push("use crate::values::object::object;".to_owned());
    }
    if types.iter().any(|item| matches!(item, TypeItem::Enum(_))) {
        imports.push("use crate::values::open_enum::open_enum;".to_owned());
    }
    if !imports.is_empty() {
        page.piece(&imports.join("\n"));
    }
    for item in types {
        match item {
            TypeItem::Enum(open) => page.piece(&open_enum(open)),
            TypeItem::Items { items, inferred, .. } => {
                for item in items {
                    match object::Object::of(item, inferred) {
                        Some(object) => {
                            page.items([object.item]);
                            page.piece(&object.implementations);
                        }
                        None => page.items([item.clone()]),
                    }
                }
            }
        }
    }
    page.finish()
}

/// Renders a `use` item for `names` in `module`, if there are any.
fn import(module: &str, names: &BTreeSet<String>) -> Option<String> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => None,
        [name] => Some(format!("use {module}::{name};")),
        names => Some(format!("use {module}::{{{}}};", names.join(", "))),
    }
}

fn open_enum(open: &OpenEnum) -> String {
    let mut lines = vec!["open_enum! {".to_owned()];
    lines.extend(comment(4, &open.documentation));
    lines.push(format!("    {} {{", open.name));
    for value in &open.values {
        let doc = match value.as_str() {
            "" => "The empty string.".to_owned(),
            value => format!("`{value}`"),
        };
        lines.extend(comment(8, &doc));
        let (variant, value) = (naming::variant(value), Literal::string(value));
        lines.push(format!("        {variant} = {value},"));
    }
    lines.extend(["    }".to_owned(), "}".to_owned()]);
    lines.join("\n")
}

fn comment(columns: usize, text: &str) -> Vec<String> {
    rustdoc::lines(text)
        .iter()
        .map(|line| format!("{:columns$}///{line}", ""))
        .collect()
}
