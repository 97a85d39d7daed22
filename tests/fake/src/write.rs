//! Operations that change something: save, create, duplicate, and operations on lists of assets.

use std::{collections::HashSet, time::SystemTime};

use serde_json::{Map, Value};

use crate::{
    asset_kinds::{self, Relation},
    document::DOCUMENT,
    entry_policy::{EntryState, Selection, select},
    id,
    read::readable,
    refusals::{Refusal, check_count, unknown_id},
    responses::{Success, Violation, add_unknown_fields},
    schemas::Resource,
    settings::{BadEntry, ExistingOnCreate, SaveMeaning, Settings},
    state::{Asset, State, Status},
    validate::{Valid, describe},
    verb::Write,
};

/// The state and settings of one change.
pub(crate) struct Writer<'f> {
    pub(crate) state: &'f mut State,
    pub(crate) settings: &'f Settings,
    pub(crate) locked: &'f HashSet<String>,
    pub(crate) now: SystemTime,
    pub(crate) random: &'f mut fastrand::Rng,
}

/// Treatment of the children of assets that are archived or deleted.
enum ChildrenAction {
    Leave,
    Cascade,
    Move(String),
    Orphan,
}

impl Writer<'_> {
    pub(crate) fn write(
        &mut self,
        resource: &Resource,
        operation: Write,
        request: &Valid,
    ) -> Result<Success, Refusal> {
        match operation {
            Write::Save => self.save(resource, request),
            Write::Create => self.create(resource, request),
            Write::Duplicate => self.duplicate(resource, request),
            Write::Archive => self.retire(resource, request, &Status::Archived),
            Write::Delete => self.retire(resource, request, &Status::Deleted),
            Write::Unarchive => self.unarchive(resource, request),
            Write::MoveCategory => self.move_category(resource, request),
        }
    }

    fn save(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let sent = object(request);
        let id = text(&sent, &resource.id).to_owned();
        let Some(asset) = readable(resource, &id, self.state, self.settings) else {
            return Err(unknown_id(resource, &id, self.settings));
        };
        if self.locked.contains(&id) {
            let status = match self.settings.locked_entry.0 {
                BadEntry::Ignore => 403,
                BadEntry::RefuseAll(status) | BadEntry::ApplyGood(status) | BadEntry::StopAtBad(status) => {
                    status
                }
            };
            return Err(Refusal::new(status, "locked", format!("{id:?} is locked")));
        }
        let mut body = match self.settings.save {
            SaveMeaning::Merge => asset.body.clone(),
            SaveMeaning::Replace => asset
                .body
                .get("status")
                .map(|status| ("status".to_owned(), status.clone()))
                .into_iter()
                .collect(),
        };
        let before = asset.body.clone();
        body.extend(sent);
        asset_kinds::apply_server_behavior(&resource.segment, Some(&before), &mut body);
        self.state.put(&resource.segment, Asset::new(resource, body));
        Ok(Success::Done)
    }

    fn create(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let mut sent = object(request);
        asset_kinds::apply_server_behavior(&resource.segment, None, &mut sent);
        let id = text(&sent, &resource.id);
        if id.is_empty() {
            let message = "must not be empty: the client chooses the ID".to_owned();
            return Err(Refusal::invalid(vec![Violation {
                part: "body",
                name: format!("/{}", resource.id),
                message,
            }]));
        }
        let refused = match self.settings.existing_on_create {
            ExistingOnCreate::Overwrite => None,
            ExistingOnCreate::Conflict => Some(409),
            ExistingOnCreate::BadRequest => Some(400),
        };
        let exists = self.state.asset(&resource.segment, id).is_some();
        if let Some(status) = refused.filter(|_| exists) {
            return Err(Refusal::new(
                status,
                "already_exists",
                format!("{} {id:?} already exists", resource.id),
            ));
        }
        self.state.put(&resource.segment, Asset::new(resource, sent));
        Ok(Success::Done)
    }

    fn duplicate(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let source = request.query(&resource.id).unwrap_or_default();
        let found = self
            .state
            .asset(&resource.segment, source)
            .filter(|asset| asset.status != Status::Deleted);
        let Some(asset) = found else {
            return Err(unknown_id(resource, source, self.settings));
        };
        let sent = object(request);
        let mut body = asset.body.clone();
        for (property, value) in sent
            .get("bodyUpdates")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if asset_kinds::may_override(&resource.segment, &resource.id, property) {
                body.insert(property.clone(), value.clone());
            }
        }
        body.insert(resource.name.clone(), Value::from(text(&sent, "name")));
        let parent = text(&sent, "parentId");
        if let Some(property) = asset_kinds::parent_property(&resource.segment) {
            body.insert(property.to_owned(), Value::from(parent));
        } else if resource.has_category() && !parent.is_empty() {
            self.check_category(parent)?;
            body.insert(asset_kinds::CATEGORY_PROPERTY.to_owned(), Value::from(parent));
        }
        if resource.has("status") {
            body.insert("status".to_owned(), Value::from("active"));
        }
        let original = asset.body.clone();
        asset_kinds::apply_server_behavior(&resource.segment, Some(&original), &mut body);
        let id = self.new_id(resource);
        body.insert(resource.id.clone(), Value::from(id.as_str()));
        check_asset(resource, &body)?;
        self.state.put(&resource.segment, Asset::new(resource, body));
        let mut answer = Map::from_iter([("id".to_owned(), Value::from(id))]);
        add_unknown_fields(&mut answer, self.settings);
        Ok(Success::Changed(Value::Object(answer)))
    }

    /// Archives or deletes assets and handles their children.
    fn retire(&mut self, resource: &Resource, request: &Valid, status: &Status) -> Result<Success, Refusal> {
        let ids = match (&request.body, request.query(&resource.id)) {
            (Some(_), _) => entries(request),
            (None, Some(id)) if !id.is_empty() => vec![id.to_owned()],
            (None, _) => {
                let message = format!(
                    "name the assets in a body (entries) or one in the query ({})",
                    resource.id
                );
                return Err(Refusal::invalid(vec![Violation {
                    part: "body",
                    name: String::new(),
                    message,
                }]));
            }
        };
        let children_action = self.children_action(resource, request, &ids)?;
        let selection = self.select(resource, &ids, |asset| {
            if asset.status == *status {
                EntryState::Already
            } else if asset.status == Status::Deleted {
                EntryState::Unknown
            } else {
                EntryState::Good
            }
        })?;
        for id in &selection.apply {
            self.state.set_status(resource, id, status);
        }
        let mut parents: HashSet<&str> = selection.apply.iter().map(String::as_str).collect();
        if self.settings.cascade_of_already {
            parents.extend(selection.already.iter().map(String::as_str));
        }
        self.handle_children(resource, &parents, &children_action, status);
        selection.into_answer()
    }

    fn unarchive(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let selection = self.select(resource, &entries(request), |asset| match asset.status {
            Status::Active => EntryState::Already,
            Status::Deleted => EntryState::Unknown,
            _ => EntryState::Good,
        })?;
        for id in &selection.apply {
            self.state.set_status(resource, id, &Status::Active);
        }
        selection.into_answer()
    }

    fn move_category(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let category = request
            .body
            .as_ref()
            .and_then(|body| body.get("idCategory"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !category.is_empty() {
            self.check_category(category)?;
        }
        let entry_state = |asset: &Asset| {
            if asset.status == Status::Deleted {
                EntryState::Unknown
            } else {
                EntryState::Good
            }
        };
        let selection = self.select(resource, &entries(request), entry_state)?;
        for id in &selection.apply {
            self.state.change(resource, id, |body| {
                body.insert(asset_kinds::CATEGORY_PROPERTY.to_owned(), Value::from(category));
            });
        }
        selection.into_answer()
    }

    fn select(
        &self,
        resource: &Resource,
        ids: &[String],
        entry_state: impl Fn(&Asset) -> EntryState,
    ) -> Result<Selection, Refusal> {
        check_count(ids.len(), self.settings.max_entries)?;
        let state_of = |id: &str| match self.state.asset(&resource.segment, id) {
            Some(_) if self.locked.contains(id) => EntryState::Locked,
            Some(asset) => entry_state(asset),
            None => EntryState::Unknown,
        };
        select(&resource.id, ids, self.settings, state_of)
    }

    /// Reads the cascade options. `move` requires a target; all other actions refuse a target (both
    /// documented).
    fn children_action(
        &self,
        resource: &Resource,
        request: &Valid,
        ids: &[String],
    ) -> Result<ChildrenAction, Refusal> {
        let option = |name: &str| {
            request
                .body
                .as_ref()
                .and_then(|body| body.get(name))
                .and_then(Value::as_str)
        };
        let invalid = |message: &str| {
            Refusal::invalid(vec![Violation {
                part: "body",
                name: "/targetParentID".to_owned(),
                message: message.to_owned(),
            }])
        };
        let target = option("targetParentID");
        match (option("cascadeAction"), target) {
            (Some("move"), None | Some("")) => Err(invalid("is required when cascadeAction is move")),
            (Some("move"), Some(target)) => {
                self.check_target(resource, target, ids)?;
                Ok(ChildrenAction::Move(target.to_owned()))
            }
            (_, Some(_)) => Err(invalid("is only allowed when cascadeAction is move")),
            (Some("cascade"), None) => Ok(ChildrenAction::Cascade),
            (Some("orphan"), None) => Ok(ChildrenAction::Orphan),
            (_, None) => Ok(ChildrenAction::Leave),
        }
    }

    fn check_target(&self, resource: &Resource, target: &str, ids: &[String]) -> Result<(), Refusal> {
        let exists = self
            .state
            .asset(&resource.segment, target)
            .is_some_and(|asset| asset.status != Status::Deleted);
        if let (false, Some(status)) = (exists, self.settings.unknown_target) {
            return Err(Refusal::new(
                status,
                "unknown_target",
                format!("targetParentID {target:?} does not exist"),
            ));
        }
        if let (true, Some(status)) = (
            ids.iter().any(|id| id == target),
            self.settings.target_among_entries,
        ) {
            return Err(Refusal::new(
                status,
                "invalid_target",
                format!("targetParentID {target:?} is among the entries"),
            ));
        }
        Ok(())
    }

    /// Applies the cascade to the children of `parents`. Deleted children stay unchanged; the documentation
    /// does not mention them.
    fn handle_children(
        &mut self,
        resource: &Resource,
        parents: &HashSet<&str>,
        children_action: &ChildrenAction,
        status: &Status,
    ) {
        let Some(relation) = Relation::with_parent_kind(&resource.segment) else {
            return;
        };
        if matches!(children_action, ChildrenAction::Leave) {
            return;
        }
        let belongs = |asset: &&Asset| {
            asset.status != Status::Deleted
                && relation
                    .parent_of(&asset.body)
                    .is_some_and(|parent| parents.contains(parent))
        };
        let kinds = DOCUMENT.resources.values();
        for kind in kinds.filter(|kind| relation.has_children_of_kind(&kind.segment, kind.has_category())) {
            let children: Vec<String> = self
                .state
                .assets(&kind.segment)
                .filter(belongs)
                .map(|asset| asset.id.clone())
                .collect();
            for id in children {
                match children_action {
                    ChildrenAction::Leave => {}
                    ChildrenAction::Cascade => self.state.set_status(kind, &id, status),
                    ChildrenAction::Move(target) => self
                        .state
                        .change(kind, &id, |body| relation.set_parent(body, target)),
                    ChildrenAction::Orphan => {
                        self.state.change(kind, &id, |body| relation.set_parent(body, ""));
                    }
                }
            }
        }
    }

    fn check_category(&self, id: &str) -> Result<(), Refusal> {
        let exists = self
            .state
            .category(id)
            .is_some_and(|category| category.status != Status::Deleted);
        match self.settings.unknown_category {
            Some(status) if !exists => Err(Refusal::new(
                status,
                "unknown_category",
                format!("category {id:?} does not exist"),
            )),
            _ => Ok(()),
        }
    }

    fn new_id(&mut self, resource: &Resource) -> String {
        loop {
            let id = id::generate(self.now, self.random);
            if self.state.asset(&resource.segment, &id).is_none() {
                return id;
            }
        }
    }
}

/// Refuses a copy that `bodyUpdates` has made invalid.
fn check_asset(resource: &Resource, body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(validator) = &resource.validator else {
        return Ok(());
    };
    let asset = Value::Object(body.clone());
    let violations: Vec<Violation> = validator
        .get()
        .iter_errors(&asset)
        .map(|error| Violation {
            part: "body",
            name: format!("/bodyUpdates{}", error.instance_path()),
            message: describe(&error),
        })
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid(violations))
    }
}

/// The body, which is an object according to the document.
fn object(request: &Valid) -> Map<String, Value> {
    request
        .body
        .as_ref()
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn text<'a>(object: &'a Map<String, Value>, property: &str) -> &'a str {
    object.get(property).and_then(Value::as_str).unwrap_or_default()
}

fn entries(request: &Valid) -> Vec<String> {
    let list = request
        .body
        .as_ref()
        .and_then(|body| body.get("entries"))
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
