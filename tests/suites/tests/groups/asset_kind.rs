//! Calls operations on one kind of assets, and asserts the requests and their effects.

use super::FIRST_ID;
use funnelflux::Call;
use funnelflux::types::DuplicateResponse;
use funnelflux_fake::{Fake, State, Verdict};
use funnelflux_suites::run;
use serde::Serialize;
use serde_json::{Value, json};

/// A kind of assets, whose operations are tested against a fake.
pub(crate) struct AssetKind<'f> {
    fake: &'f Fake,
    /// First segment of the paths of this kind.
    segment: &'static str,
    /// Segment under which the fake stores the assets. It differs from `segment` if the vendor offers the
    /// same assets under two segments.
    storage_segment: &'static str,
    /// Name of the property that contains the ID.
    id: &'static str,
}

impl<'f> AssetKind<'f> {
    pub(crate) fn new(fake: &'f Fake, segment: &'static str, id: &'static str) -> Self {
        Self {
            fake,
            segment,
            storage_segment: segment,
            id,
        }
    }

    /// Declares that the fake stores these assets under another segment.
    pub(crate) fn stored_in(mut self, segment: &'static str) -> Self {
        self.storage_segment = segment;
        self
    }

    /// Asserts operation, query and body of the last request. The path in `operation` is relative to the
    /// segment.
    fn assert_sent(&self, operation: &str, query: &str, body: Option<Value>) {
        let (method, path) = operation.split_once(' ').unwrap();
        let operation = format!("{method} /{}/{path}", self.segment);
        assert_sent(self.fake, &operation, query, body);
    }

    /// Asserts that the asset `FIRST_ID` is the only row.
    fn assert_only_one<T: Serialize>(&self, rows: &[T]) {
        let ids: Vec<Value> = rows.iter().map(|row| self.id_of(row)).collect();
        assert_eq!(ids, [json!(FIRST_ID)], "{}", self.segment);
    }

    fn id_of(&self, row: &impl Serialize) -> Value {
        to_json(row)[self.id].clone()
    }

    /// A property of an asset on the server.
    fn stored(&self, id: &str, property: &str) -> Value {
        let state = self.fake.state();
        state.asset(self.storage_segment, id).unwrap().body[property].clone()
    }

    /// Asserts status and category of the asset `FIRST_ID`, and that no other asset of the kind has changed.
    fn assert_changed(&self, before: &State, status: &str, category: &str) {
        let state = self.fake.state();
        let asset = state.asset(self.storage_segment, FIRST_ID).unwrap();
        assert_eq!(
            (asset.status.as_str(), asset.category.as_str()),
            (status, category),
            "{}",
            self.segment
        );
        let others = |state: &State| -> Vec<Value> {
            let assets = state.assets(self.storage_segment);
            let others = assets.filter(|asset| asset.id != FIRST_ID);
            others.map(|asset| Value::from(asset.body.clone())).collect()
        };
        assert_eq!(others(&state), others(before), "{}", self.segment);
    }

    pub(crate) fn create(&self, call: Call<()>, asset: &impl Serialize) {
        let state = self.fake.state();
        assert!(
            state.asset(self.storage_segment, FIRST_ID).is_none(),
            "{}",
            self.segment
        );
        run(call).unwrap();
        self.assert_sent("POST save/", "", Some(to_json(asset)));
        assert_eq!(self.stored(FIRST_ID, self.id), json!(FIRST_ID));
    }

    /// Checks a call that returns a list. `operation` is its method and its path, relative to the segment.
    pub(crate) fn list<T: Serialize + Send + 'static>(
        &self,
        call: Call<Vec<T>>,
        operation: &str,
        query: &str,
    ) {
        let rows = run(call).unwrap();
        self.assert_sent(operation, query, None);
        self.assert_only_one(&rows);
    }

    pub(crate) fn list_all<T: Serialize + Send + 'static>(&self, call: Call<Vec<T>>) {
        self.list(call, "GET list/", "status=all");
    }

    pub(crate) fn find_by_status<T: Serialize + Send + 'static>(&self, call: Call<Vec<T>>) {
        self.list(call, "GET find/byStatus/", "status=all");
    }

    pub(crate) fn find_by_category<T: Serialize + Send + 'static>(&self, call: Call<Vec<T>>) {
        self.list(call, "GET find/byCategory/", "idCategory=shelf");
    }

    pub(crate) fn find<T: Serialize + Send + 'static>(&self, call: Call<T>) {
        let found = run(call).unwrap();
        self.assert_sent("GET find/byId/", &format!("{}={FIRST_ID}", self.id), None);
        assert_eq!(self.id_of(&found), json!(FIRST_ID));
    }

    /// Checks a call for `FIRST_ID` and an unknown ID. `parameter` is the query parameter of the IDs.
    pub(crate) fn find_many<T: Serialize + Send + 'static>(&self, call: Call<Vec<T>>, parameter: &str) {
        let query = format!("{parameter}={FIRST_ID}%2Cnone");
        self.list(call, "GET find/byIds/", &query);
    }

    pub(crate) fn save(&self, call: Call<()>, asset: &impl Serialize) {
        run(call).unwrap();
        self.assert_sent("PUT save/", "", Some(to_json(asset)));
        assert_eq!(self.stored(FIRST_ID, "kept"), json!(true));
    }

    pub(crate) fn duplicate(&self, call: Call<DuplicateResponse>, request: &impl Serialize) {
        let copy = run(call).unwrap().id.unwrap();
        let query = format!("{}={FIRST_ID}", self.id);
        self.assert_sent("POST duplicate/", &query, Some(to_json(request)));
        let state = self.fake.state();
        let copy = state.asset(self.storage_segment, &copy).unwrap();
        assert_eq!((&*copy.name, copy.status.as_str()), ("Copy", "active"));
        assert_eq!(
            copy.body["kept"],
            self.stored(FIRST_ID, "kept"),
            "other properties are copied"
        );
    }

    pub(crate) fn move_to_shelf(&self, call: Call<()>) {
        let before = self.fake.state();
        run(call).unwrap();
        let body = json!({ "entries": [FIRST_ID], "idCategory": "shelf" });
        self.assert_sent("PUT move-category/", "", Some(body));
        self.assert_changed(&before, "active", "shelf");
    }

    pub(crate) fn archive(&self, call: Call<()>) {
        self.change_status(call, "PUT archive/", "archived");
    }

    pub(crate) fn unarchive(&self, call: Call<()>) {
        self.change_status(call, "PUT unarchive/", "active");
    }

    pub(crate) fn delete(&self, call: Call<()>) {
        self.change_status(call, "DELETE delete/", "deleted");
    }

    fn change_status(&self, call: Call<()>, operation: &str, status: &str) {
        let before = self.fake.state();
        let category = before
            .asset(self.storage_segment, FIRST_ID)
            .unwrap()
            .category
            .clone();
        run(call).unwrap();
        self.assert_sent(operation, "", Some(json!({ "entries": [FIRST_ID] })));
        self.assert_changed(&before, status, &category);
    }
}

/// Asserts operation, query and body of the last request, and that it succeeded.
pub(crate) fn assert_sent(fake: &Fake, operation: &str, query: &str, body: Option<Value>) {
    let log = fake.log();
    let entry = log.last().unwrap();
    assert_eq!(
        (entry.operation, &*entry.query, entry.json()),
        (Some(operation), query, body),
        "{operation}"
    );
    let (method, path) = operation.split_once(' ').unwrap();
    assert_eq!(
        (entry.method.as_str(), &*entry.path),
        (method, &*format!("{}{path}", Fake::base_path())),
        "{operation}"
    );
    assert_eq!(entry.verdict, Verdict::Answered(200), "{operation}");
}

pub(crate) fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}
