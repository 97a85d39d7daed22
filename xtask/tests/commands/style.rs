//! Tests of rules that rustfmt does not enforce: lines, including comments, have a maximum length, and
//! modules form no cycles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

/// Maximum number of columns of code and comments. It equals `max_width` in `.rustfmt.toml`.
const COLUMNS: usize = 110;

/// Folder of generated code. It is not checked, because its comments come from the document.
const GENERATED: &str = "generated/src/api";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn rust_files(folder: &Path, root: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if name.starts_with('.') || name == "target" || path == root.join(GENERATED) {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, root, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn lines_have_at_most_110_columns() {
    let root = root();
    let mut files = Vec::new();
    rust_files(root, root, &mut files);
    assert!(files.len() > 50, "only {} files", files.len());
    let mut long = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().display();
        for (index, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS {
                long.push(format!("{name}:{}: {columns} columns", index + 1));
            }
        }
    }
    assert!(
        long.is_empty(),
        "{} lines with more than {COLUMNS} columns:\n{}",
        long.len(),
        long.join("\n")
    );
}

/// Path of a module or of an item in its crate, such as `["lint", "rules"]`.
type ItemPath = Vec<String>;

/// The paths that a module names.
#[derive(Default)]
struct Module {
    path: ItemPath,
    named: Vec<ItemPath>,
    /// Imported paths, keyed by their names in the module.
    imported: BTreeMap<String, ItemPath>,
}

impl Module {
    /// Resolves a path as written in the module, and adds it to `named`. A path into another crate becomes a
    /// path below this module. `defining` ignores such paths.
    fn name(&mut self, written: &[String]) -> ItemPath {
        let supers = written.iter().take_while(|segment| *segment == "super").count();
        let (base, rest) = match written.first().map(String::as_str) {
            Some("crate") => (&[][..], &written[1..]),
            Some("self") => (&*self.path, &written[1..]),
            _ => (&self.path[..self.path.len() - supers], &written[supers..]),
        };
        let path = [base, rest].concat();
        self.named.push(path.clone());
        path
    }

    fn import(&mut self, tree: &syn::UseTree, mut prefix: ItemPath) {
        let name = match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                return self.import(&path.tree, prefix);
            }
            syn::UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|item| self.import(item, prefix.clone()));
            }
            syn::UseTree::Glob(_) => {
                self.name(&prefix);
                return;
            }
            syn::UseTree::Name(name) if name.ident == "self" => prefix.last().unwrap().clone(),
            syn::UseTree::Name(name) => {
                prefix.push(name.ident.to_string());
                name.ident.to_string()
            }
            syn::UseTree::Rename(rename) => {
                prefix.push(rename.ident.to_string());
                rename.rename.to_string()
            }
        };
        let path = self.name(&prefix);
        self.imported.insert(name, path);
    }
}

impl Visit<'_> for Module {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        self.import(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments = path.segments.iter();
        let segments: ItemPath = segments.map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.name(&segments);
        }
        syn::visit::visit_path(self, path);
    }

    /// A module depends on its children, because it can call their methods without a path. Tests in the same
    /// file are skipped.
    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        if item.content.is_none() {
            self.name(&[item.ident.to_string()]);
        }
    }

    /// Skips `pub(super)`, which depends on nothing.
    fn visit_visibility(&mut self, _: &syn::Visibility) {}
}

/// Reads the modules of a crate, except tests.
fn modules(source: &Path) -> BTreeMap<ItemPath, Module> {
    let mut files = Vec::new();
    rust_files(source, source, &mut files);
    let modules = files.into_iter().filter_map(|file| {
        let path = file.strip_prefix(source).unwrap().with_extension("");
        let mut path: ItemPath = path
            .iter()
            .map(|name| name.to_str().unwrap().to_owned())
            .collect();
        if path.iter().any(|name| name == "tests") {
            return None;
        }
        path.pop_if(|name| ["lib", "main", "mod"].contains(&name.as_str()));
        let mut module = Module {
            path: path.clone(),
            ..Module::default()
        };
        module.visit_file(&syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap());
        Some((path, module))
    });
    modules.collect()
}

/// Returns the module that defines an item. Returns `None` for items of the module `from` and of other
/// crates.
fn defining<'m>(
    modules: &'m BTreeMap<ItemPath, Module>,
    from: &Module,
    path: &[String],
) -> Option<&'m Module> {
    let length = (0..=path.len())
        .rev()
        .find(|length| modules.contains_key(&path[..*length]))?;
    let module = &modules[&path[..length]];
    match path.get(length) {
        Some(name) if module.imported.contains_key(name) => {
            let import = &module.imported[name];
            (import != path)
                .then(|| defining(modules, module, import))
                .flatten()
        }
        _ if module.path == from.path => None,
        _ => Some(module),
    }
}

/// Returns a cycle of modules, if there is one.
fn circle(
    module: &Module,
    modules: &BTreeMap<ItemPath, Module>,
    above: &mut Vec<String>,
    done: &mut BTreeSet<ItemPath>,
) -> Option<String> {
    let name = format!("crate::{}", module.path.join("::"));
    if let Some(start) = above.iter().position(|other| *other == name) {
        return Some(format!("{} → {name}", above[start..].join(" → ")));
    }
    if !done.insert(module.path.clone()) {
        return None;
    }
    above.push(name);
    let mut used = module
        .named
        .iter()
        .filter_map(|path| defining(modules, module, path));
    let found = used.find_map(|used| circle(used, modules, above, done));
    above.pop();
    found
}

#[test]
fn modules_form_no_circles() {
    for source in [
        "codegen/openapi/src",
        "codegen/diff/src",
        "codegen/generator/src",
        "xtask/src",
    ] {
        let modules = modules(&root().join(source));
        assert!(modules.len() > 10, "{source} has only {} modules", modules.len());
        let mut done = BTreeSet::new();
        let found = modules
            .values()
            .find_map(|module| circle(module, &modules, &mut Vec::new(), &mut done));
        assert_eq!(found, None, "{source} has a circle of modules");
    }
}
