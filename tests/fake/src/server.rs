//! Serves the fake on a real socket: HTTP/1.1 with hyper, and broken connections on the TCP stream itself.
//!
//! hyper parses each request. If a fault breaks the connection, the service fails before its response, hyper
//! returns the untouched stream, and this module writes the rest (half a response, a reset, silence) byte by
//! byte.

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

/// A [`Fake`] that listens on a socket. Dropping it closes all connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
    commands: mpsc::Sender<ListenerCommand>,
}

#[derive(Debug)]
enum ListenerCommand {
    Refuse(oneshot::Sender<io::Result<()>>),
    Accept(oneshot::Sender<io::Result<()>>),
}

impl Fake {
    /// Listens on `address`. Port 0 selects a free port.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn serve(&self, address: SocketAddr) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (commands, received) = mpsc::channel(1);
        let task = tokio::spawn(accept(self.clone(), address, listener, received));
        Ok(Server {
            address,
            task,
            commands,
        })
    }
}

impl Server {
    /// The address that the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Base URL of the API on this server, such as `http://127.0.0.1:40001/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, Fake::base_path())
    }

    /// Stops listening and closes all connections. The operating system refuses new connections.
    ///
    /// # Errors
    /// If the server has stopped.
    pub async fn refuse_connections(&self) -> io::Result<()> {
        self.command(ListenerCommand::Refuse).await
    }

    /// Listens again, at the same address.
    ///
    /// # Errors
    /// If the address cannot be bound again, or the server has stopped.
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
            // A failed accept affects only one connection, which is already closed.
            Ok((stream, _)) = accepted => {
                let _ = stream.set_nodelay(true);
                connections.spawn(serve_connection(fake.clone(), stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Error that ends a connection without a response, because of a fault or because the client has left.
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
            // A client that leaves before the end of its body has not made a request.
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
    // An error here means that the client left or does not speak HTTP.
    let _ = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let mut stream = connection.into_parts().io.into_inner();
    let interruption = interruption.lock().await.take();
    // An error here means that the client has left.
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
        // With a zero linger time, closing sends a reset.
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

/// Reads a body up to the limit, plus at most one frame. A larger body always gets an error.
async fn collect(mut body: Incoming, max: usize) -> Result<Bytes, hyper::Error> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // The rest of a body that is too large is read and dropped, so that the client sees the response.
        if let Some(data) = frame?.data_ref()
            && collected.len() <= max
        {
            collected.extend_from_slice(data);
        }
    }
    Ok(collected.freeze())
}
