//! JSON for programs. Each operation, operation list and component is stated once, and changes refer to it by
//! number.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::{Value, json};

use super::view::{Entry, View, numbered};
use crate::{
    proof::Proof,
    report::{Operations, Use, User},
};

/// Numbers by which changes refer to operations and to lists of operations.
struct Numbers<'a> {
    operations: BTreeMap<&'a str, usize>,
    lists: Vec<&'a Operations>,
    /// Maps the address of a list in memory to the number of the list. Equal lists share the same memory.
    by_list: HashMap<*const Arc<str>, usize>,
}

impl View<'_> {
    /// Renders the report for programs. [`crate::REPORT_SCHEMA`] describes the format.
    #[must_use]
    pub fn json(self) -> Value {
        let mut summary = json!(self.report.summary());
        if let (Some(audience), Some(members)) = (self.audience, summary.as_object_mut()) {
            members.insert(format!("{}_impact", audience.name), audience.impact.into());
        }
        let numbers = self.numbers();
        let lists = numbers.lists.iter().map(|list| {
            let list = list.iter().filter_map(|name| numbers.operations.get(&**name));
            list.copied().collect::<Value>()
        });
        let components = self.report.components.iter().map(
            |component| json!({"pointer": component.pointer, "used_by": numbers.uses(&component.used_by)}),
        );
        json!({
            "old": self.report.old,
            "new": self.report.new,
            "summary": summary,
            "operations": numbers.operations.keys().collect::<Vec<_>>(),
            "operation_lists": lists.collect::<Vec<_>>(),
            "components": components.collect::<Vec<_>>(),
            "changes": self.entries().map(|entry| numbers.change(&entry)).collect::<Vec<_>>(),
        })
    }

    fn numbers(&self) -> Numbers<'_> {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut lists: Vec<&Operations> = Vec::new();
        let mut by_list = HashMap::new();
        let components = self.report.components.iter().map(|component| &component.used_by);
        let changes = self.report.changes.iter();
        for used in components.chain(changes.map(|change| &change.uses)).flatten() {
            if let User::Operation(name) = &used.user {
                names.insert(name);
            }
        }
        for change in &self.report.changes {
            by_list.entry(change.operations.as_ptr()).or_insert_with(|| {
                names.extend(change.operations.iter().map(|name| &**name));
                lists.push(&change.operations);
                lists.len() - 1
            });
        }
        Numbers {
            operations: numbered(names),
            lists,
            by_list,
        }
    }
}

impl Numbers<'_> {
    fn uses(&self, uses: &[Use]) -> Value {
        let uses = uses.iter().map(|used| match &used.user {
            User::Operation(name) => json!({
                "operation": self.operations.get(&**name),
                "direction": used.direction,
                "path": used.path,
            }),
            User::Component(number) => json!({"component": number, "path": used.path}),
        });
        uses.collect()
    }

    fn change(&self, entry: &Entry<'_>) -> Value {
        let change = entry.change;
        let mut json = json!({
            "id": change.id,
            "level": change.level,
            "direction": change.direction,
            "operations": self.by_list.get(&change.operations.as_ptr()),
            "side": change.side,
            "pointer": change.source_pointer,
            "file": change.location.file,
            "line": change.location.line,
            "column": change.location.column,
            "uses": self.uses(&change.uses),
            "what": change.what,
            "meaning": change.meaning,
            "fingerprint": change.fingerprint,
        });
        if let Some(members) = json.as_object_mut() {
            if change.proof != Proof::None {
                members.insert("proof".to_owned(), json!(change.proof));
            }
            if let Some((name, consequence)) = entry.consequence {
                members.insert("action".to_owned(), consequence.action.into());
                members.insert(format!("{name}_impact"), consequence.impact.into());
                members.insert(format!("{name}_reason"), consequence.reason.into());
            }
        }
        json
    }
}

/// Prints each member of the report on its own line. If a member is a list, each of its items is on its own
/// line.
#[must_use]
pub fn print(value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return format!("{value}\n");
    };
    let lines = members.iter().map(|(key, member)| {
        let key = Value::from(key.as_str());
        match member.as_array() {
            Some(items) if !items.is_empty() => {
                let items: Vec<String> = items.iter().map(|item| format!("\n    {item}")).collect();
                format!("\n  {key}: [{}\n  ]", items.join(","))
            }
            _ => format!("\n  {key}: {member}"),
        }
    });
    format!("{{{}\n}}\n", lines.collect::<Vec<_>>().join(","))
}
