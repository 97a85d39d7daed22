//! Creates assets under client-generated IDs, and reads an asset back if the result of its creation is
//! unknown.

use super::{
    attempt_loop::execute,
    call::Call,
    client::Client,
    error::ErrorKind,
    operation::{Operation, Parameter, ParameterPlace, RequestTarget},
    prepared_request::{CallOptions, PreparedRequest},
    received_response::ReceivedResponse,
    server_managed::ServerManagedFields,
    transport::BoxFuture,
};
use crate::api::public::READ_BACKS;
use crate::values::id;
use bytes::Bytes;
use serde_json::{Map, Value};

/// A type of asset whose IDs the client generates.
///
/// Documented: the service does not generate an ID, and the response to a create is empty. The trait is
/// sealed; the crate implements it for every type of asset whose IDs the client generates.
pub trait Create: Sealed + Sized {
    /// Type of the asset's ID.
    type Id: From<String> + Send + 'static;

    #[doc(hidden)]
    fn id(&self) -> Self::Id;

    #[doc(hidden)]
    fn store(&self, client: &Client) -> Call<()>;
}

/// Seals [`Create`]: because this module is private, other crates cannot implement either trait.
pub trait Sealed {}

impl Client {
    /// Creates an asset under a new ID, and returns the ID.
    ///
    /// The call never creates two assets, because every attempt uses the same ID. If the result is still
    /// unknown after the last attempt, the client reads the asset back and compares it with the asset that
    /// was sent. If the two match, the call succeeds, and the [`Response`](crate::Response) has the status
    /// and headers of this read. Otherwise, the call returns an error, which states that the create [may have
    /// been applied](crate::Error::may_have_been_applied) and [contains the ID](crate::Error::asset_id).
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
        let asset = make(A::Id::from(text));
        let (id, mut call) = (asset.id(), asset.store(self));
        if let Err(error) = generated {
            call = call.invalid(ErrorKind::Configuration(error.to_string()));
        }
        call.map(move |()| id)
    }
}

/// Reads an asset back if the result of its creation is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadBack {
    pub(crate) create: &'static Operation,
    pub(crate) find: &'static Operation,
    /// Name of the property that contains the ID, both in the request body of `create` and in the response of
    /// `find`.
    pub(crate) property: &'static str,
    pub(crate) server_managed: ServerManagedFields,
}

/// Outcome of a read-back.
pub(crate) enum ReadBackOutcome {
    /// The asset exists, and equals the asset that was sent.
    Applied(ReceivedResponse),
    /// The result of the create is still unknown. Contains the reason.
    Unknown(String),
}

impl ReadBack {
    /// Returns the read-back for an operation that creates an asset; `None` for every other operation.
    pub(crate) fn for_operation(operation: &Operation) -> Option<Self> {
        let mut entries = READ_BACKS.iter().copied();
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

    /// ID of the asset in a request body.
    pub(crate) fn asset_id(&self, body: &Bytes) -> Option<String> {
        self.id(&object(body)?).map(str::to_owned)
    }

    /// Name of the first scalar property that has different values in the sent asset and in the found asset.
    ///
    /// Ignores surrounding spaces, properties that only one of the two assets has, and changes that the
    /// service is known to make.
    fn difference(&self, sent: &Map<String, Value>, found: &Map<String, Value>) -> Option<String> {
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let expected = self.server_managed.as_stored(Value::Object(sent.clone()));
        let differs = |name: &&String| {
            let expected = expected.get(*name).and_then(scalar);
            let found = found.get(*name).and_then(scalar);
            found.is_some() && expected.is_some() && found != expected
        };
        sent.keys().find(differs).cloned()
    }

    /// Request that finds an asset. Its only required parameter is the ID, in the query or in the path.
    fn request(&self, id: &str) -> PreparedRequest {
        let mut request = PreparedRequest::new(RequestTarget::from(self.find));
        let mut parameters = self.find.parameters.iter();
        match parameters.find(|parameter| parameter.required) {
            Some(Parameter {
                name,
                place: ParameterPlace::Path,
                ..
            }) => {
                request.target.path = self.find.path.replace(&format!("{{{name}}}"), id).into();
            }
            Some(Parameter { name, .. }) => request.query = format!("{name}={id}"),
            None => {}
        }
        request
    }

    /// Reads the asset and compares it with the asset that was sent. The future is boxed, because the attempt
    /// loop calls this function, which calls the attempt loop again.
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
                options,
                ..self.request(id)
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
    use crate::{operations, runtime::operation::Repeat};
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
    fn the_id_may_be_a_part_of_the_path() {
        const fn operation(path: &'static str, parameters: &'static [Parameter]) -> Operation {
            Operation {
                id: "find_page_by_id",
                method: http::Method::GET,
                path,
                tag: "Pages",
                summary: "Find a page by ID",
                repeat: Repeat::Read,
                request_body: crate::runtime::operation::RequestBody::None,
                parameters,
                requires_acknowledgement: false,
            }
        }
        static IN_PATH: Operation = operation("/page/{id}/", &[Parameter::path("id", true)]);
        static IN_QUERY: Operation = operation(
            "/page/find/byId/",
            &[Parameter::query("lang", false), Parameter::query("id", true)],
        );
        let target = |find| {
            let read_back = ReadBack {
                create: find,
                find,
                property: "idPage",
                server_managed: ServerManagedFields(&[]),
            };
            let request = read_back.request("a1");
            (request.target.path.into_owned(), request.query)
        };
        assert_eq!(target(&IN_PATH), ("/page/a1/".to_owned(), String::new()));
        assert_eq!(
            target(&IN_QUERY),
            ("/page/find/byId/".to_owned(), "id=a1".to_owned())
        );
    }

    #[test]
    fn only_properties_of_both_sides_can_differ() {
        let difference = |segment: &str, sent: Value, found: Value| {
            let mut entries = READ_BACKS.iter();
            let read_back = entries.find(|entry| entry.create.path.split('/').nth(1) == Some(segment))?;
            let map = |value: Value| value.as_object().cloned().unwrap_or_default();
            read_back.difference(&map(sent), &map(found))
        };
        let sent = json!({"id": "1", "name": " a ", "meta": {"v": 1}, "gone": "x"});
        let same = json!({"id": "1", "name": "a", "meta": {"v": 2}, "status": "active", "gone": null});
        assert_eq!(difference("offersource", sent.clone(), same), None);
        let renamed = json!({"id": "1", "name": "b"});
        let name = Some("name".to_owned());
        assert_eq!(difference("offersource", sent, renamed), name);
        // A property that the service overwrites is ignored. For another kind of asset, the same property is
        // compared.
        #[cfg(feature = "inferred")]
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
