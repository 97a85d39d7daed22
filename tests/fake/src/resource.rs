//! Kinds of assets, read from the document: their properties, their relations, and the changes that the
//! service makes to them.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::{
    schemas::{Property, Schemas, Validator, elements, text_of},
    server_managed::{ServerManaged, set, value_at},
    verb::{Read, Verb, Write, singular, squash},
};

/// Properties that may contain the owner of an asset. The documentation states that a copy keeps its "ID,
/// owner and status", but it does not name the property of the owner.
const OWNER_PROPERTIES: [&str; 3] = ["owner", "idOwner", "idUser"];

/// A kind of asset.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Beginning of its paths, such as `offersource`.
    pub(crate) key: String,
    /// Name of its group, such as `Offer Sources`.
    pub(crate) tag: String,
    /// Property that holds the ID, such as `idOfferSource`.
    pub(crate) id: String,
    /// Property that holds the name, such as `offerSourceName`.
    pub(crate) name: String,
    /// Property that holds the ID of the category.
    pub(crate) category: Option<String>,
    /// The documented properties of the full object, in order.
    pub(crate) properties: Vec<Property>,
    /// The properties of the slim object that lists return. `None` if lists return the full object.
    pub(crate) slim: Option<Vec<Property>>,
    /// Validator for full objects.
    pub(crate) validator: Option<Validator>,
    pub(crate) server_managed: Vec<ServerManaged>,
    pub(crate) filters: Vec<Filter>,
    /// Pointers to the only properties of a copy that a request may set.
    copy_overrides: Option<Vec<String>>,
    /// Children of the assets of this kind.
    pub(crate) children: Vec<Children>,
    /// Pointers to the ID of the parent, as stated by `x-children` of the parent's group. The first pointer
    /// is read.
    pub(crate) parent: Vec<String>,
}

/// Children of a kind.
#[derive(Debug)]
pub(crate) struct Children {
    /// Key of the kind of the children.
    pub(crate) key: String,
    /// Pointers to the parent's ID in a child. The first pointer is read, and all pointers are set.
    pub(crate) properties: Vec<String>,
}

/// A parameter of lists that selects assets by a property whose name differs from the name of the parameter
/// (`x-filters` of a tag).
#[derive(Debug)]
pub(crate) struct Filter {
    parameter: String,
    /// JSON pointer.
    property: String,
    /// `true` if the parameter value `true` selects the assets that lack the property.
    absent: bool,
    /// Name of a parameter that takes precedence over this parameter.
    unless: Option<String>,
}

/// Operations under one path, each with its verb.
pub(crate) type Operations<'d> = Vec<(Verb, &'d Value)>;

impl Resource {
    pub(crate) fn read<'d>(
        schemas: &Schemas<'d>,
        key: String,
        tag: &str,
        extensions: &Value,
        id: &str,
        operations: &Operations<'d>,
    ) -> Self {
        let operation_for = |wanted: Verb| {
            let mut found = operations.iter().filter(|(verb, _)| *verb == wanted);
            found.next().map(|(_, operation)| *operation)
        };
        let saved =
            operation_for(Verb::Write(Write::Save)).or_else(|| operation_for(Verb::Write(Write::Create)));
        let saved = saved.and_then(|operation| schemas.body_schema(operation));
        // The response of find by ID describes the asset most completely; the body of save is second best.
        let full = operation_for(Verb::Read(Read::FindById))
            .and_then(|operation| schemas.answer(operation))
            .map(|answer| unwrapped(schemas, answer, &[id, "id"]))
            .or(saved);
        let properties = full.map(|schema| schemas.properties(schema)).unwrap_or_default();
        let has = |name: &str| properties.iter().any(|property| property.name == name);
        let id = id_property(id, tag, &properties);
        let name = name_property(&id, tag, &properties);
        let row = operation_for(Verb::Read(Read::List))
            .and_then(|operation| schemas.answer(operation))
            .and_then(|answer| Some(rows(schemas, answer, &id)?.0));
        let slim = row
            .filter(|row| full != Some(*row))
            .map(|row| schemas.properties(row));
        let mut server_managed = ServerManaged::of_tag(extensions);
        for property in properties.iter().filter(|property| property.read_only) {
            let pointer = format!("/{}", property.name);
            if property.name != id && server_managed.iter().all(|known| known.property() != pointer) {
                server_managed.push(ServerManaged::read_only(pointer));
            }
        }
        let category = has(CATEGORY)
            .then(|| CATEGORY.to_owned())
            .filter(|category| *category != id);
        let overrides = extensions
            .get("x-duplicate")
            .and_then(|copy| copy.get("overrides"));
        let overrides = overrides
            .and_then(Value::as_array)
            .map(|pointers| texts(pointers.iter()));
        Self {
            validator: full.map(|schema| schemas.validator(schema)),
            key,
            tag: tag.to_owned(),
            id,
            name,
            category,
            properties,
            slim,
            server_managed,
            filters: Filter::of_tag(extensions),
            copy_overrides: overrides,
            children: Vec::new(),
            parent: Vec::new(),
        }
    }

    /// The documented default of a property.
    pub(crate) fn default_of(&self, property: &str) -> Option<&Value> {
        self.property(property)?.default.as_ref()
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Returns whether the assets of this kind are the categories of other assets.
    pub(crate) fn is_category(&self) -> bool {
        self.id == CATEGORY || format!("id{}", singular(&self.tag)) == CATEGORY.to_lowercase()
    }

    pub(crate) fn has(&self, property: &str) -> bool {
        self.property(property).is_some()
    }

    /// Makes the changes that the service makes when it stores an asset. `before` is the previous body of the
    /// asset.
    pub(crate) fn apply_server_behavior(
        &self,
        before: Option<&Map<String, Value>>,
        body: &mut Map<String, Value>,
    ) {
        for managed in &self.server_managed {
            managed.apply(before, body);
        }
        // The service makes the required properties that no request may set.
        for property in self.properties.iter().filter(|property| property.read_only) {
            if let Some(value) = &property.required {
                body.entry(property.name.clone()).or_insert_with(|| value.clone());
            }
        }
    }

    /// The ID of the parent of a child. An empty string means none.
    pub(crate) fn parent_of<'a>(&self, body: &'a Map<String, Value>) -> Option<&'a str> {
        parent_at(self.parent.first()?, body)
    }

    /// Sets the parent of a child. An empty string clears it, following the documentation's word "clears".
    pub(crate) fn set_parent(&self, properties: &[String], body: &mut Map<String, Value>, parent: &str) {
        let before = body.clone();
        for property in properties {
            set(body, property, Value::from(parent));
        }
        for managed in &self.server_managed {
            if properties.iter().any(|property| managed.is_alias_of(property)) {
                managed.apply(Some(&before), body);
            }
        }
    }

    /// Pointer to the property of a copy that receives the parent of the duplicate request; `None` if that
    /// parent is a category.
    pub(crate) fn copy_parent(&self) -> Option<&str> {
        match self.category {
            Some(_) => None,
            None => self.parent.first().map(String::as_str),
        }
    }

    /// Returns whether `bodyUpdates` of a request may set a property of a copy. Documented: ID, owner and
    /// status can never be set, and the parent can be set only by the separate property of the request.
    pub(crate) fn may_override(&self, property: &str) -> bool {
        let pointer = format!("/{property}");
        if let Some(overrides) = &self.copy_overrides {
            return overrides.contains(&pointer);
        }
        let is_parent = self.copy_parent().is_some_and(|parent| {
            parent == pointer
                || self
                    .server_managed
                    .iter()
                    .any(|managed| managed.property() == pointer && managed.is_alias_of(parent))
        });
        property != self.id && property != "status" && !OWNER_PROPERTIES.contains(&property) && !is_parent
    }

    /// Returns the value of a property that only rows of lists have: `destinationType` is the `type` of
    /// `destination`.
    pub(crate) fn nested(&self, property: &str, body: &Map<String, Value>) -> Option<Value> {
        if self.has(property) {
            return None;
        }
        body.iter().find_map(|(name, value)| {
            let rest = property.strip_prefix(name.as_str())?;
            let member = value
                .as_object()?
                .iter()
                .find(|(member, _)| squash(member) == squash(rest));
            member.map(|(_, value)| value.clone())
        })
    }

    /// Returns whether an asset passes the filters of a list. A parameter selects by the property of the same
    /// name unless the tag has `x-filters` for it. An empty value does not filter.
    pub(crate) fn passes_filters(&self, body: &Map<String, Value>, pairs: &[(String, String)]) -> bool {
        let given = |wanted: &str| {
            let mut given = pairs
                .iter()
                .filter(|(name, value)| name == wanted && !value.is_empty());
            given.next().map(|(_, value)| value.as_str())
        };
        let by_extension = self.filters.iter().all(|filter| {
            let value = given(&filter.parameter);
            let value = value.filter(|_| {
                filter
                    .unless
                    .as_deref()
                    .is_none_or(|unless| given(unless).is_none())
            });
            let property = value_at(body, &filter.property)
                .map(scalar_text)
                .unwrap_or_default();
            match value {
                None => true,
                Some(value) if filter.absent => value != "true" || property.is_empty(),
                Some(value) => property == value,
            }
        });
        by_extension
            && pairs.iter().all(|(name, value)| {
                let is_special = self.filters.iter().any(|filter| filter.parameter == *name);
                let is_filter = !is_special && name != "status" && !value.is_empty() && self.has(name);
                !is_filter || body.get(name).map(scalar_text).unwrap_or_default() == *value
            })
    }

    /// A valid asset, with the required properties only.
    pub(crate) fn sample(&self, id: &str, name: &str) -> Map<String, Value> {
        let required = self.properties.iter();
        let mut body: Map<String, Value> = required
            .filter_map(|property| Some((property.name.clone(), property.required.clone()?)))
            .collect();
        body.insert(self.id.clone(), Value::from(id));
        if self.has(&self.name) {
            body.insert(self.name.clone(), Value::from(name));
        }
        if self.has("status") {
            body.insert("status".to_owned(), Value::from("active"));
        }
        body
    }

    /// Adds properties to an asset, as many as the document allows.
    pub(crate) fn extend(&self, body: &mut Map<String, Value>, properties: Value) {
        let Value::Object(properties) = properties else {
            return;
        };
        for (name, value) in properties {
            let mut changed = body.clone();
            changed.insert(name, value);
            let changed = Value::Object(changed);
            let is_valid = match &self.validator {
                Some(validator) => validator.accepts(&changed),
                None => true,
            };
            if let (true, Value::Object(changed)) = (is_valid, changed) {
                *body = changed;
            }
        }
    }
}

/// Property with the ID of the category of an asset (documented for offer sources).
pub(crate) const CATEGORY: &str = "idCategory";

impl Filter {
    fn of_tag(tag: &Value) -> Vec<Self> {
        elements(tag, "x-filters")
            .map(|entry| Self {
                parameter: text_of(entry, "parameter"),
                property: text_of(entry, "property"),
                absent: entry.get("absent").and_then(Value::as_bool).unwrap_or(false),
                unless: entry.get("unless").and_then(Value::as_str).map(str::to_owned),
            })
            .collect()
    }
}

/// The ID of the parent at a pointer in a child. An empty string means none.
pub(crate) fn parent_at<'a>(pointer: &str, body: &'a Map<String, Value>) -> Option<&'a str> {
    value_at(body, pointer)?.as_str().filter(|id| !id.is_empty())
}

/// A scalar as a query shows it.
pub(crate) fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn texts<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The schema of the object with the first of these properties: the schema itself, or the only object inside
/// of it.
fn unwrapped<'d>(schemas: &Schemas<'d>, schema: &'d Value, candidates: &[&str]) -> &'d Value {
    let inside = |property: &str| {
        let fields = schemas.properties(schema).into_iter();
        let mut found = fields.filter_map(|field| {
            let inner = schemas.property(schema, &field.name)?;
            schemas.property(inner, property).map(|_| inner)
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    for property in candidates {
        if schemas.property(schema, property).is_some() {
            return schema;
        }
        if let Some(inner) = inside(property) {
            return inner;
        }
    }
    schema
}

/// Schema of the rows of a list, and the properties that lead to the list.
pub(crate) type RowsAt<'d> = (&'d Value, Vec<String>);

/// The rows of a list. Inside of an object, this is the only list whose rows have the ID property, or else
/// the only list among the object's own properties.
pub(crate) fn rows<'d>(schemas: &Schemas<'d>, schema: &'d Value, id: &str) -> Option<RowsAt<'d>> {
    if let Some(items) = schema.get("items") {
        return Some((schemas.resolve(items), Vec::new()));
    }
    // An asset may contain lists.
    if schemas.property(schema, id).is_some() {
        return None;
    }
    let mut lists = Vec::new();
    lists_inside(schemas, schema, &[], &mut lists);
    let only = |accepts: &dyn Fn(&RowsAt<'d>) -> bool| {
        let mut accepted = lists.iter().filter(|list| accepts(list));
        accepted.next().filter(|_| accepted.next().is_none()).cloned()
    };
    only(&|(row, _)| schemas.property(row, id).is_some()).or_else(|| only(&|(_, path)| path.len() == 1))
}

fn lists_inside<'d>(schemas: &Schemas<'d>, schema: &'d Value, path: &[String], lists: &mut Vec<RowsAt<'d>>) {
    const DEPTH: usize = 4;
    for field in schemas.properties(schema) {
        let Some(inner) = schemas.property(schema, &field.name) else {
            continue;
        };
        let mut path = path.to_vec();
        path.push(field.name);
        match inner.get("items") {
            Some(items) => lists.push((schemas.resolve(items), path)),
            None if path.len() < DEPTH => lists_inside(schemas, inner, &path, lists),
            None => {}
        }
    }
}

/// The property that contains the ID: the property that has the name of the parameter, or else a property
/// that has the name of the group.
fn id_property(parameter: &str, tag: &str, properties: &[Property]) -> String {
    let asset = singular(tag);
    let names = properties.iter().map(|property| &property.name);
    let is_own = |name: &&String| {
        let name = squash(name);
        name == format!("id{asset}") || name == format!("{asset}id")
    };
    let by_name = |wanted: &str| names.clone().find(|name| *name == wanted);
    let found = by_name(parameter)
        .or_else(|| names.clone().find(is_own))
        .or_else(|| by_name("id"));
    found.cloned().unwrap_or_else(|| parameter.to_owned())
}

/// The property that contains the name. The first of these that exists is returned: `offerSourceName` if the
/// ID is `idOfferSource`, a property with the name of the tag, `name`, a property that ends in `Name`.
fn name_property(id: &str, tag: &str, properties: &[Property]) -> String {
    let of_id = id.strip_prefix("id").map(|kind| squash(&format!("{kind}Name")));
    let of_tag = format!("{}name", singular(tag));
    let names = || properties.iter().map(|property| &property.name);
    let found = names()
        .find(|name| of_id.as_ref() == Some(&squash(name)))
        .or_else(|| names().find(|name| squash(name) == of_tag))
        .or_else(|| names().find(|name| *name == "name"))
        .or_else(|| names().find(|name| name.ends_with("Name")));
    found.cloned().unwrap_or_else(|| "name".to_owned())
}

/// Connects each kind of asset with its children. The extension `x-children` of a tag lists the child groups
/// and the properties that contain the parent's ID. In addition, an asset that has a category ID is a child
/// of that category. Only operations that act on children use these relations.
pub(crate) fn connect(resources: &mut IndexMap<String, Resource>, tags: &[&Value]) {
    let key_of = |tag: &str| {
        let mut found = resources.values().filter(|resource| resource.tag == tag);
        found.next().map(|resource| resource.key.clone())
    };
    let mut relations: Vec<(String, Children)> = Vec::new();
    for tag in tags {
        let Some(parent) = key_of(&text_of(tag, "name")) else {
            continue;
        };
        relations.extend(elements(tag, "x-children").filter_map(|child| {
            let children = Children {
                key: key_of(&text_of(child, "tag"))?,
                properties: texts(elements(child, "properties")),
            };
            Some((parent.clone(), children))
        }));
    }
    for (_, children) in &relations {
        if let Some(child) = resources.get_mut(&children.key)
            && child.parent.is_empty()
        {
            child.parent.clone_from(&children.properties);
        }
    }
    for parent in resources.values().filter(|resource| resource.is_category()) {
        for child in resources.values() {
            if let Some(category) = &child.category {
                let children = Children {
                    key: child.key.clone(),
                    properties: vec![format!("/{category}")],
                };
                relations.push((parent.key.clone(), children));
            }
        }
    }
    for (parent, children) in relations {
        if let Some(parent) = resources.get_mut(&parent) {
            parent.children.push(children);
        }
    }
}
