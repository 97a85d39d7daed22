//! Kinds of assets. The document states the properties and relations of each kind, and the changes that the
//! service makes to its assets.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::{
    schemas::{Property, Schemas, Validator, elements, text_of},
    server_managed::{ServerManaged, set, value_at},
    verb::{Read, Verb, Write, singular, squash},
};

/// Properties that may contain the owner of an asset. The documentation states that a duplicate request
/// cannot change "ID, owner and status" of the copy, but it does not name the property of the owner.
const OWNER_PROPERTIES: [&str; 3] = ["owner", "idOwner", "idUser"];

/// Kind of asset.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Key of the kind. Usually, it is the beginning of the kind's paths, such as `offersource`.
    pub(crate) key: String,
    /// Tag of the kind in the document, such as `Offer Sources`.
    pub(crate) tag: String,
    /// Name of the property that contains the ID, such as `idOfferSource`.
    pub(crate) id: String,
    /// Name of the property that contains the name, such as `offerSourceName`.
    pub(crate) name: String,
    /// Name of the property that contains the ID of the category.
    pub(crate) category: Option<String>,
    /// Documented properties of the full object, in order.
    pub(crate) properties: Vec<Property>,
    /// Properties of the slim object that lists return. `None` means that lists return the full object.
    pub(crate) slim: Option<Vec<Property>>,
    /// Validator for full objects.
    pub(crate) validator: Option<Validator>,
    pub(crate) server_managed: Vec<ServerManaged>,
    pub(crate) filters: Vec<Filter>,
    /// JSON pointers to the only properties of a copy that a duplicate request may set. `None` means that
    /// there is no such restriction.
    copy_overrides: Option<Vec<String>>,
    /// Kinds of assets that can be children of an asset of this kind.
    pub(crate) children: Vec<Children>,
    /// JSON pointers to the ID of the parent, as stated by `x-children` in the tag of the parent's group.
    /// Only the first pointer is read.
    pub(crate) parent: Vec<String>,
}

/// Relation of a kind of asset to its children.
#[derive(Debug)]
pub(crate) struct Children {
    /// Key of the kind of the children.
    pub(crate) key: String,
    /// JSON pointers to the parent's ID in a child. Only the first pointer is read, but a new parent is
    /// written to all pointers.
    pub(crate) properties: Vec<String>,
}

/// Parameter of a list operation, as stated in `x-filters` of the tag. It selects assets by a property whose
/// name differs from the name of the parameter.
#[derive(Debug)]
pub(crate) struct Filter {
    parameter: String,
    /// JSON pointer to the property.
    property: String,
    /// If set, the parameter value `true` selects the assets that lack the property.
    absent: bool,
    /// Name of a parameter that takes precedence over this parameter.
    unless: Option<String>,
}

/// Operations on one kind of asset, each with its verb.
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
        // The response of find by ID describes the asset most completely. If it is missing, the body of save
        // is used.
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

    /// Returns the documented default of a property.
    pub(crate) fn default_of(&self, property: &str) -> Option<&Value> {
        self.property(property)?.default.as_ref()
    }

    fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// Returns true if the assets of this kind are the categories of other assets.
    pub(crate) fn is_category(&self) -> bool {
        self.id == CATEGORY || format!("id{}", singular(&self.tag)) == CATEGORY.to_lowercase()
    }

    pub(crate) fn has(&self, property: &str) -> bool {
        self.property(property).is_some()
    }

    /// Applies the changes that the service makes when it stores an asset. `before` is the previous body of
    /// the asset.
    pub(crate) fn apply_server_behavior(
        &self,
        before: Option<&Map<String, Value>>,
        body: &mut Map<String, Value>,
    ) {
        for managed in &self.server_managed {
            managed.apply(before, body);
        }
        // The service adds the required properties that no request may set.
        for property in self.properties.iter().filter(|property| property.read_only) {
            if let Some(value) = &property.required {
                body.entry(property.name.clone()).or_insert_with(|| value.clone());
            }
        }
    }

    /// Returns the ID of the parent of a child. An empty ID means that the child has no parent.
    pub(crate) fn parent_of<'a>(&self, body: &'a Map<String, Value>) -> Option<&'a str> {
        parent_at(self.parent.first()?, body)
    }

    /// Sets the parent of a child. If `parent` is empty, sets each property to an empty string instead of
    /// removing it, because the vendor's documentation says that the service "clears" the parent.
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

    /// Returns the JSON pointer to the property in which a copy stores the parent from a duplicate request.
    /// Returns `None` if the parent in the request is a category.
    pub(crate) fn copy_parent(&self) -> Option<&str> {
        match self.category {
            Some(_) => None,
            None => self.parent.first().map(String::as_str),
        }
    }

    /// Returns true if `bodyUpdates` of a duplicate request may set a property of the copy. The documentation
    /// states that ID, owner and status can never be set, and that the parent can be set only by a separate
    /// property of the request.
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

    /// Returns the value of a property that only rows of lists have. The asset itself has this value in a
    /// nested object. For example, `destinationType` is the `type` of `destination`.
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

    /// Returns true if an asset passes the filters of a list. A parameter selects assets by the property with
    /// the same name, unless `x-filters` of the tag names another property. A parameter with an empty value
    /// does not filter.
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

    /// Returns a valid, active asset with this ID and name. It has no other properties, except required ones.
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

    /// Adds properties to an asset. Properties that the document does not allow are left out.
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

/// Name of the property that contains the ID of an asset's category (documented for offer sources).
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

/// Returns the ID of the parent at a JSON pointer in a child. An empty ID means that the child has no parent.
pub(crate) fn parent_at<'a>(pointer: &str, body: &'a Map<String, Value>) -> Option<&'a str> {
    value_at(body, pointer)?.as_str().filter(|id| !id.is_empty())
}

/// Returns the text of a scalar as it appears in a query.
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

/// Returns the object schema that declares one of the candidate properties: `schema` itself, or else the
/// schema of one of its properties, if exactly one qualifies. Earlier candidates take precedence. If there is
/// no such schema, returns `schema`.
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

/// Schema of the rows of a list, and the names of the properties that lead to the list.
pub(crate) type RowsAt<'d> = (&'d Value, Vec<String>);

/// Finds the list in a response schema. The list is the schema itself or a list inside of an object. If
/// exactly one list inside of the object has rows with the ID property, returns this list. Otherwise, returns
/// the list among the object's own properties, if there is exactly one.
pub(crate) fn rows<'d>(schemas: &Schemas<'d>, schema: &'d Value, id: &str) -> Option<RowsAt<'d>> {
    if let Some(items) = schema.get("items") {
        return Some((schemas.resolve(items), Vec::new()));
    }
    // A schema with the ID property is an asset, and the lists in an asset are not lists of assets.
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

/// Returns the name of the property that contains the ID. This is the property with the name of the
/// parameter, or else a property that is named after the tag, or else `id`. If none of them exists, returns
/// the name of the parameter.
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

/// Returns the name of the property that contains the name of an asset. This is the property whose name
/// matches that of the ID (`offerSourceName` for `idOfferSource`), or else a property that is named after the
/// tag, or else `name`, or else a property whose name ends in `Name`. If none of them exists, returns `name`.
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
