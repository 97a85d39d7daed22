//! jq expressions, which run inside this program.

use crate::exit::Failure;
use crate::output::write_out;
use crate::text::shortened;
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::Val;
use serde::Deserialize as _;
use serde_json::Value;
use std::io::Write as _;

/// One result of a jq expression.
pub(crate) struct JqResult(Val);

impl JqResult {
    /// Returns the result as JSON. If `raw` is true, a result that is text is returned without quotes.
    pub(crate) fn text(&self, raw: bool) -> String {
        match &self.0 {
            Val::TStr(text) if raw => String::from_utf8_lossy(text).into_owned(),
            value => value.to_string(),
        }
    }
}

type Compiled = jaq_core::Filter<JustLut<Val>>;

fn compile(expression: &str) -> Result<Compiled, Failure> {
    let invalid = |reason: String| {
        Failure::usage(format!("the jq expression {expression:?} is invalid: {reason}"))
            .fix("correct the expression; the language is that of jq")
    };
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let file = File {
        code: expression,
        path: (),
    };
    let modules = Loader::new(definitions).load(&arena, file).map_err(|errors| {
        let first = errors.into_iter().next().map(|(_, error)| error);
        invalid(first.map_or_else(String::new, load_error))
    })?;
    Compiler::default()
        .with_funs(functions)
        .compile(modules)
        .map_err(|errors| {
            let mut errors = errors.into_iter().flat_map(|(_, errors)| errors);
            let first = errors.next();
            let failure = invalid(first.map_or_else(String::new, |(name, undefined)| {
                format!("{} {name:?} is undefined", undefined.as_str())
            }));
            failure.fix(
                "correct the name; --jq lacks some filters of jq, such as INDEX, input and @csv (use -o csv \
                 instead)",
            )
        })
}

fn load_error(error: jaq_core::load::Error<&str>) -> String {
    use jaq_core::load::Error;
    let at = |found: &str| match found {
        "" => "at its end".to_owned(),
        found => format!("at {found:?}"),
    };
    let first = match error {
        Error::Io(errors) => errors
            .into_iter()
            .next()
            .map(|(path, error)| format!("{path}: {error}")),
        Error::Lex(errors) => errors
            .into_iter()
            .next()
            .map(|(expected, found)| format!("expected {} {}", expected.as_str(), at(found))),
        Error::Parse(errors) => errors
            .into_iter()
            .next()
            .map(|(expected, found)| format!("expected {} {}", expected.as_str(), at(found))),
    };
    first.unwrap_or_default()
}

/// Validates a jq expression.
pub(crate) fn check(expression: &str) -> Result<(), Failure> {
    compile(expression).map(drop)
}

/// Iterator over the results of a jq expression. A result is computed only when it is read, because an
/// expression may have infinitely many results. After an error, there are no more results.
pub(crate) type Results<'r> = dyn Iterator<Item = Result<JqResult, Failure>> + 'r;

/// Runs a jq expression on a value, and passes the results to `read`.
pub(crate) fn run<T>(
    expression: &str,
    input: &Value,
    read: impl FnOnce(&mut Results<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let filter = compile(expression)?;
    let failed = |error: String| {
        let message = format!(
            "the jq expression {expression:?} failed: {}",
            without_data(&error)
        );
        Failure::failed(message).fix("correct the expression, or see the data with -o json")
    };
    let input = Val::deserialize(input).map_err(|error| failed(error.to_string()))?;
    let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let results = filter.id.run((context, input)).map(unwrap_valr);
    let mut results = results
        .map(|result| result.map(JqResult).map_err(|error| failed(error.to_string())))
        .fuse();
    read(&mut results)
}

/// Number of characters that are kept at the beginning and at the end of a long error message.
const KEPT_CHARACTERS: usize = 100;

/// Removes the middle of a long message. The message quotes the whole value to which an operator was applied.
fn without_data(message: &str) -> String {
    let length = message.chars().count();
    if length <= 2 * KEPT_CHARACTERS {
        return message.to_owned();
    }
    let end: String = message.chars().skip(length - KEPT_CHARACTERS).collect();
    shortened(message, KEPT_CHARACTERS).into_owned() + &end
}

/// Results are printed only when this number of bytes is buffered, or when all results are known.
const MAX_KEPT: usize = 16 * 1024 * 1024;

/// Runs a jq expression on a value, and prints the results. If the expression fails within the first 16 MiB
/// of results, nothing is printed. Further results are printed as they are computed. If `raw` is true, text
/// is printed without quotes.
pub(crate) fn print(expression: &str, input: &Value, raw: bool) -> Result<(), Failure> {
    run(expression, input, |results| {
        let mut kept = String::new();
        while kept.len() < MAX_KEPT
            && let Some(result) = results.next()
        {
            kept.push_str(&result?.text(raw));
            kept.push('\n');
        }
        let mut failure = None;
        write_out(|out| {
            out.write_all(kept.as_bytes())?;
            drop(kept);
            for result in results {
                match result {
                    Ok(result) => writeln!(out, "{}", result.text(raw))?,
                    Err(error) => failure = Some(error),
                }
            }
            Ok(())
        })?;
        failure.map_or(Ok(()), Err)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn expressions_run_and_errors_are_located() {
        let input = json!([{ "id": "a", "n": 1.5 }, { "id": "b", "n": 12_345_678_901_234_567_u64 }]);
        let texts = |expression: &str, raw| {
            run(expression, &input, |results| {
                results
                    .map(|result| Ok(result?.text(raw)))
                    .collect::<Result<Vec<_>, Failure>>()
            })
        };
        assert_eq!(texts(".[].id", true).unwrap(), ["a", "b"]);
        assert_eq!(texts("map(.n)", false).unwrap(), ["[1.5,12345678901234567]"]);
        assert_eq!(
            texts(r#".[] | select(.id | test("^b")) | .id"#, false).unwrap(),
            ["\"b\""]
        );
        let long = json!([{ "id": "x".repeat(1_000) }]);
        let failure = run(".id", &long, |results| {
            results.next().unwrap().map(|result| result.text(true))
        });
        let failure = failure.unwrap_err().to_string();
        assert!(
            failure.contains("xxx…xxx") && failure.contains("with \"id\""),
            "{failure}"
        );
        for (invalid, reason) in [
            (".[", "at its end"),
            (
                "[.[].id] | @csv",
                "\"@csv\" is undefined\nfix: correct the name; --jq lacks",
            ),
            (".[] | .id.b", "failed"),
        ] {
            let failure = texts(invalid, true).unwrap_err().to_string();
            assert!(failure.contains(reason), "{failure}");
        }
    }
}
