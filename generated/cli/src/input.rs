//! Input of the user, that is, IDs and request bodies.

use crate::context::note;
use crate::exit::{Exit, Failure, file_failure};
use crate::job::is_success;
use crate::path::JsonPath;
use crate::text::shortened;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use funnelflux::id;
use funnelflux::json::{self, ParseError};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fs;
use std::io::{self, Read};
use std::iter;
use std::path::{Path, PathBuf};

/// The option that sets a property to JSON or a text.
pub(crate) const SET: &str = "set";
/// The option that sets a property to a text.
pub(crate) const SET_STRING: &str = "set-string";

/// Returns the arguments for IDs, which are given on the command line or in a file.
pub(crate) fn id_arguments(what: &'static str) -> Vec<Arg> {
    vec![
        Arg::new("ids")
            .value_name("ID")
            .action(ArgAction::Append)
            .help(format!("{what}; \"-\" reads them from stdin")),
        Arg::new("ids-from")
            .long("ids-from")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help(
                "Read the IDs from a file: one ID per line, JSON, CSV, or output of this program; \"-\" \
                 means stdin",
            ),
    ]
}

/// Returns the options for a request body.
pub(crate) fn body_arguments() -> Vec<Arg> {
    let json = Arg::new("json")
        .long("json")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Read the JSON body from a file; \"-\" means stdin");
    iter::once(json).chain(set_arguments("the body")).collect()
}

/// Returns the options that set properties of `target`.
pub(crate) fn set_arguments(target: &str) -> [Arg; 2] {
    [
        Arg::new(SET)
            .long(SET)
            .value_name("PATH=VALUE")
            .action(ArgAction::Append)
            .help(format!(
                "Set a property of {target}. PATH=VALUE takes VALUE as JSON, or as text if VALUE is not \
                 valid JSON; PATH:=VALUE refuses a VALUE that is not valid JSON",
            )),
        Arg::new(SET_STRING)
            .long(SET_STRING)
            .value_name("PATH=TEXT")
            .action(ArgAction::Append)
            .help(format!(
                "Set a property of {target} to a text, even if the text looks like JSON"
            )),
    ]
}

/// Returns true if IDs come from stdin.
pub(crate) fn ids_are_stdin(matches: &ArgMatches) -> bool {
    let from_file = matches
        .get_one::<PathBuf>("ids-from")
        .is_some_and(|file| is_stdin(file));
    let mut ids = matches.get_many::<String>("ids").into_iter().flatten();
    from_file || ids.any(|id| id == "-")
}

/// Returns true if the body comes from stdin.
pub(crate) fn body_is_stdin(matches: &ArgMatches) -> bool {
    matches
        .get_one::<PathBuf>("json")
        .is_some_and(|file| is_stdin(file))
}

/// Returns true if the argument for an input file means stdin.
pub(crate) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Returns the name of an input file for messages.
pub(crate) fn name_of(file: &Path) -> Cow<'_, str> {
    if is_stdin(file) {
        Cow::Borrowed("stdin")
    } else {
        file.to_string_lossy()
    }
}

/// Reads IDs or names from the command line, from stdin and from a file, in order.
pub(crate) fn given_ids(matches: &ArgMatches) -> Result<Vec<String>, Failure> {
    given(matches, None)
}

/// Like [`given_ids`], but the argument `id` names another JSON path or CSV column that can contain the IDs.
/// A property or column called `id`, in upper or lower case, is always recognised.
pub(crate) fn given(matches: &ArgMatches, id: Option<&JsonPath>) -> Result<Vec<String>, Failure> {
    let mut given = Vec::new();
    for text in matches.get_many::<String>("ids").into_iter().flatten() {
        match text.as_str() {
            "-" => given.extend(read_ids(&read_text(Path::new("-"))?, "stdin", id)?),
            text => given.push(text.to_owned()),
        }
    }
    if let Some(file) = matches.get_one::<PathBuf>("ids-from") {
        let text = read_text(file).map_err(|failure| match snapshot_command(file) {
            Some(command) => failure.fix(format!(
                "for the assets of a snapshot, pass them on stdin: {command}"
            )),
            None => failure,
        })?;
        given.extend(read_ids(&text, &name_of(file), id)?);
    }
    Ok(given)
}

/// Returns a shell command that passes assets from a file to `--ids-from -`; `None` if the file cannot be a
/// snapshot.
fn snapshot_command(file: &Path) -> Option<String> {
    let name = name_of(file);
    let print = if file.is_dir() {
        format!("cat {name}/GROUP/*.json")
    } else if name.ends_with(".tar.gz") {
        format!("tar -xzOf {name} --wildcards 'GROUP/*'")
    } else {
        return None;
    };
    Some(format!("{print} | funnelflux GROUP COMMAND --ids-from -"))
}

/// Maximum number of characters of an input that a message shows.
const SHOWN: usize = 60;

/// Maximum number of bytes of an input. Without this limit, an endless file would fill the memory.
const MAX_INPUT_BYTES: u64 = 512 * 1024 * 1024;

/// Reads all bytes. Returns `None` if there are more than `limit`.
fn read_bounded(from: impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = from.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((read as u64 <= limit).then_some(bytes))
}

/// Reads a file as text; `-` is stdin.
pub(crate) fn read_text(file: &Path) -> Result<String, Failure> {
    let name = name_of(file);
    let read = if is_stdin(file) {
        let read = read_bounded(io::stdin(), MAX_INPUT_BYTES);
        read.map_err(|error| Failure::failed(format!("cannot read stdin: {error}")))?
    } else {
        if file.is_dir() {
            return Err(Failure::usage(format!("{name} is a folder")).fix("name a file"));
        }
        let read = fs::File::open(file).and_then(|file| read_bounded(file, MAX_INPUT_BYTES));
        let failed = |error| file_failure("read", file, &error).with_exit(Exit::Usage);
        read.map_err(failed)?
    };
    let Some(bytes) = read else {
        return Err(Failure::usage(format!("{name} has more than 512 MiB")).fix("split the input"));
    };
    if bytes.starts_with(b"\x1f\x8b") {
        return Err(Failure::usage(format!("{name} is compressed")).fix("unpack it"));
    }
    // Some spreadsheet programs begin their files with a byte order mark.
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .map(<[u8]>::to_vec)
        .unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|error| {
        let line = String::from_utf8_lossy(
            error
                .as_bytes()
                .get(..error.utf8_error().valid_up_to())
                .unwrap_or_default(),
        )
        .lines()
        .count();
        Failure::usage(format!("{name}: line {} is not UTF-8", line.max(1))).fix("save the file as UTF-8")
    })
}

/// Checks that a file is a regular file. The library reads files to their end, but a device, for example, may
/// have no end.
pub(crate) fn require_regular_file(path: &Path) -> Result<(), Failure> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            Err(Failure::usage(format!("{} is not a regular file", path.display())).fix("check the path"))
        }
        // Other problems are reported when the file is read.
        _ => Ok(()),
    }
}

/// Reads IDs from a text: a JSON list, NDJSON, CSV with a header, or one ID per line, with or without
/// quotation marks. From the report of a job, reads only the IDs for which the job succeeded. For example,
/// `delete` with the report of `archive` as its input deletes only the assets that were archived.
pub(crate) fn read_ids(text: &str, name: &str, id: Option<&JsonPath>) -> Result<Vec<String>, Failure> {
    let entries = match text.trim_start().chars().next() {
        None => return Ok(Vec::new()),
        Some('[' | '{') => entries_of_json(text, name, id)?,
        Some(_) => match text.lines().next() {
            Some(header) if is_csv_header(header, id) => entries_of_csv(text, name, id)?,
            _ => {
                let is_entry = |line: &str| !line.is_empty() && !line.starts_with('#');
                let lines = text.lines().enumerate();
                let lines = lines.filter(|(_, line)| is_entry(line.trim_start()));
                return lines
                    .map(|(index, line)| id_of_line(line, index + 1, name))
                    .collect();
            }
        },
    };
    let (taken, left_out): (Vec<InputEntry>, Vec<InputEntry>) =
        entries.into_iter().partition(|entry| entry.is_success);
    if !left_out.is_empty() {
        let count = left_out.len();
        let entries = if count == 1 { "entry" } else { "entries" };
        note(&format!(
            "{name}: {count} {entries} left out, because the outcome is neither \"done\" nor \"already so\""
        ));
    }
    Ok(taken.into_iter().map(|entry| entry.id).collect())
}

/// Returns the ID in a line. Programs such as `jq` without `-r` print JSON strings. A JSON string that is
/// part of a list ends with a comma.
fn id_of_line(line: &str, number: usize, name: &str) -> Result<String, Failure> {
    let trimmed = line.trim();
    if let Ok(id) = serde_json::from_str(trimmed.strip_suffix(',').unwrap_or(trimmed)) {
        return Ok(id);
    }
    if trimmed.starts_with('"') && trimmed.contains("\",") {
        let message = format!(
            "{name}:{number}: expected one ID, actual {}",
            shortened(trimmed, SHOWN)
        );
        return Err(Failure::usage(message).fix(
            "write one ID per line, for example with jq -r, or begin the CSV with a header that has id",
        ));
    }
    Ok(id_or_name(line).to_owned())
}

/// Returns the ID or name that a line or cell contains. Blanks around an ID are ignored, but blanks can be
/// part of a name.
fn id_or_name(text: &str) -> &str {
    let trimmed = text.trim();
    if id::is_well_formed(trimmed) {
        trimmed
    } else {
        // The last line of a file can end without the line feed of its line break.
        text.strip_suffix('\r').unwrap_or(text)
    }
}

/// Entry of a JSON or CSV input, with its ID.
struct InputEntry {
    id: String,
    /// False if the input is the report of a job that did not succeed for this ID.
    is_success: bool,
}

/// Returns true if a property or column with this name contains an ID.
fn is_id_name(name: &str, id: Option<&JsonPath>) -> bool {
    name.eq_ignore_ascii_case("id") || id.is_some_and(|id| id.to_string() == name)
}

fn is_csv_header(line: &str, id: Option<&JsonPath>) -> bool {
    let mut names = line.split(',').map(|name| name.trim().trim_matches('"'));
    names.any(|name| is_id_name(name, id))
}

fn entries_of_json(text: &str, name: &str, id: Option<&JsonPath>) -> Result<Vec<InputEntry>, Failure> {
    let invalid = |problem: String| {
        Failure::usage(format!("{name}: {problem}")).fix("give a list of IDs, or assets with their IDs")
    };
    let mut found = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    while let Some(value) = values.next() {
        let raw = value
            .map_err(|error| invalid(format!("invalid JSON: {error}")))?
            .get();
        // Numbers that would be rounded are no problem, because only the IDs are used.
        if let Err(error @ ParseError::Repeated(_)) = json::parse(raw) {
            let start = values.byte_offset().saturating_sub(raw.len());
            let before = text.get(..start).unwrap_or_default();
            return Err(failure_at(&error, before.matches('\n').count(), name));
        }
        let value = json::show(raw).map_err(|error| invalid(format!("invalid JSON: {error}")))?;
        // A report of this program is an object that lists the IDs in its property `entries`.
        let entries = value.get("entries").and_then(Value::as_array).cloned();
        let values = match (value, entries) {
            (_, Some(entries)) => entries,
            (Value::Array(values), None) => values,
            (value, None) => vec![value],
        };
        for value in values {
            // The report of a duplication lists originals and copies. The ID of the copy is used, because the
            // copy is the result of the job.
            let copy = || value.get("copy").filter(|copy| copy.is_string());
            let property = || {
                copy()
                    .or_else(|| id.and_then(|id| id.get(&value)))
                    .or_else(|| value.get("id"))
            };
            let Some(id) = value.as_str().or_else(|| property()?.as_str()) else {
                let (number, shown) = (found.len() + 1, value.to_string());
                let shown = shortened(&shown, SHOWN);
                return Err(invalid(format!("the entry {number} has no ID: {shown}")));
            };
            let outcome = value.get("outcome").and_then(Value::as_str);
            found.push(InputEntry {
                id: id.to_owned(),
                is_success: outcome.is_none_or(is_success),
            });
        }
    }
    Ok(found)
}

fn entries_of_csv(text: &str, name: &str, id: Option<&JsonPath>) -> Result<Vec<InputEntry>, Failure> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let invalid = |error: csv::Error| Failure::usage(format!("{name}: {error}")).fix("correct the line");
    let headers = reader.headers().map_err(invalid)?.clone();
    let exact = headers
        .iter()
        .position(|header| id.is_some_and(|id| id.to_string() == header.trim()));
    let column = exact.or_else(|| headers.iter().position(|header| is_id_name(header.trim(), id)));
    let column = column.unwrap_or_default();
    let outcomes = headers.iter().position(|header| header == "outcome");
    // The report of a duplication lists originals and copies. The ID of the copy is used, because the copy is
    // the result of the job.
    let copies = outcomes.and_then(|_| headers.iter().position(|header| header == "copy"));
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(invalid)?;
        let cell = |column: usize| {
            record
                .get(column)
                .map(id_or_name)
                .filter(|cell| !cell.trim().is_empty())
        };
        let Some(id) = copies.and_then(cell).or_else(|| cell(column)) else {
            let line = line_of(text, &record);
            return Err(Failure::usage(format!("{name}:{line}: the row has no ID"))
                .fix("fill in its ID, or delete it"));
        };
        let outcome = outcomes.and_then(|outcomes| record.get(outcomes));
        found.push(InputEntry {
            id: id.to_owned(),
            is_success: outcome.is_none_or(is_success),
        });
    }
    Ok(found)
}

/// Reads the JSON file that `--json` names. Returns `None` if the option is not given.
pub(crate) fn json(matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let Some(file) = matches.get_one::<PathBuf>("json") else {
        return Ok(None);
    };
    parse_json(&read_text(file)?, &name_of(file)).map(Some)
}

/// Returns the number of the line at which a record of a CSV file begins. The line numbers of the CSV reader
/// cannot be used, because they do not count empty lines before a record.
pub(crate) fn line_of(text: &str, record: &csv::StringRecord) -> usize {
    let byte = record.position().map_or(0, csv::Position::byte);
    let byte = usize::try_from(byte).unwrap_or(usize::MAX);
    let before = text.get(..byte).unwrap_or(text).matches('\n').count();
    let rest = text.get(byte..).unwrap_or_default();
    let skipped = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    before + rest.get(..skipped).unwrap_or_default().matches('\n').count() + 1
}

/// Reads the request body from `--json` and `--set`. Returns `None` if neither option is given.
pub(crate) fn body(matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let mut body = json(matches)?;
    for assignment in assignments(matches)? {
        let target = body.get_or_insert_with(|| Value::Object(Map::new()));
        assignment
            .path
            .set(target, assignment.value)
            .map_err(Failure::usage)?;
    }
    Ok(body)
}

/// Assignment of a value to a property, as given by `--set`.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) path: JsonPath,
    pub(crate) value: Value,
}

/// Reads the options `--set` and `--set-string`, in the order in which they are given.
pub(crate) fn assignments(matches: &ArgMatches) -> Result<Vec<Assignment>, Failure> {
    let given = |option: &'static str| {
        let indices = matches.indices_of(option).into_iter().flatten();
        let texts = matches.get_many::<String>(option).into_iter().flatten();
        indices.zip(texts).map(move |(index, text)| (index, option, text))
    };
    let mut given: Vec<_> = given(SET).chain(given(SET_STRING)).collect();
    given.sort_unstable();
    let assignments = given
        .into_iter()
        .map(|(_, option, text)| assignment(option, text));
    assignments.collect()
}

/// Reads a value of `--set` or `--set-string`.
pub(crate) fn assignment(option: &str, text: &str) -> Result<Assignment, Failure> {
    let Some((path, value)) = text.split_once('=') else {
        return Err(Failure::usage(format!("--{option} {text:?} has no ="))
            .fix(format!("write --{option} PATH=VALUE")));
    };
    let refused = |error: &ParseError, fix: &str| {
        let name = path.trim_end_matches(':');
        Failure::usage(format!("--{option} {text:?}: {error}"))
            .fix(format!("{fix}, or write --{SET_STRING} {name}=TEXT for a text"))
    };
    let (path, must_be_json) = match path.strip_suffix(':') {
        Some(path) if option == SET => (path, true),
        _ => (path, false),
    };
    let value = if option == SET_STRING {
        Value::from(value)
    } else {
        match json::parse(value) {
            Ok(value) => value,
            Err(error @ ParseError::Rounded(_)) => return Err(refused(&error, "shorten the number")),
            Err(error @ ParseError::Repeated(_)) => return Err(refused(&error, "remove one of the two")),
            Err(error) if must_be_json => return Err(refused(&error, "correct the value")),
            Err(_) => Value::from(value),
        }
    };
    let path = JsonPath::parse(path).map_err(Failure::usage)?;
    Ok(Assignment { path, value })
}

/// Parses JSON. Returns an error with the line if the JSON is invalid, if a number would be rounded, or if a
/// name occurs twice in an object.
pub(crate) fn parse_json(text: &str, name: &str) -> Result<Value, Failure> {
    json::parse(text).map_err(|error| failure_at(&error, 0, name))
}

/// Creates the failure for JSON text that begins after this number of lines in the input `name`.
fn failure_at(error: &ParseError, lines_before: usize, name: &str) -> Failure {
    let (line, column, fix) = match error {
        ParseError::Json(error) => (error.line(), error.column(), "correct the file"),
        ParseError::Rounded(number) => {
            let fix = "shorten the number, or write it in quotes if the property is a text";
            (number.line, number.column, fix)
        }
        ParseError::Repeated(name) => (name.line, name.column, "remove one of the two"),
        _ => (1, 1, "correct the file"),
    };
    let line = lines_before + line;
    Failure::usage(format!("{name}:{line}:{column}: {error}")).fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn inputs_without_end_are_refused() {
        assert_eq!(
            read_bounded(&b"abc"[..], 3).unwrap().as_deref(),
            Some(&b"abc"[..])
        );
        assert_eq!(read_bounded(io::repeat(0), 3).unwrap(), None);
    }

    #[test]
    fn ids_are_read_from_every_format() {
        let id = JsonPath::of_pointer("/idThing");
        for text in [
            "a\nb\n\n  # comment\n  \n",
            "a\r\nb\r",
            "\"a\"\r\n\"b\"\r\n",
            "  \"a\",\nb\n",
            "[\"a\", \"b\"]",
            "{\"id\": \"a\"}\n{\"id\": \"b\"}\n",
            "[{\"idThing\": \"a\", \"id\": \"x\"}, {\"id\": \"b\"}]",
            "{\"entries\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}",
            "name,idThing,id\n\"x, y\",a,1\nz,b,2\n",
            "ID,name\na,x\nb,y\n",
            "id,outcome\na,done\nc,rejected\nb,already so\nd,unknown\n",
            "[{\"id\": \"a\", \"outcome\": \"done, not read back\"}, {\"id\": \"c\", \"outcome\": \
             \"not sent\"}, \"b\"]",
            "id,outcome,copy\nx,done,a\ny,done,b\nz,rejected,\n",
            "[{\"id\": \"x\", \"outcome\": \"done\", \"copy\": \"a\"}, {\"id\": \"b\", \"copy\": null}]",
            "{\"entries\": [{\"id\": \"a\", \"outcome\": \"already_so\"}, {\"id\": \"c\", \"outcome\": \
             \"not_sent\"}, {\"id\": \"b\", \"outcome\": \"done\"}]}",
        ] {
            assert_eq!(read_ids(text, "f", Some(&id)).unwrap(), ["a", "b"], "{text}");
        }
        assert!(read_ids(" \n", "f", None).unwrap().is_empty());
        for text in [
            "  2nIemS000001\t\r\n b \n",
            "id,name\n2nIemS000001 ,x\n\" b \",y\n",
            "[\"2nIemS000001\", \" b \"]",
        ] {
            assert_eq!(
                read_ids(text, "f", None).unwrap(),
                ["2nIemS000001", " b "],
                "{text}"
            );
        }
        for (text, problem) in [
            ("[{\"name\": \"x\"}]", "f: the entry 1 has no ID"),
            ("[\"a\",", "f: invalid JSON"),
            (
                "{\"id\":\"a\"}\n{\"id\":\"b\",\"id\":\"c\"}\n",
                "f:2:11: the name \"id\" occurs twice in an object\nfix: remove one of the two",
            ),
            (
                "\"a\"\n\"b\",\"name\"\n",
                "f:2: expected one ID, actual \"b\",\"name\"\nfix: write one ID per line, for example with",
            ),
            ("id,name\n,x\n", "f:2: the row has no ID"),
            ("id,name\na,x\n\n\r\n,x\n", "f:5: the row has no ID"),
        ] {
            let failure = read_ids(text, "f", None).unwrap_err().to_string();
            assert!(failure.contains(problem), "{failure}");
        }
    }

    #[test]
    fn assignments_are_json_or_text() {
        for (option, text, expected) in [
            (SET, "a=1", json!(1)),
            (SET, "a:=1", json!(1)),
            (SET, "a=x=y", json!("x=y")),
            (SET, "a=", json!("")),
            (SET, "a={\"b\":null}", json!({ "b": null })),
            (SET_STRING, "a=1", json!("1")),
            (SET_STRING, "a=1e999", json!("1e999")),
            (SET_STRING, "a=x=y", json!("x=y")),
        ] {
            let assignment = assignment(option, text).unwrap();
            assert_eq!(
                (assignment.path.pointer(), assignment.value),
                ("/a".into(), expected),
                "{text}"
            );
        }
        for text in ["a", "=1"] {
            assert!(assignment(SET, text).is_err() && assignment(SET_STRING, text).is_err());
        }
        for (text, problem, fix) in [
            (
                "a=1e999",
                "the number 1e999 is out of range",
                "shorten the number",
            ),
            (
                "a:=1e999",
                "the number 1e999 is out of range",
                "shorten the number",
            ),
            (
                "a={\"b\":1,\"b\":2}",
                "the name \"b\" occurs twice in an object",
                "remove one of the two",
            ),
            (
                "a:={\"b\":1",
                "invalid JSON: EOF while parsing an object at line 1 column 6",
                "correct the value",
            ),
        ] {
            let expected = format!(
                "error: --set {text:?}: {problem}\nfix: {fix}, or write --set-string a=TEXT for a text"
            );
            assert_eq!(assignment(SET, text).unwrap_err().to_string(), expected);
        }
    }
}
