//! Represents patterns of strings as automata. The *language* of a pattern is the set of the strings that
//! match it. The automata are used to decide inclusion, and to find the shortest string that meets given
//! conditions.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton, StartKind, dense},
    nfa::thompson,
    util::{primitives::StateID, start, syntax},
};
use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetBinaryOp, ClassSetItem, Span, Visitor,
    parse::Parser,
};

/// Maximum size of an automaton, and of its construction, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Maximum number of states that a search may reach.
const MOST_STATES: usize = 20_000;

/// The languages built so far, by the pattern of their automaton.
#[derive(Default)]
pub(super) struct Languages(HashMap<String, Option<Rc<Language>>>);

impl Languages {
    /// Returns the language of the strings that contain a match of an ECMA-262 pattern. Returns `None` for an
    /// unsupported or large pattern.
    pub(super) fn containing(&mut self, pattern: &str) -> Option<Rc<Language>> {
        let translated = Translation::of(pattern)?;
        self.language(format!("\\A(?s:.)*(?:{translated})(?s:.)*\\z"))
    }

    /// Returns the language that contains exactly the given strings. Returns `None` if there are none or too
    /// many.
    pub(super) fn listing<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Option<Rc<Language>> {
        let texts: Vec<String> = texts.map(|text| text.chars().map(literal).collect()).collect();
        if texts.is_empty() {
            return None;
        }
        self.language(format!("\\A(?:{})\\z", texts.join("|")))
    }

    /// Returns the language of the strings with at least `least` and at most `most` characters.
    pub(super) fn of_length(&mut self, least: u64, most: Option<u64>) -> Option<Rc<Language>> {
        let most = most.map(|most| most.to_string()).unwrap_or_default();
        self.language(format!("\\A(?s:.){{{least},{most}}}\\z"))
    }

    fn language(&mut self, text: String) -> Option<Rc<Language>> {
        let known = self.0.entry(text);
        known
            .or_insert_with_key(|text| Language::new(text).map(Rc::new))
            .clone()
    }

    /// Checks whether a text contains a match of an ECMA-262 pattern. Returns `None` if the answer is
    /// unknown.
    pub(super) fn matches(&mut self, pattern: &str, text: &str) -> Option<bool> {
        /// Maximum length of texts that are matched without an automaton. The limit exists because some
        /// patterns take exponential time.
        const LONGEST: usize = 16;
        if let Some(language) = self.containing(pattern) {
            return Some(language.contains(text));
        }
        let is_short = text.chars().nth(LONGEST).is_none();
        let regex = is_short.then(|| regress::Regex::with_flags(pattern, "u").ok());
        regex.flatten().map(|regex| regex.find(text).is_some())
    }
}

/// The strings that match a pattern.
pub(super) struct Language {
    /// The pattern of the automaton. Equal patterns have equal languages.
    text: String,
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
}

/// The result of a search for a string.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// The shortest string that meets the conditions of the search.
    Found(String),
    /// No string meets the conditions of the search.
    Nothing,
    /// The search was not possible, for example because it would take too many states.
    Unknown,
}

impl Language {
    fn new(pattern: &str) -> Option<Self> {
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(MOST_BYTES))
            .determinize_size_limit(Some(MOST_BYTES));
        let automaton = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().nest_limit(50))
            .thompson(thompson::Config::new().nfa_size_limit(Some(MOST_BYTES)))
            .build(pattern)
            .ok()?;
        let start = start::Config::new().anchored(Anchored::Yes);
        let start = automaton.start_state(&start).ok()?;
        Some(Self {
            text: pattern.to_owned(),
            automaton,
            start,
        })
    }

    /// Checks whether two languages have the same pattern.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.text == other.text
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        let next = |state, byte: &u8| self.automaton.next_state(state, *byte);
        self.accepts(text.as_bytes().iter().fold(self.start, next))
    }

    fn accepts(&self, state: StateID) -> bool {
        self.automaton
            .is_match_state(self.automaton.next_eoi_state(state))
    }
}

/// Searches for the shortest string that all `languages` contain, and that no list in `others` allows. A list
/// allows the strings that all its languages contain.
pub(super) fn search(languages: &[&Language], others: &[Vec<&Language>]) -> Search {
    let all: Vec<&Language> = languages.iter().chain(others.iter().flatten()).copied().collect();
    let bytes = representatives(&all);
    let is_wanted = |states: &[StateID]| {
        let mut states = all.iter().zip(states);
        let mut accepts = |count: usize| -> bool {
            let accepted = states.by_ref().take(count);
            accepted.fold(true, |all, (language, state)| language.accepts(*state) && all)
        };
        let is_in = accepts(languages.len());
        let excluded: Vec<bool> = others.iter().map(|others| accepts(others.len())).collect();
        is_in && !excluded.contains(&true)
    };
    let is_dead = |states: &[StateID]| {
        let mut states = languages.iter().zip(states);
        states.any(|(language, state)| language.automaton.is_dead_state(*state))
    };
    // Reached states, each with its predecessor and the byte that leads to it.
    let first: Vec<StateID> = all.iter().map(|language| language.start).collect();
    let mut known = HashSet::from([first.clone()]);
    let mut reached: Vec<(Vec<StateID>, usize, u8)> = vec![(first, 0, 0)];
    let mut position = 0;
    while let Some((states, ..)) = reached.get(position) {
        if is_wanted(states) {
            return text_to(&reached, position).map_or(Search::Unknown, Search::Found);
        }
        let states = states.clone();
        for byte in &bytes {
            let next = all.iter().zip(&states);
            let next = next.map(|(language, state)| language.automaton.next_state(*state, *byte));
            let next: Vec<StateID> = next.collect();
            if !is_dead(&next) && known.insert(next.clone()) {
                reached.push((next, position, *byte));
            }
        }
        if reached.len() > MOST_STATES {
            return Search::Unknown;
        }
        position += 1;
    }
    Search::Nothing
}

/// Returns the text that leads to a reached state.
fn text_to(reached: &[(Vec<StateID>, usize, u8)], mut position: usize) -> Option<String> {
    let mut bytes = Vec::new();
    while position > 0 {
        let (_, before, byte) = reached.get(position)?;
        bytes.push(*byte);
        position = *before;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

/// Groups the bytes that all patterns treat alike, and returns one byte of each group, if possible a readable
/// one. Readable bytes come first.
fn representatives(languages: &[&Language]) -> Vec<u8> {
    let readable = (b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(b'A'..=b'Z')
        .chain(b'!'..=b'~');
    let mut known = HashSet::new();
    let mut bytes: Vec<u8> = readable.chain(0..=u8::MAX).collect();
    bytes.retain(|byte| {
        let classes = languages
            .iter()
            .map(|language| language.automaton.byte_classes().get(*byte));
        known.insert(classes.collect::<Vec<u8>>())
    });
    bytes
}

/// Returns a pattern that matches exactly this character.
fn literal(character: char) -> String {
    format!("\\x{{{:X}}}", u32::from(character))
}

/// Characters that `.` matches in ECMA-262.
const DOT: &str = "[^\\n\\r\\x{2028}\\x{2029}]";

/// White space of ECMA-262.
const SPACES: &str = concat!(
    "\\t\\n\\x{B}\\x{C}\\r \\x{A0}\\x{1680}\\x{2000}-\\x{200A}",
    "\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}"
);

/// Notations that `regex_syntax` accepts, although ECMA-262 lacks them or interprets them differently.
const FOREIGN: [&str; 8] = ["--", "[]", "[^]", "\\a", "\\U", "\\u{", "\\x{", "(?P"];

/// Translation of an ECMA-262 pattern into the syntax of `regex_automata`. An unsupported construct is an
/// error.
struct Translation<'p> {
    pattern: &'p str,
    /// The parts of the pattern to replace, in their order, each with its replacement.
    replaced: Vec<(Span, String)>,
}

impl Translation<'_> {
    fn of(pattern: &str) -> Option<String> {
        if FOREIGN.iter().any(|text| pattern.contains(text)) {
            return None;
        }
        let replaced = Vec::new();
        let replaced = ast::visit(
            &Parser::new().parse(pattern).ok()?,
            Translation { pattern, replaced },
        )
        .ok()?;
        let mut text = pattern.to_owned();
        for (span, replacement) in replaced.into_iter().rev() {
            text.replace_range(span.start.offset..span.end.offset, &replacement);
        }
        Some(text)
    }

    fn class(&mut self, class: &ClassPerl) {
        let ranges = match class.kind {
            ClassPerlKind::Digit => "0-9",
            ClassPerlKind::Word => "0-9A-Za-z_",
            ClassPerlKind::Space => SPACES,
        };
        let not = if class.negated { "^" } else { "" };
        self.replaced.push((class.span, format!("[{not}{ranges}]")));
    }
}

impl Visitor for Translation<'_> {
    type Output = Vec<(Span, String)>;
    type Err = ();

    fn finish(self) -> Result<Self::Output, ()> {
        Ok(self.replaced)
    }

    fn visit_pre(&mut self, part: &Ast) -> Result<(), ()> {
        use AssertionKind::{EndLine, StartLine};
        match part {
            Ast::Dot(span) => self.replaced.push((**span, DOT.to_owned())),
            Ast::ClassPerl(class) => self.class(class),
            Ast::Assertion(assertion) if matches!(assertion.kind, StartLine | EndLine) => {}
            Ast::Repetition(repetition) if !matches!(*repetition.ast, Ast::Repetition(_)) => {
                // In ECMA-262, braces with blanks between them are literal text. The parser skips the blanks.
                let Span { start, end } = repetition.op.span;
                let operator = self.pattern.get(start.offset..end.offset).unwrap_or_default();
                if operator.contains(char::is_whitespace) {
                    return Err(());
                }
            }
            Ast::Group(group) if group.flags().is_none_or(|flags| flags.items.is_empty()) => {}
            Ast::Empty(_)
            | Ast::Literal(_)
            | Ast::ClassBracketed(_)
            | Ast::Alternation(_)
            | Ast::Concat(_) => {}
            _ => return Err(()),
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), ()> {
        match item {
            ClassSetItem::Perl(class) => self.class(class),
            ClassSetItem::Ascii(_) | ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => return Err(()),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ClassSetBinaryOp) -> Result<(), ()> {
        Err(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(pattern: &str) -> Rc<Language> {
        Languages::default().containing(pattern).unwrap()
    }

    fn compare(small: &str, large: &str) -> Search {
        search(&[&language(small)], &[vec![&language(large)]])
    }

    #[test]
    fn equal_languages_include_each_other() {
        for (left, right) in [
            ("^[0-9]+$", "^\\d+$"),
            ("^[0-9]+$", "^(?:[0-9]+)$"),
            ("^(a|b)$", "^[ba]$"),
            ("^abc", "^abc.*"),
            ("^a{2,3}$", "^aaa?$"),
            ("", ".*"),
            ("^(?<year>\\d{4})-\\d\\d$", "^[0-9]{4}\\-[0-9]{2}$"),
            ("[\\w-]", "[\\-0-9_a-zA-Z]"),
            ("^\\u00e9\\x41$", "^éA$"),
            ("^[\\D1]\\S$", "^[^02-9][^\\s]$"),
        ] {
            assert_eq!(compare(left, right), Search::Nothing, "{left} {right}");
            assert_eq!(compare(right, left), Search::Nothing, "{left} {right}");
        }
    }

    #[test]
    fn the_shortest_difference_is_found() {
        for (small, large, text) in [
            ("^[a-z]+$", "^[a-f]+$", "g"),
            ("a", "^a", "ba"),
            ("^a*$", "^a{0,3}$", "aaaa"),
            ("^.$", "^[^é]$", "é"),
            ("^a?$", "^a$", ""),
        ] {
            let found = compare(small, large);
            assert_eq!(found, Search::Found(text.to_owned()), "{small} {large}");
            let contains = |pattern| language(pattern).contains(text);
            assert!(contains(small) && !contains(large));
        }
    }

    #[test]
    fn unsupported_patterns_are_left_out() {
        let patterns = r"(?=a) (?!a) (?<=a) (?<!a) \bword (a)\1 \p{L} [^] [] a{ \ud83d (?<a>b [a-\d] \cA
            a{1000}{1000} [--a] [a&&b] [a~~b] [[:alpha:]] [a[b]] (?i:a) (?i)a a** \Aa a\z \a \x{41}
            \U00000041 (?P<a>b)";
        for pattern in patterns.split_whitespace().chain(["a{ 2 }", "a{1, 3}"]) {
            assert!(Languages::default().containing(pattern).is_none(), "{pattern}");
        }
    }

    /// The translated patterns agree with an engine for ECMA-262 patterns.
    #[test]
    fn patterns_match_the_same_texts_as_in_ecma_262() {
        let texts = [
            "", "a", "b", "ab", "ba", "a\nb", "\n", "1", "٣", "_", "é", "\u{a0}", "\u{feff}", "\u{85}",
            "\u{2028}", "a-b", "]", "^", "A1", " ", "\\", "/", "😀",
        ];
        let patterns = r"^a b$ ^.$ ^\d$ ^\w$ ^\W$ ^\s$ ^\D$ [a-c] [^a] ^[^a]$ a|b ^(a|b)$ ^$ [-a] [a-] [\]^]
            \/ ^\S a.b ^a*$ ^[\s\d]$ [+-.] \\ ^..$";
        for pattern in patterns.split_whitespace() {
            let language = language(pattern);
            let regex = regress::Regex::with_flags(pattern, "u").unwrap();
            for text in texts {
                let is_match = regex.find(text).is_some();
                assert_eq!(language.contains(text), is_match, "{pattern} {text:?}");
            }
        }
    }
}
