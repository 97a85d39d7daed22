//! Creating under an ID that the client makes: filling it in, and reading it back when the end is not known.

use super::{
    call::Call,
    client::Client,
    error::Kind,
    exchange::{Options, Outgoing, Received, exchange},
    id,
    managed::Managed,
    operation::{Operation, Target},
    transport::BoxFuture,
};
use crate::{operations, types};
use bytes::Bytes;
use serde_json::{Map, Value};

/// A kind of asset that is created under an ID which the client makes (documented: the service makes none, and answers with nothing).
///
/// The trait is sealed: the crate implements it for each such type.
pub trait Create: sealed::Sealed + Sized {
    /// The type of its ID.
    type Id: From<String> + Send + 'static;

    #[doc(hidden)]
    fn create(&self, client: &Client) -> (Self::Id, Call<()>);
}

mod sealed {
    pub trait Sealed {}
}

/// Makes kinds of assets creatable: each with the type and the field of its ID, its method, and how it is read back.
macro_rules! creatable {
    ($(
        $(#[$gate:meta])?
        $asset:ident, $id:ident, $field:ident, $method:ident, $group:ident::{$create:ident, $find:ident}, $property:literal;
    )*) => {
        /// One entry for each operation that may be repeated because the client makes the ID.
        static READ_BACKS: &[ReadBack] = &[$(
            $(#[$gate])?
            ReadBack {
                create: &operations::$group::$create,
                find: &operations::$group::$find,
                property: $property,
            },
        )*];

        $(
        $(#[$gate])?
        impl sealed::Sealed for types::$asset {}

        $(#[$gate])?
        impl Create for types::$asset {
            type Id = types::$id;

            fn create(&self, client: &Client) -> (types::$id, Call<()>) {
                (self.$field.clone(), client.$method(self))
            }
        }
    )* };
}

creatable! {
    OfferSource, OfferSourceId, id_offer_source, create_offer_source,
        offer_sources::{CREATE_OFFER_SOURCE, FIND_OFFER_SOURCE_BY_ID}, "idOfferSource";
    #[cfg(feature = "traffic-sources")]
    TrafficSource, TrafficSourceId, id_traffic_source, create_traffic_source,
        traffic_sources::{CREATE_TRAFFIC_SOURCE, FIND_TRAFFIC_SOURCE_BY_ID}, "idTrafficSource";
    #[cfg(feature = "funnel-groups")]
    FunnelGroup, FunnelGroupId, id_funnel_group, create_funnel_group,
        funnel_groups::{CREATE_FUNNEL_GROUP, FIND_FUNNEL_GROUP_BY_ID}, "idFunnelGroup";
    #[cfg(feature = "funnels")]
    Funnel, FunnelId, id_funnel, create_funnel,
        funnels::{CREATE_FUNNEL, FIND_FUNNEL_BY_ID}, "idFunnel";
    #[cfg(feature = "conditions")]
    Condition, ConditionId, id_condition, create_condition,
        conditions::{CREATE_CONDITION, FIND_CONDITION_BY_ID}, "idCondition";
    #[cfg(feature = "logic-scripts")]
    LogicScript, LogicScriptId, id_logic_script, create_logic_script,
        logic_scripts::{CREATE_LOGIC_SCRIPT, FIND_LOGIC_SCRIPT_BY_ID}, "idLogicScript";
    #[cfg(feature = "visitor-tags")]
    VisitorTag, VisitorTagId, id_visitor_tag, create_visitor_tag,
        visitor_tags::{CREATE_VISITOR_TAG, FIND_VISITOR_TAG_BY_ID}, "idVisitorTag";
    #[cfg(feature = "page-groups")]
    PageGroup, PageGroupId, id_page_group, create_page_group,
        page_groups::{CREATE_PAGE_GROUP, FIND_PAGE_GROUP_BY_ID}, "idPageGroup";
    #[cfg(feature = "pages")]
    Page, PageId, id_page, create_page,
        pages::{CREATE_PAGE, FIND_PAGE_BY_ID}, "idPage";
    #[cfg(feature = "categories")]
    Category, CategoryId, id_category, create_category,
        categories::{CREATE_CATEGORY, FIND_CATEGORY_BY_ID}, "idCategory";
    #[cfg(feature = "ai-node-settings")]
    AiNodeSettings, AiNodeSettingsId, id_ai_node_setting, create_ai_node_settings,
        ai_node_settings::{CREATE_AI_NODE_SETTINGS, FIND_AI_NODE_SETTINGS_BY_ID}, "idAiNodeSetting";
    #[cfg(feature = "webhook-configs")]
    WebhookConfig, WebhookConfigId, id_webhook_config, create_webhook_config,
        webhook_configs::{CREATE_WEBHOOK_CONFIG, FIND_WEBHOOK_CONFIG_BY_ID}, "idWebhookConfig";
    #[cfg(feature = "middleware-configs")]
    MiddlewareConfig, MiddlewareConfigId, id_middleware_config, create_middleware_config,
        middleware_configs::{CREATE_MIDDLEWARE_CONFIG, FIND_MIDDLEWARE_CONFIG_BY_ID}, "idMiddlewareConfig";
}

impl Client {
    /// Creates an asset under a new ID, and returns the ID.
    ///
    /// It never makes two, however the service fails on the way: the call is repeated under the same ID, and where it is not known
    /// whether it was applied, the ID is read back and compared (status and headers of the [`Response`](crate::Response) are then those
    /// of the reading). If that does not settle it either, the error [says so](crate::Error::may_have_been_applied), and
    /// [has the ID](crate::Error::asset_id).
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::types::OfferSource;
    ///
    /// let id = client
    ///     .create(|id| OfferSource::new(id, "ClickBank").with_postback_tx_id("{clickid}"))
    ///     .await?;
    /// println!("created {id}");
    /// # Ok(()) }
    /// ```
    pub fn create<A: Create>(&self, make: impl FnOnce(A::Id) -> A) -> Call<A::Id> {
        let new = id::generate();
        let text = new.as_ref().cloned().unwrap_or_default();
        let (id, mut call) = make(A::Id::from(text)).create(self);
        if let Err(clock) = new {
            call = call.wrong(Kind::Configuration(clock.to_string()));
        }
        call.map(move |()| id)
    }
}

/// How the asset of a create is read back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBack {
    create: &'static Operation,
    find: &'static Operation,
    /// Name of the ID in the body and of the query parameter.
    property: &'static str,
}

/// What reading back tells.
pub(crate) enum Settled {
    /// The asset is there as it was sent.
    Applied(Received),
    /// It is not known, and this is what was seen.
    Open(String),
}

impl ReadBack {
    /// How to read back what this operation makes.
    pub(crate) fn of(operation: &Operation) -> Option<Self> {
        let mut known = READ_BACKS.iter();
        known.find(|entry| entry.create.id == operation.id).copied()
    }

    fn id<'a>(&self, body: &'a Map<String, Value>) -> Option<&'a str> {
        body.get(self.property)?.as_str()
    }

    /// What is wrong with the ID under which the body would be created.
    pub(crate) fn check(&self, body: &Bytes) -> Option<Kind> {
        let body = object(body)?;
        let id = self.id(&body)?;
        (!id::generator::is_well_formed(id)).then(|| {
            Kind::Argument(format!(
                "{} is {id:?}, and what is created needs 12 characters out of 0-9A-Za-z: the service may cut others and breaks its \
                 reports on them; generate() makes one",
                self.property
            ))
        })
    }

    /// The ID under which the body would be created.
    pub(crate) fn asset_id(&self, body: &Bytes) -> Option<String> {
        self.id(&object(body)?).map(str::to_owned)
    }

    /// The first plain property in which what was found is not what the service makes of what was sent. Spaces around it, and what
    /// only one of them has, do not count: the service may trim and add.
    fn difference(&self, sent: &Map<String, Value>, found: &Map<String, Value>) -> Option<String> {
        let plain = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let shown = Managed::of(self.create.segment()).shown(Value::Object(sent.clone()));
        let differs = |name: &&String| {
            let sent = shown.get(*name).and_then(plain);
            let found = found.get(*name).and_then(plain);
            found.is_some() && sent.is_some() && found != sent
        };
        sent.keys().find(differs).cloned()
    }

    /// Reads the ID back and compares. Boxed, because an exchange contains this one.
    pub(crate) fn look<'a>(
        &'a self,
        client: &'a Client,
        body: Option<&'a Bytes>,
        options: Options,
    ) -> BoxFuture<'a, Settled> {
        Box::pin(async move {
            let sent = body.and_then(object).unwrap_or_default();
            let Some(id) = self.id(&sent) else {
                return Settled::Open(format!("it cannot be read back without {}", self.property));
            };
            let outgoing = Outgoing {
                query: format!("{}={id}", self.property),
                options,
                ..Outgoing::new(Target::from(self.find))
            };
            let received = match exchange(client, &outgoing).await {
                Ok(received) => received,
                Err(error) if error.is_not_found() => {
                    return Settled::Open("reading it back did not find it yet".to_owned());
                }
                Err(error) => return Settled::Open(format!("reading it back failed: {error}")),
            };
            match object(&received.body) {
                Some(found) if self.id(&found) == Some(id) => match self.difference(&sent, &found) {
                    None => Settled::Applied(received),
                    Some(property) => {
                        Settled::Open(format!("an asset with this ID exists, and differs in {property}"))
                    }
                },
                _ => Settled::Open("reading it back did not find it yet".to_owned()),
            }
        })
    }
}

fn object(body: &Bytes) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::operation::Repeat;
    use serde_json::json;

    #[test]
    fn every_create_under_an_id_of_the_client_can_be_read_back() {
        for operation in operations::GROUPS.iter().copied().flatten() {
            let by_client = operation.repeat == Repeat::ClientId;
            assert_eq!(
                ReadBack::of(operation).is_some(),
                by_client,
                "{operation}: READ_BACKS lacks it"
            );
        }
    }

    #[test]
    fn only_what_both_have_can_differ() {
        let difference = |segment: &str, sent: Value, found: Value| {
            let mut known = READ_BACKS.iter();
            let read_back = known.find(|entry| entry.create.segment() == segment)?;
            let map = |value: Value| value.as_object().cloned().unwrap_or_default();
            read_back.difference(&map(sent), &map(found))
        };
        let sent = json!({"id": "1", "name": " a ", "meta": {"v": 1}, "gone": "x"});
        let same = json!({"id": "1", "name": "a", "meta": {"v": 2}, "status": "active", "gone": null});
        assert_eq!(difference("offersource", sent.clone(), same), None);
        let other = json!({"id": "1", "name": "b"});
        let named = Some("name".to_owned());
        assert_eq!(difference("offersource", sent, other), named);
        // What only the service sets is no difference; what it does not know of is.
        #[cfg(feature = "undocumented")]
        {
            let sent = json!({"codeHash": "mine", "owner": "me"});
            let found = json!({"codeHash": "theirs", "owner": "them"});
            assert_eq!(difference("logicscript", sent.clone(), found.clone()), None);
            let named = Some("codeHash".to_owned());
            assert_eq!(difference("offersource", sent, found), named);
            let sent = json!({"timeoutMs": 20_000});
            let time = |found: u64| difference("middlewareconfig", sent.clone(), json!({"timeoutMs": found}));
            assert_eq!((time(10_000), time(9_999)), (None, Some("timeoutMs".to_owned())));
            let told = |found: Value| difference("middlewareconfig", json!({"name": "M"}), found);
            assert_eq!(told(json!({"name": "M", "timeoutMs": 4_000})), None);
        }
    }
}
