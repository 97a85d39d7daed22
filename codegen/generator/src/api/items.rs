//! Items: what of one item can break code that was written against it, each part under a name of its own.
//!
//! A part that is only added breaks nobody. What breaks somebody by being added (a field where all fields can be named, a
//! variant where all can be matched, a method that implementers have to write) is therefore part of one more name, which
//! says so and changes.

use syn::{
    Attribute, Field, Fields, FnArg, Generics, ImplItem, Item, ItemImpl, ItemTrait, Meta, Pat, ReturnType,
    Signature, Token, TraitItem, Type, TypeParamBound,
    punctuated::Punctuated,
    visit_mut::{self, VisitMut},
};

use super::{
    Entry, Surface,
    gate::Gate,
    macros::{self, text},
    tree::{Place, Public, Target, Tree, attributes, declared, is_pub},
};
use std::collections::BTreeMap;

/// The public interface of a crate.
pub(super) fn surface(tree: &Tree) -> Surface {
    let public = tree.public();
    let mut names: BTreeMap<&Place, &str> = BTreeMap::new();
    for Public { name, target, .. } in &public {
        let Target::Item(place) = target else {
            continue;
        };
        // The shortest name is the one that its parts are listed under.
        let rank = |name: &str| (name.matches("::").count(), name.to_owned());
        let known = names.entry(place).or_insert(name);
        if rank(name) < rank(known) {
            *known = name;
        }
    }
    let mut list = List {
        tree,
        names: &names,
        surface: Surface::new(),
    };
    for Public { name, target, gate } in &public {
        match target {
            Target::Module(_) => list.put(name.clone(), "mod", gate),
            Target::Outside(path) => list.put(name.clone(), format!("use {path}"), gate),
            Target::Item(place) => match names.get(place) {
                Some(known) if known != name => {
                    list.put(name.clone(), format!("use {known}"), gate);
                }
                _ => list.declarations(place, name, gate),
            },
        }
    }
    for (path, module) in &tree.0 {
        for (gate, item) in &module.items {
            match item {
                Item::Impl(item) => list.implementation(path, item, gate),
                Item::Macro(item) => list.definition(item, gate),
                _ => {}
            }
        }
    }
    list.surface
}

struct List<'a> {
    tree: &'a Tree,
    /// By which name what is declared at a place can be reached from outside.
    names: &'a BTreeMap<&'a Place, &'a str>,
    surface: Surface,
}

impl List<'_> {
    fn put(&mut self, name: String, signature: impl Into<String>, gate: &Gate) {
        self.put_entry(
            name,
            Entry {
                signature: signature.into(),
                gate: gate.clone(),
                value: None,
            },
        );
    }

    /// Two of one name are alternatives, of which each build of the crate has one.
    fn put_entry(&mut self, name: String, entry: Entry) {
        match self.surface.get_mut(&name) {
            None => {
                self.surface.insert(name, entry);
            }
            Some(there) if (&there.signature, &there.value) == (&entry.signature, &entry.value) => {
                there.gate = std::mem::take(&mut there.gate).or(entry.gate);
            }
            Some(_) => {
                let name = format!("{name} (where {})", entry.gate);
                self.surface.insert(name, entry);
            }
        }
    }

    fn declarations(&mut self, place: &Place, name: &str, gate: &Gate) {
        let tree = self.tree;
        let Some(module) = tree.0.get(&place.0) else {
            return;
        };
        for (own, item) in &module.items {
            if declared(item).is_some_and(|(declared, _)| declared == place.1) && !is_hidden(attributes(item))
            {
                let mut item = item.clone();
                self.naming(&place.0).visit_item_mut(&mut item);
                self.declaration(&item, place, name, &gate.clone().and(own));
            }
        }
    }

    fn naming<'b>(&'b self, module: &'b [String]) -> Naming<'b> {
        Naming { list: self, module }
    }

    fn declaration(&mut self, item: &Item, place: &Place, name: &str, gate: &Gate) {
        let own = name.to_owned();
        match item {
            Item::Struct(item) => {
                self.type_("struct", &item.attrs, &item.generics, name, gate);
                let is_public = |field: &Field| is_pub(&field.vis);
                self.fields(&item.fields, is_public, is_open(&item.attrs), name, gate);
            }
            Item::Enum(item) => {
                self.type_("enum", &item.attrs, &item.generics, name, gate);
                for variant in &item.variants {
                    let gate = gate.clone().and(&Gate::of(&variant.attrs));
                    let called = format!("{name}::{}", variant.ident);
                    let number = variant
                        .discriminant
                        .as_ref()
                        .map_or_else(String::new, |(_, value)| format!(" = {}", text(value)));
                    self.put(called.clone(), format!("variant{number}"), &gate);
                    // Fields of a variant are as public as the variant.
                    let is_open = is_open(&variant.attrs);
                    self.fields(&variant.fields, |_| true, is_open, &called, &gate);
                }
                if !is_open(&item.attrs) {
                    let all = item.variants.iter().map(|variant| variant.ident.to_string());
                    self.put(
                        format!("{name}: can be matched in full"),
                        all.collect::<Vec<_>>().join(", "),
                        gate,
                    );
                }
            }
            Item::Trait(item) => self.trait_(item, place, name, gate),
            Item::Fn(item) => self.put(own, signature(&item.sig, ""), gate),
            // What an operation is travels in its value, which the document's comparison tells.
            Item::Static(item) => self.put(own, format!("static {}", text(&item.ty)), gate),
            Item::Const(item) => self.constant(own, &item.ty, Some(&item.expr), gate),
            Item::Type(item) => {
                let shown = format!("type{} = {}", generics(&item.generics), text(&item.ty));
                self.put(own, shown, gate);
            }
            Item::Union(item) => self.put(own, text(item), gate),
            Item::Macro(item) => {
                let Some((kind, values)) = macros::given(item) else {
                    return;
                };
                self.put(own, format!("{kind}!"), gate);
                for (value, rest) in values {
                    self.put(format!("{name}::{value}"), rest, gate);
                }
            }
            _ => {}
        }
    }

    fn constant(&mut self, name: String, ty: &Type, value: Option<&syn::Expr>, gate: &Gate) {
        self.put_entry(
            name,
            Entry {
                signature: format!("const {}", text(ty)),
                gate: gate.clone(),
                value: value.map(text),
            },
        );
    }

    fn type_(
        &mut self,
        kind: &str,
        attributes: &[Attribute],
        parameters: &Generics,
        name: &str,
        gate: &Gate,
    ) {
        self.derives(attributes, name, gate);
        let shown = format!("{}{kind}{}", representation(attributes), generics(parameters));
        self.put(name.to_owned(), shown, gate);
    }

    fn fields(
        &mut self,
        fields: &Fields,
        is_public: fn(&Field) -> bool,
        is_open: bool,
        name: &str,
        gate: &Gate,
    ) {
        let mut called = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let field_name = field
                .ident
                .as_ref()
                .map_or_else(|| index.to_string(), ToString::to_string);
            if is_public(field) {
                let gate = gate.clone().and(&Gate::of(&field.attrs));
                self.put(format!("{name}.{field_name}"), text(&field.ty), &gate);
                called.push(field_name);
            }
        }
        if !is_open && called.len() == fields.len() {
            let shown = match fields {
                Fields::Unit => "no fields".to_owned(),
                _ => called.join(", "),
            };
            self.put(format!("{name}: can be written with its fields"), shown, gate);
        }
    }

    fn derives(&mut self, attributes: &[Attribute], name: &str, gate: &Gate) {
        for attribute in attributes.iter().filter(|one| one.path().is_ident("derive")) {
            let parser = Punctuated::<syn::Path, Token![,]>::parse_terminated;
            for path in attribute.parse_args_with(parser).unwrap_or_default() {
                self.put(format!("impl {} for {name}", last(&path)), "", gate);
            }
        }
    }

    fn trait_(&mut self, item: &ItemTrait, place: &Place, name: &str, gate: &Gate) {
        let bounds = text(&item.supertraits);
        let bounds = match bounds.as_str() {
            "" => String::new(),
            bounds => format!(": {bounds}"),
        };
        let shown = format!("trait{}{bounds}", generics(&item.generics));
        self.put(name.to_owned(), shown, gate);
        let mut required = Vec::new();
        for part in &item.items {
            match part {
                TraitItem::Fn(function) => {
                    let called = function.sig.ident.to_string();
                    let gate = gate.clone().and(&Gate::of(&function.attrs));
                    self.put(format!("{name}::{called}"), signature(&function.sig, ""), &gate);
                    required.extend(function.default.is_none().then_some(called));
                }
                TraitItem::Type(part) => {
                    let bounds = text(&part.bounds);
                    let shown = format!("type{}: {bounds}", generics(&part.generics));
                    self.put(format!("{name}::{}", part.ident), shown, gate);
                    required.extend(part.default.is_none().then(|| part.ident.to_string()));
                }
                TraitItem::Const(part) => {
                    let value = part.default.as_ref().map(|(_, value)| value);
                    self.constant(format!("{name}::{}", part.ident), &part.ty, value, gate);
                    required.extend(value.is_none().then(|| part.ident.to_string()));
                }
                _ => {}
            }
        }
        // One that asks for a trait that nobody outside can name is implemented here only.
        let is_sealed = item.supertraits.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => self.is_out_of_reach(&place.0, &bound.path),
            _ => false,
        });
        if !is_sealed {
            self.put(format!("{name}: can be implemented"), required.join(", "), gate);
        }
    }

    /// Whether the path leads to something of this crate that has no public name.
    fn is_out_of_reach(&self, module: &[String], path: &syn::Path) -> bool {
        match self.target(module, path) {
            Some(Target::Item(place)) => !self.names.contains_key(&place),
            _ => false,
        }
    }

    fn target(&self, module: &[String], path: &syn::Path) -> Option<Target> {
        // `::http` is of another crate.
        if path.leading_colon.is_some() {
            return None;
        }
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.tree.resolve(module, &segments)
    }

    fn implementation(&mut self, module: &[String], item: &ItemImpl, gate: &Gate) {
        if is_hidden(&item.attrs) {
            return;
        }
        let Some(target) = self.self_type(module, &item.self_ty) else {
            return;
        };
        let of_trait = item.trait_.as_ref();
        if of_trait.is_some_and(|(path, _)| self.is_private(module, path)) {
            return;
        }
        let mut item = item.clone();
        self.naming(module).visit_item_impl_mut(&mut item);
        if let Some((path, _)) = &item.trait_ {
            let parameters = text(&item.generics);
            let bounds = bounds(&item.generics);
            let name = format!("impl{parameters} {} for {target}{bounds}", last(path));
            let types = item.items.iter().filter_map(|part| match part {
                ImplItem::Type(part) => Some(format!("type {} = {}", part.ident, text(&part.ty))),
                _ => None,
            });
            self.put(name, types.collect::<Vec<_>>().join("; "), gate);
            return;
        }
        let context = generics(&item.generics);
        for part in &item.items {
            match part {
                ImplItem::Fn(function) if is_pub(&function.vis) && !is_hidden(&function.attrs) => {
                    let gate = gate.clone().and(&Gate::of(&function.attrs));
                    let name = format!("{target}::{}", function.sig.ident);
                    self.put(name, signature(&function.sig, &context), &gate);
                }
                ImplItem::Const(part) if is_pub(&part.vis) && !is_hidden(&part.attrs) => {
                    let gate = gate.clone().and(&Gate::of(&part.attrs));
                    let name = format!("{target}::{}", part.ident);
                    self.constant(name, &part.ty, Some(&part.expr), &gate);
                }
                _ => {}
            }
        }
    }

    /// By which name users know the type that is implemented for; `None` where they do not know it.
    fn self_type(&self, module: &[String], ty: &Type) -> Option<String> {
        let Type::Path(path) = ty else {
            return Some(text(ty));
        };
        match self.target(module, &path.path) {
            Some(Target::Item(place)) => {
                let name = self.names.get(&place)?;
                let arguments = path.path.segments.last().map(|last| text(&last.arguments));
                Some(format!("{name}{}", arguments.unwrap_or_default()))
            }
            _ => Some(text(ty)),
        }
    }

    /// Whether the trait is one of this crate that is not even declared public. One that is, in a private module, can be
    /// felt from outside: what asks for it is there for those that implement it.
    fn is_private(&self, module: &[String], path: &syn::Path) -> bool {
        let Some(Target::Item((place, name))) = self.target(module, path) else {
            return false;
        };
        let items = self.tree.0.get(&place).map(|module| &module.items);
        items
            .into_iter()
            .flatten()
            .any(|(_, item)| matches!(item, Item::Trait(item) if item.ident == name && !is_pub(&item.vis)))
    }

    /// What a macro makes of each of its types.
    fn definition(&mut self, item: &syn::ItemMacro, gate: &Gate) {
        let Some((kind, items)) = macros::definition(item) else {
            return;
        };
        let name = format!("every {kind}!");
        for item in items {
            match item {
                Item::Struct(item) => self.derives(&item.attrs, &name, gate),
                Item::Enum(item) => {
                    self.derives(&item.attrs, &name, gate);
                    let open = if is_open(&item.attrs) { "open" } else { "closed" };
                    self.put(name.clone(), format!("{open} enum"), gate);
                }
                Item::Impl(item) => match &item.trait_ {
                    Some((path, _)) => {
                        let target = text(&item.self_ty);
                        self.put(format!("impl {} for {target} of {name}", last(path)), "", gate);
                    }
                    None => {
                        for part in &item.items {
                            match part {
                                ImplItem::Fn(function) if is_pub(&function.vis) => self.put(
                                    format!("{name}::{}", function.sig.ident),
                                    signature(&function.sig, ""),
                                    gate,
                                ),
                                ImplItem::Const(part) if is_pub(&part.vis) => {
                                    let called = format!("{name}::{}", part.ident);
                                    self.constant(called, &part.ty, None, gate);
                                }
                                _ => {}
                            }
                        }
                    }
                },
                _ => {}
            }
        }
    }
}

/// Gives types the names by which users know them, so that one that moves within the crate stays what it was.
struct Naming<'a> {
    list: &'a List<'a>,
    module: &'a [String],
}

impl VisitMut for Naming<'_> {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        if let Some(Target::Item(place)) = self.list.target(self.module, path)
            && let Some(name) = self.list.names.get(&place)
            && let Ok(mut known) = syn::parse_str::<syn::Path>(name)
            && let (Some(new), Some(old)) = (known.segments.last_mut(), path.segments.pop())
        {
            new.arguments = old.arguments;
            *path = known;
        }
    }

    // What a function does and what is said about it is no part of the interface.
    fn visit_block_mut(&mut self, _: &mut syn::Block) {}
    fn visit_expr_mut(&mut self, _: &mut syn::Expr) {}
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

/// The signature of a function. The names of its parameters belong to it: callers do not write them, but where two parameters of one
/// type change places, or one takes another's, what is written compiles and means something else.
fn signature(signature: &Signature, context: &str) -> String {
    let qualifiers = [
        signature.constness.as_ref().map(|_| "const "),
        signature.asyncness.as_ref().map(|_| "async "),
    ];
    let qualifiers: String = qualifiers.into_iter().flatten().collect();
    let safety = match text(&signature.safety).as_str() {
        "" => String::new(),
        safety => format!("{safety} "),
    };
    let inputs: Vec<String> = signature
        .inputs
        .iter()
        .map(|input| match input {
            // Whether the binding is mutable is the function's own affair; whether the reference is, is not.
            FnArg::Receiver(receiver) => text(&syn::Receiver {
                mutability: None,
                ..receiver.clone()
            }),
            FnArg::Typed(input) => match &*input.pat {
                Pat::Ident(name) => {
                    let name = name.ident.to_string();
                    format!("{}: {}", name.trim_start_matches('_'), text(&input.ty))
                }
                _ => text(&input.ty),
            },
        })
        .collect();
    let output = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, ty) => format!(" -> {}", text(ty)),
    };
    let parameters = text(&signature.generics);
    let bounds = bounds(&signature.generics);
    let context = match context {
        "" => String::new(),
        context => format!("impl{context} "),
    };
    format!(
        "{context}{qualifiers}{safety}fn{parameters}({}){output}{bounds}",
        inputs.join(", ")
    )
}

/// Parameters with their bounds.
fn generics(generics: &Generics) -> String {
    format!("{}{}", text(generics), bounds(generics))
}

/// Their `where` clause, after a space.
fn bounds(generics: &Generics) -> String {
    let bounds = generics.where_clause.as_ref();
    bounds.map_or_else(String::new, |bounds| format!(" {}", text(bounds)))
}

/// The last part of a path, such as `Display` of `std::fmt::Display`.
fn last(path: &syn::Path) -> String {
    path.segments.last().map_or_else(String::new, text)
}

/// Whether more may be added to it.
fn is_open(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// How it lies in memory, where that is said.
fn representation(attributes: &[Attribute]) -> String {
    let representations = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("repr"));
    representations.fold(String::new(), |shown, attribute| shown + &text(attribute) + " ")
}

/// Whether the documentation does not show it, which says that nobody is to use it.
fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        matches!(&attribute.meta, Meta::List(list)
            if list.path.is_ident("doc") && list.tokens.to_string() == "hidden")
    })
}
