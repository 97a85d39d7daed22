//! Server-managed fields: properties that the service is documented to change when it stores an asset.
//!
//! When a sent asset is compared with the asset that is read back, these changes are ignored.

use serde_json::Value;

/// Placeholder that the service returns instead of a stored secret (documented for middleware configs).
const PLACEHOLDER: &str = "********";

/// Change that the service makes to a property, as far as documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerBehavior {
    /// The service sets the value, and ignores the value that is sent. The document marks the property
    /// `readOnly`.
    ReadOnly,
    /// The service removes surrounding spaces.
    Trimmed,
    /// The property is an older name of the property at this JSON pointer. If only one of them is set, the
    /// service sets the other to the same value.
    AliasOf(&'static str),
    /// The property is a number, for which the service has a default and an upper bound.
    Capped {
        /// The default.
        default: u64,
        /// The upper bound.
        maximum: u64,
    },
    /// The property is a secret. The service returns the placeholder `********` instead of the secret.
    ///
    /// Another property, the flag, is true if a secret is stored. If a request sets the flag to true, the
    /// service keeps the stored secret unless the request contains a new one. Neither the placeholder nor an
    /// empty string counts as a new secret. The document marks the property with the format `password`.
    Secret {
        /// JSON pointer to the flag.
        flag: &'static str,
    },
}

/// Server-managed fields of one kind of asset, as JSON pointers.
///
/// The generator reads these fields from the document: from `readOnly` of properties, and from
/// `x-server-managed` of the tag.
#[derive(Clone, Copy, Debug)]
pub struct ServerManagedFields(pub(crate) &'static [(&'static str, ServerBehavior)]);

impl ServerManagedFields {
    /// Predicts the form in which the service returns an asset after storing it. Applying the function a
    /// second time changes nothing.
    pub(crate) fn as_stored(self, mut asset: Value) -> Value {
        for (pointer, behavior) in self.0 {
            behavior.apply(pointer, &mut asset);
        }
        asset
    }

    /// Rewrites the secrets of the asset and their flags as the service returns them: each stored secret
    /// becomes a placeholder. Changes nothing else.
    pub(crate) fn with_masked_secrets(self, mut asset: Value) -> Value {
        for (pointer, behavior) in self.secrets() {
            behavior.apply(pointer, &mut asset);
        }
        asset
    }

    /// Pointers to the secrets that are empty or absent in the asset.
    pub(crate) fn empty_secrets(self, asset: &Value) -> Vec<&'static str> {
        let text = |pointer: &str| asset.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let empty = self.secrets().filter(|(pointer, _)| text(pointer).is_empty());
        empty.map(|(pointer, _)| *pointer).collect()
    }

    /// Returns true if the asset contains a secret in plain text. Reading the asset back cannot confirm that
    /// such a secret is stored, because the service returns only a placeholder.
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

/// Recognises a secret in plain text: a value that is neither empty nor a placeholder.
fn is_secret(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    !text.is_empty() && text != PLACEHOLDER
}

/// Sets the value at the pointer, or removes it if `value` is `None`. Does nothing if the parent is not an
/// object.
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

    const SCRIPT: ServerManagedFields = ServerManagedFields(&[
        ("/codeHash", ServerBehavior::ReadOnly),
        ("/owner", ServerBehavior::ReadOnly),
        ("/logicScriptName", ServerBehavior::Trimmed),
    ]);
    const FUNNEL: ServerManagedFields = ServerManagedFields(&[
        ("/owner", ServerBehavior::ReadOnly),
        ("/idCampaign", ServerBehavior::AliasOf("/idFunnelGroup")),
    ]);
    const CONFIG: ServerManagedFields = ServerManagedFields(&[
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
    ]);

    #[test]
    fn assets_are_expected_as_the_service_stores_them() {
        let destination = |destination: Value| json!({ "destination": destination, "timeoutMs": 5_000 });
        for (fields, sent, stored) in [
            (
                SCRIPT,
                json!({"logicScriptName": " a ", "codeHash": "x", "owner": 1, "code": " c "}),
                json!({"logicScriptName": "a", "code": " c "}),
            ),
            (
                FUNNEL,
                json!({"idFunnelGroup": "g", "owner": "me"}),
                json!({"idFunnelGroup": "g", "idCampaign": "g"}),
            ),
            (
                FUNNEL,
                json!({"idFunnelGroup": "", "idCampaign": "g"}),
                json!({"idFunnelGroup": "g", "idCampaign": "g"}),
            ),
            (
                FUNNEL,
                json!({"idFunnelGroup": "g", "idCampaign": "h"}),
                json!({"idFunnelGroup": "g", "idCampaign": "h"}),
            ),
            (CONFIG, json!({"timeoutMs": 20_000}), json!({"timeoutMs": 10_000})),
            (CONFIG, json!({"timeoutMs": 7}), json!({"timeoutMs": 7})),
            (CONFIG, json!({"timeoutMs": null}), json!({"timeoutMs": 5_000})),
            (
                CONFIG,
                destination(json!({"hmacSecret": "hush", "basicAuth": {"password": "", "username": "u"}})),
                destination(json!({
                    "hmacSecret": "********", "hasHmacSecret": true,
                    "basicAuth": {"username": "u"}, "hasBasicAuthPassword": false,
                })),
            ),
            (
                CONFIG,
                destination(json!({"hmacSecret": "********", "hasBasicAuthPassword": true, "basicAuth": {}})),
                destination(json!({
                    "hasHmacSecret": false,
                    "hasBasicAuthPassword": true, "basicAuth": {"password": "********"},
                })),
            ),
            (ServerManagedFields(&[]), json!({"owner": 1}), json!({"owner": 1})),
        ] {
            let once = fields.as_stored(sent.clone());
            assert_eq!(once, stored, "{sent}");
            assert_eq!(fields.as_stored(once), stored, "a second time: {sent}");
        }
    }

    #[test]
    fn only_secrets_are_masked() {
        let fields = CONFIG;
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
