//! Holders: the schemas that put a schema together with others by `allOf`, where it is used in no other way.
//!
//! A field may move from one part to another: who holds both has it as before.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use funnelflux_openapi::pointer::{follow, item, join, split_last, tokens};

/// Where the references of a document stand, by the pointer that they lead to.
pub(super) struct Holders<'a> {
    document: &'a Value,
    uses: HashMap<String, Vec<String>>,
}

/// What all holders of a schema say of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub required: bool,
}

impl<'a> Holders<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let mut uses = HashMap::new();
        collect(document, document, "", &mut uses);
        Self { document, uses }
    }

    /// The field as all holders of the schema at `place` have it; `None` if one has it not, or otherwise than another, or
    /// if the schema is used as anything else than a part.
    pub(super) fn field(&self, place: &str, name: &str) -> Option<Field> {
        let is_shared = tokens(place).count() == 3 && place.starts_with("/components/");
        let itself = [place.to_owned()];
        let uses: &[String] = if is_shared { self.uses.get(place)? } else { &itself };
        let mut fields = uses.iter().map(|part| {
            let (list, _) = split_last(part)?;
            let holder = list.strip_suffix("/allOf")?;
            let mut whole = Whole::default();
            whole.take(self.document, holder, name, &mut HashSet::new());
            (whole.declares && !whole.is_more).then_some(Field {
                required: whole.requires,
            })
        });
        let first = fields.next()??;
        fields.all(|field| field == Some(first)).then_some(first)
    }
}

/// What a schema with all its parts says of a field.
#[derive(Default)]
struct Whole {
    declares: bool,
    requires: bool,
    /// Whether a part says something of the fields that it does not declare, or by a discriminator lets what it is a part of
    /// come in its place, so that more depends on which part declares a field.
    is_more: bool,
}

/// How many schemas a whole may be put together from. Nobody writes longer chains by hand.
const MOST: usize = 500;

impl Whole {
    fn take(&mut self, document: &Value, at: &str, name: &str, seen: &mut HashSet<String>) {
        let Some(schema) = document.pointer(at).filter(|_| seen.insert(at.to_owned())) else {
            return;
        };
        if seen.len() > MOST {
            // Nothing is claimed about it.
            self.is_more = true;
            return;
        }
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some((target, _)) = reference.and_then(|reference| follow(document, reference)) {
            return self.take(document, &target, name, seen);
        }
        let declared = schema.get("properties").and_then(|all| all.get(name));
        let required = schema.get("required").and_then(Value::as_array);
        let further = schema.get("additionalProperties");
        self.declares |= declared.is_some();
        self.requires |= required.is_some_and(|all| all.iter().any(|one| one == name));
        self.is_more |= further.is_some_and(|further| *further != Value::Bool(true))
            || schema.get("discriminator").is_some();
        let list = join(at, "allOf");
        let parts = schema.get("allOf").and_then(Value::as_array);
        for index in 0..parts.map_or(0, Vec::len) {
            self.take(document, &item(&list, index), name, seen);
        }
    }
}

fn collect(document: &Value, value: &Value, at: &str, uses: &mut HashMap<String, Vec<String>>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            if let Some((target, _)) = reference.and_then(|reference| follow(document, reference)) {
                uses.entry(target).or_default().push(at.to_owned());
            }
            for (key, member) in members {
                collect(document, member, &join(at, key), uses);
            }
        }
        Value::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                collect(document, entry, &item(at, index), uses);
            }
        }
        _ => {}
    }
}
