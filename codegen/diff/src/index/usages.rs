//! Places that use a part of the document, as paths that people can read. A *component* is any target of a
//! reference.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use funnelflux_openapi::{
    Provenance, operations,
    pointer::{self, Pointer},
    references::{self, References, Usages},
};

use crate::{
    level::Direction,
    node::{Node, entry_name},
    part_names::{schema_steps, source_schema, tokens, without_listed_types},
    report::{Component, Operations, Use, User},
};

/// The uses that the report contains, from both documents. Equal names and equal lists of operations are
/// stored once.
#[derive(Default)]
pub(crate) struct UsageTable {
    pub components: Vec<Component>,
    names: HashSet<Arc<str>>,
    lists: HashSet<Operations>,
}

impl UsageTable {
    fn name(&mut self, name: String) -> Arc<str> {
        if let Some(known) = self.names.get(name.as_str()) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Returns the list of the named operations, sorted by name. Equal lists share the same memory.
    pub(crate) fn list(&mut self, names: impl Iterator<Item = Arc<str>>) -> Operations {
        let names: BTreeSet<Arc<str>> = names.collect();
        let list: Operations = names.into_iter().collect();
        if let Some(known) = self.lists.get(&list) {
            return Arc::clone(known);
        }
        self.lists.insert(Arc::clone(&list));
        list
    }
}

/// Finds the uses of the parts of one document.
pub(crate) struct UsageIndex<'a> {
    usages: Usages<'a>,
    provenance: &'a Provenance,
    root: Node<'a>,
    /// Positions of components in [`UsageTable::components`], by the number of the target in the reference
    /// graph.
    components: HashMap<usize, usize>,
    /// Names of the operations, in the order of the document.
    names: Vec<Arc<str>>,
    /// Lists of operations that have been built. They are kept because many components have the same users.
    /// The key has an entry for each operation of the document: true if the operation is in the list.
    by_users: HashMap<Vec<bool>, Operations>,
}

impl<'a> UsageIndex<'a> {
    pub(crate) fn new(
        references: &'a References<'a>,
        provenance: &'a Provenance,
        table: &mut UsageTable,
    ) -> Self {
        let usages = Usages::new(references);
        let operations = usages.operations.iter();
        Self {
            names: operations
                .map(|operation| table.name(operation.to_string()))
                .collect(),
            usages,
            provenance,
            root: Node::root(references.document()),
            components: HashMap::new(),
            by_users: HashMap::new(),
        }
    }

    /// Returns the operations that use the value at `pointer`.
    pub(crate) fn operations(
        &mut self,
        pointer: &Pointer,
        direction: Direction,
        table: &mut UsageTable,
    ) -> Operations {
        let shared = self.shared(pointer, direction, table);
        let direct = self.direct(pointer, direction, table).into_iter();
        let direct = direct.filter_map(|used| match used.user {
            User::Operation(name) => Some(name),
            User::Component(_) => None,
        });
        let direct: Vec<Arc<str>> = direct.collect();
        match direct.as_slice() {
            [] => shared,
            _ => table.list(shared.iter().cloned().chain(direct)),
        }
    }

    /// Returns the operations that use the value at `pointer` through a reference.
    fn shared(&mut self, pointer: &Pointer, direction: Direction, table: &mut UsageTable) -> Operations {
        let mut is_user = vec![false; self.names.len()];
        let users = self.usages.users(self.usages.around(pointer));
        for used in users.into_iter().flat_map(|target| self.usages.of(target)) {
            if let references::User::Operation {
                number,
                direction: of,
            } = used.user
                && direction.wants(of.into())
                && let Some(is_user) = is_user.get_mut(number)
            {
                *is_user = true;
            }
        }
        if let Some(known) = self.by_users.get(&is_user) {
            return Arc::clone(known);
        }
        let names = self.names.iter().zip(&is_user).filter(|(_, is_user)| **is_user);
        let list = table.list(names.map(|(name, _)| Arc::clone(name)));
        self.by_users.insert(is_user, Arc::clone(&list));
        list
    }

    /// Lists the direct uses of a part of the document: by the operations to which the part belongs, and by
    /// the components that contain it. Adds these components, and all components that use them, to the table.
    pub(crate) fn uses(
        &mut self,
        pointer: &Pointer,
        direction: Direction,
        table: &mut UsageTable,
    ) -> Vec<Use> {
        let mut uses = self.direct(pointer, direction, table);
        let around: Vec<usize> = self.usages.around(pointer).collect();
        // References lead to the place itself or to an enclosing place.
        for target in around {
            self.add_component(target, table);
            uses.extend(self.use_by(target, pointer));
        }
        uses
    }

    /// Adds the component, and all components that use it directly or indirectly, to the table.
    fn add_component(&mut self, target: usize, table: &mut UsageTable) {
        if self.components.contains_key(&target) {
            return;
        }
        let mut fresh = self.usages.users([target]);
        fresh.retain(|target| !self.components.contains_key(target));
        for (number, target) in (table.components.len()..).zip(&fresh) {
            self.components.insert(*target, number);
        }
        for target in fresh {
            let pointer = self.usages.target(target).unwrap_or_default();
            let pointer = self.provenance.place(pointer).pointer().to_buf();
            let used_by = self.used_by(target);
            table.components.push(Component { pointer, used_by });
        }
    }

    fn used_by(&self, target: usize) -> Vec<Use> {
        let mut used_by = Vec::new();
        for used in self.usages.of(target) {
            let found = match used.user {
                references::User::Operation { number, direction } => self.names.get(number).map(|name| Use {
                    user: User::Operation(Arc::clone(name)),
                    direction: direction.into(),
                    path: operation_steps(&self.root, &without_listed_types(self.provenance, &used.from)),
                }),
                references::User::Target(user) => self.use_by(user, &used.from),
            };
            used_by.extend(found.filter(|found| !used_by.contains(found)));
        }
        used_by
    }

    /// Returns the use of the place at `pointer` by the component `target`, which encloses the place.
    fn use_by(&self, target: usize, pointer: &Pointer) -> Option<Use> {
        Some(Use {
            user: User::Component(*self.components.get(&target)?),
            direction: Direction::None,
            path: self.steps_within(self.usages.target(target)?, pointer),
        })
    }

    /// Returns the steps from the component at `at` to the place at `pointer`. If the component is a schema,
    /// its name is the first step.
    fn steps_within(&self, at: &Pointer, pointer: &Pointer) -> Vec<String> {
        let mut path = Vec::new();
        let outer = tokens(at);
        if let [root, kind, name, rest @ ..] = outer.as_slice()
            && root == "components"
            && kind == "schemas"
        {
            path.push(match source_schema(self.provenance, at) {
                Some((_, source)) => source,
                None => name.clone(),
            });
            schema_steps(rest, &mut path);
        }
        let inner = tokens(&without_listed_types(self.provenance, pointer));
        schema_steps(inner.get(outer.len()..).unwrap_or_default(), &mut path);
        path
    }

    /// Lists the uses of a place by the operation that contains it, or by the operations of its path item.
    fn direct(&self, pointer: &Pointer, direction: Direction, table: &mut UsageTable) -> Vec<Use> {
        if !pointer.starts_with(Pointer::from_static("/paths")) {
            return Vec::new();
        }
        let mut used = |operation: String, direction| Use {
            user: User::Operation(table.name(operation)),
            direction,
            path: operation_steps(&self.root, &without_listed_types(self.provenance, pointer)),
        };
        if let Some(operation) = pointer::operation(pointer) {
            let found: Direction = pointer.get(3..).and_then(operations::Direction::of).into();
            let is_wanted = found == Direction::None || direction.wants(found);
            return is_wanted.then(|| used(operation, found)).into_iter().collect();
        }
        let operations = self.usages.operations.iter().filter(|operation| {
            let item = operation.pointer.parent();
            item.is_some_and(|item| pointer.starts_with(item))
                && !overrides(self.root.value, operation.value, pointer)
        });
        operations
            .map(|operation| used(operation.to_string(), Direction::None))
            .collect()
    }
}

impl From<Option<operations::Direction>> for Direction {
    fn from(direction: Option<operations::Direction>) -> Self {
        match direction {
            Some(operations::Direction::Request) => Self::Request,
            Some(operations::Direction::Response) => Self::Response,
            None => Self::None,
        }
    }
}

/// Checks whether `place` is in a parameter of a path, and the operation overrides this parameter.
fn overrides(document: &Value, operation: &Value, place: &Pointer) -> bool {
    let name = |parameter: &Value| entry_name(references::resolve(document, Pointer::root(), parameter).1);
    let is_parameter = place.get(2).is_some_and(|key| key.encoded() == "parameters");
    let parameter = place.get(..4).filter(|_| is_parameter);
    let shared = parameter.and_then(|parameter| name(document.pointer(parameter.as_str())?));
    let own = operation.get("parameters").and_then(Value::as_array);
    let mut own = own.into_iter().flatten().filter_map(name);
    shared.is_some_and(|shared| own.any(|own| own == shared))
}

/// Returns the steps from an operation to the place at `pointer`, which is in the operation or in the
/// parameters of its path.
fn operation_steps(root: &Node<'_>, pointer: &Pointer) -> Vec<String> {
    let all = tokens(pointer);
    let depth = if pointer::operation(pointer).is_some() {
        3
    } else {
        2
    };
    let (first, rest) = match all.get(depth..).unwrap_or_default() {
        [part, index, rest @ ..] if part == "parameters" => {
            let parameter = pointer.get(..depth + 2);
            let parameter =
                parameter.and_then(|at| Some(Node::at(root.value.pointer(at.as_str())?, at.to_buf())));
            let parameter = parameter.map(|parameter| parameter.resolve(root.value));
            let text = |key: &str| parameter.as_ref().and_then(|parameter| parameter.str(key));
            let name = text("name").unwrap_or(index);
            (format!("{} {name}", text("in").unwrap_or("parameter")), rest)
        }
        [part, rest @ ..] if part == "requestBody" => ("body".to_owned(), rest),
        [part, status, rest @ ..] if part == "responses" => (status.clone(), rest),
        _ => return Vec::new(),
    };
    let mut path = vec![first];
    schema_steps(rest, &mut path);
    path
}
