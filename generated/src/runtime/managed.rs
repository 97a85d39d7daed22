//! What the service makes of what it is sent, as far as the documentation says it: so that an asset which is read back is known for
//! the one that was sent.

use serde_json::Value;

/// What stands for a secret that is stored (documented for middleware configs).
const PLACEHOLDER: &str = "********";

/// What the service makes of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The service sets it; what is sent is passed over. The document says so: `readOnly`.
    Set,
    /// A text without the spaces around it.
    Trimmed,
    /// The same as the property at this pointer, under an older name.
    AliasOf(&'static str),
    /// A number: the default where it is left out, and the most where it is more.
    Number { default: u64, most: u64 },
    /// A secret: shown as the [`PLACEHOLDER`]. A placeholder, an empty text or nothing keeps what is stored, if the flag at this
    /// pointer says so. The document marks it with the format `password`.
    Secret { flag: &'static str },
}

/// The properties of a kind of assets that the service makes something of, as JSON pointers.
type Fates = &'static [(&'static str, Fate)];

/// By the first segment of the paths of the kind.
static MANAGED: &[(&str, Fates)] = &[
    // Page Funnels: the owner is filled in when a funnel is read and ignored when it is saved; `idCampaign` is the legacy alias of
    // `idFunnelGroup`.
    (
        "funnel",
        &[
            ("/owner", Fate::Set),
            ("/idCampaign", Fate::AliasOf("/idFunnelGroup")),
        ],
    ),
    // Page Logic Scripts: hash and owner are managed by the server, the name is trimmed.
    (
        "logicscript",
        &[
            ("/codeHash", Fate::Set),
            ("/owner", Fate::Set),
            ("/logicScriptName", Fate::Trimmed),
        ],
    ),
    // Page Middleware Configs and the changelog of 15/06/2026: placeholders with their flags; the time is 5 s by default and cut at 10 s.
    (
        "middlewareconfig",
        &[
            (
                "/timeoutMs",
                Fate::Number {
                    default: 5_000,
                    most: 10_000,
                },
            ),
            (
                "/destination/basicAuth/password",
                Fate::Secret {
                    flag: "/destination/hasBasicAuthPassword",
                },
            ),
            (
                "/destination/hmacSecret",
                Fate::Secret {
                    flag: "/destination/hasHmacSecret",
                },
            ),
        ],
    ),
];

/// What the service makes of the assets of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Managed(Fates);

impl Managed {
    /// By the first segment of the paths of the kind.
    pub(crate) fn of(segment: &str) -> Self {
        let known = MANAGED.iter().find(|(of, _)| *of == segment);
        Self(known.map_or(&[], |(_, fates)| fates))
    }

    /// The asset as the service shows it once it was sent like this, for all that is known. What was read stays as it is.
    pub(crate) fn shown(self, mut asset: Value) -> Value {
        for (pointer, fate) in self.0 {
            fate.apply(pointer, &mut asset);
        }
        asset
    }

    /// The asset with its secrets as a read shows them, and all else as it was sent.
    pub(crate) fn veiled(self, mut asset: Value) -> Value {
        for (pointer, fate) in self.0 {
            if matches!(fate, Fate::Secret { .. }) {
                fate.apply(pointer, &mut asset);
            }
        }
        asset
    }

    /// The secrets that the asset leaves empty, without a placeholder for what is stored.
    pub(crate) fn emptied_secrets(self, asset: &Value) -> Vec<&'static str> {
        let secrets = self.0.iter().filter(|(pointer, fate)| {
            let told = asset.pointer(pointer).and_then(Value::as_str);
            matches!(fate, Fate::Secret { .. }) && told.unwrap_or_default().is_empty()
        });
        secrets.map(|(pointer, _)| *pointer).collect()
    }

    /// Whether the asset holds a secret of its own: no read tells whether the service has that one.
    pub(crate) fn tells_a_secret(self, asset: &Value) -> bool {
        self.0
            .iter()
            .any(|(pointer, fate)| matches!(fate, Fate::Secret { .. }) && is_secret(asset.pointer(pointer)))
    }
}

impl Fate {
    fn apply(self, pointer: &str, asset: &mut Value) {
        match self {
            Self::Set => put(asset, pointer, None),
            Self::Trimmed => {
                let trimmed = asset.pointer(pointer).and_then(Value::as_str).map(str::trim);
                if let Some(trimmed) = trimmed.map(Value::from) {
                    put(asset, pointer, Some(trimmed));
                }
            }
            Self::AliasOf(other) => {
                let told = |pointer| {
                    let value: &Value = asset.pointer(pointer)?;
                    value.as_str().filter(|id| !id.is_empty()).map(Value::from)
                };
                match (told(pointer), told(other)) {
                    (None, Some(value)) => put(asset, pointer, Some(value)),
                    (Some(value), None) => put(asset, other, Some(value)),
                    _ => {}
                }
            }
            Self::Number { default, most } => {
                let number = match asset.pointer(pointer) {
                    None | Some(Value::Null) => Some(default),
                    Some(number) => number.as_u64().map(|number| number.min(most)),
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

/// Whether this is a secret, and neither the placeholder of one nor nothing.
fn is_secret(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    !text.is_empty() && text != PLACEHOLDER
}

/// Puts a value at the pointer, or takes it out, where there is an object to hold it.
fn put(asset: &mut Value, pointer: &str, value: Option<Value>) {
    let Some((holder, name)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(holder) = asset.pointer_mut(holder).and_then(Value::as_object_mut) {
        match value {
            Some(value) => drop(holder.insert(name.to_owned(), value)),
            None => drop(holder.remove(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    /// What the document marks, and what it says of the rest, is what the table has.
    #[test]
    fn the_table_is_what_the_document_says() {
        let document = include_str!("../../../spec/effective.json");
        let document: Value = serde_json::from_str(document).unwrap();
        let schema = |name: &str| &document["components"]["schemas"][name];
        let referred = |value: &Value| {
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
            let Some(asset) = referred(body) else {
                continue;
            };
            let mut open = vec![(String::new(), asset)];
            while let Some((pointer, name)) = open.pop() {
                for (property, value) in schema(&name)["properties"].as_object().into_iter().flatten() {
                    let pointer = format!("{pointer}/{property}");
                    if value["readOnly"] == true {
                        marked.insert((segment.to_owned(), pointer.clone(), "set"));
                    }
                    if value["format"] == "password" {
                        marked.insert((segment.to_owned(), pointer.clone(), "secret"));
                    }
                    open.extend(referred(value).map(|name| (pointer, name)));
                }
            }
        }
        let of_table: BTreeSet<_> = MANAGED
            .iter()
            .flat_map(|(segment, fates)| fates.iter().map(move |fate| (segment, fate)))
            .filter_map(|(segment, (pointer, fate))| {
                let mark = match fate {
                    Fate::Set => "set",
                    Fate::Secret { .. } => "secret",
                    _ => return None,
                };
                Some((format!("/{segment}"), (*pointer).to_owned(), mark))
            })
            .collect();
        assert_eq!(of_table, marked);
        let time = &schema("MiddlewareConfig")["properties"]["timeoutMs"];
        assert_eq!(time["default"], 5_000);
        assert!(
            time["description"].as_str().unwrap().contains("More than 10000"),
            "{time}"
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
    fn what_is_sent_is_shown_as_the_service_makes_it() {
        let destination = |destination: Value| json!({ "destination": destination, "timeoutMs": 5_000 });
        for (segment, sent, shown) in [
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
                destination(
                    json!({"hmacSecret": "********", "hasHmacSecret": true, "basicAuth": {"username": "u"}, "hasBasicAuthPassword": false}),
                ),
            ),
            (
                "middlewareconfig",
                destination(json!({"hmacSecret": "********", "hasBasicAuthPassword": true, "basicAuth": {}})),
                destination(
                    json!({"hasHmacSecret": false, "hasBasicAuthPassword": true, "basicAuth": {"password": "********"}}),
                ),
            ),
            // Nothing is known of other kinds.
            ("offersource", json!({"owner": 1}), json!({"owner": 1})),
        ] {
            let managed = Managed::of(segment);
            let once = managed.shown(sent.clone());
            assert_eq!(once, shown, "{segment}: {sent}");
            assert_eq!(managed.shown(once), shown, "what was read stays as it is: {sent}");
        }
    }

    #[test]
    fn secrets_are_veiled_and_nothing_else() {
        let managed = Managed::of("middlewareconfig");
        let sent = json!({"timeoutMs": 20_000, "destination": {"hmacSecret": "hush"}});
        assert!(managed.tells_a_secret(&sent));
        let veiled = managed.veiled(sent);
        let shown = json!({"hmacSecret": "********", "hasHmacSecret": true, "hasBasicAuthPassword": false});
        assert_eq!(veiled, json!({"timeoutMs": 20_000, "destination": shown}));
        assert!(!managed.tells_a_secret(&veiled));
    }
}
