//! Output as tables for people, with one line per row. Lines are shortened to the width of the terminal.

use super::Column;
use crate::path::JsonPath;
use crate::text::one_line;
use console::{Style, Term, measure_text_width, truncate_str};
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};

/// Number of spaces between two columns.
const GAP: usize = 2;
/// Columns are not narrowed below this width.
const MIN_WIDTH: usize = 8;

/// Writes rows as a table.
pub(super) fn write(
    out: &mut impl Write,
    rows: &[Value],
    columns: &[Column],
    header: bool,
) -> io::Result<()> {
    let titles: Vec<String> = columns.iter().map(|column| column.title.clone()).collect();
    let cells = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| cell(column.get(row)).into_owned());
        cells.collect::<Vec<String>>()
    });
    write_cells(out, header.then_some(&titles), &cells.collect::<Vec<_>>())
}

/// Writes the properties of one value, one per line.
pub(super) fn write_properties(out: &mut impl Write, leaves: &[(JsonPath, &Value)]) -> io::Result<()> {
    let rows = leaves.iter();
    let rows = rows.map(|(path, value)| vec![path.to_string(), cell(Some(value)).into_owned()]);
    write_cells(out, None, &rows.collect::<Vec<_>>())
}

/// Returns the text of a cell for a value.
pub(super) fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => one_line(text),
        Some(value) => Cow::Owned(value.to_string()),
    }
}

fn write_cells(out: &mut impl Write, titles: Option<&Vec<String>>, rows: &[Vec<String>]) -> io::Result<()> {
    let lines = || titles.into_iter().chain(rows);
    let columns = lines().map(Vec::len).max().unwrap_or(0);
    let widths = (0..columns).map(|column| {
        let cells = lines().filter_map(|line| line.get(column));
        cells.map(|cell| measure_text_width(cell)).max().unwrap_or(0)
    });
    let mut widths: Vec<usize> = widths.collect();
    if let Some(terminal) = terminal_width() {
        fit(&mut widths, terminal);
    }
    let bold = Style::new().bold().force_styling(use_color());
    if let Some(titles) = titles {
        writeln!(out, "{}", bold.apply_to(line(titles, &widths)))?;
    }
    rows.iter()
        .try_for_each(|row| writeln!(out, "{}", line(row, &widths)))
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let cell = truncate_str(cell, *width, "…");
        let padding = width.saturating_sub(measure_text_width(&cell)) + GAP;
        line.push_str(&cell);
        line.extend(std::iter::repeat_n(' ', padding));
    }
    line.truncate(line.trim_end().len());
    line
}

/// Narrows the widest columns until the table fits into the terminal, or until no column is wider than
/// [`MIN_WIDTH`].
fn fit(widths: &mut [usize], terminal: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > terminal {
        let widest = widths.iter().copied().max().unwrap_or(0);
        if widest <= MIN_WIDTH {
            return;
        }
        let excess = widths.iter().sum::<usize>() + gaps - terminal;
        let next = widths.iter().copied().filter(|width| *width < widest).max();
        let count = widths.iter().filter(|width| **width == widest).count();
        let target = widest
            .saturating_sub(excess.div_ceil(count))
            .max(next.unwrap_or(0))
            .max(MIN_WIDTH);
        for width in widths.iter_mut().filter(|width| **width == widest) {
            *width = target;
        }
        if target == widest {
            return;
        }
    }
}

fn terminal_width() -> Option<usize> {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    if io::stdout().is_terminal() {
        columns().or_else(|| Term::stdout().size_checked().map(|(_, width)| usize::from(width)))
    } else {
        None
    }
}

fn use_color() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !is_set("NO_COLOR")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_are_narrowed_first() {
        for (mut widths, terminal, expected) in [
            (vec![12, 40, 6], 80, vec![12, 40, 6]),
            (vec![12, 40, 6], 50, vec![12, 28, 6]),
            (vec![30, 30, 6], 50, vec![20, 20, 6]),
            (vec![12, 40, 6], 10, vec![8, 8, 6]),
        ] {
            fit(&mut widths, terminal);
            assert_eq!(widths, expected, "in {terminal}");
        }
    }

    #[test]
    fn wide_characters_are_aligned() {
        let rows = [
            vec!["日本".to_owned(), "x".to_owned()],
            vec!["ab".to_owned(), "y".to_owned()],
        ];
        let mut out = Vec::new();
        write_cells(&mut out, Some(&vec!["NAME".to_owned(), "S".to_owned()]), &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME  S\n日本  x\nab    y\n");
        assert_eq!(line(&["日本語".to_owned()], &[5]), "日本…");
    }
}
