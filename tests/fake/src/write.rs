//! Operations that change something. They save, create or duplicate an asset, or change a list of assets.

use std::{collections::HashSet, time::SystemTime};

use serde_json::{Map, Value};

use crate::{
    arguments::{Arguments, Place},
    bad_entries::{EntryState, Selection, select},
    document::Api,
    error_responses::{Refusal, check_count, unknown_id},
    id,
    read::readable,
    resource::{CATEGORY, Resource, parent_at, scalar_text},
    responses::{Success, Violation, add_unknown_fields},
    server_managed::set,
    settings::{BadEntry, ExistingOnCreate, SaveMeaning, Settings},
    state::{Asset, State, Status},
    validate::Valid,
    verb::Write,
};

/// Data that one change needs, such as the state and the settings.
pub(crate) struct Writer<'f> {
    pub(crate) api: &'f Api,
    /// Arguments of the operation that makes the change.
    pub(crate) arguments: &'f Arguments,
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
        let id = text(&sent, &resource.id);
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
        resource.apply_server_behavior(Some(&before), &mut body);
        self.state.put(resource, Asset::new(resource, body));
        Ok(Success::Done)
    }

    fn create(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let mut sent = object(request);
        resource.apply_server_behavior(None, &mut sent);
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
        let exists = self.state.asset(&resource.key, &id).is_some();
        if let Some(status) = refused.filter(|_| exists) {
            return Err(Refusal::new(
                status,
                "already_exists",
                format!("{} {id:?} already exists", resource.id),
            ));
        }
        self.state.put(resource, Asset::new(resource, sent));
        Ok(Success::Done)
    }

    fn duplicate(&mut self, resource: &Resource, request: &Valid) -> Result<Success, Refusal> {
        let source = self.id(request).unwrap_or_default();
        let found = self
            .state
            .asset(&resource.key, source)
            .filter(|asset| asset.status != Status::Deleted);
        let Some(asset) = found else {
            return Err(unknown_id(resource, source, self.settings));
        };
        let sent = object(request);
        let mut body = asset.body.clone();
        let named = |name: &Option<String>| name.as_deref().and_then(|name| sent.get(name));
        let updates = named(&self.arguments.copy_updates).and_then(Value::as_object);
        for (property, value) in updates.into_iter().flatten() {
            if resource.may_override(property) {
                body.insert(property.clone(), value.clone());
            }
        }
        if let Some(name) = named(&self.arguments.copy_name) {
            body.insert(resource.name.clone(), name.clone());
        }
        let parent = named(&self.arguments.copy_parent)
            .map(scalar_text)
            .unwrap_or_default();
        if let Some(category) = &resource.category {
            if !parent.is_empty() {
                self.check_category(&parent)?;
                body.insert(category.clone(), Value::from(parent));
            }
        } else if let Some(property) = resource.copy_parent() {
            set(&mut body, property, Value::from(parent));
        }
        if resource.has("status") {
            body.insert("status".to_owned(), Value::from("active"));
        }
        let original = asset.body.clone();
        resource.apply_server_behavior(Some(&original), &mut body);
        let id = self.new_id(resource);
        body.insert(resource.id.clone(), Value::from(id.as_str()));
        check_asset(resource, &body)?;
        self.state.put(resource, Asset::new(resource, body));
        let mut answer = Map::from_iter([("id".to_owned(), Value::from(id))]);
        add_unknown_fields(&mut answer, self.settings);
        Ok(Success::Changed(Value::Object(answer)))
    }

    /// Archives or deletes assets, and treats their children as the request states.
    fn retire(&mut self, resource: &Resource, request: &Valid, status: &Status) -> Result<Success, Refusal> {
        let ids = match (&request.body, self.id(request)) {
            (Some(_), _) => self.entries(request),
            (None, Some(id)) if !id.is_empty() => match &self.arguments.entries {
                Some(Place::Parameter(_)) => self.entries(request),
                _ => vec![id.to_owned()],
            },
            (None, _) => {
                let list = match &self.arguments.entries {
                    Some(Place::Property(name)) => name,
                    _ => "a list",
                };
                let message = format!(
                    "name the assets in a body ({list}) or one in the query ({})",
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
        let selection = self.select(resource, &self.entries(request), |asset| match asset.status {
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
        let property = self.arguments.category.as_deref().unwrap_or(CATEGORY);
        let category = request
            .body
            .as_ref()
            .and_then(|body| body.get(property))
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
        let selection = self.select(resource, &self.entries(request), entry_state)?;
        for id in &selection.apply {
            self.state.change(resource, id, |body| {
                let property = resource.category.as_deref().unwrap_or(CATEGORY);
                body.insert(property.to_owned(), Value::from(category));
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
        let state_of = |id: &str| match self.state.asset(&resource.key, id) {
            Some(_) if self.locked.contains(id) => EntryState::Locked,
            Some(asset) => entry_state(asset),
            None => EntryState::Unknown,
        };
        select(&resource.id, ids, self.settings, state_of)
    }

    /// Reads the treatment of children from the request. The action `move` requires a target, and all other
    /// actions refuse a target. Both rules are documented.
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
        let Some(properties) = &self.arguments.children else {
            return Ok(ChildrenAction::Leave);
        };
        let invalid = |message: &str| {
            Refusal::invalid(vec![Violation {
                part: "body",
                name: format!("/{}", properties.target),
                message: format!("{message} when {} is move", properties.action),
            }])
        };
        let target = option(&properties.target);
        match (option(&properties.action), target) {
            (Some("move"), None | Some("")) => Err(invalid("is required")),
            (Some("move"), Some(target)) => {
                self.check_target(resource, target, ids)?;
                Ok(ChildrenAction::Move(target.to_owned()))
            }
            (_, Some(_)) => Err(invalid("is only allowed")),
            (Some("cascade"), None) => Ok(ChildrenAction::Cascade),
            (Some("orphan"), None) => Ok(ChildrenAction::Orphan),
            (_, None) => Ok(ChildrenAction::Leave),
        }
    }

    fn check_target(&self, resource: &Resource, target: &str, ids: &[String]) -> Result<(), Refusal> {
        let exists = self
            .state
            .asset(&resource.key, target)
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

    /// Applies the action to the children of `parents`. Deleted children stay unchanged, because the
    /// documentation does not mention them.
    fn handle_children(
        &mut self,
        resource: &Resource,
        parents: &HashSet<&str>,
        children_action: &ChildrenAction,
        status: &Status,
    ) {
        if matches!(children_action, ChildrenAction::Leave) {
            return;
        }
        for relation in &resource.children {
            let Some(kind) = self.api.resource(&relation.key) else {
                continue;
            };
            let belongs = |asset: &&Asset| {
                let mut pointers = relation.properties.iter().take(1);
                asset.status != Status::Deleted
                    && pointers
                        .find_map(|pointer| parent_at(pointer, &asset.body))
                        .is_some_and(|parent| parents.contains(parent))
            };
            let children: Vec<String> = self
                .state
                .assets(&kind.key)
                .filter(belongs)
                .map(|asset| asset.id.clone())
                .collect();
            let properties = &relation.properties;
            for id in children {
                match children_action {
                    ChildrenAction::Leave => {}
                    ChildrenAction::Cascade => self.state.set_status(kind, &id, status),
                    ChildrenAction::Move(target) => self
                        .state
                        .change(kind, &id, |body| kind.set_parent(properties, body, target)),
                    ChildrenAction::Orphan => {
                        self.state
                            .change(kind, &id, |body| kind.set_parent(properties, body, ""));
                    }
                }
            }
        }
    }

    fn check_category(&self, id: &str) -> Result<(), Refusal> {
        let categories = self.api.categories();
        let exists = categories
            .and_then(|categories| self.state.asset(&categories.key, id))
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

    /// Returns the ID of one asset from the parameters.
    fn id<'r>(&self, request: &'r Valid) -> Option<&'r str> {
        request.parameter(self.arguments.id.as_deref()?)
    }

    /// Returns the IDs of the assets to change.
    fn entries(&self, request: &Valid) -> Vec<String> {
        let list = match (&self.arguments.entries, &request.body) {
            (Some(Place::Body), Some(body)) => body.as_array(),
            (Some(Place::Property(name)), Some(body)) => body.get(name).and_then(Value::as_array),
            (Some(Place::Parameter(name)), _) => {
                return request.list(name).into_iter().map(str::to_owned).collect();
            }
            _ => None,
        };
        list.into_iter().flatten().map(scalar_text).collect()
    }

    fn new_id(&mut self, resource: &Resource) -> String {
        loop {
            let id = id::generate(self.now, self.random);
            if self.state.asset(&resource.key, &id).is_none() {
                return id;
            }
        }
    }
}

/// Returns a refusal if `bodyUpdates` has made a copy invalid.
fn check_asset(resource: &Resource, body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(validator) = &resource.validator else {
        return Ok(());
    };
    let asset = Value::Object(body.clone());
    let violations: Vec<Violation> = validator
        .errors(&asset)
        .into_iter()
        .map(|error| Violation {
            part: "body",
            name: format!("/bodyUpdates{}", error.pointer),
            message: error.message,
        })
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid(violations))
    }
}

/// Returns the request body, which is an object according to the document.
fn object(request: &Valid) -> Map<String, Value> {
    request
        .body
        .as_ref()
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn text(object: &Map<String, Value>, property: &str) -> String {
    object.get(property).map(scalar_text).unwrap_or_default()
}
