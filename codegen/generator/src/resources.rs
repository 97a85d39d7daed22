//! Derives resources. A resource is a group whose assets can be read by ID. Its handle in the client has
//! *abilities*, such as archiving many assets.
//!
//! A resource is derived from the verbs of the operations, the signatures of their methods, and the schemas
//! of their bodies. If the operation for an ability does not fit, the ability is left out with a warning. Two
//! extensions of the tag state facts that an OpenAPI document cannot express: `x-children` lists the children
//! of the group's assets, and `x-server-managed` lists the properties that the service changes.

mod fields;
mod free_form;
mod id_list_bodies;
mod lists;
mod segments;
mod signature;
pub(crate) mod tag_extensions;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Ident, ImplItemFn, Item, ItemStruct, Type, parse_quote};

use crate::{
    json::Json as _,
    method_names::{GroupWords, Verb},
    naming,
    rewrite::{Items, TagItems, TypeItem},
    transform::{ApiModel, Operation, Repeat},
};
use funnelflux_openapi::{Diagnostics, Document, Severity, Stage, pointer::Pointer};

use fields::{Field, Fields};
use id_list_bodies::{Entries, entries};
use lists::Rows;
use signature::Signature;
pub(crate) use tag_extensions::ServerManagedField;

/// A group whose assets can be read by ID.
pub(crate) struct Resource {
    /// Type that stands for the kind of asset, such as `Pages`.
    pub(crate) kind: Ident,
    pub(crate) handle: Ident,
    pub(crate) words: GroupWords,
    /// Path segment that no other group has.
    pub(crate) segment: String,
    pub(crate) id_property: String,
    /// Type of the IDs.
    pub(crate) id: TokenStream,
    /// Type of the assets.
    pub(crate) asset: TokenStream,
    asset_type: Type,
    pub(crate) find_by_id: TokenStream,
    pub(crate) find_by_ids: Option<TokenStream>,
    pub(crate) list: Option<List>,
    /// Expression for the ID of the asset in the variable `asset`, as an `Option` of a reference.
    pub(crate) id_of_asset: TokenStream,
    pub(crate) summary_of_asset: TokenStream,
    /// Kinds of children that can be counted.
    pub(crate) children: Vec<Children>,
    pub(crate) archive: Option<Change>,
    pub(crate) unarchive: Option<Change>,
    pub(crate) delete: Option<Change>,
    pub(crate) categorise: Option<Categorise>,
    pub(crate) duplicate: Option<Duplicate>,
    /// Calls for creating and for saving an asset.
    pub(crate) save: Option<StoreCalls>,
    /// Expression for the ID of the asset `self`, if the client generates the IDs.
    pub(crate) client_made_id: Option<TokenStream>,
    pub(crate) id_pointer: String,
    pub(crate) name_pointer: Option<String>,
    /// Name of the property with the ID of the category, if the assets have one.
    pub(crate) category_property: Option<String>,
}

impl Resource {
    /// Returns the JSON pointer to the ID of the category, if the assets have one.
    pub(crate) fn category_pointer(&self) -> Option<String> {
        let property = self.category_property.as_ref()?;
        Some(Pointer::root().with_trailing_token(property).to_string())
    }
}

/// The call that creates an asset, and the call that saves one.
pub(crate) struct StoreCalls {
    pub(crate) create: TokenStream,
    pub(crate) save: TokenStream,
    pub(crate) create_operation: Ident,
    pub(crate) save_operation: Ident,
}

/// Call that lists the assets of a resource.
pub(crate) struct List {
    pub(crate) call: TokenStream,
    /// Function that converts a row of the response to a `ListRow`.
    pub(crate) row: Item,
}

/// A call that changes the assets that its request lists.
pub(crate) struct Change {
    /// Name of the static with the metadata of the operation.
    pub(crate) operation: Ident,
    /// `true` if callers must acknowledge that the operation is inferred.
    pub(crate) inferred: bool,
    pub(crate) entries: Entries,
}

/// A call that moves assets to a category.
pub(crate) struct Categorise {
    pub(crate) change: Change,
    /// Property of the request that contains the ID of the category.
    pub(crate) property: String,
    /// Type of the ID of a category.
    pub(crate) id: TokenStream,
}

/// A call that copies an asset.
pub(crate) struct Duplicate {
    /// Type of the request body.
    pub(crate) request: TokenStream,
    pub(crate) call: TokenStream,
    /// Expression that reads the name of the copy from the variable `request`.
    pub(crate) name: TokenStream,
    /// Expression that accesses the map of overridden properties in the variable `request`. `None` if the
    /// request has no such map.
    pub(crate) updates: Option<TokenStream>,
}

/// Assets of one group that are children of a resource's assets.
pub(crate) struct Children {
    /// Cargo feature of the group of the children. `None` if parents and children are in the same group.
    pub(crate) feature: Option<String>,
    /// Expression that counts the children of the assets in the variable `parents`.
    pub(crate) count: TokenStream,
}

/// The resource of a group, if the group has one, and further data about the group.
#[derive(Default)]
pub(crate) struct GroupResource {
    pub(crate) resource: Option<Resource>,
    /// Static that describes how a created asset is read back, if the client generates the IDs.
    pub(crate) read_back: Option<Item>,
    pub(crate) server_managed: Vec<ServerManagedField>,
    /// JSON pointers to the free-form properties of an asset. The user chooses the names of their members.
    pub(crate) free_form: Vec<String>,
    pub(crate) words: Option<GroupWords>,
    /// Kinds of children that the tag lists. Each entry has the tag of the child group, and the JSON pointers
    /// at which a child may hold the ID of its parent. There are no pointers if a child has none of the
    /// properties that the tag lists.
    pub(crate) child_pointers: Vec<(String, Vec<String>)>,
}

/// Derives the resource and further data of each group, keyed by the name of the group.
pub(crate) fn resources(
    items: &Items,
    model: &ApiModel,
    source: &Document,
) -> (BTreeMap<String, GroupResource>, Diagnostics) {
    let mut reader = Reader::new(items, model, source);
    let mut groups: BTreeMap<String, GroupResource> = BTreeMap::new();
    let mut creatable = BTreeSet::new();
    for tag in &items.tags {
        let mut resource = reader.resource(tag);
        // Two groups may have the same type of assets. The trait for creation can be implemented only once
        // for this type.
        if let Some(resource) = &mut resource
            && !creatable.insert(resource.asset.to_string())
        {
            resource.client_made_id = None;
        }
        let name = &tag.tag.name;
        let group = GroupResource {
            resource,
            read_back: reader.read_back(tag),
            server_managed: tag_extensions::server_managed(source, name, reader.asset_schema(tag)),
            free_form: free_form::free_form(source.value(), reader.asset_schema(tag)),
            words: model.vocabulary.groups.get(name).cloned(),
            child_pointers: Vec::new(),
        };
        groups.insert(name.clone(), group);
    }
    for tag in &items.tags {
        reader.check_server_managed(tag, &groups);
        let (child_pointers, children) = reader.children(tag, &groups);
        let Some(group) = groups.get_mut(&tag.tag.name) else {
            continue;
        };
        group.child_pointers = child_pointers;
        if let Some(resource) = &mut group.resource {
            resource.children = children;
        }
    }
    (groups, reader.diagnostics)
}

struct Reader<'a> {
    items: &'a Items,
    model: &'a ApiModel,
    source: &'a Document,
    structs: BTreeMap<String, &'a ItemStruct>,
    /// Distinct path segment of each group that can find an asset by ID, keyed by the group's module.
    segments: BTreeMap<&'a str, String>,
    diagnostics: Diagnostics,
}

impl<'a> Reader<'a> {
    fn new(items: &'a Items, model: &'a ApiModel, source: &'a Document) -> Self {
        let types = items.tags.iter().flat_map(|tag| &tag.types).chain(&items.shared);
        let structs = types.filter_map(|item| match item {
            TypeItem::Enum(_) => None,
            TypeItem::Items { items, .. } => items.iter().find_map(|item| match item {
                Item::Struct(item) => Some((item.ident.to_string(), item)),
                _ => None,
            }),
        });
        let finders = items.tags.iter().filter_map(|tag| {
            let (finder, _) = Self::main(tag, &Verb::FindById)?;
            Some((tag.tag.module.as_str(), finder.path.as_str()))
        });
        Self {
            items,
            model,
            source,
            structs: structs.collect(),
            segments: segments::segments(finders),
            diagnostics: Diagnostics::default(),
        }
    }

    /// Finds the main operation for a verb (see `OperationWords::is_main`), and its method.
    fn main<'t>(tag: &'t TagItems, verb: &Verb) -> Option<(&'t Operation, &'t ImplItemFn)> {
        let is_main = |operation: &Operation| operation.words.is_main && operation.words.verb == *verb;
        let main = tag.operations.iter().find(|(operation, _)| is_main(operation));
        main.map(|(operation, method)| (operation, method))
    }

    /// Warns that `ability`, such as archiving many assets, is left out.
    fn left_out(&mut self, operation: &Operation, ability: &str, reason: &str) {
        let (severity, stage, at) = (Severity::Warning, Stage::Rewrite, &operation.pointer);
        let message = format!("{ability} is left out: {reason}");
        let warning = self.source.diagnostic(severity, stage, "ability", at, message);
        let fix = "call the method of the operation instead, or correct the operation in an overlay";
        self.diagnostics.push(warning.fix(fix));
    }

    /// Returns the value of `ability`, or warns that the ability is left out.
    fn or_left_out<T>(&mut self, ability: Result<T, String>, operation: &Operation, name: &str) -> Option<T> {
        let ability = ability.map_err(|reason| self.left_out(operation, name, &reason));
        ability.ok()
    }

    /// Returns the fields of a struct. Returns `None` if the type is not a struct.
    fn fields(&self, ty: &Type) -> Option<Fields<'a>> {
        let name = fields::ident(ty)?;
        let item = self.structs.get(&name)?;
        Some(Fields::of(item, self.model))
    }

    fn rows(&self, response: &Type, id_name: &str) -> Result<Rows<'a>, String> {
        lists::rows(&|ty| self.fields(ty), response, id_name)
    }

    fn resource(&mut self, tag: &TagItems) -> Option<Resource> {
        let words = self.model.vocabulary.groups.get(&tag.tag.name)?.clone();
        let ability = format!("the handle of {}", words.plural_text);
        let Some((finder, method)) = Self::main(tag, &Verb::FindById) else {
            self.without_finder(tag, &ability);
            return None;
        };
        let read = || {
            let argument = finder
                .only_required()
                .ok_or_else(|| finder.reason("no argument of finding by ID is the ID"))?;
            let argument = argument.name.as_str();
            let signature = Signature::of(method);
            let id_name = self.model.vocabulary.id_properties.get(&tag.tag.name).cloned();
            let id_name = id_name.filter(|name| self.wrapped(&signature.returns, name).is_some());
            let id_name = id_name.ok_or_else(|| {
                let missing = format!("the asset that it returns has no property `{argument}`");
                format!("{missing}, which is the name of its argument")
            })?;
            let (find_by_id, id, asset_ty) = signature
                .find(argument, |ty| self.wrapped(ty, &id_name))
                .ok_or_else(|| "its ID is not text, or its response may lack the asset".to_owned())?;
            let fields = self
                .fields(&asset_ty)
                .ok_or_else(|| "its response is not an object".to_owned())?;
            let id_field = fields.get(&id_name).filter(|field| field.is(&id)).cloned();
            let id_field = id_field.ok_or_else(|| {
                format!("its argument `{argument}` and the property `{id_name}` of the asset differ in type")
            })?;
            Ok((id_name, find_by_id, id, asset_ty, fields, id_field))
        };
        let found = read();
        let (id_name, find_by_id, id, asset_ty, fields, id_field) =
            self.or_left_out(found, finder, &ability)?;
        let id_name = id_name.as_str();
        let asset_name = fields::ident(&asset_ty)?;
        let asset = fields::path(&asset_name);
        let id_tokens = fields::path(&id);
        let summary_of_asset = fields.summary(&quote!(asset), id_name);
        let id_of_asset = id_field.reference(&quote!(asset));
        let list = self.list(tag, (id_name, &id), &words);
        let find_by_ids = self.find_by_ids(tag, (id_name, &id), &asset_name);
        let save = self.save(tag, &asset_name);
        let client_made_id = Self::main(tag, &Verb::Create)
            .filter(|(operation, _)| operation.repeat == Repeat::ClientId && save.is_some())
            .map(|_| id_field.owned(&quote!(self), &id_tokens));
        let archive = self.change(tag, &Verb::Archive, "archiving many assets");
        let unarchive = self.change(tag, &Verb::Unarchive, "restoring many assets");
        let delete = self.change(tag, &Verb::Delete, "deleting many assets");
        let categorise = self.categorise(tag);
        let duplicate = self.duplicate(tag, &id, id_name);
        let pointer = |name: &str| Pointer::root().with_trailing_token(name).to_string();
        let name = fields.name(&words.singular);
        let category = fields.category(id_name).map(|field| field.name.as_str());
        let category = category.or(categorise.as_ref().map(|categorise| &*categorise.property));
        let category_property = category.map(str::to_owned);
        Some(Resource {
            kind: self.kind(self.plural(tag, &words)),
            handle: self.handle(self.plural(tag, &words)),
            segment: self.segments.get(&*tag.tag.module)?.clone(),
            words,
            id_property: id_name.to_owned(),
            id: id_tokens,
            asset,
            asset_type: asset_ty,
            find_by_id,
            find_by_ids,
            list,
            id_of_asset,
            summary_of_asset,
            children: Vec::new(),
            archive,
            unarchive,
            delete,
            categorise,
            duplicate,
            save,
            client_made_id,
            id_pointer: pointer(id_name),
            name_pointer: name.map(|field| pointer(&field.name)),
            category_property,
        })
    }

    /// Warns of a group with operations on single assets, but without an operation that finds an asset by ID.
    /// Operations are recognised by their titles, so the vendor may have changed the title of this operation.
    fn without_finder(&mut self, tag: &TagItems, ability: &str) {
        let on_assets = [
            Verb::FindByIds,
            Verb::Archive,
            Verb::Duplicate,
            Verb::MoveToCategory,
        ];
        let mut found = on_assets.iter().filter_map(|verb| Self::main(tag, verb));
        if let Some((operation, _)) = found.next() {
            let reason = "no operation of the group is recognised as finding an asset by ID";
            self.left_out(operation, ability, reason);
        }
    }

    /// Returns the word from which the names of a group's kind and handle are derived. This is the plural of
    /// the group, or the name of the group's own module if the plural clashes with another group.
    fn plural<'t>(&self, tag: &'t TagItems, words: &'t GroupWords) -> &'t str {
        let others = self.items.tags.iter().map(|other| &other.tag);
        let mut others = others.filter(|other| other.name != tag.tag.name);
        let is_taken = others.any(|other| {
            let other_words = self.model.vocabulary.groups.get(&other.name);
            other.module == words.plural || other_words.is_some_and(|other| other.plural == words.plural)
        });
        if is_taken { &tag.tag.module } else { &words.plural }
    }

    /// Derives the name of a kind of asset from the plural of its group. Appends `Kind` until no other type
    /// has the name.
    fn kind(&self, plural: &str) -> Ident {
        let mut name = naming::type_name(plural);
        while naming::TYPES.contains(&name.as_str())
            || self.structs.contains_key(&name)
            || self.model.is_enum(&name)
            || self.model.is_id(&name)
        {
            name.push_str("Kind");
        }
        format_ident!("{name}")
    }

    /// Derives the name of a handle from the plural of its group. If a method of an operation has the same
    /// name, appends `_handle`.
    fn handle(&self, plural: &str) -> Ident {
        let name = naming::handle(plural);
        let mut operations = self.model.operations.iter();
        let is_taken = operations.any(|operation| operation.id() == name);
        format_ident!("{name}{}", if is_taken { "_handle" } else { "" })
    }

    /// Finds the type that has a field for `property`. This is `ty` itself, or else the type of an object or
    /// of list items in a field of `ty`. In the second case, also returns the field of `ty`. If no field of
    /// `ty`, or more than one, contains such a type, returns `None`.
    fn wrapped(&self, ty: &Type, property: &str) -> Option<(Type, Option<Field>)> {
        let fields = self.fields(ty)?;
        if fields.get(property).is_some() {
            return Some((ty.clone(), None));
        }
        let mut inside = fields.all.iter().filter_map(|field| {
            let inner = self.fields(&field.inner)?;
            inner.get(property)?;
            Some((field.inner.clone(), Some(field.clone())))
        });
        match (inside.next(), inside.next()) {
            (Some(found), None) => Some(found),
            _ => None,
        }
    }

    fn find_by_ids(
        &mut self,
        tag: &TagItems,
        (id_name, id): (&str, &str),
        asset: &str,
    ) -> Option<TokenStream> {
        let (operation, method) = Self::main(tag, &Verb::FindByIds)?;
        let signature = Signature::of(method);
        let read = || {
            lists::paging(&|ty| self.fields(ty), operation, &signature.returns)?;
            let rows = self.rows(&signature.returns, id_name)?;
            let call = signature.find_many(operation, id, &rows);
            let call = call.filter(|_| rows.row == asset);
            call.ok_or_else(|| {
                let reason = "it does not take a list of IDs, or does not return assets";
                operation.reason(reason)
            })
        };
        let call = read();
        self.or_left_out(call, operation, "finding many assets at once")
    }

    fn list(&mut self, tag: &TagItems, (id_name, id): (&str, &str), words: &GroupWords) -> Option<List> {
        let (operation, method) = Self::main(tag, &Verb::List)?;
        let signature = Signature::of(method);
        let read = || {
            let arguments = signature.constant_arguments(operation, &self.model.enums);
            lists::paging(&|ty| self.fields(ty), operation, &signature.returns)?;
            let arguments = arguments.ok_or_else(|| "it requires more than a status".to_owned())?;
            let rows = self.rows(&signature.returns, id_name)?;
            if !rows.id.is(id) {
                return Err(format!("`{id_name}` has another type in its rows"));
            }
            let name = rows.fields.name(&words.singular);
            let name = name.map_or_else(|| quote!(String::new()), |field| field.value(&quote!(row)));
            let summary = rows.fields.summary(&quote!(row), id_name);
            let id_of_row = rows.id.taken(&quote!(row));
            let method = &method.sig.ident;
            let (row, id) = (fields::path(&rows.row), fields::path(id));
            let list_in = rows.place.step(&row);
            Ok(List {
                call: quote! {
                    |client| {
                        let call = client.#method(#(#arguments),*) #list_in;
                        call.map(|rows| rows.into_iter().filter_map(row).collect())
                    }
                },
                row: parse_quote! {
                    #[allow(clippy::unnecessary_wraps, reason = "rows of some groups may lack an ID")]
                    fn row(row: #row) -> Option<resource::ListRow<#id>> {
                        Some(resource::ListRow {
                            summary: #summary,
                            id: #id_of_row,
                            name: #name,
                        })
                    }
                },
            })
        };
        let list = read();
        self.or_left_out(list, operation, "the list of all assets")
    }

    fn save(&mut self, tag: &TagItems, asset: &str) -> Option<StoreCalls> {
        let (create, create_method) = Self::main(tag, &Verb::Create)?;
        let (save, save_method) = Self::main(tag, &Verb::Save)?;
        let create_call = Signature::of(create_method).store(asset);
        let save_call = Signature::of(save_method).store(asset);
        if create_call.is_none() || save_call.is_none() {
            let reason = "its body is not the asset that finding by ID returns";
            self.left_out(save, "creating and updating assets", reason);
        }
        Some(StoreCalls {
            create: create_call?,
            save: save_call?,
            create_operation: create.constant(),
            save_operation: save.constant(),
        })
    }

    fn change(&mut self, tag: &TagItems, verb: &Verb, ability: &str) -> Option<Change> {
        let (operation, _) = Self::main(tag, verb)?;
        let body = self.or_left_out(entries(self.source, operation, false), operation, ability)?;
        if let Some(reason) = body.no_children {
            self.left_out(operation, &format!("{ability} with their children"), &reason);
        }
        Some(Self::change_of(operation, body.entries))
    }

    fn change_of(operation: &Operation, entries: Entries) -> Change {
        Change {
            operation: operation.constant(),
            inferred: operation.requires_acknowledgement,
            entries,
        }
    }

    fn categorise(&mut self, tag: &TagItems) -> Option<Categorise> {
        let (operation, _) = Self::main(tag, &Verb::MoveToCategory)?;
        let change = entries(self.source, operation, true).and_then(|body| {
            let property = body
                .category
                .ok_or_else(|| "its body has no property for the category".to_owned())?;
            let id = self.model.vocabulary.ids.get(&property);
            let id = id.map(|id| id.type_name.as_str());
            let id = id.filter(|id| self.model.is_id(id));
            Ok(Categorise {
                change: Self::change_of(operation, body.entries),
                id: fields::path(id.unwrap_or("String")),
                property,
            })
        });
        self.or_left_out(change, operation, "moving many assets to a category")
    }

    fn duplicate(&mut self, tag: &TagItems, id: &str, id_name: &str) -> Option<Duplicate> {
        let (operation, method) = Self::main(tag, &Verb::Duplicate)?;
        let signature = Signature::of(method);
        let copy_id = self.copy_id(&signature.returns, id_name);
        let read = || {
            let request = signature.body()?;
            let fields = self.fields(&request)?;
            let name = fields.name("")?.text(&quote!(request))?;
            let map = fields.with_words("body_updates");
            let updates = map.and_then(|field| field.object(&quote!(request)));
            let not_a_map = map.filter(|_| updates.is_none()).map(|field| field.name.clone());
            let call = signature.duplicate(operation, id, copy_id.as_ref())?;
            let duplicate = Duplicate {
                request: fields::path(&fields::ident(&request)?),
                call,
                name,
                updates,
            };
            Some((duplicate, not_a_map))
        };
        let (duplicate, not_a_map) = read().unzip();
        if let Some(name) = not_a_map.flatten() {
            let reason = format!("the property `{name}` of its body is not a map of any JSON");
            self.left_out(operation, "overriding properties of each copy", &reason);
        }
        if duplicate.is_none() {
            let reason = operation.reason("it does not take one ID and a body with the name of the copy");
            self.left_out(operation, "copying many assets", &reason);
        } else if copy_id.is_none() && !signature.returns_text() && !signature.returns_nothing() {
            let reason = format!("its response has no property `id` or `{id_name}`, or more than one");
            self.left_out(operation, "the ID of each copy", &reason);
        }
        duplicate
    }

    /// Returns generated code: an expression of the type `Option<String>`, the ID of a copy. The variable
    /// `copy` is the response. The ID is a property of the response, or of the only object in the response
    /// that has such a property.
    fn copy_id(&self, response: &Type, id_name: &str) -> Option<TokenStream> {
        let names = ["id", id_name];
        let is_direct = |name: &&str| matches!(self.wrapped(response, name), Some((_, None)));
        let name = names.into_iter().find(is_direct).or_else(|| {
            let mut names = names.into_iter();
            names.find(|name| self.wrapped(response, name).is_some())
        })?;
        let (ty, around) = self.wrapped(response, name)?;
        let fields = self.fields(&ty)?;
        let field = fields.get(name)?;
        match around {
            None => Some(field.text_option(&quote!(copy))),
            Some(around) if around.is_list => None,
            Some(around) => Some(around.inside(&quote!(copy), |value| field.text_option(value))),
        }
    }

    fn read_back(&self, tag: &TagItems) -> Option<Item> {
        let (create, _) = Self::main(tag, &Verb::Create)?;
        let (find, _) = Self::main(tag, &Verb::FindById)?;
        if create.repeat != Repeat::ClientId {
            return None;
        }
        let property = self.model.vocabulary.id_properties.get(&tag.tag.name)?;
        let (create, find) = (create.constant(), find.constant());
        Some(parse_quote! {
            /// Call that reads an asset back if the result of its creation is unknown.
            pub(crate) static READ_BACK: ReadBack = ReadBack {
                create: &operations::#create,
                find: &operations::#find,
                property: #property,
                server_managed: SERVER_MANAGED,
            };
        })
    }

    /// Returns the schema of the group's assets, as the effective document states it for the request body
    /// that saves or creates an asset.
    fn asset_schema(&self, tag: &TagItems) -> Option<&'a Value> {
        let saved = Self::main(tag, &Verb::Save).or_else(|| Self::main(tag, &Verb::Create));
        id_list_bodies::body_schema(self.source, saved?.0)
    }

    /// Warns of each property in `x-server-managed` that the assets of the group do not have.
    fn check_server_managed(&mut self, tag: &TagItems, groups: &BTreeMap<String, GroupResource>) {
        let key = "x-server-managed";
        let resource = groups
            .get(&tag.tag.name)
            .and_then(|group| group.resource.as_ref());
        let Some(asset) = resource.and_then(|resource| self.fields(&resource.asset_type)) else {
            return;
        };
        for (at, entry) in tag_extensions::extension(self.source, &tag.tag.name, key) {
            let names = ["property", "of", "flag"].into_iter();
            for pointer in names.filter_map(|name| entry.text(name)) {
                if !self.may_have(&asset, pointer) {
                    self.without_property(&at, &tag.tag.name, pointer, "the entry has no effect");
                }
            }
        }
    }

    /// Warns that an extension of a tag names a property that the assets of the group `name` do not have.
    fn without_property(&mut self, at: &Pointer, name: &str, pointer: &str, consequence: &str) {
        let message = format!("the assets of *{name}* have no property `{pointer}`; {consequence}");
        let (severity, stage) = (Severity::Warning, Stage::Rewrite);
        let warning = self
            .source
            .diagnostic(severity, stage, "tag-extension", at, message);
        let fix = "correct the JSON pointer in the overlay; the vendor may have renamed the property";
        self.diagnostics.push(warning.fix(fix));
    }

    /// Returns `true` if an object with these fields may have a value at a JSON pointer. Values of a
    /// free-form property may have any properties.
    fn may_have(&self, fields: &Fields<'_>, pointer: &str) -> bool {
        let pointer = Pointer::parse(pointer).ok().and_then(Pointer::split_front);
        let Some((first, rest)) = pointer else {
            return false;
        };
        fields.get(&first.decoded()).is_some_and(|field| {
            rest.is_root()
                || match self.fields(&field.inner) {
                    Some(inner) => self.may_have(&inner, rest.as_str()),
                    None => !fields.is_scalar(field),
                }
        })
    }

    /// Returns the kinds of children that the tag lists, each with its usable JSON pointers, and warns of the
    /// other pointers. Also returns the calls that count the children. If children of one of these kinds
    /// cannot be counted, there are no such calls.
    fn children(
        &mut self,
        tag: &TagItems,
        groups: &BTreeMap<String, GroupResource>,
    ) -> (Vec<(String, Vec<String>)>, Vec<Children>) {
        let (mut kinds, mut calls) = (Vec::new(), Vec::new());
        for (at, entry) in tag_extensions::extension(self.source, &tag.tag.name, "x-children") {
            let Some((name, mut pointers)) = tag_extensions::child(entry) else {
                continue;
            };
            let group = self.items.tags.iter().find(|tag| tag.tag.name == name);
            let resource = groups.get(&name).and_then(|group| group.resource.as_ref());
            calls.push(group.zip(resource).and_then(|(group, resource)| {
                let asset = self.fields(&resource.asset_type)?;
                let rows = self.rows_of_list(group, resource);
                pointers.retain(|pointer| {
                    let may_have = |fields| self.may_have(fields, pointer);
                    let is_usable =
                        may_have(&asset) || rows.as_ref().is_some_and(|rows| may_have(&rows.fields));
                    if !is_usable {
                        let consequence = "without a usable pointer, the number of children is unknown";
                        self.without_property(&at, &name, pointer, consequence);
                    }
                    is_usable
                });
                self.count_children(tag, group, resource, &rows?, &pointers)
            }));
            kinds.push((name, pointers));
        }
        let calls = calls.into_iter().collect::<Option<Vec<Children>>>();
        (kinds, calls.unwrap_or_default())
    }

    /// Returns the rows in the response that lists the assets of a group.
    fn rows_of_list(&self, group: &TagItems, resource: &Resource) -> Option<Rows<'a>> {
        let (_, method) = Self::main(group, &Verb::List)?;
        let returns = Signature::of(method).returns;
        self.rows(&returns, &resource.id_property).ok()
    }

    /// Returns the call that counts the children in a group. Each child has the ID of its parent at one of
    /// `pointers`. Returns `None` if there are no pointers, or if the children cannot be listed.
    fn count_children(
        &self,
        tag: &TagItems,
        group: &TagItems,
        resource: &Resource,
        rows: &Rows<'_>,
        pointers: &[String],
    ) -> Option<Children> {
        let (list, method) = Self::main(group, &Verb::List)?;
        let first = pointers.first()?.trim_start_matches('/');
        let signature = Signature::of(method);
        lists::paging(&|ty| self.fields(ty), list, &signature.returns).ok()?;
        let statuses = ["not-deleted", "all"];
        let query = signature::statuses(list, &self.model.enums, &signature, &statuses)?;
        let query = query.iter().map(|(name, _, value)| quote!(.query(#name, #value)));
        let list_in = rows.place.step(&quote!(serde_json::Value));
        let list_in = list_in.unwrap_or_else(|| quote!(.list()));
        let (kind, id, list) = (&resource.kind, &resource.id_pointer, list.constant());
        let names_parents = rows.fields.get(first).is_some();
        let rows = if names_parents {
            quote!(NameParents)
        } else {
            quote!(HaveIds(#id))
        };
        let module = format_ident!("{}", group.tag.module);
        Some(Children {
            feature: (group.tag.name != tag.tag.name).then(|| group.tag.feature.clone()),
            count: quote! {
                resource::ChildQuery {
                    list: client.call(&crate::api::#module::operations::#list)#(#query)* #list_in,
                    rows: resource::ChildRows::#rows,
                    parents: &[#(#pointers),*],
                }
                .count::<crate::api::#module::resource::#kind>(client.clone(), &parents)
                .await
            },
        })
    }
}
