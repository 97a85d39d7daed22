//! The API as types: the output of the rules and the input of all later stages.

use std::collections::{BTreeMap, BTreeSet};

use quote::format_ident;
use serde_json::Value;
use syn::Ident;

use crate::{
    method_names::{OperationWords, Vocabulary},
    naming,
};
use funnelflux_openapi::{Diagnostics, Document, pointer::PointerBuf};

use super::origins::Origins;

/// A document after all rules, with its operations and types.
#[derive(Clone, Debug)]
pub(crate) struct ApiModel {
    /// The document in the form that the generator supports.
    pub(crate) document: Value,
    /// Names of groups, operations and IDs.
    pub(crate) vocabulary: Vocabulary,
    /// Tags that have operations, in the order of the document.
    pub(crate) tags: Vec<Tag>,
    /// Operations by tag, in the order of the documentation.
    pub(crate) operations: Vec<Operation>,
    /// Enumerations of strings, all of which are open.
    pub(crate) enums: Vec<OpenEnum>,
    pub(crate) ids: Vec<IdType>,
    /// Type of secrets, which the runtime defines; `None` if there are no secrets.
    pub(crate) secret: Option<&'static str>,
    /// JSON names of the fields whose types are inferred, by type.
    pub(crate) inferred_fields: BTreeMap<String, BTreeSet<String>>,
    pub(super) origins: Origins,
}

impl ApiModel {
    pub(crate) fn is_id(&self, type_name: &str) -> bool {
        self.ids.iter().any(|id| id.name == type_name)
    }

    pub(crate) fn is_enum(&self, type_name: &str) -> bool {
        self.enums.iter().any(|open| open.name == type_name)
    }

    /// Maps diagnostics on parts that rules have moved back to their original location.
    pub(crate) fn relocate(&self, diagnostics: Diagnostics, source: &Document) -> Diagnostics {
        self.origins.relocate(diagnostics, source)
    }
}

/// A group of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Name in the document.
    pub(crate) name: String,
    pub(crate) module: String,
    /// Description in the document, safe for rustdoc; may be empty.
    pub(crate) description: String,
    /// Documentation of its methods, in Markdown.
    pub(crate) documentation: String,
    /// Cargo feature that enables the group.
    pub(crate) feature: String,
    /// `true` if its operations are inferred (`x-undocumented`).
    pub(crate) inferred: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Pointer into the document.
    pub(crate) pointer: PointerBuf,
    /// Name, verb, and place among the operations of its tag.
    pub(crate) words: OperationWords,
    /// HTTP method in upper case.
    pub(crate) method: String,
    /// Path template as the document writes it, with its trailing slash.
    pub(crate) path: String,
    pub(crate) tag: String,
    /// Summary in one line.
    pub(crate) summary: String,
    /// Documentation of its method, in Markdown.
    pub(crate) documentation: String,
    /// Parameters: first those of the path in its order, then the required ones by name, then the optional
    /// ones by name.
    pub(crate) arguments: Vec<Argument>,
    pub(crate) request_body: RequestBody,
    /// Media type of a request body that is not JSON.
    pub(crate) raw_body: Option<String>,
    /// Media type of a JSON request body if it is not `application/json`.
    pub(crate) json_type: Option<String>,
    pub(crate) response: Response,
    pub(crate) repeat: Repeat,
    /// `true` for a destructive operation that is inferred. Callers must acknowledge that it is inferred.
    pub(crate) requires_acknowledgement: bool,
}

impl Operation {
    /// Returns the name of the Rust method.
    pub(crate) fn id(&self) -> &str {
        &self.words.id
    }

    /// Returns the name of the static with its metadata.
    pub(crate) fn constant(&self) -> Ident {
        format_ident!("{}", naming::constant(self.id()))
    }

    /// Returns the only required argument; `None` if there is none, or more than one.
    pub(crate) fn only_required(&self) -> Option<&Argument> {
        let mut required = self.arguments.iter().filter(|argument| argument.required);
        required.next().filter(|_| required.next().is_none())
    }

    /// Returns the reason why an ability does not fit: the arguments that the operation requires, if it
    /// requires several, or else this reason.
    pub(crate) fn reason(&self, reason: &str) -> String {
        let required = self.arguments.iter().filter(|argument| argument.required);
        let names: Vec<String> = required.map(|argument| format!("`{}`", argument.name)).collect();
        match names.as_slice() {
            [_, _, ..] => format!("it requires several arguments: {}", names.join(", ")),
            _ => reason.to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argument {
    /// Name in the document.
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) kind: ArgumentKind,
}

/// Place and format of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentKind {
    Path,
    Header,
    /// One value in the query.
    Single,
    /// A list in the query, separated by commas.
    CommaSeparated,
    /// A list in the query that repeats the name.
    Repeated,
}

impl ArgumentKind {
    /// Returns the name of the runtime's functions for such a parameter.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Header => "header",
            Self::Single => "query",
            Self::CommaSeparated => "query_list",
            Self::Repeated => "query_repeated",
        }
    }
}

/// Response of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    /// JSON, or nothing if the operation documents no content.
    Documented,
    /// JSON, which may be absent.
    Optional,
    /// Text of a media type.
    Text(String),
    /// Bytes of a media type.
    Bytes(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestBody {
    None,
    Optional,
    Required,
}

/// Effect of sending an operation again if the first request may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Safe: the operation only reads.
    Read,
    /// Safe: a second request changes nothing.
    Idempotent,
    /// Detectable: it creates an asset under an ID that the client chose.
    ClientId,
    /// Unsafe: a second request creates a second asset.
    Never,
}

/// An enumeration of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenEnum {
    pub(crate) name: String,
    /// Documentation in Markdown.
    pub(crate) documentation: String,
    /// Values in the order of the document. Lint has ensured that no two become the same variant.
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdType {
    /// Name of the component and of the Rust type.
    pub(crate) name: String,
    /// Documentation in Markdown.
    pub(crate) documentation: String,
}
