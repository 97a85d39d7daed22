//! `funnelflux GROUP import`: changes and creates assets from a CSV file.

mod cells;

use super::{EditedAsset, parents_words, replace_parent_names};
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::fields::{self, KnownFields, NewFields};
use crate::output::View;
use crate::path::JsonPath;
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use crate::{assets, input};
use cells::value_of;
use clap::{Arg, ArgMatches, Command, value_parser};
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::id;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::PathBuf;

pub(super) fn command(group: AssetGroup) -> Command {
    let list = if group.abilities().list {
        format!(
            " The command \"{} list -o csv --all-fields\" writes such a file.",
            group.name()
        )
    } else {
        String::new()
    };
    Command::new("import")
        .about(format!("Changes and creates {} from a CSV file", group.plural()))
        .long_about(format!(
            "Changes and creates {} from a CSV file.{list} A row with an ID changes the asset with this ID. \
             A row without an ID creates an asset. The headers of the columns are JSON paths.{} \
             An empty cell keeps the value. To set an empty text, type two quotation marks (\"\") into the \
             cell of a spreadsheet. In the CSV file, that cell is six quotation marks: each of the two is \
             doubled, and the text is enclosed in two more.",
            group.plural(),
            parents_words(group),
        ))
        .args([
            Arg::new("file")
                .required(true)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("CSV file, separated by commas, semicolons or tabs; \"-\" means stdin"),
            fields::argument(),
        ])
        .args(arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let file = matches.get_one::<PathBuf>("file").cloned().unwrap_or_default();
    let name = input::name_of(&file);
    let table = Table::read(&input::read_text(&file)?, &name, &assets::view(group))?;
    let client = context.client()?;
    let current = table.current(&client, group).await?;
    let fields = KnownFields::read(&client, group, &current).await?;
    if NewFields::of(matches) == NewFields::Refuse {
        table.check_columns(&fields, group)?;
    }
    let mut edited = table.edited(group, current, &fields)?;
    let replaced = replace_parent_names(&client, group, &mut edited, context).await;
    replaced.map_err(|failure| {
        let message = format!("{name}: {}", failure.message);
        failure.with_message(message)
    })?;
    let made_by = format!("import {} from {name}", group.plural());
    let wanted = edited.into_iter().map(|asset| asset.wanted(group));
    let plan = ChangePlan::wanted(&client, made_by, wanted)
        .await
        .map_err(plan_failure)?;
    let command = PlanCommand {
        name: "import",
        context,
        matches,
        stdin_is_used: input::is_stdin(&file),
        created: Vec::new(),
    };
    command.run(&client, &plan).await
}

/// Rows of a CSV file.
struct Table<'n> {
    name: &'n str,
    /// Path of each column; `None` for a column without a header and without cells.
    columns: Vec<Option<JsonPath>>,
    /// Index of the column that contains the IDs.
    id: Option<usize>,
    rows: Vec<Row>,
}

/// Row with its line number in the file.
struct Row {
    line: usize,
    cells: Vec<String>,
}

impl<'n> Table<'n> {
    fn read(text: &str, name: &'n str, view: &View) -> Result<Self, Failure> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        let invalid = |error: csv::Error| Failure::usage(format!("{name}: {error}")).fix("correct the line");
        if let Some(line) = open_quote(text) {
            return Err(
                Failure::usage(format!("{name}:{line}: a quotation mark is not closed"))
                    .fix("close it; inside of a quoted cell, double it"),
            );
        }
        let headers = reader.headers().map_err(invalid)?.clone();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(invalid)?;
            let line = input::line_of(text, &record);
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            // Spreadsheet programs keep a row after the user has cleared all of its cells.
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                rows.push(Row { line, cells });
            }
        }
        if rows.is_empty() {
            return Err(
                Failure::usage(format!("{name} has no rows")).fix("write a header and a row per asset")
            );
        }
        let mut columns: Vec<Option<JsonPath>> = Vec::new();
        for (position, header) in headers.iter().map(str::trim).enumerate() {
            let invalid = |problem: String, fix| {
                Err(Failure::usage(format!("{name}:1: column {}{problem}", position + 1)).fix(fix))
            };
            let is_cleared = |row: &Row| row.cells.get(position).is_none_or(|cell| cell.trim().is_empty());
            columns.push(match JsonPath::parse(header).map(|path| view.path(&path)) {
                Ok(path) if columns.contains(&Some(path.clone())) => {
                    return invalid(format!(" repeats {path}"), "remove one of the two columns");
                }
                Ok(path) => Some(path),
                // Spreadsheet programs keep a column after the user has cleared all of its cells.
                Err(_) if header.is_empty() && rows.iter().all(is_cleared) => None,
                Err(_) if header.is_empty() => {
                    return invalid(" has no header".to_owned(), "name its field, or clear the column");
                }
                Err(problem) => return invalid(format!(": {problem}"), "correct the header"),
            });
        }
        let id = view.id.as_ref().and_then(|id| place(&columns, id));
        Ok(Self {
            name,
            columns,
            id,
            rows,
        })
    }

    fn failure(&self, line: usize, problem: &str) -> Failure {
        Failure::usage(format!("{}:{line}: {problem}; nothing was sent", self.name))
    }

    /// Returns the ID in a row. Returns `None` if the row creates an asset.
    fn id_of<'r>(&self, row: &'r Row) -> Option<&'r str> {
        row.cells
            .get(self.id?)
            .map(|id| id.trim())
            .filter(|id| !id.is_empty())
    }

    /// Reads the assets that the rows change, and returns them by ID.
    async fn current(&self, client: &Client, group: AssetGroup) -> Result<HashMap<String, Value>, Failure> {
        let mut lines: HashMap<&str, usize> = HashMap::new();
        for row in &self.rows {
            let Some(id) = self.id_of(row) else { continue };
            if let Some(earlier) = lines.insert(id, row.line) {
                let problem = format!("the ID {id} is also in line {earlier}");
                return Err(self.failure(row.line, &problem).fix("remove one of the two rows"));
            }
        }
        let ids: Vec<String> = self
            .rows
            .iter()
            .filter_map(|row| self.id_of(row).map(str::to_owned))
            .collect();
        let (found, missing) = assets::read(client, group, &ids).await?;
        if let Some(id) = missing.first() {
            let line = lines.get(id.as_str()).copied().unwrap_or(0);
            let problem = format!("there is no {} with the ID {id}", group.singular());
            return Err(self
                .failure(line, &problem)
                .fix("correct the ID, or clear it to create an asset"));
        }
        let by_id = found
            .into_iter()
            .filter_map(|asset| Some((group.id(&asset)?.into_owned(), asset)));
        Ok(by_id.collect())
    }

    /// Checks that each column is a known field of the group, that is, a field of an asset of the account.
    fn check_columns(&self, fields: &KnownFields, group: AssetGroup) -> Result<(), Failure> {
        let mut columns = self.columns.iter().enumerate();
        let unknown =
            columns.find_map(|(position, path)| Some((position, fields.problem(path.as_ref()?, group)?)));
        match unknown {
            Some((position, problem)) => Err(self
                .failure(1, &format!("column {}: {problem}", position + 1))
                .fix("correct the column, or allow it with --new-fields")),
            None => Ok(()),
        }
    }

    /// Returns the assets in the states that the rows describe.
    fn edited(
        &self,
        group: AssetGroup,
        mut current: HashMap<String, Value>,
        fields: &KnownFields,
    ) -> Result<Vec<EditedAsset>, Failure> {
        let mut edited = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let old = self.id_of(row).and_then(|id| current.remove(id));
            let mut new = old.clone().unwrap_or_else(|| Value::Object(Map::new()));
            for (position, (path, cell)) in self.columns.iter().zip(&row.cells).enumerate() {
                let Some(path) = path
                    .as_ref()
                    .filter(|_| !cell.is_empty() && Some(position) != self.id)
                else {
                    continue;
                };
                let failed = |problem: String| {
                    self.failure(row.line, &format!("column {} ({path}): {problem}", position + 1))
                };
                let value = value_of(cell, path.get(&new), fields.kind(path)).map_err(failed)?;
                path.set(&mut new, value).map_err(failed)?;
            }
            if let Some(pointer) = group.id_pointer().filter(|_| old.is_none()) {
                let id = json!(id::generate()?);
                JsonPath::of_pointer(pointer)
                    .set(&mut new, id)
                    .map_err(|problem| self.failure(row.line, &problem))?;
            }
            edited.push(EditedAsset { old, new });
        }
        Ok(edited)
    }
}

/// Returns the position of the column with this path.
fn place(columns: &[Option<JsonPath>], path: &JsonPath) -> Option<usize> {
    columns.iter().position(|column| column.as_ref() == Some(path))
}

/// Returns the number of the line with the last quotation mark if the text has an odd number of quotation
/// marks. In that case, the last quoted cell is not closed.
fn open_quote(text: &str) -> Option<usize> {
    let is_open = text.matches('"').count() % 2 == 1;
    let before = text.get(..text.rfind('"')?)?;
    is_open.then(|| before.matches('\n').count() + 1)
}

/// Returns the separator that occurs most often in the header.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    let most = b";\t,".iter().max_by_key(|separator| count(separator));
    most.copied().unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        let id = JsonPath::of_pointer("/idThing");
        View {
            id: Some(id.clone()),
            columns: vec![("id", id)],
        }
    }

    #[test]
    fn rows_are_read_with_their_lines_and_any_separator() {
        for text in [
            "id,a.b\nx,1\n\n,\ny,\"2\n3\"\n",
            "id;a.b\nx;1\n;\ny;\"2\n3\"\n",
            "idThing\ta.b\nx\t1\ny\t2",
            "id,a.b,,\nx,1,,\ny,2, ,\n",
        ] {
            let table = Table::read(text, "f", &view()).unwrap();
            assert_eq!(table.rows.len(), 2, "{text}");
            assert_eq!(table.id_of(&table.rows[0]), Some("x"));
            assert_eq!(table.rows[0].line, 2);
            assert_eq!(table.columns[1], JsonPath::parse("a.b").ok());
            assert!(table.columns[2..].iter().all(Option::is_none));
        }
        for (text, problem) in [
            ("id,a\n", "f has no rows"),
            ("id,a..b\nx,1\n", "f:1: column 2: \"a..b\" is not a path"),
            (
                "id,,\nx,,1\n",
                "f:1: column 3 has no header\nfix: name its field, or clear the column",
            ),
            ("id,idThing\nx,y\n", "f:1: column 2 repeats idThing"),
            ("id,a\nx\n", "f: CSV error"),
            ("id,a\nx,\"1\n", "f:2: a quotation mark is not closed"),
        ] {
            let failure = Table::read(text, "f", &view())
                .map(|_| ())
                .unwrap_err()
                .to_string();
            assert!(failure.contains(problem), "{failure}");
        }
    }
}
