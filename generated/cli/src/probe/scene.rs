//! Chooses the groups for an experiment, and provides data about the assets for the conclusion.

use super::experiment::{Experiment, Slot, State, Step};
use crate::assets::category_group;
use funnelflux::ext::{AssetGroup, AssetStatus, ChildRelation};
use funnelflux_fake::{Action, Document, DocumentedProperty};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;

/// Groups that an experiment uses for its main assets, for their children and for their categories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    pub(super) group: AssetGroup,
    pub(super) child: Option<(AssetGroup, ChildRelation)>,
    pub(super) category: Option<AssetGroup>,
}

impl Scene {
    /// Chooses the first group that supports all operations that an experiment needs. Documented groups have
    /// precedence over inferred groups.
    ///
    /// # Errors
    /// Returns the reason as text if no group is suitable.
    pub(super) fn choose(experiment: &Experiment, accepts_inferred: bool) -> Result<Self, String> {
        match Self::first(experiment, accepts_inferred) {
            Some(scene) => Ok(scene),
            None if !accepts_inferred && Self::first(experiment, true).is_some() => {
                Err("needs operations that are inferred: add --accept-inferred".to_owned())
            }
            None => Err("no group has the operations".to_owned()),
        }
    }

    fn first(experiment: &Experiment, accepts_inferred: bool) -> Option<Self> {
        let mut groups: Vec<AssetGroup> = AssetGroup::all().to_vec();
        groups.retain(|group| accepts_inferred || !group.is_inferred());
        groups.sort_by_key(|group| group.is_inferred());
        groups
            .iter()
            .find_map(|group| Self::of(*group, experiment, &groups))
    }

    fn of(group: AssetGroup, experiment: &Experiment, allowed: &[AssetGroup]) -> Option<Self> {
        let has = |slot| experiment.slots().contains(&slot);
        let named = |name: &str| {
            let found = allowed.iter().copied().find(|group| group.name() == name);
            found.filter(|group| can_be_made(*group))
        };
        let child = group.children().iter();
        let child = child
            .filter_map(|relation| Some((named(relation.group)?, *relation)))
            .find(|_| group.abilities().archive_children);
        let category = category_group(group);
        let category = category.filter(|category| allowed.contains(category) && can_be_made(*category));
        let is_suitable = can_be_made(group)
            && (!has(Slot::B) || extra_property(group).is_some())
            && (!has(Slot::Child) || child.is_some())
            && (!has(Slot::Category) || category.is_some())
            && experiment.start.iter().all(|(_, state)| can_reach(group, *state))
            && experiment.steps.iter().all(|step| can_do(group, step));
        is_suitable.then_some(Self {
            group,
            child,
            category,
        })
    }

    /// Returns the group of the asset in a slot.
    pub(super) fn group_of(&self, slot: Slot) -> Option<AssetGroup> {
        match slot {
            Slot::A | Slot::B | Slot::C | Slot::Unknown => Some(self.group),
            Slot::Child => self.child.map(|(group, _)| group),
            Slot::Category => self.category,
        }
    }
}

impl Experiment {
    /// Returns the slots of all assets that take part in the experiment.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.start.iter().map(|(slot, _)| *slot).collect();
        for step in self.steps {
            match step {
                Step::Look(slot)
                | Step::Find(slot, _)
                | Step::FindByCategory(slot)
                | Step::CreateAgain(slot)
                | Step::SaveRequired(slot) => slots.push(*slot),
                Step::FindMany(list)
                | Step::Archive(list)
                | Step::ArchiveCascade(list)
                | Step::Unarchive(list)
                | Step::Delete(list)
                | Step::Uncategorise(list) => slots.extend(*list),
                Step::ArchiveMove(list, slot) | Step::Move(list, slot) => {
                    slots.extend(*list);
                    slots.push(*slot);
                }
                Step::ReadUntilThere => slots.push(Slot::A),
                Step::List(_) | Step::LongUrl | Step::ManyIds | Step::LargeBody => {}
            }
        }
        slots
    }
}

/// Returns true if assets of the group have names and can be created, read and deleted.
fn can_be_made(group: AssetGroup) -> bool {
    let abilities = group.abilities();
    abilities.create && abilities.find && abilities.delete && group.name_pointer().is_some()
}

fn can_reach(group: AssetGroup, state: State) -> bool {
    let abilities = group.abilities();
    match state {
        State::Active | State::Deleted => true,
        State::Archived => abilities.archive && abilities.unarchive,
    }
}

fn can_do(group: AssetGroup, step: &Step) -> bool {
    let abilities = group.abilities();
    let has = |action: &Action<'_>| Document::embedded().request(group.tag(), action).is_some();
    match step {
        Step::ReadUntilThere | Step::List(_) => abilities.list,
        Step::Look(_) | Step::Find(..) | Step::LongUrl => abilities.find,
        Step::FindMany(_) | Step::ManyIds => has(&Action::FindMany(&[])),
        Step::FindByCategory(_) => has(&Action::FindByCategory("")),
        Step::CreateAgain(_) | Step::SaveRequired(_) => abilities.create && abilities.save,
        Step::Archive(_) | Step::LargeBody => abilities.archive,
        Step::ArchiveCascade(_) | Step::ArchiveMove(..) => abilities.archive_children,
        Step::Unarchive(_) => abilities.unarchive,
        Step::Delete(_) => abilities.delete,
        Step::Move(..) | Step::Uncategorise(_) => abilities.categorise,
    }
}

/// Returns the property that asset B has and asset A lacks. It is an optional property whose default is an
/// empty text. If there are several such properties, the last one is returned, because the first properties
/// of an asset often require a format.
pub(super) fn extra_property(group: AssetGroup) -> Option<&'static str> {
    let properties = Document::embedded().properties(group.tag());
    let is_free = |property: &&DocumentedProperty| {
        let pointer = format!("/{}", property.name);
        let parents = AssetGroup::all().iter().flat_map(|parent| parent.children());
        let names_parent = parents
            .filter(|relation| relation.group == group.name())
            .any(|relation| relation.pointers.iter().any(|other| other.starts_with(&pointer)));
        let is_managed = group.server_managed().iter().any(|(other, _)| *other == pointer);
        property.default.and_then(Value::as_str) == Some("")
            && !property.is_required
            && !property.is_read_only
            && !names_parent
            && !is_managed
            && group.category_pointer() != Some(pointer.as_str())
    };
    properties.iter().rfind(is_free).map(|property| property.name)
}

/// Data about the assets of an experiment, for its conclusion.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) group: AssetGroup,
    pub(super) ids: HashMap<Slot, String>,
    /// Request bodies with which the assets were created.
    pub(super) sent: HashMap<Slot, Value>,
}

impl Known {
    /// Returns the ID of the asset in a slot, or an empty text if there is no such asset.
    pub(super) fn id(&self, slot: Slot) -> &str {
        self.ids.get(&slot).map_or("", String::as_str)
    }

    pub(super) fn ids_of(&self, rows: &[Value]) -> Vec<String> {
        let ids = rows.iter().filter_map(|row| self.group.id(row));
        ids.map(Cow::into_owned).collect()
    }

    /// Returns true if the asset in a slot is among the rows.
    pub(super) fn has(&self, rows: &[Value], slot: Slot) -> bool {
        rows.iter()
            .any(|row| self.group.id(row).as_deref() == Some(self.id(slot)))
    }

    pub(super) fn properties(&self) -> Vec<DocumentedProperty> {
        Document::embedded().properties(self.group.tag())
    }

    /// Returns the value of a property in the request that created the asset.
    pub(super) fn sent(&self, slot: Slot, property: &str) -> Option<&Value> {
        self.sent.get(&slot)?.get(property)
    }

    /// Returns the property that asset B has and asset A lacks, with its value.
    pub(super) fn extra(&self) -> Option<(&'static str, &Value)> {
        let property = extra_property(self.group)?;
        Some((property, self.sent(Slot::B, property)?))
    }

    pub(super) fn asset_in(&self, value: Value) -> Option<Value> {
        asset_in(self.group, value)
    }

    pub(super) fn is_archived(&self, asset: Option<&Value>) -> bool {
        asset.is_some_and(|asset| self.group.summary(asset).status == AssetStatus::Archived)
    }
}

/// Returns the asset in a response. It is the response itself, or the first member of the response that has
/// an ID.
pub(super) fn asset_in(group: AssetGroup, value: Value) -> Option<Value> {
    if group.id(&value).is_some() {
        return Some(value);
    }
    match value {
        Value::Object(object) => object
            .into_iter()
            .map(|(_, inner)| inner)
            .find(|inner| group.id(inner).is_some()),
        _ => None,
    }
}
