//! Where two texts begin to differ.

/// The first line that differs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference<'a> {
    /// From 1.
    pub(crate) line: usize,
    /// `None` if the text is at its end.
    pub(crate) is: Option<&'a str>,
    /// `None` if the text should be at its end.
    pub(crate) should_be: Option<&'a str>,
}

/// Compares two texts line by line, line ends included; `None` if they are the same.
pub(crate) fn first<'a>(is: &'a str, should_be: &'a str) -> Option<Difference<'a>> {
    let mut left = is.split_inclusive('\n');
    let mut right = should_be.split_inclusive('\n');
    let mut line = 0;
    loop {
        line += 1;
        match (left.next(), right.next()) {
            (None, None) => return None,
            (is, should_be) if is == should_be => {}
            (is, should_be) => {
                return Some(Difference { line, is, should_be });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_found() {
        for (is, should_be, expected) in [
            ("a\nb\n", "a\nb\n", None),
            ("a\nb\n", "a\nc\n", Some((2, Some("b\n"), Some("c\n")))),
            ("a\n", "a\nc\n", Some((2, None, Some("c\n")))),
            ("a\nb\n", "a\n", Some((2, Some("b\n"), None))),
            ("", "a", Some((1, None, Some("a")))),
            // A line end is part of its line.
            ("a\r\n", "a\n", Some((1, Some("a\r\n"), Some("a\n")))),
            ("a", "a\n", Some((1, Some("a"), Some("a\n")))),
            ("", "", None),
        ] {
            let found =
                first(is, should_be).map(|difference| (difference.line, difference.is, difference.should_be));
            assert_eq!(found, expected);
        }
    }
}
