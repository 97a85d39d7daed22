//! References between assets: strings and member names that contain the ID of an asset.

use super::asset::{Asset, AssetKey};
use super::cycles;
use super::error::SnapshotError;
use super::pointer;
use super::snapshot::Snapshot;
use crate::ext::{AssetGroup, AssetStatus};
use crate::runtime::server_managed::ServerBehavior;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

/// A place in an asset that contains an ID, usually the ID of another asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Reference {
    /// The ID that the string or member name contains.
    pub id: String,
    /// The asset that contains the reference.
    pub from: AssetKey,
    /// JSON pointer of the string, or of the member whose name contains the ID.
    pub path: String,
    /// The way in which the string or name contains the ID.
    pub form: MentionForm,
    /// Known meaning of the reference, if any.
    pub relation: Option<Relation>,
}

/// The way in which a string or a member name contains an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MentionForm {
    /// The string is the ID.
    Whole,
    /// The string is longer than the ID, and contains it as a separate word, as in a URL. No letter or digit
    /// is directly before or after the ID.
    Part,
    /// The name of a member is the ID, or contains the ID as in [`Part`](MentionForm::Part).
    Name,
}

/// Known meaning of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Relation {
    /// Kind of the relation.
    pub kind: RelationKind,
    /// Name of the group of the asset to which the reference points.
    pub group: &'static str,
}

/// Kind of a [`Relation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RelationKind {
    /// The reference is the ID of the asset's category.
    Category,
    /// The reference is the ID of the asset's parent. A [`Cascade`](crate::ext::Cascade) on the parent
    /// affects the asset.
    Parent,
    /// The property has the same name as the ID property of another group, such as `idPage`. The relation is
    /// inferred from this name.
    NamedLikeId,
}

impl fmt::Display for RelationKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Category => "category",
            Self::Parent => "parent",
            Self::NamedLikeId => "by the property's name",
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, path, id, .. } = self;
        write!(formatter, "{from} {path}: {id}")?;
        match (self.relation, self.form) {
            (Some(relation), _) => write!(formatter, " ({})", relation.kind),
            (None, MentionForm::Whole) => Ok(()),
            (None, MentionForm::Part) => formatter.write_str(" (in a longer text)"),
            (None, MentionForm::Name) => formatter.write_str(" (in a name)"),
        }
    }
}

/// A reference to an asset that does not exist or is deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Dangling {
    /// The reference.
    pub reference: Reference,
    /// The asset that does not exist or is deleted.
    pub target: AssetKey,
    /// True if the target is deleted; false if it does not exist.
    pub is_deleted: bool,
}

/// Finds the places where an asset contains an ID. Searches every string and every property name, also in
/// fields that the crate does not know. Skips only the value of the asset's own ID property.
///
/// ```
/// use funnelflux::ext::snapshot::{Asset, AssetKey, MentionForm, references_in};
/// use funnelflux::serde_json::json;
///
/// let page = json!({"idPage": "2n5JuOKWLTzd", "baseURL": "https://a.example/?next=2nIemJxCKbFX"});
/// let page = Asset::new(AssetKey::new("pages", "2n5JuOKWLTzd"), page);
/// let found = references_in(&page, "2nIemJxCKbFX");
/// assert_eq!(found[0].path, "/baseURL");
/// assert_eq!(found[0].form, MentionForm::Part);
/// ```
#[must_use]
pub fn references_in(asset: &Asset, id: &str) -> Vec<Reference> {
    let mut found = scan(asset, &IdIndex::new([id]), &Relations::of(&asset.key.group));
    found.retain(|reference| reference.id == id);
    found
}

/// All references that occur in a set of assets.
///
/// [`Snapshot::references`] finds the references of a snapshot. It searches every string and every property
/// name of every asset, including those in fields that the crate does not know.
///
/// ```no_run
/// use funnelflux::ext::snapshot::{AssetKey, Snapshot, SnapshotError};
///
/// fn print_usages(page: &AssetKey) -> Result<(), SnapshotError> {
///     let references = Snapshot::open("backup")?.references()?;
///     for reference in references.to(page) {
///         println!("{reference}"); // funnels/2nQ… /nodes/3/idPage: 2nIemJxCKbFX (by the property's name)
///     }
///     println!("unused: {:?}", references.unused());
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct References {
    /// All references, sorted by the ID that they contain.
    all: Vec<Reference>,
    /// All assets. The value is true if the asset is deleted.
    assets: BTreeMap<AssetKey, bool>,
    /// Assets that exist but could not be read.
    unread: BTreeSet<AssetKey>,
    /// Groups whose assets are all known.
    groups: BTreeSet<String>,
}

impl References {
    /// Searches `assets` for the IDs of `keys`. In a field with a known [`Relation`], any other ID also
    /// counts as a reference.
    ///
    /// # Errors
    /// Returns the first error of `assets`.
    pub fn find<'k, E>(
        keys: impl IntoIterator<Item = &'k AssetKey>,
        assets: impl IntoIterator<Item = Result<Asset, E>>,
    ) -> Result<Self, E> {
        let mut references = Self::default();
        for key in keys {
            references.groups.insert(key.group.clone());
            references.assets.insert(key.clone(), false);
        }
        references.add(assets)?;
        Ok(references)
    }

    fn add<E>(&mut self, assets: impl IntoIterator<Item = Result<Asset, E>>) -> Result<(), E> {
        let ids: BTreeSet<&str> = self.assets.keys().map(|key| key.id.as_str()).collect();
        let index = IdIndex::new(ids);
        let mut relations: HashMap<String, Relations> = HashMap::new();
        let mut deleted = Vec::new();
        for asset in assets {
            let asset = asset?;
            let group = asset.key.group.as_str();
            let relations = match relations.get(group) {
                Some(relations) => relations,
                None => relations.entry(group.to_owned()).or_insert(Relations::of(group)),
            };
            self.all.extend(scan(&asset, &index, relations));
            let status = AssetGroup::named(group).map(|group| group.summary(&asset.value).status);
            if status == Some(AssetStatus::Deleted) {
                deleted.push(asset.key);
            }
        }
        for key in deleted {
            self.assets.insert(key, true);
        }
        self.all.sort_unstable();
        Ok(())
    }

    /// Returns all references, sorted by the ID that they contain.
    pub fn iter(&self) -> std::slice::Iter<'_, Reference> {
        self.all.iter()
    }

    /// Returns the references to any asset with this ID.
    #[must_use]
    pub fn to_id(&self, id: &str) -> &[Reference] {
        let start = self.all.partition_point(|reference| reference.id.as_str() < id);
        let end = self.all.partition_point(|reference| reference.id.as_str() <= id);
        self.all.get(start..end).unwrap_or_default()
    }

    /// Returns the references to an asset.
    ///
    /// Assets of several groups may have the same ID. A reference with a known relation then counts only for
    /// the asset in the group of the relation. If that group has no asset with the ID, or if the relation is
    /// unknown, the reference counts for each of the assets.
    pub fn to(&self, key: &AssetKey) -> impl Iterator<Item = &Reference> {
        let references = self.to_id(&key.id).iter();
        references.filter(|reference| self.leads_to(reference, key))
    }

    fn leads_to(&self, reference: &Reference, key: &AssetKey) -> bool {
        reference.id == key.id
            && reference.relation.is_none_or(|relation| {
                let named = AssetKey::new(relation.group, &*reference.id);
                named == *key || !self.assets.contains_key(&named)
            })
    }

    /// Returns the known assets to which a reference leads, including deleted assets.
    pub fn targets(&self, reference: &Reference) -> Vec<&AssetKey> {
        let mut groups: BTreeSet<&str> = self.groups.iter().map(String::as_str).collect();
        groups.extend(reference.relation.map(|relation| relation.group));
        let keys = groups.into_iter().filter_map(|group| {
            let key = AssetKey::new(group, &*reference.id);
            Some(self.assets.get_key_value(&key)?.0)
        });
        keys.filter(|key| self.leads_to(reference, key)).collect()
    }

    /// Returns the assets to which no other asset refers, sorted by key. Deleted assets are left out.
    #[must_use]
    pub fn unused(&self) -> Vec<&AssetKey> {
        let is_used = |key: &AssetKey| self.to(key).any(|reference| reference.from != *key);
        let existing = self.assets.iter().filter(|(_, is_deleted)| !**is_deleted);
        existing.map(|(key, _)| key).filter(|key| !is_used(key)).collect()
    }

    /// Returns the dangling references. A reference is dangling if its relation is known, and its target does
    /// not exist or is deleted.
    ///
    /// A reference does not count as dangling if the assets of its target group are not completely known, or
    /// if its target could not be read.
    #[must_use]
    pub fn dangling(&self) -> Vec<Dangling> {
        let whole = |reference: &&Reference| reference.form == MentionForm::Whole;
        let dangling = self.all.iter().filter(whole).filter_map(|reference| {
            let target = AssetKey::new(reference.relation?.group, &*reference.id);
            if !self.groups.contains(&target.group) || self.unread.contains(&target) {
                return None;
            }
            let is_deleted = match self.assets.get(&target) {
                Some(false) => return None,
                Some(true) => true,
                None => false,
            };
            Some(Dangling {
                reference: reference.clone(),
                target,
                is_deleted,
            })
        });
        dangling.collect()
    }

    /// Returns the sets of assets that all refer to each other, directly or through other assets of the set.
    /// Each set is sorted.
    ///
    /// An asset that contains its own ID outside its ID property is also in such a set, possibly alone. An ID
    /// within a longer text does not count as a reference here.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<&AssetKey>> {
        let keys: Vec<&AssetKey> = self.assets.keys().collect();
        let index = |key: &AssetKey| keys.binary_search(&key).ok();
        let mut edges: Vec<Vec<usize>> = vec![Vec::new(); keys.len()];
        let whole = self
            .all
            .iter()
            .filter(|reference| reference.form != MentionForm::Part);
        for reference in whole {
            let edges = index(&reference.from).and_then(|from| edges.get_mut(from));
            if let Some(edges) = edges {
                edges.extend(self.targets(reference).into_iter().filter_map(index));
            }
        }
        let components = cycles::find(&edges).into_iter().map(|component| {
            let keys = component.into_iter().filter_map(|node| keys.get(node).copied());
            keys.collect()
        });
        let mut cycles: Vec<Vec<&AssetKey>> = components.collect();
        cycles.sort_unstable();
        cycles
    }
}

impl<'r> IntoIterator for &'r References {
    type Item = &'r Reference;
    type IntoIter = std::slice::Iter<'r, Reference>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Snapshot {
    /// Finds all references in the assets of the snapshot.
    ///
    /// If the snapshot is incomplete, the references in the assets that could not be read are unknown.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read.
    pub fn references(&self) -> Result<References, SnapshotError> {
        let mut references = References {
            groups: self
                .manifest()
                .groups()
                .map(|(name, _)| name.to_owned())
                .collect(),
            assets: self.keys().map(|key| (key.clone(), false)).collect(),
            ..References::default()
        };
        for unread in self.unread() {
            match unread.id {
                Some(id) => drop(references.unread.insert(AssetKey::new(unread.group, id))),
                None => drop(references.groups.remove(&unread.group)),
            }
        }
        references.add(self.all_shown())?;
        let deleted = self.manifest().deleted();
        let deleted = deleted.map(|(group, id)| (AssetKey::new(group, id), true));
        references.assets.extend(deleted);
        Ok(references)
    }

    /// Finds the places that contain an ID. The ID need not belong to an asset of the snapshot.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read.
    pub fn references_to(&self, id: &str) -> Result<Vec<Reference>, SnapshotError> {
        let mut found = Vec::new();
        for asset in self.all_shown() {
            found.extend(references_in(&asset?, id));
        }
        Ok(found)
    }
}

/// Index of the IDs to search for.
struct IdIndex<'i> {
    ids: HashSet<&'i str>,
    /// IDs, keyed by the letters and digits with which they begin.
    by_start: HashMap<&'i str, Vec<&'i str>>,
}

impl<'i> IdIndex<'i> {
    fn new(ids: impl IntoIterator<Item = &'i str>) -> Self {
        let mut index = Self {
            ids: HashSet::new(),
            by_start: HashMap::new(),
        };
        for id in ids.into_iter().filter(|id| !id.is_empty()) {
            let start = word_length(id);
            if let Some(start) = id.get(..start).filter(|start| !start.is_empty()) {
                index.by_start.entry(start).or_default().push(id);
            }
            index.ids.insert(id);
        }
        index
    }

    /// Returns the indexed IDs that the text contains as separate words, without duplicates. The flag is true
    /// if the ID is the whole text.
    fn named_in(&self, text: &str) -> Vec<(&'i str, bool)> {
        let mut found: Vec<(&str, bool)> = self.ids.get(text).map(|id| (*id, true)).into_iter().collect();
        let mut rest = text;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(word_length(rest));
            let candidates = self.by_start.get(word).into_iter().flatten();
            for id in candidates.filter(|id| is_named_at_start(rest, id)) {
                if found.iter().all(|(known, _)| known != id) {
                    found.push((*id, false));
                }
            }
            rest = after.trim_start_matches(|character: char| !character.is_alphanumeric());
        }
        found
    }
}

/// Returns the length of the longest prefix of letters and digits, in bytes.
fn word_length(text: &str) -> usize {
    text.find(|character: char| !character.is_alphanumeric())
        .unwrap_or(text.len())
}

/// Returns true if the text begins with the ID, and the ID does not end within a word.
fn is_named_at_start(text: &str, id: &str) -> bool {
    let ends_in_word = id.ends_with(char::is_alphanumeric);
    text.strip_prefix(id)
        .is_some_and(|rest| !(ends_in_word && rest.starts_with(char::is_alphanumeric)))
}

/// Known meanings of the properties of one group's assets.
struct Relations {
    own_id: Option<&'static str>,
    by_path: HashMap<&'static str, Relation>,
    /// Relations that follow from the name of a property. The key is the name of the ID property of the
    /// related group.
    by_name: HashMap<&'static str, Relation>,
}

impl Relations {
    fn of(name: &str) -> Self {
        let group = AssetGroup::named(name);
        let own_id = group.and_then(AssetGroup::id_pointer);
        let mut by_path = HashMap::new();
        let mut by_name = HashMap::new();
        let category = group.and_then(AssetGroup::category_pointer);
        for other in AssetGroup::all() {
            let relation = |kind| Relation {
                kind,
                group: other.name(),
            };
            for child in other.children().iter().filter(|child| child.group == name) {
                let parents = child
                    .pointers
                    .iter()
                    .map(|path| (*path, relation(RelationKind::Parent)));
                by_path.extend(parents);
            }
            let Some(id) = other.id_pointer() else {
                continue;
            };
            if category == Some(id) {
                by_path.insert(id, relation(RelationKind::Category));
            }
            if let Some((_, name)) = id.rsplit_once('/') {
                by_name.entry(name).or_insert(relation(RelationKind::NamedLikeId));
            }
        }
        for (path, behavior) in group.map(AssetGroup::server_managed).unwrap_or_default() {
            if let ServerBehavior::AliasOf(current) = behavior
                && let Some(relation) = by_path.get(current).copied()
            {
                by_path.insert(path, relation);
            }
        }
        Self {
            own_id,
            by_path,
            by_name,
        }
    }

    fn get(&self, path: &str) -> Option<Relation> {
        let by_name = || self.by_name.get(path.rsplit_once('/')?.1);
        self.by_path.get(path).or_else(by_name).copied()
    }
}

/// Finds the references in an asset: the references to IDs of `index`, and all references with a known
/// relation.
fn scan(asset: &Asset, index: &IdIndex<'_>, relations: &Relations) -> Vec<Reference> {
    let mut found = Vec::new();
    let reference = |id: &str, path: &str, form, relation| Reference {
        id: id.to_owned(),
        from: asset.key.clone(),
        path: path.to_owned(),
        form,
        relation,
    };
    pointer::visit_strings(&asset.value, &mut |path, text, is_name| {
        if is_name {
            let named = index.named_in(text).into_iter();
            found.extend(named.map(|(id, _)| reference(id, path, MentionForm::Name, None)));
            return;
        }
        if relations.own_id == Some(path) {
            return;
        }
        let relation = relations.get(path).filter(|_| !text.is_empty());
        if relation.is_some() {
            found.push(reference(text, path, MentionForm::Whole, relation));
        }
        for (id, is_whole) in index.named_in(text) {
            match (is_whole, relation) {
                (true, Some(_)) => {}
                (true, None) => found.push(reference(id, path, MentionForm::Whole, None)),
                (false, _) => found.push(reference(id, path, MentionForm::Part, None)),
            }
        }
    });
    found
}
