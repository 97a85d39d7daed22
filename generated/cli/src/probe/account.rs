//! Requests to the account, and the assets that the probe creates and later removes.

use super::NAME;
use super::experiment::{Answer, Halt, Slot, State, Variation};
use super::scene::{Scene, asset_in, extra_property};
use crate::exit::Failure;
use crate::path::JsonPath;
use funnelflux::ext::{AssetGroup, AssetStatus};
use funnelflux::http::{HeaderMap, Method};
use funnelflux::{Client, Error, RetryPolicy, id};
use funnelflux_fake::{Action, Children, Document};
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;

/// Number of reads after which the probe stops if none of them returned a new asset.
const LATE_READS: u32 = 20;

/// State of the account during a run of the probe.
pub(super) struct Account<'c> {
    client: &'c Client,
    /// Assets of the probe, in the order of their creation.
    assets: Vec<OwnAsset>,
    /// An ID that no asset has ever had.
    pub(super) unknown: String,
    /// Number of reads that may return the old state after a change. After each change, the probe sends this
    /// number of reads before it observes the new state: reads by ID if `late_by_id` is true, and otherwise
    /// reads of the list.
    late: u32,
    late_by_id: bool,
    /// Pause between repeated reads, while the probe waits for a new asset or a change.
    pause: Duration,
    /// True if a change was sent after the last call of `settle`.
    is_changed: bool,
}

/// Asset that the probe created.
#[derive(Clone, Debug)]
struct OwnAsset {
    group: AssetGroup,
    slot: Slot,
    id: String,
    /// Request body with which the asset was created.
    body: Value,
    is_deleted: bool,
}

/// Asset that the probe created, with its state when the probe ended.
#[derive(Clone, Debug)]
pub(crate) struct Remains {
    pub(crate) group: AssetGroup,
    pub(crate) id: String,
    pub(crate) state: RemainingState,
}

/// State of an asset when the probe that created it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RemainingState {
    /// The asset cannot be read any more.
    Gone,
    /// The asset can still be read, and has the status deleted.
    Deleted,
    /// The asset may still exist. The text states the reason.
    There(String),
}

impl<'c> Account<'c> {
    pub(super) fn new(client: &'c Client, pause: Duration) -> Result<Self, Failure> {
        Ok(Self {
            client,
            assets: Vec::new(),
            unknown: id::generate()?,
            late: 0,
            late_by_id: false,
            pause,
            is_changed: false,
        })
    }

    /// Returns the newest asset in a slot. Deleted assets are ignored.
    fn own(&self, group: AssetGroup, slot: Slot) -> Option<&OwnAsset> {
        let mut assets = self.assets.iter().rev();
        assets.find(|asset| asset.group == group && asset.slot == slot && !asset.is_deleted)
    }

    /// Returns the newest asset in a slot. Deleted assets are included.
    fn any(&self, group: AssetGroup, slot: Slot) -> Option<&OwnAsset> {
        let mut assets = self.assets.iter().rev();
        assets.find(|asset| asset.group == group && asset.slot == slot)
    }

    /// Returns the ID of the asset in a slot.
    pub(super) fn id(&self, scene: &Scene, slot: Slot) -> Option<String> {
        match slot {
            Slot::Unknown => Some(self.unknown.clone()),
            slot => self
                .any(scene.group_of(slot)?, slot)
                .map(|asset| asset.id.clone()),
        }
    }

    /// Returns the request body with which the asset in a slot was created.
    pub(super) fn sent(&self, scene: &Scene, slot: Slot) -> Option<Value> {
        self.any(scene.group_of(slot)?, slot)
            .map(|asset| asset.body.clone())
    }

    /// Sends the request for an action, modified by a variation.
    ///
    /// # Errors
    /// Returns an error if the document does not describe the action for the group, or if the connection
    /// breaks. Also returns an error if the service fails, reports too many requests, or rejects a valid
    /// token.
    pub(super) async fn send(
        &mut self,
        group: AssetGroup,
        action: &Action<'_>,
        variation: Variation,
    ) -> Result<Answer, Halt> {
        let request = Document::embedded().request(group.tag(), action);
        let Some(request) = request else {
            return Err(Halt::Impossible(format!(
                "{} have no such operation",
                group.plural()
            )));
        };
        let is_read = request.method == Method::GET;
        let mut path = request.path;
        if variation == Variation::NoSlash {
            path.truncate(path.trim_end_matches('/').len());
        }
        let description = format!("{} {path}", request.method);
        let mut draft = self.client.request(request.method, path);
        for (name, value) in &request.query {
            draft = draft.query(name, value);
        }
        if variation == Variation::UnknownParameter {
            draft = draft.query("funnelfluxProbe", "1");
        }
        if let Some(body) = &request.body {
            draft = match variation {
                Variation::LargeBody(size) => draft.body(&with_size(body, size)?),
                _ => draft.body(body),
            };
        }
        let mut call = draft.bytes();
        if variation == Variation::WrongToken {
            call = call.header("authorization", "Bearer funnelflux-probe-wrong-token");
        }
        if !is_read {
            // With a second attempt, the effect of the first attempt could not be observed.
            call = call.retry(RetryPolicy::none());
            self.is_changed = true;
        }
        let answer = match call.response().await {
            Ok(response) => Answer {
                status: response.status.as_u16(),
                headers: response.headers,
                body: response.value,
            },
            Err(error) => refusal(&error).ok_or_else(|| Halt::Surprise(format!("{description}: {error}")))?,
        };
        let is_unexpected = match answer.status {
            401 => variation != Variation::WrongToken,
            429 | 500.. => true,
            _ => false,
        };
        if is_unexpected {
            return Err(Halt::Surprise(format!("{description} got {}", answer.status)));
        }
        Ok(answer)
    }

    /// After a change, sends the reads that may still return the old state, so that the next read returns the
    /// new state.
    pub(super) async fn settle(&mut self, group: AssetGroup) -> Result<(), Halt> {
        if !std::mem::take(&mut self.is_changed) {
            return Ok(());
        }
        for _ in 0..self.late {
            let unknown = self.unknown.clone();
            let action = if self.late_by_id {
                Action::Find(&unknown)
            } else {
                Action::List("active")
            };
            tokio::time::sleep(self.pause).await;
            self.send(group, &action, Variation::None).await?;
        }
        Ok(())
    }

    /// Finds an asset by ID. Returns `None` if the service refuses the ID.
    pub(super) async fn look(&mut self, group: AssetGroup, id: &str) -> Result<Option<Value>, Halt> {
        self.settle(group).await?;
        let answer = self.send(group, &Action::Find(id), Variation::None).await?;
        let asset = answer.json().and_then(|value| asset_in(group, value));
        match (answer.is_success(), asset) {
            (true, Some(asset)) => Ok(Some(asset)),
            (true, None) => Err(Halt::Surprise(format!(
                "find by ID of {id} got {} without an asset",
                answer.status
            ))),
            (false, _) if answer.refusal().is_some() => Ok(None),
            (false, _) => Err(Halt::Surprise(format!(
                "find by ID of {id} got {}",
                answer.status
            ))),
        }
    }

    /// Creates the asset in a slot.
    async fn create(&mut self, scene: &Scene, slot: Slot) -> Result<String, Halt> {
        let Some(group) = scene.group_of(slot) else {
            return Err(Halt::Impossible(format!("there is no group for {slot}")));
        };
        let id = id::generate().map_err(|error| Halt::Surprise(error.to_string()))?;
        let name = format!("{NAME} {id}");
        let body = Document::embedded().sample(group.tag(), &id, &name);
        let Some(mut body) = body else {
            return Err(Halt::Impossible(format!(
                "the document does not describe {}",
                group.plural()
            )));
        };
        let mut more: Vec<(JsonPath, Value)> = Vec::new();
        if slot == Slot::B {
            let property = extra_property(group).map(|name| JsonPath::root().child(name));
            more.extend(property.map(|path| (path, Value::from("probe"))));
        }
        if let (Slot::Child, Some((_, relation))) = (slot, scene.child) {
            let parent = self.id(scene, Slot::A).unwrap_or_default();
            let pointer = relation
                .pointers
                .first()
                .map(|pointer| JsonPath::of_pointer(pointer));
            more.extend(pointer.map(|path| (path, Value::from(parent))));
        }
        for (path, value) in more {
            path.set(&mut body, value).map_err(Halt::Surprise)?;
        }
        // The asset is recorded before the request, because the service may apply a request without sending a
        // response.
        self.assets.push(OwnAsset {
            group,
            slot,
            id: id.clone(),
            body: body.clone(),
            is_deleted: false,
        });
        let answer = self.send(group, &Action::Create(&body), Variation::None).await?;
        if answer.is_success() {
            return Ok(id);
        }
        let message = format!("the creation of a new {} got {}", group.singular(), answer.status);
        Err(if group.is_inferred() {
            Halt::Impossible(format!("{message}; the operation is inferred"))
        } else {
            Halt::Surprise(message)
        })
    }

    /// Creates asset A, and reads it until it appears. Returns the number of reads by ID and the number of
    /// reads of the list that did not show the asset yet.
    pub(super) async fn read_until_there(&mut self, scene: &Scene) -> Result<(u32, u32), Halt> {
        let group = scene.group;
        let id = self.create(scene, Slot::A).await?;
        self.is_changed = false;
        let (mut by_id, mut in_list) = (0, 0);
        loop {
            let answer = self.send(group, &Action::Find(&id), Variation::None).await?;
            if answer.is_success() {
                break;
            }
            by_id += 1;
            self.wait_again(by_id, &answer).await?;
        }
        loop {
            let answer = self.send(group, &Action::List("active"), Variation::None).await?;
            let rows = answer.rows().filter(|_| answer.is_success());
            let Some(rows) = rows else {
                return Err(Halt::Surprise(format!("the list got {}", answer.status)));
            };
            if rows.iter().any(|row| group.id(row).as_deref() == Some(&id)) {
                break;
            }
            in_list += 1;
            self.wait_again(in_list, &answer).await?;
        }
        self.late = by_id.max(in_list);
        self.late_by_id = by_id > 0;
        Ok((by_id, in_list))
    }

    async fn wait_again(&self, reads: u32, answer: &Answer) -> Result<(), Halt> {
        if reads >= LATE_READS {
            let message = format!("a new asset is not there after {reads} reads ({})", answer.status);
            return Err(Halt::Surprise(message));
        }
        tokio::time::sleep(self.pause).await;
        Ok(())
    }

    /// Brings the asset in a slot into a state. Creates the asset if it does not exist.
    pub(super) async fn ensure(&mut self, scene: &Scene, slot: Slot, state: State) -> Result<(), Halt> {
        let Some(group) = scene.group_of(slot) else {
            return Err(Halt::Impossible(format!("there is no group for {slot}")));
        };
        let deleted = self.any(group, slot).is_some_and(|asset| asset.is_deleted);
        if deleted && state == State::Deleted {
            return Ok(());
        }
        let id = match self.own(group, slot) {
            Some(asset) => asset.id.clone(),
            None => self.create(scene, slot).await?,
        };
        let status = self.status(group, &id).await?;
        let ids = [id.as_str()];
        let (action, expected) = match (state, status) {
            (State::Active, AssetStatus::Active) | (State::Archived, AssetStatus::Archived) => return Ok(()),
            (State::Active, AssetStatus::Archived) => (Action::Unarchive(&ids), AssetStatus::Active),
            (State::Archived, AssetStatus::Active) => (
                Action::Archive(&ids, Children::Unmentioned),
                AssetStatus::Archived,
            ),
            (State::Deleted, AssetStatus::Active | AssetStatus::Archived) => {
                return self.delete(group, &id).await;
            }
            (_, status) => {
                return Err(Halt::Surprise(format!(
                    "an asset of the probe has the status {status:?}"
                )));
            }
        };
        let answer = self.send(group, &action, Variation::None).await?;
        let status = self.status(group, &id).await?;
        if answer.is_success() && status == expected {
            return Ok(());
        }
        Err(Halt::Surprise(format!(
            "a change of {slot} to {expected:?} got {}, and the status is {status:?}",
            answer.status
        )))
    }

    /// Returns the status of an asset of the probe. Returns an error if the asset cannot be found.
    async fn status(&mut self, group: AssetGroup, id: &str) -> Result<AssetStatus, Halt> {
        match self.look(group, id).await? {
            Some(asset) => Ok(group.summary(&asset).status),
            None => Err(Halt::Surprise(format!(
                "{} {id} of the probe is not there",
                group.singular()
            ))),
        }
    }

    /// Deletes an asset of the probe, and checks by a read that it is deleted.
    async fn delete(&mut self, group: AssetGroup, id: &str) -> Result<(), Halt> {
        let action = Action::Delete(&[id], Children::Unmentioned);
        let answer = self.send(group, &action, Variation::None).await?;
        if !answer.is_success() {
            return Err(Halt::Surprise(format!("the deletion got {}", answer.status)));
        }
        let status = self.remaining_status(group, id).await?;
        match status {
            None | Some(AssetStatus::Deleted) => {
                self.mark_deleted(id);
                Ok(())
            }
            Some(status) => Err(Halt::Surprise(format!(
                "the deletion got {}, and the status is {status:?}",
                answer.status
            ))),
        }
    }

    /// Records that a step has deleted an asset of the probe.
    pub(super) fn mark_deleted(&mut self, id: &str) {
        for asset in self.assets.iter_mut().filter(|asset| asset.id == id) {
            asset.is_deleted = true;
        }
    }

    /// Deletes all assets of the probe, the newest first, and returns the state of each asset.
    pub(super) async fn clean_up(&mut self) -> Vec<Remains> {
        let assets: Vec<OwnAsset> = self.assets.iter().rev().cloned().collect();
        let mut remains = Vec::with_capacity(assets.len());
        for OwnAsset { group, id, .. } in assets {
            let state = match self.remove(group, &id).await {
                Ok(state) => state,
                Err(Halt::Surprise(reason) | Halt::Impossible(reason)) => RemainingState::There(reason),
            };
            remains.push(Remains { group, id, state });
        }
        remains
    }

    /// Returns the status of an asset; `None` if the asset is neither found by ID nor in the list. A refused
    /// read by ID proves nothing, because a gateway may have refused the read instead of the service.
    async fn remaining_status(&mut self, group: AssetGroup, id: &str) -> Result<Option<AssetStatus>, Halt> {
        if let Some(asset) = self.look(group, id).await? {
            return Ok(Some(group.summary(&asset).status));
        }
        let answer = self.send(group, &Action::List("all"), Variation::None).await?;
        let Some(rows) = answer.rows().filter(|_| answer.is_success()) else {
            return Err(Halt::Surprise(format!("the list got {}", answer.status)));
        };
        let row = rows.iter().find(|row| group.id(row).as_deref() == Some(id));
        Ok(row.map(|row| group.summary(row).status))
    }

    async fn remove(&mut self, group: AssetGroup, id: &str) -> Result<RemainingState, Halt> {
        let is_there = match self.remaining_status(group, id).await? {
            None => return Ok(RemainingState::Gone),
            Some(status) => status != AssetStatus::Deleted,
        };
        if is_there {
            self.delete(group, id).await?;
        }
        Ok(match self.look(group, id).await? {
            None => RemainingState::Gone,
            Some(_) => RemainingState::Deleted,
        })
    }

    pub(super) fn base_url(&self) -> &str {
        self.client.base_url()
    }
}

/// Returns the body as JSON of at least `size` bytes. If the JSON is shorter, white space is added.
fn with_size(body: &Value, size: usize) -> Result<Box<RawValue>, Halt> {
    let text = body.to_string();
    let space = " ".repeat(size.saturating_sub(text.len()));
    let (first, rest) = text.split_at(text.len().min(1));
    RawValue::from_string(format!("{first}{space}{rest}"))
        .map_err(|error| Halt::Impossible(error.to_string()))
}

/// Returns the response that an error contains; `None` if the error has no response with an error status, or
/// no body.
fn refusal(error: &Error) -> Option<Answer> {
    let status = error.status().filter(|status| !status.is_success())?;
    Some(Answer {
        status: status.as_u16(),
        headers: HeaderMap::new(),
        body: error.body()?.to_vec().into(),
    })
}
