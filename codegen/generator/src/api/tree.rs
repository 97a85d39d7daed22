//! Tree: the modules of a crate, what each name in them stands for, and by which names it can be reached from outside.

use std::collections::BTreeMap;

use syn::{Item, UseTree, Visibility};

use super::{gate::Gate, macros};

/// How far a name is followed through `use` declarations, which can lead in a circle.
const MOST_STEPS: usize = 32;

/// A module: its names from the root on.
pub(super) type ModulePath = Vec<String>;

/// Where something is declared: its module and its name.
pub(super) type Place = (ModulePath, String);

/// One module, or all modules of one name of which each build has one.
#[derive(Default)]
pub(super) struct Module {
    /// What it takes to have the module at all; `None` while nothing has declared it.
    gate: Option<Gate>,
    is_public: bool,
    /// Each with what it takes to have it, the module included.
    pub(super) items: Vec<(Gate, Item)>,
    /// What its `use` declarations bring.
    imports: Vec<Import>,
}

/// One path of a `use` declaration.
struct Import {
    path: Vec<String>,
    /// What it is called here; `None` brings everything.
    name: Option<String>,
    is_public: bool,
    /// What it takes to have it, the module included.
    gate: Gate,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Module(ModulePath),
    Item(Place),
    /// Of another crate, as it is written.
    Outside(String),
}

/// A name by which something can be reached from outside.
pub(super) struct Public {
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) gate: Gate,
}

/// The modules of a crate.
pub(super) struct Tree(pub(super) BTreeMap<ModulePath, Module>);

impl Tree {
    /// Reads the files of a crate, by their path below `src`, from `lib.rs` on.
    ///
    /// # Errors
    /// The name of the first file that is missing or no Rust, and why.
    pub(super) fn read(files: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut tree = Self(BTreeMap::new());
        let root = parse(files, "lib.rs")?;
        tree.add(files, Vec::new(), "", root, Gate::default(), true)?;
        Ok(tree)
    }

    /// `folder` is where the files of its modules are, with a slash at its end.
    fn add(
        &mut self,
        files: &BTreeMap<String, String>,
        path: ModulePath,
        folder: &str,
        items: Vec<Item>,
        gate: Gate,
        is_public: bool,
    ) -> Result<(), String> {
        let mut kept = Vec::new();
        let mut imports = Vec::new();
        for item in items {
            let own = Gate::of(attributes(&item)).and(&gate);
            if own.is_test() {
                continue;
            }
            match item {
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let inner: ModulePath = path.iter().cloned().chain([name.clone()]).collect();
                    let below = format!("{folder}{name}/");
                    let items = if let Some((_, items)) = module.content {
                        items
                    } else {
                        let beside = format!("{folder}{name}.rs");
                        let inside = format!("{below}mod.rs");
                        let is_beside = files.contains_key(&beside);
                        parse(files, if is_beside { &beside } else { &inside })?
                    };
                    self.add(files, inner, &below, items, own, is_pub(&module.vis))?;
                }
                Item::Use(item) => flatten(&item.tree, Vec::new(), is_pub(&item.vis), &own, &mut imports),
                item => kept.push((own, item)),
            }
        }
        let module = self.0.entry(path).or_default();
        module.gate = Some(match module.gate.take() {
            Some(other) => other.or(gate),
            None => gate,
        });
        module.is_public |= is_public;
        module.items.extend(kept);
        module.imports.extend(imports);
        Ok(())
    }

    /// What a path that is written in a module stands for; `None` where it is of another crate, or of the language.
    pub(super) fn resolve(&self, from: &[String], path: &[String]) -> Option<Target> {
        self.follow(from, path, 0)
    }

    fn follow(&self, from: &[String], path: &[String], steps: usize) -> Option<Target> {
        if steps > MOST_STEPS {
            return None;
        }
        let mut at = Target::Module(from.to_vec());
        for (index, segment) in path.iter().enumerate() {
            let Target::Module(module) = &at else {
                return None;
            };
            at = match segment.as_str() {
                "crate" if index == 0 => Target::Module(Vec::new()),
                "self" if index == 0 => continue,
                "super" => Target::Module(module.split_last()?.1.to_vec()),
                name => self.find(module, name, steps)?,
            };
        }
        Some(at)
    }

    /// What a name stands for in a module.
    fn find(&self, module: &[String], name: &str, steps: usize) -> Option<Target> {
        let inner: ModulePath = module.iter().cloned().chain([name.to_owned()]).collect();
        if self.0.contains_key(&inner) {
            return Some(Target::Module(inner));
        }
        let this = self.0.get(module)?;
        let declares = |item: &Item| declared(item).is_some_and(|(declared, _)| declared == name);
        if this.items.iter().any(|(_, item)| declares(item)) {
            return Some(Target::Item((module.to_vec(), name.to_owned())));
        }
        let named = this
            .imports
            .iter()
            .filter(|import| import.name.as_deref() == Some(name))
            // `use http;` names another crate, not itself.
            .filter(|import| import.path != [name]);
        let mut named = named.map(|import| {
            self.follow(module, &import.path, steps + 1)
                .unwrap_or_else(|| Target::Outside(import.path.join("::")))
        });
        if let Some(target) = named.next() {
            return Some(target);
        }
        this.imports
            .iter()
            .filter(|import| import.name.is_none())
            .find_map(|import| match self.follow(module, &import.path, steps + 1)? {
                Target::Module(inner) => self.find(&inner, name, steps + 1),
                _ => None,
            })
    }

    /// Every name that can be reached from outside.
    pub(super) fn public(&self) -> Vec<Public> {
        let mut names = Vec::new();
        self.reach(&[], "", &Gate::default(), &mut Vec::new(), &mut names);
        names
    }

    fn reach(
        &self,
        module: &[String],
        prefix: &str,
        gate: &Gate,
        above: &mut Vec<ModulePath>,
        names: &mut Vec<Public>,
    ) {
        above.push(module.to_vec());
        for export in self.exports(module, 0) {
            let name = format!("{prefix}{}", export.name);
            let gate = gate.clone().and(&export.gate);
            if let Target::Module(inner) = &export.target
                && !above.contains(inner)
            {
                self.reach(inner, &format!("{name}::"), &gate, above, names);
            }
            names.push(Public {
                name,
                target: export.target,
                gate,
            });
        }
        above.pop();
    }

    /// What a module shows to whoever can name it.
    fn exports(&self, path: &[String], steps: usize) -> Vec<Public> {
        let Some(module) = self.0.get(path).filter(|_| steps <= MOST_STEPS) else {
            return Vec::new();
        };
        let items = module.items.iter().filter_map(|(gate, item)| {
            let (name, is_public) = declared(item)?;
            is_public.then(|| Public {
                target: Target::Item((path.to_vec(), name.clone())),
                name,
                gate: gate.clone(),
            })
        });
        let modules = self.0.iter().filter_map(|(inner, module)| {
            let (name, parent) = inner.split_last()?;
            (parent == path && module.is_public).then(|| Public {
                name: name.clone(),
                target: Target::Module(inner.clone()),
                gate: module.gate.clone().unwrap_or_default(),
            })
        });
        let mut exports: Vec<Public> = items.chain(modules).collect();
        for import in module.imports.iter().filter(|import| import.is_public) {
            let gate = import.gate.clone();
            // `pub use http;` at the root names another crate.
            let target = match import.path.as_slice() {
                [only] if Some(only) == import.name.as_ref() => None,
                path_of_import => self.follow(path, path_of_import, steps + 1),
            };
            match (&import.name, target) {
                (Some(name), target) => exports.push(Public {
                    name: name.clone(),
                    target: target.unwrap_or_else(|| Target::Outside(import.path.join("::"))),
                    gate,
                }),
                (None, Some(Target::Module(inner))) => {
                    exports.extend(self.exports(&inner, steps + 1).into_iter().map(|export| Public {
                        gate: export.gate.and(&gate),
                        ..export
                    }));
                }
                (None, _) => exports.push(Public {
                    name: format!("{}::*", import.path.join("::")),
                    target: Target::Outside(import.path.join("::")),
                    gate,
                }),
            }
        }
        exports
    }
}

fn parse(files: &BTreeMap<String, String>, path: &str) -> Result<Vec<Item>, String> {
    let text = files
        .get(path)
        .ok_or_else(|| format!("{path}: there is no such file, and a module has it"))?;
    let file = syn::parse_file(text).map_err(|error| {
        let start = error.span().start();
        format!("{path}:{}:{}: {error}", start.line, start.column + 1)
    })?;
    Ok(file.items)
}

fn flatten(tree: &UseTree, mut path: Vec<String>, is_public: bool, gate: &Gate, imports: &mut Vec<Import>) {
    let mut put = |path: Vec<String>, name: Option<String>| {
        imports.push(Import {
            path,
            name,
            is_public,
            gate: gate.clone(),
        });
    };
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            flatten(&step.tree, path, is_public, gate, imports);
        }
        UseTree::Name(name) if name.ident == "self" => {
            let called = path.last().cloned();
            put(path, called);
        }
        UseTree::Name(name) => {
            path.push(name.ident.to_string());
            put(path, Some(name.ident.to_string()));
        }
        UseTree::Rename(name) => {
            if name.ident != "self" {
                path.push(name.ident.to_string());
            }
            put(path, Some(name.rename.to_string()));
        }
        UseTree::Glob(_) => put(path, None),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, path.clone(), is_public, gate, imports);
            }
        }
    }
}

/// What an item declares, and whether the world may see it.
pub(super) fn declared(item: &Item) -> Option<(String, bool)> {
    let (ident, visibility) = match item {
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Fn(item) => (&item.sig.ident, &item.vis),
        Item::Static(item) => (&item.ident, &item.vis),
        Item::Const(item) => (&item.ident, &item.vis),
        Item::Macro(item) => return Some((macros::type_name(item)?, true)),
        _ => return None,
    };
    Some((ident.to_string(), is_pub(visibility)))
}

pub(super) fn is_pub(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The attributes of an item.
pub(super) fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}
