//! Names of the source text that normalising has changed.

use funnelflux_openapi::{Provenance, pointer::Pointer};

use crate::steps::tokens;

/// Keys of Swagger 2.0 that `OpenAPI` 3.0 writes differently.
const REPLACED: [&str; 4] = ["collectionFormat", "consumes", "produces", "schemes"];

/// Two names of the shared schema that contains the pointer: in the normalised document, such as `q`, and in
/// the source text, such as `W/$defs/q`. `None` if the names are equal.
pub(crate) fn schema(provenance: &Provenance, pointer: &Pointer) -> Option<(String, String)> {
    let schema = pointer.get(..3)?;
    let [components, schemas, name] = <[String; 3]>::try_from(tokens(schema)).ok()?;
    if components != "components" || schemas != "schemas" {
        return None;
    }
    let source = tokens(provenance.place(schema).pointer());
    let inside = match source.as_slice() {
        [components, schemas, inside @ ..] if components == "components" && schemas == "schemas" => inside,
        [definitions, inside @ ..] if definitions == "definitions" => inside,
        _ => return None,
    };
    let source = inside.join("/");
    (!source.is_empty() && source != name).then_some((name, source))
}

/// Replaces the names in a sentence with those of the source text. The sentence is about the part at
/// `pointer`, which is at `source` in the source text.
pub(crate) fn sentence(what: String, provenance: &Provenance, pointer: &Pointer, source: &Pointer) -> String {
    let mut what = what;
    if let Some((name, source)) = schema(provenance, pointer) {
        for end in ["`", "."] {
            what = what.replace(&format!("`{name}{end}"), &format!("`{source}{end}"));
        }
    }
    let last = |pointer: &Pointer| pointer.last().map(|token| token.decoded().into_owned());
    if let (Some(key), Some(written)) = (last(pointer), last(source))
        && REPLACED.contains(&written.as_str())
        && let Some(rest) = what.strip_prefix(&format!("`{key}`"))
    {
        what = format!("`{written}`, read as `{key}`,{rest}");
    }
    what
}
