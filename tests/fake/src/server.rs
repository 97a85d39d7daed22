//! Serves the fake on a real socket. hyper implements HTTP/1.1. To break a connection, this module acts
//! directly on the TCP stream.
//!
//! hyper parses each request. If a fault breaks the connection, the service function returns an error instead
//! of a response. Then hyper returns the stream unchanged, and this module performs the fault on the stream.
//! For example, it writes half a response, resets the connection, or sends nothing.

use std::{fmt::Write as _, future::poll_fn, io, net::SocketAddr, pin::Pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc, oneshot},
    task::{JoinHandle, JoinSet},
};

use crate::{
    fake::Fake,
    fault::{Break, Interruption, Outcome},
};

/// Server that serves a [`Fake`] on a socket. Dropping the server closes all connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Base path of the document that the fake serves.
    base_path: &'static str,
    task: JoinHandle<()>,
    commands: mpsc::Sender<ListenerCommand>,
}

#[derive(Debug)]
enum ListenerCommand {
    Refuse(oneshot::Sender<io::Result<()>>),
    Accept(oneshot::Sender<io::Result<()>>),
}

impl Fake {
    /// Serves the fake on `address`. Port 0 selects a free port.
    ///
    /// # Errors
    /// Returns an error if the address cannot be bound.
    pub async fn serve(&self, address: SocketAddr) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (commands, received) = mpsc::channel(1);
        let task = tokio::spawn(accept(self.clone(), address, listener, received));
        Ok(Server {
            address,
            base_path: self.document().base_path(),
            task,
            commands,
        })
    }
}

impl Server {
    /// Returns the address on which the server listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL of the API on this server, such as `http://127.0.0.1:40001/v1`. The path is the
    /// base path of the document that the fake serves.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.base_path)
    }

    /// Stops listening and closes all connections. Then the operating system refuses new connections.
    ///
    /// # Errors
    /// Returns an error if the server has stopped.
    pub async fn refuse_connections(&self) -> io::Result<()> {
        self.command(ListenerCommand::Refuse).await
    }

    /// Listens again on the same address.
    ///
    /// # Errors
    /// Returns an error if the address cannot be bound again, or if the server has stopped.
    pub async fn accept_connections(&self) -> io::Result<()> {
        self.command(ListenerCommand::Accept).await
    }

    async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<io::Result<()>>) -> ListenerCommand,
    ) -> io::Result<()> {
        let ended = || io::Error::other("the fake's server has ended");
        let (sender, answer) = oneshot::channel();
        self.commands.send(command(sender)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Stops the server and closes all connections.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // An error here means that the task was aborted, as intended.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    fake: Fake,
    address: SocketAddr,
    listener: TcpListener,
    mut commands: mpsc::Receiver<ListenerCommand>,
) {
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = commands.recv() => match command {
                None => return,
                Some(ListenerCommand::Refuse(done)) => {
                    listener = None;
                    connections.shutdown().await;
                    let _ = done.send(Ok(()));
                }
                Some(ListenerCommand::Accept(done)) => {
                    let bound = match &listener {
                        Some(_) => Ok(()),
                        None => TcpListener::bind(address).await.map(|bound| listener = Some(bound)),
                    };
                    let _ = done.send(bound);
                }
            },
            // If `accept` fails, only one connection is affected, which is already closed.
            Ok((stream, _)) = accepted => {
                let _ = stream.set_nodelay(true);
                connections.spawn(serve_connection(fake.clone(), stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Error that ends a connection without a response, because of a fault or because the client has closed the
/// connection.
#[derive(Debug)]
struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection ends without an answer")
    }
}

impl std::error::Error for Interrupted {}

async fn serve_connection(fake: Fake, stream: TcpStream) {
    let interruption: Arc<Mutex<Option<Interruption>>> = Arc::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (fake, interruption) = (fake.clone(), interruption.clone());
        Box::pin(async move {
            let (head, body) = request.into_parts();
            // If the client closes the connection before the end of its body, the request is not handled.
            let body = collect(body, fake.max_body_bytes())
                .await
                .map_err(|_| Interrupted)?;
            match fake.handle(Request::from_parts(head, body)).await {
                Outcome::Response(response) => Ok(response.map(Full::new)),
                Outcome::Fault(fault) => {
                    *interruption.lock().await = Some(fault);
                    Err(Interrupted)
                }
            }
        }) as Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Interrupted>> + Send>>
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // An error here means that the client has closed the connection or does not speak HTTP, or that a fault
    // is injected.
    let _ = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let mut stream = connection.into_parts().io.into_inner();
    let interruption = interruption.lock().await.take();
    // An error here means that the client has closed the connection.
    let _ = match interruption {
        Some(interruption) => break_connection(interruption, stream).await,
        None => stream.shutdown().await,
    };
}

async fn break_connection(interruption: Interruption, mut stream: TcpStream) -> io::Result<()> {
    if let Some(partial) = &interruption.partial {
        stream.write_all(&head_of(partial)).await?;
        stream.write_all(partial.body()).await?;
        stream.flush().await?;
    }
    match interruption.how {
        // If the linger time is zero, closing the socket sends a reset.
        Break::Refused | Break::Reset => stream.set_zero_linger(),
        Break::Closed => stream.shutdown().await,
        Break::Stalled => {
            let mut ignored = [0; 1024];
            while stream.read(&mut ignored).await? > 0 {}
            Ok(())
        }
    }
}

fn head_of(response: &Response<Bytes>) -> Vec<u8> {
    let status = response.status();
    let mut head = String::new();
    let _ = write!(
        head,
        "HTTP/1.1 {} {}\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    let mut head = head.into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Reads a body, and keeps at most `max` bytes plus one frame. If the body exceeds `max` bytes, the result
/// also exceeds `max` bytes, so that the fake refuses it.
async fn collect(mut body: Incoming, max: usize) -> Result<Bytes, hyper::Error> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // The rest of a body that is too large is read and discarded, so that the client receives the
        // response.
        if let Some(data) = frame?.data_ref()
            && collected.len() <= max
        {
            collected.extend_from_slice(data);
        }
    }
    Ok(collected.freeze())
}
