//! Picture of a terminal that shows the output of the program.

use std::fmt::Write as _;

/// Width of a character, and height of a line, in pixels.
const CELL: (f64, f64) = (8.4, 19.0);
/// Space around the text, in pixels.
const MARGIN: f64 = 14.0;

/// Draws a session as an SVG picture. Lines that begin with `$ ` are commands.
pub(crate) fn svg(session: &str) -> String {
    let lines: Vec<&str> = session.lines().collect();
    let columns = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let size = |cells: usize, cell: f64| f64::from(u32::try_from(cells).unwrap()).mul_add(cell, 2.0 * MARGIN);
    let (width, height) = (size(columns, CELL.0), size(lines.len(), CELL.1));
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1e2127\"/>\n\
         <g font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#c8ccd4\" \
         xml:space=\"preserve\">\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let y = size(number, CELL.1) - MARGIN + CELL.1 - 5.0;
        let style = if line.starts_with("$ ") {
            " fill=\"#98c379\" font-weight=\"bold\""
        } else {
            ""
        };
        let text = line.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(picture, "<text x=\"{MARGIN}\" y=\"{y:.0}\"{style}>{text}</text>");
    }
    picture.push_str("</g>\n</svg>\n");
    picture
}
