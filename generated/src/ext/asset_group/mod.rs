//! Groups of assets, for programs that choose the group at run time.
//!
//! With the traits of this crate, a program chooses a kind of asset at compile time. A program that takes the
//! name of a group as an argument, or that works on all groups, uses [`AssetGroup`] instead. An `AssetGroup`
//! refers to a table of functions. The generated code builds this table from the same traits as the typed
//! handle of the group. Therefore, an `AssetGroup` supports the same operations as the typed handle.

mod found;
mod reader;
mod table;

pub use found::FoundAsset;
pub(crate) use reader::GroupReader;
#[cfg(feature = "snapshot")]
pub(crate) use reader::GroupReaders;
pub(crate) use table::GroupTable;

use super::bulk::GroupBulk;
use super::cascade::Cascade;
use super::read::id_text;
use super::resource::{AssetSummary, ListRow};
use crate::runtime::operation::Operation;
use crate::runtime::server_managed::{ServerBehavior, ServerManagedFields};
use crate::{Call, Client, Error};
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use table::ChangeTable;

/// A group of operations on one kind of asset, chosen at run time.
///
/// Assets are JSON values, in the form in which the service sent them. A group supports an action, such as
/// archiving, only if the API has an operation for that action. [`abilities`](Self::abilities) returns the
/// supported actions.
///
/// ```
/// use funnelflux::{Client, Error, ext::AssetGroup};
///
/// /// Prints the IDs and names of all assets of a group.
/// async fn print_assets(client: &Client, name: &str) -> Result<(), Error> {
///     if let Some(group) = AssetGroup::named(name) {
///         for asset in group.list(client).await? {
///             println!("{:?} {:?}", group.id(&asset), group.name_of(&asset));
///         }
///     }
///     Ok(())
/// }
///
/// assert!(AssetGroup::all().iter().any(|group| group.name() == "offer-sources"));
/// ```
#[derive(Clone, Copy)]
pub struct AssetGroup(&'static GroupTable);

/// Relation between the assets of a group and their children, which are assets of another group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildRelation {
    /// Name of the group of the children, such as `pages`. If the cargo feature of this group is disabled,
    /// the group is absent from [`AssetGroup::all`].
    pub group: &'static str,
    /// JSON pointers at which a child may hold the ID of its parent. The first pointer that leads to a value
    /// is used. Empty if the OpenAPI document has no property for the parent.
    pub pointers: &'static [&'static str],
}

/// Actions that a group supports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each ability is there or not")]
pub struct Abilities {
    /// All assets can be listed.
    pub list: bool,
    /// Assets can be found by ID.
    pub find: bool,
    /// Assets can be created.
    pub create: bool,
    /// Assets can be saved.
    pub save: bool,
    /// Assets can be duplicated.
    pub duplicate: bool,
    /// Copies can differ from their original.
    pub override_copy: bool,
    /// Assets can be archived.
    pub archive: bool,
    /// The call that archives assets accepts a [`Cascade`] for their children.
    pub archive_children: bool,
    /// Assets can be restored from the archive.
    pub unarchive: bool,
    /// Assets can be deleted.
    pub delete: bool,
    /// The call that deletes assets accepts a [`Cascade`] for their children.
    pub delete_children: bool,
    /// Assets can be moved to a category.
    pub categorise: bool,
}

impl AssetGroup {
    pub(crate) const fn new(table: &'static GroupTable) -> Self {
        Self(table)
    }

    /// Returns the groups whose cargo features are enabled, in the order of the OpenAPI document.
    #[must_use]
    pub fn all() -> &'static [Self] {
        crate::api::asset_groups::ALL
    }

    /// Returns the group with this name (`offer-sources`) or tag (`Offer Sources`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::all().iter().copied();
        all.find(|group| group.name() == name || group.tag() == name)
    }

    /// Returns the name of the group, such as `offer-sources`. The cargo feature of the group has the same
    /// name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the tag that the group has in the OpenAPI document, such as `Offer Sources`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.0.tag
    }

    /// Returns the word for one asset, such as `offer source`.
    #[must_use]
    pub const fn singular(self) -> &'static str {
        self.0.singular
    }

    /// Returns the word for several assets, such as `offer sources`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        self.0.plural
    }

    /// Returns true if the vendor documents only titles and HTTP methods of the group's operations. The paths
    /// and bodies of these operations are then inferred.
    #[must_use]
    pub const fn is_inferred(self) -> bool {
        self.0.is_inferred
    }

    /// Returns the actions that the group supports.
    #[must_use]
    pub fn abilities(self) -> Abilities {
        let table = self.0;
        let handles_children =
            |change: Option<&ChangeTable>| change.is_some_and(|change| change.has_children);
        Abilities {
            list: table
                .resource
                .as_ref()
                .is_some_and(|resource| resource.calls.lists),
            find: table.resource.is_some(),
            create: table.save.is_some(),
            save: table.save.is_some(),
            duplicate: table.duplicate.is_some(),
            override_copy: table
                .duplicate
                .as_ref()
                .is_some_and(|duplicate| duplicate.can_override),
            archive: table.archive.is_some(),
            archive_children: handles_children(table.archive.as_ref()),
            unarchive: table.unarchive.is_some(),
            delete: table.delete.is_some(),
            delete_children: handles_children(table.delete.as_ref()),
            categorise: table.categorise.is_some(),
        }
    }

    /// Returns the path segment that only the operations of this group have, such as `offersource`; `None` if
    /// assets of the group cannot be found by ID.
    #[must_use]
    pub fn segment(self) -> Option<&'static str> {
        self.0
            .resource
            .as_ref()
            .map(|resource| resource.calls.names.segment)
    }

    /// Returns the ID of an asset. An ID that is a JSON integer is returned as a string of digits.
    #[must_use]
    pub fn id(self, asset: &Value) -> Option<Cow<'_, str>> {
        id_text(asset.pointer(self.id_pointer()?)?)
    }

    /// Returns the name of an asset.
    #[must_use]
    pub fn name_of(self, asset: &Value) -> Option<&str> {
        asset.pointer(self.name_pointer()?)?.as_str()
    }

    /// Returns the status and category of an asset. An asset without a status is active (documented default).
    #[must_use]
    pub fn summary(self, asset: &Value) -> AssetSummary {
        let text = |pointer: &str| asset.pointer(pointer).and_then(Value::as_str);
        let status = text("/status").filter(|status| !status.is_empty());
        AssetSummary::new(status, self.category_pointer().and_then(text))
    }

    /// Returns the JSON pointer to the ID of an asset; `None` if assets cannot be found by ID.
    #[must_use]
    pub fn id_pointer(self) -> Option<&'static str> {
        self.0.resource.as_ref().map(|resource| resource.id)
    }

    /// Returns the JSON pointer to the name of an asset.
    #[must_use]
    pub fn name_pointer(self) -> Option<&'static str> {
        self.0.resource.as_ref()?.name
    }

    /// Returns the JSON pointer to the ID of an asset's category.
    #[must_use]
    pub fn category_pointer(self) -> Option<&'static str> {
        self.0.resource.as_ref()?.category
    }

    /// Returns the properties that the service changes when it stores an asset (documented). An entry has the
    /// JSON pointer of the property and the kind of change.
    #[must_use]
    pub fn server_managed(self) -> &'static [(&'static str, ServerBehavior)] {
        self.managed_fields().0
    }

    /// Returns the JSON pointers of free-form properties. The OpenAPI document does not list the members of
    /// such a property. For example, users choose the names of URL parameters.
    #[must_use]
    pub const fn free_form(self) -> &'static [&'static str] {
        self.0.free_form
    }

    pub(crate) fn managed_fields(self) -> ServerManagedFields {
        let resource = self.0.resource.as_ref();
        resource.map_or(ServerManagedFields(&[]), |resource| resource.server_managed)
    }

    /// Returns the relations between the assets of this group and their children.
    #[must_use]
    pub const fn children(self) -> &'static [ChildRelation] {
        self.0.children
    }

    /// Lists all assets, whatever their status. The rows of the list may lack some properties of the assets.
    ///
    /// Use the rows only for display: a number that a [`Value`] would round becomes a string of its digits,
    /// as with [`json::show`](crate::json::show).
    ///
    /// # Errors
    /// Returns an error if the call fails, or if assets of the group cannot be listed.
    pub async fn list(self, client: &Client) -> Result<Vec<Value>, Error> {
        let rows = self.list_call(client)?.rows(Ok).await?;
        Ok(rows.into_iter().map(|row| row.value).collect())
    }

    /// Lists all assets like [`list`](Self::list), but returns the JSON texts that the service sent.
    ///
    /// These texts take much less memory than decoded rows, and keep all digits of numbers.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Error, ext::AssetGroup};
    ///
    /// async fn print_rows(client: &Client, group: AssetGroup) -> Result<(), Error> {
    ///     for row in group.list_json(client).await? {
    ///         println!("{row}");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the call fails, or if assets of the group cannot be listed.
    pub async fn list_json(self, client: &Client) -> Result<Vec<Box<RawValue>>, Error> {
        self.list_call(client)?.row_texts().await
    }

    fn list_call(self, client: &Client) -> Result<Call<Vec<ListRow<String>>>, Error> {
        let resource = self.0.resource.as_ref();
        let call = resource.and_then(|resource| (resource.calls.list)(client));
        call.ok_or_else(|| self.unable("listed"))
    }

    /// Finds assets by ID, and returns a result for each ID, in the order of `ids`.
    ///
    /// IDs are sent in chunks of at most 100. A refused read alone does not prove that an asset is
    /// [missing](FoundAsset::Missing). An asset with a number that a [`Value`] would round is
    /// [unreadable](FoundAsset::Unreadable); [`find_json`](Self::find_json) and the typed calls keep all
    /// digits.
    pub async fn find(self, client: &Client, ids: &[String]) -> Vec<FoundAsset> {
        GroupReader::for_call(self, client).find(ids).await
    }

    /// Finds assets by ID like [`find`](Self::find), but returns the JSON texts that the service sent. These
    /// texts keep all digits of numbers.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::{AssetGroup, FoundAsset}};
    ///
    /// async fn print_asset(client: &Client, group: AssetGroup, id: &str) {
    ///     for found in group.find_json(client, &[id.to_owned()]).await {
    ///         match found {
    ///             FoundAsset::Found(text) => println!("{text}"),
    ///             other => println!("{other:?}"),
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn find_json(self, client: &Client, ids: &[String]) -> Vec<FoundAsset<Box<RawValue>>> {
        let found = GroupReader::for_call(self, client).find_rows(ids).await;
        let texts = found.into_iter().map(|found| found.convert(|row| Ok(row.text)));
        texts.collect()
    }

    /// Creates an asset. The request body is `asset`, unchanged. `asset` must contain the ID, because the
    /// client chooses the ID of a new asset (documented).
    ///
    /// # Errors
    /// Returns an error if the call fails, if assets of the group cannot be created, or if `asset` has no ID.
    /// If the error states that [the call may have been applied](Error::may_have_been_applied), read the
    /// asset back.
    pub async fn create(self, client: &Client, asset: &Value) -> Result<(), Error> {
        let table = self.0.save.as_ref().ok_or_else(|| self.unable("created"))?;
        self.store(client, table.create, asset)?.await
    }

    /// Saves an asset. The stored asset is replaced as a whole. The request body is `asset`, unchanged.
    ///
    /// To read an asset from a file, use [`json::parse`](crate::json::parse), which does not round numbers.
    ///
    /// # Errors
    /// Returns an error if the call fails, if assets of the group cannot be saved, or if `asset` has no ID.
    /// If the error states that [the call may have been applied](Error::may_have_been_applied), read the
    /// asset back.
    pub async fn save(self, client: &Client, asset: &Value) -> Result<(), Error> {
        self.save_call(client, asset)?.await
    }

    /// Creates the call that saves an asset.
    pub(crate) fn save_call(self, client: &Client, asset: &Value) -> Result<Call<()>, Error> {
        let table = self.0.save.as_ref().ok_or_else(|| self.unable("saved"))?;
        self.store(client, table.save, asset)
    }

    fn store(self, client: &Client, operation: &'static Operation, asset: &Value) -> Result<Call<()>, Error> {
        if self.id(asset).is_none_or(|id| id.is_empty()) {
            let (singular, pointer) = (self.0.singular, self.id_pointer().unwrap_or_default());
            let problem = format!("this is no {singular}: it has no ID at {pointer}; nothing was sent");
            return Err(Error::configuration(problem));
        }
        Ok(client.call(operation).body(asset).empty())
    }

    /// Creates a job that archives assets.
    ///
    /// # Errors
    /// Returns an error if assets of the group cannot be archived, or if `children` is not [`Cascade::leave`]
    /// and the operation cannot handle children.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a caller makes the cascade for this job"
    )]
    pub fn archive(
        self,
        client: &Client,
        ids: Vec<String>,
        children: Cascade<String>,
    ) -> Result<GroupBulk, Error> {
        self.change(self.0.archive.as_ref(), "archived", client, ids, &children)
    }

    /// Creates a job that restores assets from the archive.
    ///
    /// # Errors
    /// Returns an error if assets of the group cannot be restored.
    pub fn unarchive(self, client: &Client, ids: Vec<String>) -> Result<GroupBulk, Error> {
        let job = self
            .0
            .unarchive
            .ok_or_else(|| self.unable("restored from the archive"))?;
        Ok(job(client, ids))
    }

    /// Creates a job that deletes assets.
    ///
    /// # Errors
    /// Returns an error if assets of the group cannot be deleted, or if `children` is not [`Cascade::leave`]
    /// and the operation cannot handle children.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a caller makes the cascade for this job"
    )]
    pub fn delete(
        self,
        client: &Client,
        ids: Vec<String>,
        children: Cascade<String>,
    ) -> Result<GroupBulk, Error> {
        self.change(self.0.delete.as_ref(), "deleted", client, ids, &children)
    }

    fn change(
        self,
        table: Option<&ChangeTable>,
        verb: &str,
        client: &Client,
        ids: Vec<String>,
        children: &Cascade<String>,
    ) -> Result<GroupBulk, Error> {
        let table = table.ok_or_else(|| self.unable(verb))?;
        if !table.has_children && !children.is_leave() {
            let plural = self.0.plural;
            let problem = format!("{plural} have no children that can be handled when they are {verb}");
            return Err(Error::configuration(problem));
        }
        Ok((table.job)(client, ids, children))
    }

    /// Creates a job that moves assets to a category. An empty `category` removes the assets from their
    /// current category, as the vendor documents.
    ///
    /// # Errors
    /// Returns an error if assets of the group have no category.
    pub fn move_to_category(
        self,
        client: &Client,
        ids: Vec<String>,
        category: impl Into<String>,
    ) -> Result<GroupBulk, Error> {
        let job = self
            .0
            .categorise
            .ok_or_else(|| self.unable("moved to a category"))?;
        Ok(job(client, ids, category.into()))
    }

    /// Creates a job that makes one copy of each asset. `copies` pairs each ID with the request body that
    /// describes the copy, such as `{"name": "Copy of A"}`. The body can also have the member `parentId`. In
    /// groups whose copies can differ from the original, the body can also have `bodyUpdates` (documented for
    /// offer sources).
    ///
    /// # Errors
    /// Returns an error if assets of the group cannot be duplicated, or if a request body is invalid.
    pub fn duplicate(
        self,
        client: &Client,
        copies: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<GroupBulk, Error> {
        let table = self
            .0
            .duplicate
            .as_ref()
            .ok_or_else(|| self.unable("duplicated"))?;
        (table.job)(client, copies.into_iter().collect())
    }

    fn unable(self, verb: &str) -> Error {
        let plural = self.0.plural;
        Error::configuration(format!(
            "{plural} cannot be {verb}: the vendor's index has no such operation"
        ))
    }
}

impl fmt::Debug for AssetGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AssetGroup({})", self.0.name)
    }
}

impl PartialEq for AssetGroup {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for AssetGroup {}

impl Hash for AssetGroup {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}
