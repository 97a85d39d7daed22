//! Self-contained HTML page for a colleague or a pull request, without scripts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;
use maud::{Markup, PreEscaped, html};

use funnelflux_openapi::{
    Document,
    pointer::PointerBuf,
    text::{SENTENCE, one_line, shorten},
};

use super::{
    groups::Group,
    sections::Sections,
    view::{Entry, MOST_OPERATIONS, View, numbered, proof, title},
};
use crate::{
    level::{Level, Side},
    report::{Change, Operations},
};

/// Maximum number of lines shown per value.
const MOST_LINES: usize = 30;

/// Maximum number of links per operation.
const MOST_LINKS: usize = 5;

/// Maximum number of links per action, so that the actions for breaking changes fit on the first screen.
const MOST_LINKS_OF_ACTION: usize = 2;

const LEVELS: [Level; 4] = [Level::Breaking, Level::Warning, Level::Info, Level::Docs];

/// The content of a page. Its parts refer to each other by number.
struct Page<'a> {
    documents: [&'a Document; 2],
    groups: Vec<Group<'a>>,
    /// Maps the name of each operation to its number.
    operations: BTreeMap<&'a str, usize>,
    names: &'a Sections<'a>,
    /// Maps the name of each section to its number. A section has the operations of one tag, for example.
    sections: BTreeMap<&'a str, usize>,
}

impl View<'_> {
    /// Renders the report as one HTML page for a colleague. `old` and `new` are the compared documents.
    #[must_use]
    pub fn html(self, old: &Document, new: &Document) -> String {
        let groups = self.groups();
        let names = groups.iter().flat_map(Group::operations);
        let names: BTreeSet<&str> = names.map(|name| &**name).collect();
        let known = Sections::of([new, old]);
        let sections: BTreeSet<&str> = names.iter().map(|name| known.name(name)).collect();
        let page = Page {
            names: &known,
            documents: [old, new],
            groups,
            operations: numbered(names),
            sections: numbered(sections),
        };
        page.page(self).into_string()
    }
}

impl Page<'_> {
    fn page(&self, view: View<'_>) -> Markup {
        let [old, new] = [&view.report.old, &view.report.new].map(|name| rich(&format!("`{name}`")));
        let color = match view.report.worst_level() {
            Some(Level::Breaking) => "breaking",
            Some(Level::Warning) => "warning",
            Some(Level::Info | Level::Docs) | None => "good",
        };
        let starts = |number: usize| {
            let level = |number: usize| self.groups.get(number).map(Group::level);
            level(number).filter(|_| number.checked_sub(1).and_then(level) != level(number))
        };
        html! {
            (PreEscaped("<!doctype html>\n"))
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; style-src 'unsafe-inline'";
                    "\n"
                    title { (view.verdict()) } "\n"
                    style { "\n" (PreEscaped(include_str!("page.css"))) (PreEscaped(self.filter_rules())) }
                } "\n"
                body {
                    header {
                        h1 { "Changes of the API: " (old) " → " (new) } "\n"
                        p class={ "verdict " (color) } { (view.verdict()) } "\n"
                        p.soft { (view.counts()) }
                    } "\n"
                    @if !view.report.is_empty() {
                        (self.actions(view))
                        (self.filters(view))
                        main {
                            @for (number, group) in self.groups.iter().enumerate() {
                                @if let Some(level) = starts(number) {
                                    "\n" h2 class={ "level " (level) } data-level=(level) { (title(level)) }
                                }
                                (self.group(number, group))
                            }
                            (self.operations())
                        }
                    }
                }
            } "\n"
        }
    }

    /// Returns the CSS rules with which the checkboxes of the page hide changes.
    fn filter_rules(&self) -> String {
        let levels = LEVELS.map(|level| {
            format!("body:has(#show-{level}:not(:checked)) [data-level={level}] {{ display: none; }}\n")
        });
        let sections = self.sections.values().map(|number| {
            format!("body:has(#section-{number}:checked) [data-in]:not(.in-{number}) {{ display: none; }}\n")
        });
        levels.into_iter().chain(sections).collect()
    }

    /// Lists the actions that the reader must take, each with the changes that require the action.
    fn actions(&self, view: View<'_>) -> Markup {
        let mut actions: IndexMap<&str, Vec<usize>> = IndexMap::new();
        for (number, group) in self.groups.iter().enumerate() {
            if group.level() < Level::Warning && !group.concerns() {
                continue;
            }
            let action = match group.first.consequence {
                Some((_, consequence)) => consequence.action,
                None => title(group.level()),
            };
            actions.entry(action).or_default().push(number);
        }
        let count = |numbers: &[usize], level| -> usize {
            let groups = numbers.iter().filter_map(|number| self.groups.get(*number));
            let groups = groups.filter(|group| group.level() == level);
            groups.map(|group| group.entries.len()).sum()
        };
        html! {
            section {
                h2 { "What do I have to do?" } "\n"
                @if actions.is_empty() {
                    p { "Nothing: no change breaks or concerns you." }
                } @else {
                    ol.todo {
                        @for (action, numbers) in &actions {
                            "\n" li {
                                b { (rich(action)) } " "
                                @for level in LEVELS {
                                    @let count = count(numbers, level);
                                    @if count > 0 {
                                        span class={ "level " (level) } { (count) " " (level) } " "
                                    }
                                }
                                "– " (self.links(numbers))
                            }
                        }
                    }
                    @if let Some(audience) = view.audience {
                        "\n" p.soft { "Advice for maintainers and users of the " (audience.name) "." }
                    }
                }
            } "\n"
        }
    }

    fn links(&self, groups: &[usize]) -> Markup {
        let link = |number: &usize| {
            let sentence = self.groups.get(*number).map(Group::sentence).unwrap_or_default();
            let mut shown = shorten(&sentence, SENTENCE / 2).into_owned();
            if !shown.matches('`').count().is_multiple_of(2) {
                // The cut removed the closing backtick.
                shown.push('`');
            }
            html! { a href={ "#like-" (number) } { (rich(&shown)) } }
        };
        let links = groups.iter().take(MOST_LINKS_OF_ACTION).map(link);
        joined(links, "; ", groups.len())
    }

    fn filters(&self, view: View<'_>) -> Markup {
        let counts = view.report.summary();
        let has_only_docs = counts.docs == view.report.changes.len();
        html! {
            form.filters {
                div {
                    "Show: "
                    @for (level, count) in counts.by_level() {
                        label class=(level) {
                            @let is_shown = level != Level::Docs || has_only_docs;
                            input type="checkbox" id={ "show-" (level) } checked[is_shown];
                            " " span.level { (level) } " " (count)
                        }
                    }
                }
                @if self.sections.len() > 1 {
                    "\n" div.groups {
                        "Group: " label { input type="radio" name="section" checked; " all" }
                        @for (name, number) in &self.sections {
                            label {
                                input type="radio" name="section" id={ "section-" (number) };
                                " " (if name.is_empty() { "/" } else { name })
                            }
                        }
                    }
                }
            } "\n"
        }
    }

    /// Returns the CSS classes (`in-N`) of the sections to which these operations belong.
    fn sections<'n>(&self, operations: impl Iterator<Item = &'n str>) -> String {
        let numbers: BTreeSet<&usize> = operations
            .filter_map(|name| self.sections.get(self.names.name(name)))
            .collect();
        let classes = numbers.into_iter().map(|number| format!(" in-{number}"));
        classes.collect::<Vec<_>>().concat()
    }

    fn group(&self, number: usize, group: &Group<'_>) -> Markup {
        let Group { first, entries } = group;
        let level = group.level();
        let operations = group.operations();
        let sections = self.sections(operations.iter().map(|name| &***name));
        let lists = group.lists().into_iter();
        let by_list: HashMap<_, String> = lists
            .map(|(list, _)| (list.as_ptr(), self.sections(list.iter().map(|name| &**name))))
            .collect();
        let is_many = entries.len() > 1;
        let some = operations.iter().take(2).map(|name| html! { (name) });
        html! {
            "\n"
            details class={ "like " (level) (sections) } data-level=(level) data-in id={ "like-" (number) } {
                "\n" summary {
                    @if is_many { b { (entries.len()) " ×" } " " }
                    (rich(&group.sentence()))
                    @if is_many { " " span.soft { "(" (first.change.id) ")" } }
                    @if let Some((name, consequence)) = first.consequence {
                        " " span.soft { "for the " (name) ": " (consequence.impact) }
                    }
                    @if !operations.is_empty() { br; span.soft { (joined(some, ", ", operations.len())) } }
                }
                "\n" p { (rich(first.change.meaning)) }
                @if let Some((_, consequence)) = first.consequence {
                    p { (rich(consequence.reason)) " " b { (rich(consequence.action)) } }
                }
                @for entry in entries {
                    @let sections = by_list.get(&entry.change.operations.as_ptr());
                    (self.change(entry, sections.map_or("", String::as_str), is_many))
                }
            }
        }
    }

    fn change(&self, entry: &Entry<'_>, sections: &str, is_one_of_many: bool) -> Markup {
        let change = entry.change;
        html! {
            "\n" div class={ "change" (sections) } data-in id=(change.fingerprint) {
                "\n"
                @if is_one_of_many { p { b { (rich(&change.what)) } } }
                @if let Some((sentence, example)) = proof(&change.proof) {
                    p.proof {
                        (sentence)
                        @if let Some(example) = example { ": " code { (one_line(&example)) } }
                    }
                }
                "\n" (self.sides(change)) "\n"
                (self.operation_links(&change.operations))
                p.soft {
                    (change.location) ", " code { (one_line(change.source_pointer.as_str())) }
                    @if change.side == Side::Old { " (before)" }
                    ". Rule " code { (change.id) } ", fingerprint " code { (change.fingerprint) }
                }
            }
        }
    }

    /// Shows the old and the new value side by side, with differing lines marked.
    fn sides(&self, change: &Change) -> Markup {
        let [old_document, new_document] = self.documents;
        let [old, new] = [(old_document, &change.old), (new_document, &change.new)].map(value_lines);
        let [in_old, in_new] = [&old, &new].map(|lines| lines.iter().collect::<HashSet<_>>());
        let side = |name: &str, lines: &[String], others: &HashSet<&String>| {
            html! {
                div {
                    span.soft { (name) }
                    pre {
                        @for line in lines.iter().take(MOST_LINES) {
                            @if others.contains(line) {
                                (one_line(line)) "\n"
                            } @else if name == "before" {
                                del { (one_line(line)) }
                            } @else {
                                ins { (one_line(line)) }
                            }
                        }
                        @if lines.is_empty() { "–" }
                        @if lines.len() > MOST_LINES { "… " (lines.len() - MOST_LINES) " more lines" }
                    }
                }
            }
        };
        html! { div.sides { (side("before", &old, &in_new)) (side("after", &new, &in_old)) } }
    }

    fn operation_links(&self, operations: &Operations) -> Markup {
        let links = operations.iter().take(MOST_OPERATIONS).map(|name| {
            let number = self.operations.get(&**name).copied().unwrap_or_default();
            html! { a href={ "#operation-" (number) } { (name) } }
        });
        html! { @if !operations.is_empty() { p { (joined(links, ", ", operations.len())) } } }
    }

    /// Lists every affected operation with the number of its changes by level, and with links to its most
    /// severe changes.
    fn operations(&self) -> Markup {
        let mut rows: BTreeMap<&str, (BTreeMap<Level, usize>, Vec<usize>)> = BTreeMap::new();
        for (number, group) in self.groups.iter().enumerate() {
            for (list, changes) in group.lists() {
                for name in list.iter() {
                    let (counts, groups) = rows.entry(name).or_default();
                    *counts.entry(group.level()).or_default() += changes;
                    if groups.last() != Some(&number) {
                        groups.push(number);
                    }
                }
            }
        }
        html! {
            @if !rows.is_empty() {
                "\n" h2 { "Operations" }
                div.wide {
                    table {
                        tr {
                            th { "operation" }
                            @for level in LEVELS {
                                th class={ "count " (level) } { span.level { (level) } }
                            }
                            th { "changes" }
                        }
                        @for (name, (counts, groups)) in &rows {
                            @let number = self.operations.get(name).copied().unwrap_or_default();
                            @let sections = self.sections([*name].into_iter());
                            "\n" tr class=(sections.trim_start()) data-in id={ "operation-" (number) } {
                                td { (name) }
                                @for level in LEVELS {
                                    td.count { @if let Some(count) = counts.get(&level) { (count) } }
                                }
                                td {
                                    @for (index, group) in groups.iter().take(MOST_LINKS).enumerate() {
                                        a href={ "#like-" (group) } { (index + 1) } " "
                                    }
                                    @if groups.len() > MOST_LINKS { "…" }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Joins the parts in `shown`, and adds the number of parts that are not shown. `all` is the total number of
/// parts.
fn joined(shown: impl ExactSizeIterator<Item = Markup>, separator: &str, all: usize) -> Markup {
    let more = all - shown.len();
    html! {
        @for (index, part) in shown.enumerate() { @if index > 0 { (separator) } (part) }
        @if more > 0 { (if separator == "; " { "; and " } else { " and " }) (more) " more" }
    }
}

/// Returns the lines of the value at a pointer, or no lines if there is no value.
fn value_lines((document, pointer): (&Document, &Option<PointerBuf>)) -> Vec<String> {
    let value = pointer
        .as_ref()
        .and_then(|pointer| document.value().pointer(pointer.as_str()));
    value.map_or_else(Vec::new, |value| {
        format!("{value:#}").lines().map(str::to_owned).collect()
    })
}

/// Converts untrusted text to HTML. Text in backticks becomes `code` elements.
fn rich(text: &str) -> Markup {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    let has_spans = !parts.len().is_multiple_of(2);
    html! {
        @if has_spans {
            @for (index, part) in parts.iter().enumerate() {
                @if index % 2 == 0 { (part) } @else { code { (part) } }
            }
        } @else {
            (text)
        }
    }
}
