//! Transports as tower services, and tower services as transports.

use super::{BoxFuture, ResponseBody, Transport, TransportError};
use bytes::Bytes;
use http_body::Body;
use std::{
    error::Error as StdError,
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tower_service::Service;

/// A transport as a tower service, so that layers can wrap it.
///
/// [`from_service`] turns the wrapped service into a transport again.
///
/// ```
/// use funnelflux::{Client, bytes::Bytes, http::{HeaderValue, Request}};
/// use funnelflux::transport::{self, HttpTransport, TransportService};
/// use tower::{ServiceBuilder, util::MapRequestLayer};
///
/// let layer = MapRequestLayer::new(|mut request: Request<Bytes>| {
///     request.headers_mut().insert("x-team", HeaderValue::from_static("media-buying"));
///     request
/// });
/// let service = ServiceBuilder::new().layer(layer).service(TransportService::new(HttpTransport::new()?));
/// let client = Client::builder().transport(transport::from_service(service)).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
#[derive(Debug)]
pub struct TransportService<T>(Arc<T>);

impl<T: Transport> TransportService<T> {
    /// Wraps a transport.
    pub fn new(transport: T) -> Self {
        Self(Arc::new(transport))
    }
}

impl<T> Clone for TransportService<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Transport> Service<http::Request<Bytes>> for TransportService<T> {
    type Response = http::Response<ResponseBody>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        let transport = Arc::clone(&self.0);
        Box::pin(async move { transport.send(request).await })
    }
}

/// Creates a transport from a tower service; see [`TransportService`].
///
/// Each request uses a clone of the tower service. An error other than a [`TransportError`], such as an error
/// of a layer, counts as a broken connection. The client then assumes that the API may have received the
/// request.
pub fn from_service<S, B>(service: S) -> FromService<S>
where
    S: Service<http::Request<Bytes>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    FromService(Mutex::new(service))
}

/// Transport that [`from_service`] creates.
pub struct FromService<S>(Mutex<S>);

impl<S, B> Transport for FromService<S>
where
    S: Service<http::Request<Bytes>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let response = async {
                poll_fn(|context| service.poll_ready(context)).await?;
                service.call(request).await
            };
            let response = response.await.map_err(TransportError::from_source)?;
            Ok(response.map(ResponseBody::new))
        })
    }
}

impl<S> fmt::Debug for FromService<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FromService")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::transport::{TransportErrorKind, from_fn};
    use std::future::ready;
    use tower::{ServiceBuilder, service_fn};

    fn request() -> http::Request<Bytes> {
        http::Request::new(Bytes::from("body"))
    }

    #[tokio::test]
    async fn a_request_passes_the_layers_and_the_transport() {
        let echo = from_fn(|request: http::Request<Bytes>| {
            let mut response = http::Response::new(request.body().clone());
            *response.headers_mut() = request.headers().clone();
            ready(Ok(response))
        });
        let service = ServiceBuilder::new()
            .map_request(|mut request: http::Request<Bytes>| {
                request
                    .headers_mut()
                    .insert("x-layer", http::HeaderValue::from_static("1"));
                request
            })
            .service(TransportService::new(Arc::new(echo)));
        let response = from_service(service).send(request()).await.unwrap();
        assert_eq!(response.headers()["x-layer"], "1");
        assert_eq!(response.into_body().bytes().await.unwrap(), "body");
    }

    #[tokio::test]
    async fn an_error_of_a_layer_is_a_broken_connection() {
        let own = service_fn(|_: http::Request<Bytes>| {
            ready(Err::<http::Response<ResponseBody>, _>("a layer gave up"))
        });
        let error = from_service(own).send(request()).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Interrupted);
        assert!(error.to_string().contains("a layer gave up"), "{error}");
        // An error of the transport keeps its kind.
        let refused = from_fn(|_| {
            let error = TransportError::new(TransportErrorKind::Connect, "refused");
            ready(Err::<http::Response<Bytes>, _>(error))
        });
        let service = ServiceBuilder::new()
            .map_err(Box::<dyn StdError + Send + Sync>::from)
            .service(TransportService::new(refused));
        let error = from_service(service).send(request()).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Connect);
    }
}
