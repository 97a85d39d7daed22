//! Style that rustfmt does not enforce.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Number of columns of code and comments; `max_width` in `.rustfmt.toml`.
const COLUMNS: usize = 110;

/// Generated code, whose comments come from the document.
const GENERATED: &str = "generated/src/api";

fn rust_files(folder: &Path, root: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if name.starts_with('.') || name == "target" || path == root.join(GENERATED) {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, root, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn lines_have_at_most_110_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    rust_files(root, root, &mut files);
    assert!(files.len() > 50, "only {} files", files.len());
    let mut long = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().display();
        for (index, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS {
                long.push(format!("{name}:{}: {columns} columns", index + 1));
            }
        }
    }
    assert!(
        long.is_empty(),
        "{} lines with more than {COLUMNS} columns:\n{}",
        long.len(),
        long.join("\n")
    );
}
