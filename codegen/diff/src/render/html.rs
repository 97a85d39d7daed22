//! Self-contained HTML page for a colleague or a pull request, without scripts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt::Write as _,
    sync::Arc,
};

use funnelflux_openapi::{
    Document,
    pointer::PointerBuf,
    text::{SENTENCE, one_line, shorten},
};

use super::{
    groups::Group,
    sections::Sections,
    view::{Entry, MOST_OPERATIONS, View, proof, title},
};
use crate::{
    level::Level,
    report::{Change, Operations},
    side::Side,
};

/// Maximum number of lines shown per value.
const MOST_LINES: usize = 30;

/// Maximum number of links per operation.
const MOST_LINKS: usize = 5;

const LEVELS: [Level; 4] = [Level::Breaking, Level::Warning, Level::Info, Level::Docs];

/// The parts of a page that refer to each other by number.
struct Page<'a> {
    documents: [&'a Document; 2],
    groups: Vec<Group<'a>>,
    /// Numbers of the operations, by name.
    operations: BTreeMap<&'a str, usize>,
    names: &'a Sections<'a>,
    /// Numbers of the sections of the operations, by name.
    sections: BTreeMap<&'a str, usize>,
}

impl View<'_> {
    /// Renders the report as one HTML page for a colleague. The documents are those of the comparison.
    #[must_use]
    pub fn html(self, old: &Document, new: &Document) -> String {
        let groups = self.groups();
        let lists = groups.iter().flat_map(Group::lists);
        let names: BTreeSet<&str> = lists
            .flat_map(|(list, _)| list.iter().map(|name| &**name))
            .collect();
        let known = Sections::of([new, old]);
        let sections: BTreeSet<&str> = names.iter().map(|name| known.name(name)).collect();
        let page = Page {
            names: &known,
            documents: [old, new],
            groups,
            operations: numbered(names),
            sections: numbered(sections),
        };
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = page.write(&mut text, self);
        text
    }
}

fn numbered(names: BTreeSet<&str>) -> BTreeMap<&str, usize> {
    names
        .into_iter()
        .enumerate()
        .map(|(number, name)| (name, number))
        .collect()
}

impl Page<'_> {
    fn write(&self, text: &mut String, view: View<'_>) -> std::fmt::Result {
        let [old, new] = [&view.report.old, &view.report.new].map(|name| rich(&format!("`{name}`")));
        let worst = view.report.worst_level();
        let color = match worst {
            Some(Level::Breaking) => "breaking",
            Some(Level::Warning) => "warning",
            Some(Level::Info | Level::Docs) | None => "good",
        };
        let verdict = view.verdict();
        write!(
            text,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <title>{}</title>\n<style>\n{}{}</style>\n</head>\n<body>\n<header>\n\
             <h1>Changes of the API: {old} → {new}</h1>\n<p class=\"verdict {color}\">{}</p>\n\
             <p class=\"soft\">{}</p>\n</header>\n",
            escape(&verdict),
            include_str!("page.css"),
            self.filter_rules(),
            escape(&verdict),
            escape(&view.counts()),
        )?;
        if view.report.is_empty() {
            return text.write_str("</body>\n</html>\n");
        }
        self.write_actions(text, view)?;
        self.write_filters(text, view)?;
        text.write_str("<main>\n")?;
        let mut last = None;
        for (number, group) in self.groups.iter().enumerate() {
            let level = group.level();
            if last.replace(level) != Some(level) {
                let title = title(level);
                writeln!(
                    text,
                    "<h2 class=\"level {level}\" data-level=\"{level}\">{title}</h2>"
                )?;
            }
            self.write_group(text, number, group)?;
        }
        self.write_operations(text)?;
        text.write_str("</main>\n</body>\n</html>\n")
    }

    /// The CSS rules that let checkboxes hide parts.
    fn filter_rules(&self) -> String {
        let levels = LEVELS.map(|level| {
            format!("body:has(#show-{level}:not(:checked)) [data-level={level}] {{ display: none; }}\n")
        });
        let sections = self.sections.values().map(|number| {
            format!("body:has(#section-{number}:checked) [data-in]:not(.in-{number}) {{ display: none; }}\n")
        });
        levels.into_iter().chain(sections).collect()
    }

    /// The actions that the reader must take, each with the changes that require the action.
    fn write_actions(&self, text: &mut String, view: View<'_>) -> std::fmt::Result {
        let mut actions: Vec<(&str, Vec<usize>)> = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let matters = group.level() >= Level::Warning || group.concerns();
            let Some(first) = group.first().filter(|_| matters) else {
                continue;
            };
            let action = match first.consequence {
                Some((_, consequence)) => consequence.action,
                None => title(group.level()),
            };
            match actions.iter_mut().find(|(known, _)| *known == action) {
                Some((_, numbers)) => numbers.push(number),
                None => actions.push((action, vec![number])),
            }
        }
        text.write_str("<section>\n<h2>What do I have to do?</h2>\n")?;
        if actions.is_empty() {
            text.write_str("<p>Nothing: no change breaks or concerns you.</p>\n")?;
        } else {
            text.write_str("<ol class=\"todo\">\n")?;
            for (action, numbers) in &actions {
                write!(text, "<li><b>{}</b> ", escape(action))?;
                for level in LEVELS {
                    let groups = numbers.iter().filter_map(|number| self.groups.get(*number));
                    let groups = groups.filter(|group| group.level() == level);
                    let count: usize = groups.map(|group| group.entries.len()).sum();
                    if count > 0 {
                        write!(text, "<span class=\"level {level}\">{count} {level}</span> ")?;
                    }
                }
                text.write_str("– ")?;
                self.write_links(text, numbers)?;
                text.write_str("</li>\n")?;
            }
            text.write_str("</ol>\n")?;
        }
        if let (Some(audience), false) = (view.audience, actions.is_empty()) {
            writeln!(
                text,
                "<p class=\"soft\">Advice for maintainers and users of the {}.</p>",
                audience.name
            )?;
        }
        text.write_str("</section>\n")
    }

    /// Writes few links, so that every action fits on the first screen.
    fn write_links(&self, text: &mut String, groups: &[usize]) -> std::fmt::Result {
        const MOST: usize = 2;
        let shown = groups.iter().take(MOST);
        let links = shown.filter_map(|number| {
            let sentence = self.groups.get(*number)?.sentence();
            let mut shown = shorten(&sentence, SENTENCE / 2).into_owned();
            if !shown.matches('`').count().is_multiple_of(2) {
                // The cut removed the closing backtick.
                shown.push('`');
            }
            Some(format!("<a href=\"#like-{number}\">{}</a>", rich(&shown)))
        });
        text.write_str(&links.collect::<Vec<_>>().join("; "))?;
        match groups.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(text, "; and {more} more"),
        }
    }

    fn write_filters(&self, text: &mut String, view: View<'_>) -> std::fmt::Result {
        text.write_str("<form class=\"filters\">\n<div>Show: ")?;
        let counts = view.report.summary();
        let has_more_than_docs = counts.docs < view.report.changes.len();
        for level in LEVELS {
            let count = match level {
                Level::Breaking => counts.breaking,
                Level::Warning => counts.warning,
                Level::Info => counts.info,
                Level::Docs => counts.docs,
            };
            let is_shown = level != Level::Docs || !has_more_than_docs;
            let checked = if is_shown { " checked" } else { "" };
            write!(
                text,
                "<label class=\"{level}\"><input type=\"checkbox\" id=\"show-{level}\"{checked}> \
                 <span class=\"level\">{level}</span> {count}</label>"
            )?;
        }
        text.write_str("</div>\n")?;
        if self.sections.len() > 1 {
            text.write_str(
                "<div class=\"groups\">Group: <label><input type=\"radio\" name=\"section\" checked> \
                 all</label>",
            )?;
            for (name, number) in &self.sections {
                write!(
                    text,
                    "<label><input type=\"radio\" name=\"section\" id=\"section-{number}\"> {}</label>",
                    escape(if name.is_empty() { "/" } else { name })
                )?;
            }
            text.write_str("</div>\n")?;
        }
        text.write_str("</form>\n")
    }

    /// Returns the CSS classes (`in-N`) of the sections to which these operations belong.
    fn sections<'n>(&self, operations: impl Iterator<Item = &'n Arc<str>>) -> String {
        let numbers: BTreeSet<&usize> = operations
            .filter_map(|name| self.sections.get(self.names.name(name)))
            .collect();
        let classes = numbers.into_iter().map(|number| format!(" in-{number}"));
        classes.collect::<Vec<_>>().concat()
    }

    fn write_group(&self, text: &mut String, number: usize, group: &Group<'_>) -> std::fmt::Result {
        let Some(first) = group.first() else {
            return Ok(());
        };
        let level = group.level();
        let sections = self.sections(group.operations().into_iter());
        let count = match group.entries.len() {
            1 => String::new(),
            count => format!("<b>{count} ×</b> "),
        };
        let rule = match group.entries.len() {
            1 => String::new(),
            _ => format!(" <span class=\"soft\">({})</span>", escape(&first.change.id)),
        };
        let impact = first.consequence.map_or_else(String::new, |(name, consequence)| {
            format!(
                " <span class=\"soft\">for the {name}: {}</span>",
                consequence.impact
            )
        });
        writeln!(
            text,
            "<details class=\"like {level}{sections}\" data-level=\"{level}\" data-in id=\"like-{number}\">\n\
             <summary>{count}{}{rule}{impact}{}</summary>\n<p>{}</p>",
            rich(&group.sentence()),
            some_operations(group),
            rich(first.change.meaning),
        )?;
        if let Some((_, consequence)) = first.consequence {
            let (reason, action) = (rich(consequence.reason), rich(consequence.action));
            writeln!(text, "<p>{reason} <b>{action}</b></p>")?;
        }
        let by_list: HashMap<_, String> = group
            .lists()
            .into_iter()
            .map(|(list, _)| (list.as_ptr(), self.sections(list.iter())))
            .collect();
        for entry in &group.entries {
            let sections = by_list.get(&entry.change.operations.as_ptr());
            let sections = sections.map_or("", String::as_str);
            self.write_change(text, entry, sections, group.entries.len() > 1)?;
        }
        text.write_str("</details>\n")
    }

    fn write_change(
        &self,
        text: &mut String,
        entry: &Entry<'_>,
        sections: &str,
        is_one_of_many: bool,
    ) -> std::fmt::Result {
        let change = entry.change;
        writeln!(
            text,
            "<div class=\"change{sections}\" data-in id=\"{}\">",
            change.fingerprint
        )?;
        if is_one_of_many {
            writeln!(text, "<p><b>{}</b></p>", rich(&change.what))?;
        }
        if let Some((sentence, example)) = proof(&change.proof) {
            let example = example.map(|example| format!(": <code>{}</code>", escape(&one_line(&example))));
            writeln!(
                text,
                "<p class=\"proof\">{sentence}{}</p>",
                example.unwrap_or_default()
            )?;
        }
        self.write_sides(text, change)?;
        self.write_operation_links(text, &change.operations)?;
        let gone = if change.side == Side::Old { " (before)" } else { "" };
        writeln!(
            text,
            "<p class=\"soft\">{}, <code>{}</code>{gone}. Rule <code>{}</code>, \
             fingerprint <code>{}</code></p>\n</div>",
            escape(&change.location.to_string()),
            escape(&one_line(change.source_pointer.as_str())),
            escape(&change.id),
            change.fingerprint,
        )
    }

    /// The values before and after, side by side, with differing lines marked.
    fn write_sides(&self, text: &mut String, change: &Change) -> std::fmt::Result {
        let [old_document, new_document] = self.documents;
        let [old, new] = [(old_document, &change.old), (new_document, &change.new)].map(value_lines);
        let [in_old, in_new] = [&old, &new].map(|lines| lines.iter().collect::<HashSet<_>>());
        text.write_str("<div class=\"sides\">")?;
        for (name, tag, lines, others) in [("before", "del", &old, &in_new), ("after", "ins", &new, &in_old)]
        {
            write!(text, "<div><span class=\"soft\">{name}</span><pre>")?;
            for line in lines.iter().take(MOST_LINES) {
                let shown = escape(&one_line(line));
                if others.contains(line) {
                    writeln!(text, "{shown}")?;
                } else {
                    write!(text, "<{tag}>{shown}</{tag}>")?;
                }
            }
            match lines.len() {
                0 => text.write_str("–")?,
                count if count > MOST_LINES => write!(text, "… {} more lines", count - MOST_LINES)?,
                _ => {}
            }
            text.write_str("</pre></div>")?;
        }
        text.write_str("</div>\n")
    }

    fn write_operation_links(&self, text: &mut String, operations: &Operations) -> std::fmt::Result {
        let links = operations.iter().take(MOST_OPERATIONS).filter_map(|name| {
            let number = self.operations.get(&**name)?;
            Some(format!("<a href=\"#operation-{number}\">{}</a>", escape(name)))
        });
        let links: Vec<String> = links.collect();
        if links.is_empty() {
            return Ok(());
        }
        let more = match operations.len() - links.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        writeln!(text, "<p>{}{more}</p>", links.join(", "))
    }

    /// Every operation with the number of its changes and links to the most severe ones.
    fn write_operations(&self, text: &mut String) -> std::fmt::Result {
        let mut rows: BTreeMap<&str, ([usize; 4], Vec<usize>)> = BTreeMap::new();
        for (number, group) in self.groups.iter().enumerate() {
            let level = LEVELS.iter().position(|level| *level == group.level());
            for (list, changes) in group.lists() {
                for name in list.iter() {
                    let (counts, groups) = rows.entry(name).or_default();
                    if let Some(count) = level.and_then(|level| counts.get_mut(level)) {
                        *count += changes;
                    }
                    if groups.last() != Some(&number) {
                        groups.push(number);
                    }
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let heads = LEVELS
            .map(|level| format!("<th class=\"count {level}\"><span class=\"level\">{level}</span></th>"));
        writeln!(
            text,
            "<h2>Operations</h2>\n<div class=\"wide\">\n<table>\n\
             <tr><th>operation</th>{}<th>changes</th></tr>",
            heads.concat()
        )?;
        for (name, (counts, groups)) in rows {
            let number = self.operations.get(name).copied().unwrap_or_default();
            let section = self
                .sections
                .get(self.names.name(name))
                .copied()
                .unwrap_or_default();
            let counts = counts.map(|count| match count {
                0 => "<td></td>".to_owned(),
                count => format!("<td class=\"count\">{count}</td>"),
            });
            let links = groups.iter().take(MOST_LINKS);
            let links = links
                .enumerate()
                .map(|(index, group)| format!("<a href=\"#like-{group}\">{}</a>", index + 1));
            let more = if groups.len() > MOST_LINKS { " …" } else { "" };
            writeln!(
                text,
                "<tr class=\"in-{section}\" data-in id=\"operation-{number}\">\
                 <td>{}</td>{}<td>{}{more}</td></tr>",
                escape(name),
                counts.concat(),
                links.collect::<Vec<_>>().join(" ")
            )?;
        }
        text.write_str("</table>\n</div>\n")
    }
}

/// The first operations of a group, for its summary.
fn some_operations(group: &Group<'_>) -> String {
    const MOST: usize = 2;
    let operations = group.operations();
    let shown: Vec<String> = operations.iter().take(MOST).map(|name| escape(name)).collect();
    match operations.len().saturating_sub(MOST) {
        0 if shown.is_empty() => String::new(),
        0 => format!("<br><span class=\"soft\">{}</span>", shown.join(", ")),
        more => format!(
            "<br><span class=\"soft\">{} and {more} more</span>",
            shown.join(", ")
        ),
    }
}

/// Lines of the value at a pointer; none if there is no value.
fn value_lines((document, pointer): (&Document, &Option<PointerBuf>)) -> Vec<String> {
    let value = pointer
        .as_ref()
        .and_then(|pointer| document.value().pointer(pointer.as_str()));
    value.map_or_else(Vec::new, |value| {
        format!("{value:#}").lines().map(str::to_owned).collect()
    })
}

/// Foreign text as HTML, keeping its code spans.
fn rich(text: &str) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(&text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    parts.collect()
}

/// Escapes foreign text for HTML and XML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
