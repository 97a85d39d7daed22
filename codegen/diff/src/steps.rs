//! Human-readable steps of a path through schemas.

/// Appends path steps for JSON pointer tokens within a schema. An array is the step `[]`, which `join_arrays`
/// appends to a name.
pub(crate) fn schema_steps(tokens: &[String], path: &mut Vec<String>) {
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        match token.as_str() {
            "properties" => path.extend(rest.next().cloned()),
            "items" => path.push("[]".to_owned()),
            "additionalProperties" => path.push("*".to_owned()),
            "headers" => path.extend(rest.next().map(|name| format!("header {name}"))),
            "allOf" | "oneOf" | "anyOf" => {
                path.extend(rest.next().map(|index| format!("{token}[{index}]")));
            }
            "content" => {
                rest.next();
            }
            "schema" => {}
            // A keyword: the place is the schema that contains it.
            _ => break,
        }
    }
}

/// `["entries", "[]"]` becomes `["entries[]"]`, but `["200", "[]", "OfferSourceInfo"]` becomes `["200",
/// "OfferSourceInfo[]"]`.
pub(crate) fn join_arrays(path: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut arrays = 0_usize;
    for step in path {
        if step == "[]" {
            let is_first = joined.len() <= 1;
            match joined.last_mut() {
                Some(last) if !is_first => last.push_str("[]"),
                _ => arrays += 1,
            }
        } else {
            joined.push(format!("{step}{}", "[]".repeat(arrays)));
            arrays = 0;
        }
    }
    joined.extend(std::iter::repeat_n("[]".to_owned(), arrays));
    joined
}

/// The tokens of a pointer, unescaped.
pub(crate) fn tokens(pointer: &funnelflux_openapi::pointer::Pointer) -> Vec<String> {
    pointer
        .tokens()
        .map(|token| token.decoded().into_owned())
        .collect()
}
