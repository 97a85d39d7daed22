//! Messages on stdin and stdout, one per line. Every line that is not a message is answered with an error:
//! the transport of `rmcp` ignores lines that are not JSON, so that the sender of such a request would wait
//! forever.
//!
//! A list of messages (a batch) is an invalid request, because the current versions of the Model Context
//! Protocol have no batches. If the ID of a request cannot be read, the error has none, as the Model Context
//! Protocol specifies. JSON-RPC 2.0 specifies the ID `null`, but some clients refuse it.

use futures_util::future::BoxFuture;
use rmcp::RoleServer;
use rmcp::model::{ErrorData, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde::Deserialize as _;
use serde_json::Value;
use std::future::Future;
use std::io;
use std::mem;
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Empty, Stdin, Stdout, empty, stdin, stdout,
};

/// Maximum length of a line. Without this limit, an endless line would fill the memory.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

type Message = RxJsonRpcMessage<RoleServer>;
type Answer = TxJsonRpcMessage<RoleServer>;

/// Transport that reads messages from stdin and writes answers to stdout.
pub(super) struct Stdio {
    input: BufReader<Stdin>,
    /// The part of the next line that has already been read. The server may drop the future that reads a
    /// line.
    line: Vec<u8>,
    output: AsyncRwTransport<RoleServer, Empty, Stdout>,
    /// Error that is being written.
    refusal: Option<BoxFuture<'static, Result<(), io::Error>>>,
}

impl Stdio {
    pub(super) fn new() -> Self {
        Self {
            input: BufReader::new(stdin()),
            line: Vec::new(),
            output: AsyncRwTransport::new(empty(), stdout()),
            refusal: None,
        }
    }

    /// Returns the next line, or the rest of the input. Returns `None` at the end of the input.
    async fn next_line(&mut self) -> Option<Vec<u8>> {
        let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
        let mut input = (&mut self.input).take(room as u64);
        input.read_until(b'\n', &mut self.line).await.ok()?;
        Some(mem::take(&mut self.line)).filter(|line| !line.is_empty())
    }
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(&mut self, answer: Answer) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        self.output.send(answer)
    }

    async fn receive(&mut self) -> Option<Message> {
        loop {
            if let Some(refusal) = &mut self.refusal {
                let written = refusal.await;
                self.refusal = None;
                written.ok()?;
            }
            let line = self.next_line().await?;
            match parse(&line) {
                Some(Ok(message)) => return Some(message),
                Some(Err(refusal)) => self.refusal = Some(Box::pin(self.output.send(refusal))),
                None => {}
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.output.close().await
    }
}

/// Parses a line. Returns the answer as an error if the line is not a message, and `None` if it needs no
/// answer.
fn parse(line: &[u8]) -> Option<Result<Message, Answer>> {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    if text.is_empty() {
        return None;
    }
    if let Ok(message) = serde_json::from_slice(text) {
        return Some(Ok(message));
    }
    let (error, id) = match serde_json::from_slice::<Value>(text) {
        Err(error) => (
            ErrorData::parse_error(format!("this line is not JSON: {error}"), None),
            None,
        ),
        // Notifications are not answered.
        Ok(value) if value.get("method").is_some() && value.get("id").is_none() => return None,
        Ok(Value::Array(_)) => {
            let problem = "batches are not supported; send each message on a line of its own";
            (ErrorData::invalid_request(problem, None), None)
        }
        Ok(value) => {
            let id = value.get("id").and_then(|id| RequestId::deserialize(id).ok());
            let problem = "this line is not a JSON-RPC 2.0 request of the Model Context Protocol";
            (ErrorData::invalid_request(problem, None), id)
        }
    };
    Some(Err(Answer::error(error, id)))
}
