//! Output of rows and values, with filters, sort orders, columns and formats. Data goes to stdout, and
//! everything else to stderr.

mod csv_format;
mod filter;
pub(crate) mod jq;
mod table;

use crate::context::note;
use crate::exit::Failure;
use crate::path::{JsonPath, leaves};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use filter::{Filter, Order};
use serde_json::{Map, Value};
use std::io::{self, BufWriter, IsTerminal as _, Write};

/// Format of the data on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Ndjson,
    Csv,
    Yaml,
}

impl Format {
    const NAMES: [(&'static str, Self); 5] = [
        ("table", Self::Table),
        ("json", Self::Json),
        ("ndjson", Self::Ndjson),
        ("csv", Self::Csv),
        ("yaml", Self::Yaml),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.into_iter();
        names.find_map(|(own, format)| (own == name).then_some(format))
    }
}

/// Returns the option `--output`.
pub(crate) fn format_argument() -> Arg {
    Arg::new("output")
        .short('o')
        .long("output")
        .value_name("FORMAT")
        .value_parser(PossibleValuesParser::new(Format::NAMES.map(|(name, _)| name)))
        .help("Format of the data; default: table on a terminal, json elsewhere")
}

/// Returns the options of commands that print rows.
pub(crate) fn row_arguments() -> Vec<Arg> {
    vec![
        format_argument(),
        Arg::new("columns")
            .long("columns")
            .value_name("PATHS")
            .value_delimiter(',')
            .help("Print only the values at these JSON paths, such as id,name,offerParams.idOfferSource"),
        Arg::new("no-header")
            .long("no-header")
            .action(ArgAction::SetTrue)
            .help("Omit the header line of table and csv"),
        Arg::new("filter")
            .long("filter")
            .value_name("CONDITION")
            .action(ArgAction::Append)
            .help(
                "Keep rows with PATH=VALUE, PATH!=VALUE, PATH~TEXT (contains TEXT, ignoring case), \
                 PATH<NUMBER or PATH>NUMBER. If the option is repeated, a row must meet all conditions",
            ),
        Arg::new("sort")
            .long("sort")
            .value_name("PATHS")
            .value_delimiter(',')
            .allow_hyphen_values(true)
            .help("Sort by these JSON paths; -PATH sorts in reverse"),
        Arg::new("limit")
            .long("limit")
            .value_name("NUMBER")
            .value_parser(value_parser!(usize))
            .help("Print at most this number of rows"),
        jq_argument(),
    ]
}

/// Returns the option `--jq`.
pub(crate) fn jq_argument() -> Arg {
    Arg::new("jq")
        .long("jq")
        .value_name("EXPRESSION")
        .help("Apply this jq expression to the JSON, and print only its results")
}

/// Returns the option `--quiet`.
pub(crate) fn quiet_argument() -> Arg {
    Arg::new("quiet")
        .short('q')
        .long("quiet")
        .action(ArgAction::SetTrue)
        .conflicts_with("jq")
        .help("Print only the IDs, one per line")
}

/// Maximum number of paths that a note names.
const MAX_NAMED: usize = 20;

/// Paths in the rows of one kind of output: the path of the ID, and the paths that have short names.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Path of the ID, for `--quiet`.
    pub(crate) id: Option<JsonPath>,
    /// Short names, each with its path. By default, a table has one column for each of these paths.
    pub(crate) columns: Vec<(&'static str, JsonPath)>,
}

impl View {
    /// Replaces a short name by its path. Returns any other path unchanged.
    pub(crate) fn path(&self, path: &JsonPath) -> JsonPath {
        let text = path.to_string();
        let alias = self.columns.iter().find(|(name, _)| *name == text);
        alias.map_or_else(|| path.clone(), |(_, path)| path.clone())
    }

    /// Parses a path or a short name. If a row has a property whose name equals the short name, that property
    /// has precedence.
    fn column(&self, text: &str) -> Result<Column, Failure> {
        let path = JsonPath::parse(text).map_err(Failure::usage)?;
        let alias = self.columns.iter().find(|(name, _)| *name == text);
        Ok(Column {
            title: text.to_owned(),
            path,
            alias: alias.map(|(_, path)| path.clone()),
        })
    }
}

/// Column of the output. `path` is the path that the user gave. If the user gave a short name, `alias` is the
/// path for which it stands.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    title: String,
    path: JsonPath,
    alias: Option<JsonPath>,
}

impl Column {
    fn get<'v>(&self, row: &'v Value) -> Option<&'v Value> {
        let alias = || self.alias.as_ref()?.get(row);
        self.path.get(row).or_else(alias)
    }
}

/// Settings of the output of one command.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(crate) struct Output {
    format: Format,
    /// True if the user chose the format on the command line.
    is_explicit: bool,
    columns: Option<Vec<String>>,
    all_fields: bool,
    header: bool,
    quiet: bool,
    filters: Vec<String>,
    sort: Vec<String>,
    limit: Option<usize>,
    jq: Option<String>,
}

impl Output {
    /// Reads the options of [`row_arguments`], and `--quiet` and `--all-fields` if the command has them.
    /// `default` is the default format in the profile.
    pub(crate) fn new(matches: &ArgMatches, default: Option<Format>) -> Self {
        let texts = |name: &str| -> Vec<String> {
            let values = matches.try_get_many::<String>(name).ok().flatten();
            values.into_iter().flatten().cloned().collect()
        };
        let flag = |name: &str| matches.try_get_one::<bool>(name).ok().flatten().copied();
        let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten();
        let option = text("output").and_then(|name| Format::named(name));
        let chosen = option.or(default);
        let is_terminal = io::stdout().is_terminal();
        let fallback = if is_terminal { Format::Table } else { Format::Json };
        Self {
            format: chosen.unwrap_or(fallback),
            is_explicit: option.is_some(),
            columns: Some(texts("columns")).filter(|columns| !columns.is_empty()),
            all_fields: flag("all-fields").unwrap_or(false),
            header: !flag("no-header").unwrap_or(false),
            quiet: flag("quiet").unwrap_or(false),
            filters: texts("filter"),
            sort: texts("sort"),
            limit: matches.try_get_one::<usize>("limit").ok().flatten().copied(),
            jq: text("jq").cloned(),
        }
    }

    /// Creates settings for JSON with these filters, sort keys and columns.
    #[cfg(feature = "mcp")]
    pub(crate) fn of_expressions(filters: Vec<String>, sort: Vec<String>, columns: Vec<String>) -> Self {
        Self {
            format: Format::Json,
            is_explicit: true,
            columns: Some(columns).filter(|columns| !columns.is_empty()),
            all_fields: false,
            header: false,
            quiet: false,
            filters,
            sort,
            limit: None,
            jq: None,
        }
    }

    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// Returns true if the user chose the format or a jq expression.
    pub(crate) const fn is_explicit(&self) -> bool {
        self.is_explicit || self.jq.is_some()
    }

    /// Returns true if `--columns` is given, but does not contain this column.
    pub(crate) fn leaves_out(&self, column: &str) -> bool {
        let columns = self.columns.as_ref();
        columns.is_some_and(|columns| columns.iter().all(|chosen| chosen != column))
    }

    /// Returns true if the output is NDJSON and each row is printed unchanged, because no option changes,
    /// selects or sorts the rows.
    pub(crate) fn is_plain_ndjson(&self) -> bool {
        self.format == Format::Ndjson
            && !(self.quiet || self.all_fields || self.jq.is_some() || self.limit.is_some())
            && self.columns.is_none()
            && self.filters.is_empty()
            && self.sort.is_empty()
    }

    /// Validates the filters, sort keys, columns and jq expression, so that errors are found before anything
    /// is sent.
    pub(crate) fn check(&self, view: &View) -> Result<(), Failure> {
        self.conditions(view)?;
        self.orders(view)?;
        self.chosen_columns(view)?;
        match &self.jq {
            Some(expression) => jq::check(expression),
            None => Ok(()),
        }
    }

    fn conditions(&self, view: &View) -> Result<Vec<Filter>, Failure> {
        self.filters
            .iter()
            .map(|text| Filter::parse(text, view))
            .collect()
    }

    fn orders(&self, view: &View) -> Result<Vec<Order>, Failure> {
        self.sort.iter().map(|text| Order::parse(text, view)).collect()
    }

    fn chosen_columns(&self, view: &View) -> Result<Option<Vec<Column>>, Failure> {
        let columns = self.columns.as_ref();
        let columns = columns.map(|columns| columns.iter().map(|text| view.column(text)).collect());
        columns.transpose()
    }

    /// Returns true if a condition, a sort key or a column names a path that no row has. In that case, the
    /// whole assets must be read, because a list may leave out properties of its assets.
    pub(crate) fn needs_more_than(&self, rows: &[Value], view: &View) -> Result<bool, Failure> {
        Ok(!self.absent(rows, view)?.is_empty())
    }

    /// Returns the paths in conditions, sort keys and columns that no row has. Returns an empty list if there
    /// are no rows.
    fn absent(&self, rows: &[Value], view: &View) -> Result<Vec<Column>, Failure> {
        let mut columns: Vec<Column> = self.chosen_columns(view)?.unwrap_or_default();
        columns.extend(self.conditions(view)?.into_iter().map(Filter::into_column));
        columns.extend(self.orders(view)?.into_iter().map(Order::into_column));
        columns.retain(|column| rows.iter().all(|row| column.get(row).is_none()));
        if rows.is_empty() {
            columns.clear();
        }
        Ok(columns)
    }

    /// Returns an error if all rows meet a condition only because no row has the property that the condition
    /// names. `rows` contains all rows, before any selection.
    pub(crate) fn check_conditions(&self, rows: &[Value], view: &View) -> Result<(), Failure> {
        let conditions = self.conditions(view)?;
        match conditions.iter().find(|condition| condition.selects_all(rows)) {
            Some(condition) => {
                let path = condition.path();
                let message = format!("no row has {path}, so the condition would select all rows");
                Err(Failure::usage(message).fix("correct the path in --filter"))
            }
            None => Ok(()),
        }
    }

    /// Applies the filters, the sort order and the limit to rows.
    pub(crate) fn select(&self, mut rows: Vec<Value>, view: &View) -> Result<Vec<Value>, Failure> {
        let conditions = self.conditions(view)?;
        if !conditions.is_empty() {
            rows.retain(|row| conditions.iter().all(|condition| condition.matches(row)));
        }
        let orders = self.orders(view)?;
        if !orders.is_empty() {
            rows.sort_by(|left, right| filter::compare(&orders, left, right));
        }
        if let Some(limit) = self.limit {
            rows.truncate(limit);
        }
        Ok(rows)
    }

    /// Applies the filters, the sort order and the limit to rows, and prints the result.
    pub(crate) fn print_rows(&self, rows: Vec<Value>, view: &View) -> Result<(), Failure> {
        self.note_absent(&rows, view)?;
        let rows = self.select(rows, view)?;
        if self.quiet
            && let Some(id) = &view.id
        {
            return write_out(|out| {
                let ids = rows.iter().filter_map(|row| id.get(row)?.as_str());
                ids.into_iter().try_for_each(|id| writeln!(out, "{id}"))
            });
        }
        let rows = if self.has_columns() {
            rows
        } else {
            self.chosen(rows, view)?
        };
        if let Some(expression) = &self.jq {
            return self.print_jq(expression, &Value::Array(rows));
        }
        match self.format {
            Format::Json => write_json(&rows),
            Format::Ndjson => write_out(|out| {
                rows.iter().try_for_each(|row| {
                    serde_json::to_writer(&mut *out, row)?;
                    out.write_all(b"\n")
                })
            }),
            Format::Yaml => write_yaml(&Value::Array(rows)),
            Format::Csv => {
                let columns = self.columns_of(&rows, view)?;
                write_out(|out| csv_format::write(out, &rows, &columns, self.header))
            }
            Format::Table => {
                let columns = self.columns_of(&rows, view)?;
                write_out(|out| table::write(out, &rows, &columns, self.header))
            }
        }
    }

    /// Prints one value. A list is printed as rows.
    pub(crate) fn print_value(&self, value: Value, view: &View) -> Result<(), Failure> {
        match value {
            Value::Array(rows) => self.print_rows(rows, view),
            value if self.quiet || !self.filters.is_empty() || self.limit.is_some() => {
                self.print_rows(vec![value], view)
            }
            value => match self.chosen_columns(view)? {
                Some(_) if self.has_columns() => self.print_rows(vec![value], view),
                Some(columns) => self.print_single(chosen(&value, &columns)),
                None => self.print_single(value),
            },
        }
    }

    /// Returns true if rows are printed in columns, that is, as CSV or as a table.
    fn has_columns(&self) -> bool {
        matches!(self.format, Format::Csv | Format::Table) && self.jq.is_none()
    }

    /// Prints a note with the requested paths that occur in no row, and with the paths that do occur. A path
    /// that occurs in no row may be misspelled. This is not an error, because all assets of an account may
    /// lack a property.
    fn note_absent(&self, rows: &[Value], view: &View) -> Result<(), Failure> {
        let mut absent: Vec<String> = Vec::new();
        for column in self.absent(rows, view)? {
            if !absent.contains(&column.title) {
                absent.push(column.title);
            }
        }
        if !absent.is_empty() {
            let short = view.columns.iter().map(|(name, _)| (*name).to_owned());
            let mut known: Vec<String> = short.collect();
            let mut paths = all_columns(rows)
                .into_iter()
                .map(|column| column.title)
                .collect::<Vec<_>>();
            paths.retain(|path| !known.contains(path));
            known.append(&mut paths);
            let more = known.len().saturating_sub(MAX_NAMED);
            known.truncate(MAX_NAMED);
            let more = if more > 0 {
                format!(" and {more} more; -o json shows them")
            } else {
                String::new()
            };
            note(&format!(
                "no row has {}; the rows have {}{more}",
                absent.join(", "),
                known.join(", ")
            ));
        }
        Ok(())
    }

    /// Reduces rows to the paths of `--columns`, if the option is given.
    pub(crate) fn chosen(&self, rows: Vec<Value>, view: &View) -> Result<Vec<Value>, Failure> {
        Ok(match self.chosen_columns(view)? {
            Some(columns) => rows.iter().map(|row| chosen(row, &columns)).collect(),
            None => rows,
        })
    }

    fn print_single(&self, value: Value) -> Result<(), Failure> {
        if let Some(expression) = &self.jq {
            return self.print_jq(expression, &value);
        }
        match self.format {
            Format::Json => write_json(&value),
            Format::Ndjson => write_out(|out| writeln!(out, "{value}")),
            Format::Yaml => write_yaml(&value),
            Format::Csv => {
                let rows = [value];
                let columns = all_columns(&rows);
                write_out(|out| csv_format::write(out, &rows, &columns, self.header))
            }
            Format::Table if value.is_object() => {
                let leaves = leaves(&value);
                write_out(|out| table::write_properties(out, &leaves))
            }
            Format::Table => write_out(|out| writeln!(out, "{}", table::cell(Some(&value)))),
        }
    }

    fn print_jq(&self, expression: &str, value: &Value) -> Result<(), Failure> {
        // Text is printed without quotes, unless the user chose JSON or NDJSON.
        let raw = !(self.is_explicit && matches!(self.format, Format::Json | Format::Ndjson));
        jq::print(expression, value, raw)
    }

    fn columns_of(&self, rows: &[Value], view: &View) -> Result<Vec<Column>, Failure> {
        if let Some(columns) = self.chosen_columns(view)? {
            return Ok(columns);
        }
        if self.all_fields || view.columns.is_empty() {
            return Ok(all_columns(rows));
        }
        let is_table = self.format == Format::Table;
        let columns = view.columns.iter().map(|(name, path)| Column {
            // The header of a CSV file contains paths, because `import` reads them.
            title: if is_table {
                name.to_uppercase()
            } else {
                path.to_string()
            },
            path: path.clone(),
            alias: None,
        });
        Ok(columns.collect())
    }
}

/// Returns an object with a property for each column title. An absent value becomes `null`.
fn chosen(row: &Value, columns: &[Column]) -> Value {
    let property = |column: &Column| {
        let value = column.get(row).cloned().unwrap_or_default();
        (column.title.clone(), value)
    };
    Value::Object(columns.iter().map(property).collect::<Map<_, _>>())
}

/// Returns a column for each path to a leaf value in the rows, in the order in which the paths first occur.
fn all_columns(rows: &[Value]) -> Vec<Column> {
    let mut seen = std::collections::HashSet::new();
    let mut columns = Vec::new();
    for row in rows {
        for (path, _) in leaves(row) {
            if seen.insert(path.clone()) {
                columns.push(Column {
                    title: path.to_string(),
                    path,
                    alias: None,
                });
            }
        }
    }
    columns
}

fn write_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    write_out(|out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        out.write_all(b"\n")
    })
}

fn write_yaml(value: &Value) -> Result<(), Failure> {
    let text = serde_saphyr::to_string(value)
        .map_err(|error| Failure::failed(format!("the data cannot be written as YAML: {error}")))?;
    write_out(|out| writeln!(out, "{}", text.trim_end()))
}

/// Writes to stdout. If the reader has closed the pipe, the rest of the output is discarded without an error.
pub(crate) fn write_out(
    write: impl FnOnce(&mut BufWriter<io::StdoutLock<'static>>) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // Dropping the writer would try to write the rest again.
            drop(out.into_parts());
            Ok(())
        }
        Err(error) => Err(Failure::failed(format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}
