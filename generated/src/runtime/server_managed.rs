//! Server-managed fields: properties that the service is documented to change when it stores an asset.
//!
//! Comparing a sent asset with the asset read back ignores these changes.

use serde_json::Value;

/// Placeholder of a stored secret (documented for middleware configs).
const PLACEHOLDER: &str = "********";

/// Change that the service makes to a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServerBehavior {
    /// The service sets the value and ignores the sent value. The document marks the property `readOnly`.
    ReadOnly,
    /// The service removes surrounding spaces.
    Trimmed,
    /// An older name of the property at this pointer.
    AliasOf(&'static str),
    /// A number with a default and an upper bound.
    Capped { default: u64, maximum: u64 },
    /// A secret, which the service returns as the [`PLACEHOLDER`].
    ///
    /// If the flag at this pointer is true, a placeholder, an empty string or an absent value keeps the
    /// stored secret. The document marks the property with the format `password`.
    Secret { flag: &'static str },
}

/// Server-managed properties of one kind of asset, as JSON pointers.
type FieldTable = &'static [(&'static str, ServerBehavior)];

/// The tables, keyed by the first path segment of the kind's operations.
static TABLES: &[(&str, FieldTable)] = &[
    // Vendor's page "Funnels": the owner is filled in on reads and ignored on saves; `idCampaign` is the
    // legacy alias of `idFunnelGroup`.
    (
        "funnel",
        &[
            ("/owner", ServerBehavior::ReadOnly),
            ("/idCampaign", ServerBehavior::AliasOf("/idFunnelGroup")),
        ],
    ),
    // Vendor's page "Logic Scripts": the server manages the hash and the owner, and trims the name.
    (
        "logicscript",
        &[
            ("/codeHash", ServerBehavior::ReadOnly),
            ("/owner", ServerBehavior::ReadOnly),
            ("/logicScriptName", ServerBehavior::Trimmed),
        ],
    ),
    // Vendor's page "Middleware Configs" and changelog of 15/06/2026: placeholders with flags; the timeout
    // defaults to 5 s and is capped at 10 s.
    (
        "middlewareconfig",
        &[
            (
                "/timeoutMs",
                ServerBehavior::Capped {
                    default: 5_000,
                    maximum: 10_000,
                },
            ),
            (
                "/destination/basicAuth/password",
                ServerBehavior::Secret {
                    flag: "/destination/hasBasicAuthPassword",
                },
            ),
            (
                "/destination/hmacSecret",
                ServerBehavior::Secret {
                    flag: "/destination/hasHmacSecret",
                },
            ),
        ],
    ),
];

/// Server-managed fields of one kind of asset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerManagedFields(FieldTable);

impl ServerManagedFields {
    /// The fields of the kind whose operations have this first path segment.
    pub(crate) fn for_segment(segment: &str) -> Self {
        let entry = TABLES.iter().find(|(name, _)| *name == segment);
        Self(entry.map_or(&[], |(_, fields)| fields))
    }

    /// The asset in the form that the service returns after storing it, as far as known. Applying this twice
    /// changes nothing.
    pub(crate) fn as_stored(self, mut asset: Value) -> Value {
        for (pointer, behavior) in self.0 {
            behavior.apply(pointer, &mut asset);
        }
        asset
    }

    /// The asset with its secrets replaced by placeholders and everything else unchanged.
    pub(crate) fn with_masked_secrets(self, mut asset: Value) -> Value {
        for (pointer, behavior) in self.secrets() {
            behavior.apply(pointer, &mut asset);
        }
        asset
    }

    /// Pointers of secrets that are empty or absent in the asset.
    pub(crate) fn empty_secrets(self, asset: &Value) -> Vec<&'static str> {
        let text = |pointer: &str| asset.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let empty = self.secrets().filter(|(pointer, _)| text(pointer).is_empty());
        empty.map(|(pointer, _)| *pointer).collect()
    }

    /// Returns true if the asset contains a plain-text secret, which no read can confirm.
    pub(crate) fn contains_secret(self, asset: &Value) -> bool {
        self.secrets()
            .any(|(pointer, _)| is_secret(asset.pointer(pointer)))
    }

    fn secrets(self) -> impl Iterator<Item = &'static (&'static str, ServerBehavior)> {
        self.0
            .iter()
            .filter(|(_, behavior)| matches!(behavior, ServerBehavior::Secret { .. }))
    }
}

impl ServerBehavior {
    fn apply(self, pointer: &str, asset: &mut Value) {
        match self {
            Self::ReadOnly => put(asset, pointer, None),
            Self::Trimmed => {
                let trimmed = asset.pointer(pointer).and_then(Value::as_str).map(str::trim);
                if let Some(trimmed) = trimmed.map(Value::from) {
                    put(asset, pointer, Some(trimmed));
                }
            }
            Self::AliasOf(current) => {
                let id = |pointer| {
                    let value: &Value = asset.pointer(pointer)?;
                    value.as_str().filter(|id| !id.is_empty()).map(Value::from)
                };
                match (id(pointer), id(current)) {
                    (None, Some(value)) => put(asset, pointer, Some(value)),
                    (Some(value), None) => put(asset, current, Some(value)),
                    _ => {}
                }
            }
            Self::Capped { default, maximum } => {
                let number = match asset.pointer(pointer) {
                    None | Some(Value::Null) => Some(default),
                    Some(number) => number.as_u64().map(|number| number.min(maximum)),
                };
                if let Some(number) = number {
                    put(asset, pointer, Some(Value::from(number)));
                }
            }
            Self::Secret { flag } => {
                let stored =
                    is_secret(asset.pointer(pointer)) || asset.pointer(flag) == Some(&Value::Bool(true));
                put(asset, pointer, stored.then(|| Value::from(PLACEHOLDER)));
                put(asset, flag, Some(Value::Bool(stored)));
            }
        }
    }
}

/// Recognises a secret in plain text, neither empty nor a placeholder.
fn is_secret(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    !text.is_empty() && text != PLACEHOLDER
}

/// Sets or removes the value at the pointer, if its parent is an object.
fn put(asset: &mut Value, pointer: &str, value: Option<Value>) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(parent) = asset.pointer_mut(parent).and_then(Value::as_object_mut) {
        match value {
            Some(value) => drop(parent.insert(name.to_owned(), value)),
            None => drop(parent.remove(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_matches_the_document() {
        let document = include_str!("../../tests/spec/effective.json");
        let document: Value = serde_json::from_str(document).unwrap();
        let schema = |name: &str| &document["components"]["schemas"][name];
        let reference_target = |value: &Value| {
            let reference = value["$ref"].as_str().or(value["allOf"][0]["$ref"].as_str());
            reference
                .and_then(|reference| reference.rsplit('/').next())
                .map(str::to_owned)
        };
        let mut marked = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(segment) = path.strip_suffix("/save/") else {
                continue;
            };
            let body = &item["put"]["requestBody"]["content"]["application/json"]["schema"];
            let Some(asset) = reference_target(body) else {
                continue;
            };
            let mut pending = vec![(String::new(), asset)];
            while let Some((pointer, name)) = pending.pop() {
                for (property, value) in schema(&name)["properties"].as_object().into_iter().flatten() {
                    let pointer = format!("{pointer}/{property}");
                    if value["readOnly"] == true {
                        marked.insert((segment.to_owned(), pointer.clone(), "read-only"));
                    }
                    if value["format"] == "password" {
                        marked.insert((segment.to_owned(), pointer.clone(), "secret"));
                    }
                    pending.extend(reference_target(value).map(|name| (pointer, name)));
                }
            }
        }
        let in_table: BTreeSet<_> = TABLES
            .iter()
            .flat_map(|(segment, fields)| fields.iter().map(move |field| (segment, field)))
            .filter_map(|(segment, (pointer, behavior))| {
                let mark = match behavior {
                    ServerBehavior::ReadOnly => "read-only",
                    ServerBehavior::Secret { .. } => "secret",
                    _ => return None,
                };
                Some((format!("/{segment}"), (*pointer).to_owned(), mark))
            })
            .collect();
        assert_eq!(in_table, marked);
        let timeout = &schema("MiddlewareConfig")["properties"]["timeoutMs"];
        assert_eq!(timeout["default"], 5_000);
        assert!(
            timeout["description"]
                .as_str()
                .unwrap()
                .contains("Values above 10000"),
            "{timeout}"
        );
        assert!(schema("Funnel")["properties"].get("idCampaign").is_some());
        let name = &schema("LogicScript")["properties"]["logicScriptName"];
        assert!(
            name["description"]
                .as_str()
                .unwrap()
                .contains("Spaces around it are removed"),
            "{name}"
        );
    }

    #[test]
    fn assets_are_expected_as_the_service_stores_them() {
        let destination = |destination: Value| json!({ "destination": destination, "timeoutMs": 5_000 });
        for (segment, sent, stored) in [
            (
                "logicscript",
                json!({"logicScriptName": " a ", "codeHash": "x", "owner": 1, "code": " c "}),
                json!({"logicScriptName": "a", "code": " c "}),
            ),
            (
                "funnel",
                json!({"idFunnelGroup": "g", "owner": "me"}),
                json!({"idFunnelGroup": "g", "idCampaign": "g"}),
            ),
            (
                "funnel",
                json!({"idFunnelGroup": "", "idCampaign": "g"}),
                json!({"idFunnelGroup": "g", "idCampaign": "g"}),
            ),
            (
                "funnel",
                json!({"idFunnelGroup": "g", "idCampaign": "h"}),
                json!({"idFunnelGroup": "g", "idCampaign": "h"}),
            ),
            (
                "middlewareconfig",
                json!({"timeoutMs": 20_000}),
                json!({"timeoutMs": 10_000}),
            ),
            (
                "middlewareconfig",
                json!({"timeoutMs": 7}),
                json!({"timeoutMs": 7}),
            ),
            (
                "middlewareconfig",
                json!({"timeoutMs": null}),
                json!({"timeoutMs": 5_000}),
            ),
            (
                "middlewareconfig",
                destination(json!({"hmacSecret": "hush", "basicAuth": {"password": "", "username": "u"}})),
                destination(json!({
                    "hmacSecret": "********", "hasHmacSecret": true,
                    "basicAuth": {"username": "u"}, "hasBasicAuthPassword": false,
                })),
            ),
            (
                "middlewareconfig",
                destination(json!({"hmacSecret": "********", "hasBasicAuthPassword": true, "basicAuth": {}})),
                destination(json!({
                    "hasHmacSecret": false,
                    "hasBasicAuthPassword": true, "basicAuth": {"password": "********"},
                })),
            ),
            // Other kinds have no known server-managed fields.
            ("offersource", json!({"owner": 1}), json!({"owner": 1})),
        ] {
            let fields = ServerManagedFields::for_segment(segment);
            let once = fields.as_stored(sent.clone());
            assert_eq!(once, stored, "{segment}: {sent}");
            assert_eq!(fields.as_stored(once), stored, "a second time: {sent}");
        }
    }

    #[test]
    fn only_secrets_are_masked() {
        let fields = ServerManagedFields::for_segment("middlewareconfig");
        let sent = json!({"timeoutMs": 20_000, "destination": {"hmacSecret": "hush"}});
        assert!(fields.contains_secret(&sent));
        assert_eq!(fields.empty_secrets(&sent), ["/destination/basicAuth/password"]);
        let masked = fields.with_masked_secrets(sent);
        let destination =
            json!({"hmacSecret": "********", "hasHmacSecret": true, "hasBasicAuthPassword": false});
        assert_eq!(masked, json!({"timeoutMs": 20_000, "destination": destination}));
        assert!(!fields.contains_secret(&masked));
    }
}
