//! The model of the API. It is the output of the rules and the input of all later stages.

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

/// A document after all rules have been applied, with its operations and types.
#[derive(Clone, Debug)]
pub(crate) struct ApiModel {
    /// The document in the form that progenitor supports.
    pub(crate) document: Value,
    /// Names of groups, operations and IDs.
    pub(crate) vocabulary: Vocabulary,
    /// Tags that have operations, in the order of the document.
    pub(crate) tags: Vec<Tag>,
    /// Operations, sorted by the position of their tag, and then by verb. The generated documentation lists
    /// them in this order.
    pub(crate) operations: Vec<Operation>,
    /// Enumerations of strings. All of them are open: their types also accept unlisted values.
    pub(crate) enums: Vec<OpenEnum>,
    pub(crate) ids: Vec<IdType>,
    /// Name of the runtime's type for secrets. `None` if there are no secrets.
    pub(crate) secret: Option<&'static str>,
    /// JSON names of the fields whose types are inferred, keyed by the Rust type that has these fields.
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

    /// Restores the original location of each diagnostic on a part that rules have moved.
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
    /// Description from the document, escaped for rustdoc. It may be empty.
    pub(crate) description: String,
    /// Documentation of the methods of the group, in Markdown.
    pub(crate) documentation: String,
    /// Cargo feature that enables the group.
    pub(crate) feature: String,
    /// `true` if the tag has `x-undocumented: true`, which marks a group with inferred operations.
    pub(crate) inferred: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Pointer to the operation in the document.
    pub(crate) pointer: PointerBuf,
    /// Method name, verb and tag of the operation.
    pub(crate) words: OperationWords,
    /// HTTP method in upper case.
    pub(crate) method: String,
    /// Path template as written in the document, including a trailing slash.
    pub(crate) path: String,
    pub(crate) tag: String,
    /// Summary in one line.
    pub(crate) summary: String,
    /// Documentation of the Rust method, in Markdown.
    pub(crate) documentation: String,
    /// Parameters. Path parameters come first, in the order of the path. They are followed by the other
    /// required parameters, sorted by name, and then by the optional parameters, sorted by name.
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

    /// Returns the name of the static with the metadata of the operation.
    pub(crate) fn constant(&self) -> Ident {
        format_ident!("{}", naming::constant(self.id()))
    }

    /// Returns the only required argument. Returns `None` if no argument is required, or if more than one
    /// argument is required.
    pub(crate) fn only_required(&self) -> Option<&Argument> {
        let mut required = self.arguments.iter().filter(|argument| argument.required);
        required.next().filter(|_| required.next().is_none())
    }

    /// Returns the reason why the handle of the group cannot use the operation. If the operation requires
    /// several arguments, the returned text lists these arguments. Otherwise, returns `reason`.
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
    /// A list in the query that repeats the name of the parameter for each item.
    Repeated,
}

impl ArgumentKind {
    /// Returns the name that the runtime uses for this kind of parameter, both in `Parameter` and in the
    /// builder of a call.
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
    /// Text with this media type.
    Text(String),
    /// Bytes with this media type.
    Bytes(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestBody {
    None,
    Optional,
    Required,
}

/// Effect of sending a request again if the first attempt may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Safe: the operation only reads.
    Read,
    /// Safe: a second request changes nothing.
    Idempotent,
    /// Detectable: the operation creates an asset under an ID that the client chose.
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
    /// Values in the order of the document. The rule `drop-unusable-enums` has ensured that no two values
    /// become the same variant.
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdType {
    /// Name of the component and of the Rust type.
    pub(crate) name: String,
    /// Documentation in Markdown.
    pub(crate) documentation: String,
}
