//! Creates with client-generated IDs, and the read-back after a create with an unknown result.

use super::{
    attempt_loop::execute,
    call::Call,
    client::Client,
    error::ErrorKind,
    id,
    operation::{Operation, RequestTarget},
    prepared_request::{CallOptions, PreparedRequest},
    received_response::ReceivedResponse,
    server_managed::ServerManagedFields,
    transport::BoxFuture,
};
use crate::{operations, types};
use bytes::Bytes;
use serde_json::{Map, Value};

/// An asset that is created under a client-generated ID.
///
/// Documented: the service does not generate the ID, and its response is empty. The trait is sealed; the
/// crate implements it for every such type.
pub trait Create: sealed::Sealed + Sized {
    /// Type of the asset's ID.
    type Id: From<String> + Send + 'static;

    #[doc(hidden)]
    fn create(&self, client: &Client) -> (Self::Id, Call<()>);
}

mod sealed {
    pub trait Sealed {}
}

/// Implements [`Create`] for assets, and lists the operations that read them back.
macro_rules! creatable {
    ($(
        $(#[$gate:meta])?
        $asset:ident, $id:ident, $field:ident, $method:ident,
            $group:ident::{$create:ident, $find:ident}, $property:literal;
    )*) => {
        /// One entry for each operation that may be retried because the client generates the ID.
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
    /// The call never creates two assets: it is retried under the same ID. If the result stays unknown, the
    /// client reads the ID back and compares; in that case, the [`Response`](crate::Response) has the status
    /// and headers of that read. If the read-back does not settle the result, the error reports that the
    /// create [may have been applied](crate::Error::may_have_been_applied) and [contains the
    /// ID](crate::Error::asset_id).
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
        let generated = id::generate();
        let text = generated.as_ref().cloned().unwrap_or_default();
        let (id, mut call) = make(A::Id::from(text)).create(self);
        if let Err(error) = generated {
            call = call.invalid(ErrorKind::Configuration(error.to_string()));
        }
        call.map(move |()| id)
    }
}

/// Reads a created asset back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBack {
    create: &'static Operation,
    find: &'static Operation,
    /// Name of the ID in the body and in the query.
    property: &'static str,
}

/// Outcome of a read-back.
pub(crate) enum ReadBackOutcome {
    /// The asset exists and equals the sent asset.
    Applied(ReceivedResponse),
    /// The result of the create is still unknown, for this reason.
    Unknown(String),
}

impl ReadBack {
    /// The read-back for a create; `None` for every other operation.
    pub(crate) fn for_operation(operation: &Operation) -> Option<Self> {
        let mut entries = READ_BACKS.iter();
        entries.find(|entry| entry.create.id == operation.id).copied()
    }

    fn id<'a>(&self, body: &'a Map<String, Value>) -> Option<&'a str> {
        body.get(self.property)?.as_str()
    }

    /// Rejects a body whose ID does not have the documented format.
    pub(crate) fn check_id(&self, body: &Bytes) -> Option<ErrorKind> {
        let body = object(body)?;
        let id = self.id(&body)?;
        (!id::generator::is_well_formed(id)).then(|| {
            ErrorKind::Argument(format!(
                "{} is {id:?}, but the ID of a new asset needs 12 characters of 0-9A-Za-z: the service may \
                 truncate other IDs, which breaks its reports; generate() makes a valid one",
                self.property
            ))
        })
    }

    /// ID of the asset that the body creates.
    pub(crate) fn asset_id(&self, body: &Bytes) -> Option<String> {
        self.id(&object(body)?).map(str::to_owned)
    }

    /// Name of the first scalar property that differs between the sent asset and the asset that was found.
    ///
    /// Ignores changes that the service is known to make, surrounding spaces, and properties that only one
    /// side has.
    fn difference(&self, sent: &Map<String, Value>, found: &Map<String, Value>) -> Option<String> {
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let fields = ServerManagedFields::for_segment(self.create.segment());
        let expected = fields.as_stored(Value::Object(sent.clone()));
        let differs = |name: &&String| {
            let expected = expected.get(*name).and_then(scalar);
            let found = found.get(*name).and_then(scalar);
            found.is_some() && expected.is_some() && found != expected
        };
        sent.keys().find(differs).cloned()
    }

    /// Reads the ID back and compares. Boxed, because the attempt loop that calls it is recursive here.
    pub(crate) fn execute<'a>(
        &'a self,
        client: &'a Client,
        body: Option<&'a Bytes>,
        options: CallOptions,
    ) -> BoxFuture<'a, ReadBackOutcome> {
        Box::pin(async move {
            let sent = body.and_then(object).unwrap_or_default();
            let Some(id) = self.id(&sent) else {
                return ReadBackOutcome::Unknown(format!("the body has no {} to read back", self.property));
            };
            let request = PreparedRequest {
                query: format!("{}={id}", self.property),
                options,
                ..PreparedRequest::new(RequestTarget::from(self.find))
            };
            let received = match execute(client, &request).await {
                Ok(received) => received,
                Err(error) if error.is_not_found() => {
                    return ReadBackOutcome::Unknown("reading it back did not find it yet".to_owned());
                }
                Err(error) => return ReadBackOutcome::Unknown(format!("reading it back failed: {error}")),
            };
            match object(&received.body) {
                Some(found) if self.id(&found) == Some(id) => match self.difference(&sent, &found) {
                    None => ReadBackOutcome::Applied(received),
                    Some(property) => ReadBackOutcome::Unknown(format!(
                        "an asset with this ID exists, and differs in {property}"
                    )),
                },
                _ => ReadBackOutcome::Unknown("reading it back did not find it yet".to_owned()),
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
    fn every_create_under_a_client_made_id_can_be_read_back() {
        for operation in operations::GROUPS.iter().copied().flatten() {
            let has_client_id = operation.repeat == Repeat::ClientId;
            assert_eq!(
                ReadBack::for_operation(operation).is_some(),
                has_client_id,
                "{operation}: READ_BACKS lacks it"
            );
        }
    }

    #[test]
    fn only_properties_of_both_sides_can_differ() {
        let difference = |segment: &str, sent: Value, found: Value| {
            let mut entries = READ_BACKS.iter();
            let read_back = entries.find(|entry| entry.create.segment() == segment)?;
            let map = |value: Value| value.as_object().cloned().unwrap_or_default();
            read_back.difference(&map(sent), &map(found))
        };
        let sent = json!({"id": "1", "name": " a ", "meta": {"v": 1}, "gone": "x"});
        let same = json!({"id": "1", "name": "a", "meta": {"v": 2}, "status": "active", "gone": null});
        assert_eq!(difference("offersource", sent.clone(), same), None);
        let renamed = json!({"id": "1", "name": "b"});
        let name = Some("name".to_owned());
        assert_eq!(difference("offersource", sent, renamed), name);
        // A property that the service overwrites is ignored; the same property of another asset kind is not.
        #[cfg(feature = "undocumented")]
        {
            let sent = json!({"codeHash": "mine", "owner": "me"});
            let found = json!({"codeHash": "theirs", "owner": "them"});
            assert_eq!(difference("logicscript", sent.clone(), found.clone()), None);
            let code_hash = Some("codeHash".to_owned());
            assert_eq!(difference("offersource", sent, found), code_hash);
            let sent = json!({"timeoutMs": 20_000});
            let timeout =
                |found: u64| difference("middlewareconfig", sent.clone(), json!({"timeoutMs": found}));
            assert_eq!(
                (timeout(10_000), timeout(9_999)),
                (None, Some("timeoutMs".to_owned()))
            );
            let found = json!({"name": "M", "timeoutMs": 4_000});
            assert_eq!(difference("middlewareconfig", json!({"name": "M"}), found), None);
        }
    }
}
