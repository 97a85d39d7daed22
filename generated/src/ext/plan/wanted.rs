//! Plans that bring assets into states that a program computes.

use super::ChangePlan;
use super::difference;
use super::error::PlanError;
use super::make::keep_valid;
use super::note::{PlanNote, PlanNoteKind};
use crate::Client;
use crate::ext::AssetGroup;
use crate::ext::snapshot::AssetKey;
use serde_json::Value;

/// State that an asset should have, for [`ChangePlan::wanted`].
#[derive(Clone, Debug, PartialEq)]
pub struct WantedAsset {
    group: AssetGroup,
    /// The asset as it was read; `None` if the plan creates the asset.
    current: Option<Value>,
    wanted: Value,
}

impl WantedAsset {
    /// Describes a change of an existing asset. `current` is the asset as the service sent it, with all its
    /// fields.
    #[must_use]
    pub const fn changed(group: AssetGroup, current: Value, wanted: Value) -> Self {
        Self {
            group,
            current: Some(current),
            wanted,
        }
    }

    /// Describes a new asset. The plan creates the asset under the ID that `wanted` contains.
    #[must_use]
    pub const fn created(group: AssetGroup, wanted: Value) -> Self {
        Self {
            group,
            current: None,
            wanted,
        }
    }
}

impl ChangePlan {
    /// Makes a plan that brings assets into states that the caller gives, for example after an edit or an
    /// import. `made_by` describes the plan, such as `import pages`.
    ///
    /// Assets that already have the wanted state are left out. The plan ignores differences in fields that
    /// the service manages. The [`notes`](Self::notes) list other differences that a plan cannot remove, such
    /// as secrets.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::AssetGroup, ext::plan::{ChangePlan, PlanError, WantedAsset}};
    /// use funnelflux::serde_json::{Value, json};
    ///
    /// async fn rename(client: &Client, group: AssetGroup, page: Value) -> Result<ChangePlan, PlanError> {
    ///     let mut wanted = page.clone();
    ///     if let Some(name) = wanted.pointer_mut("/pageName") {
    ///         *name = json!("Lander");
    ///     }
    ///     ChangePlan::wanted(client, "rename", [WantedAsset::changed(group, page, wanted)]).await
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the account of the client cannot be read. An asset that has no ID, or different
    /// IDs in `current` and `wanted`, is not an error: the plan leaves the asset out, and a note reports
    /// this.
    pub async fn wanted(
        client: &Client,
        made_by: impl Into<String>,
        assets: impl IntoIterator<Item = WantedAsset>,
    ) -> Result<Self, PlanError> {
        let (mut entries, mut notes) = (Vec::new(), Vec::new());
        for asset in assets {
            let WantedAsset {
                group,
                current,
                wanted,
            } = asset;
            let Some(id) = group.id(current.as_ref().unwrap_or(&wanted)) else {
                let text = format!("one of the {} has no ID and is left out", group.plural());
                notes.push(PlanNote::general(PlanNoteKind::Invalid, text));
                continue;
            };
            let key = AssetKey::new(group.name(), id.into_owned());
            let entry = match current {
                None => Some(difference::create(group, &key, wanted)),
                Some(current) if group.id(&wanted).as_deref() != Some(&*key.id) => {
                    let new = group.id(&wanted).unwrap_or_default();
                    let rest = format_args!(": its ID cannot become {new:?}");
                    notes.push(PlanNote::on(&key, PlanNoteKind::Invalid, rest));
                    drop(current);
                    None
                }
                Some(current) => {
                    let (entry, more) = difference::change(group, &key, &current, &wanted);
                    notes.extend(more);
                    entry
                }
            };
            if let Some(entry) = entry {
                keep_valid(entry, &mut entries, &mut notes);
            }
        }
        Ok(Self::new(client, made_by.into(), notes, entries).await?)
    }
}
