//! Names derived from a document: singular and plural of each group, verb and method name of each operation,
//! and names of IDs.
//!
//! Names come from tag, title and HTTP method, which the vendor documents for every operation. Paths are used
//! only if a title names no verb, and to distinguish operations that would otherwise have the same name.
//! Operation IDs are ignored.

mod group_words;
mod id_names;
mod operation_words;
mod title;
mod verb;
mod word_forms;

use std::collections::BTreeMap;

use heck::ToTitleCase as _;
use serde_json::Value;

use funnelflux_openapi::{
    operations::{Operation, operations},
    pointer::{Pointer, PointerBuf},
};

pub(crate) use group_words::GroupWords;
pub(crate) use id_names::IdName;
use id_names::id_names;
pub(crate) use operation_words::OperationWords;
use operation_words::{Draft, separate};
use title::title;
pub(crate) use verb::Verb;

/// Words of a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    groups: BTreeMap<String, GroupWords>,
    operations: BTreeMap<PointerBuf, OperationWords>,
    /// IDs, keyed by the name of a parameter or property.
    ids: BTreeMap<String, IdName>,
    /// IDs, keyed by the name of a parameter that takes several IDs.
    id_lists: BTreeMap<String, IdName>,
}

impl Vocabulary {
    /// Reads the words of a document, before or after its references are resolved.
    pub(crate) fn of(document: &Value) -> Self {
        let operations: Vec<Operation<'_>> = operations(document).collect();
        let tags = Tags::of(&operations);
        let mut titles: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for operation in &operations {
            if let Some(tag) = tags.tag(operation) {
                let title = (operation.method.to_ascii_uppercase(), title(operation));
                titles.entry(tag).or_default().push(title);
            }
        }
        let groups: BTreeMap<String, GroupWords> = titles
            .iter()
            .map(|(tag, titles)| (tag.clone(), GroupWords::of(tag, titles)))
            .collect();
        let drafts = operations.into_iter().filter_map(|operation| {
            let tag = tags.tag(&operation)?;
            let words = groups.get(&tag)?;
            Some(Draft::new(operation, tag, words))
        });
        let mut drafts: Vec<Draft<'_>> = drafts.collect();
        separate(&mut drafts, &groups);
        let (ids, id_lists) = id_names(document, &drafts, &groups);
        let operations = drafts.into_iter();
        let operations = operations.map(|draft| (draft.operation.pointer, draft.words));
        Self {
            operations: operations.collect(),
            groups,
            ids,
            id_lists,
        }
    }

    /// Returns the words of the operation at this pointer; `None` if it has no group.
    pub(crate) fn operation(&self, pointer: &Pointer) -> Option<&OperationWords> {
        self.operations.get(pointer)
    }

    /// Returns the words of a group.
    pub(crate) fn group(&self, tag: &str) -> Option<&GroupWords> {
        self.groups.get(tag)
    }

    /// Returns the pointer to the main operation for a verb in a group.
    pub(crate) fn main_operation(&self, tag: &str, verb: &Verb) -> Option<&Pointer> {
        let is_it = |words: &&OperationWords| words.is_main && words.tag == tag && words.verb == *verb;
        let mut found = self.operations.iter().filter(|(_, words)| is_it(words));
        found.next().map(|(pointer, _)| &**pointer)
    }

    /// Returns the kind of ID whose name in JSON is `name`.
    pub(crate) fn id(&self, name: &str) -> Option<&IdName> {
        self.ids.get(name)
    }

    /// Returns the kind of ID of which the parameter `name` takes several.
    pub(crate) fn id_list(&self, name: &str) -> Option<&IdName> {
        self.id_lists.get(name)
    }
}

/// Tags of all operations, including operations without a tag in the document.
struct Tags {
    by_segment: BTreeMap<String, String>,
}

impl Tags {
    fn of(operations: &[Operation<'_>]) -> Self {
        let stated = operations.iter().filter_map(|operation| {
            let segment = operation.path.split('/').find(|segment| !segment.is_empty())?;
            Some((segment.to_owned(), operation.tag()?.to_owned()))
        });
        Self {
            by_segment: stated.collect(),
        }
    }

    /// Returns the first tag of the operation. If the operation has no tag, returns the tag of other
    /// operations whose paths begin with the same segment. If there is no such tag, returns the segment.
    fn tag(&self, operation: &Operation<'_>) -> Option<String> {
        if let Some(tag) = operation.tag() {
            return Some(tag.to_owned());
        }
        let mut segments = operation.path.split('/');
        let segment =
            segments.find(|segment| segment.contains(char::is_alphanumeric) && !segment.contains('{'))?;
        let stated = self.by_segment.get(segment).cloned();
        Some(stated.unwrap_or_else(|| segment.to_title_case()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Checks the name of each operation of a table with the columns method, path, tag, title and expected
    /// name.
    fn check(table: &str) {
        let mut paths = json!({});
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).collect())
            .filter(|row: &Vec<&str>| row.len() == 5)
            .collect();
        for row in &rows {
            paths[row[1]][row[0].to_lowercase()] = json!({"tags": [row[2]], "summary": row[3]});
        }
        let document = json!({"paths": paths});
        let vocabulary = Vocabulary::of(&document);
        for operation in operations(&document) {
            let row = rows
                .iter()
                .find(|row| row[1] == operation.path && row[0].eq_ignore_ascii_case(operation.method))
                .unwrap();
            assert_eq!(
                vocabulary.operation(&operation.pointer).unwrap().id,
                row[4],
                "{operation}"
            );
        }
    }

    #[test]
    fn operations_are_named_by_tag_title_and_method() {
        check(
            "
            GET | /campaign/funnel/find/byId/ | Funnels | Find funnel by ID | find_funnel_by_id
            PUT | /funnel/save/ | Funnels | Update a funnel | save_funnel
            POST | /f/new | Funnels | Create a funnel | create_funnel
            PUT | /funnel/move/ | Funnels | Move a funnel | move_funnel
            DELETE | /logicscript/delete/        | Logic Scripts    | Soft-delete logic scripts     | \
                delete_logic_scripts
            POST | /logicscript/validate/ | Logic Scripts | Validate logic script code | validate_logic_script
            GET | /user/settings/get/ | User | Get user settings | get_user_settings
            PUT | /user/settings/save/ | User | Save user settings | save_user_settings
            GET | /integration/apikey/list/ | Integration | List integration API keys | \
                list_integration_api_keys
            PUT | /integration/apikey/save/ | Integration | Update integration API key | \
                save_integration_api_key
            POST | /integration/apikey/save/ | Integration | Generate integration API key | \
                create_integration_api_key
            DELETE | /integration/apikey/delete/ | Integration      | Delete integration API key    | \
                delete_integration_api_keys
            GET | /ainodesetting/find/byId/ | AI Node Settings | Find AI node settings by ID | \
                find_ai_node_settings_by_id
            PUT | /ainodesetting/save/ | AI Node Settings | Update AI node settings | save_ai_node_settings
            PUT | /page/move-category/ | Pages | Move pages to a category | move_pages_to_category
            GET | /domain/find/byId/ | Domains | Find one by ID | find_domain_by_id
            POST | /domain/save/ | Domains | Create | create_domain
            GET | /domain/checks/ | Domains | Check the certificates | get_domain_checks
            ",
        );
    }

    #[test]
    fn a_second_listing_is_named_after_its_path() {
        check(
            "
            GET | /campaign/list/ | Funnel Groups | List funnel groups | list_campaigns
            GET | /funnelgroup/list/ | Funnel Groups | List funnel groups | list_funnel_groups
            GET | /pagegroup/find/byCategory/ | Page Groups | Find page groups by category | \
                find_page_groups_by_category
            GET | /globalpagegroup/find/byCategory/ | Page Groups | Find page groups by category | \
                find_global_page_groups_by_category
            ",
        );
    }

    #[test]
    fn paths_that_differ_in_signs_only_get_different_names() {
        check(
            "
            GET | /thing/a/b | Things | | get_thing_a_b
            GET | /thing/a-b | Things | | get_thing_a_dash_b
            GET | /thing/a_b | Things | | get_thing_a_underscore_b
            GET | /thing/a.b | Things | | get_thing_a_dot_b
            GET | /thing/aB | Things | | get_thing_a_upper_b
            GET | /thing/a/b/ | Things | | get_thing_a_b_slash
            GET | /thing/a/{b} | Things | | get_thing_a_by_b
            GET | /thing/a/b/c | Things | | get_thing_a_b_c
            GET | /thing/a/{b}c | Things | | get_thing_a_by_b_end_c
            GET | /thing/a/e | Things | | get_thing_a_e
            GET | /thing/a/é | Things | | get_thing_a_ue9
            GET | /thing/é | Things | | get_thing_e
            GET | /thing/c/d | Things | Check the ends | get_thing_c_d
            GET | /thing/c-d | Things | Check the dash | check_the_dash
            GET | /thing/list | Things | List things | list_things
            GET | /thing/list/ | Things | List things | get_thing_list
            ",
        );
    }

    #[test]
    fn names_do_not_depend_on_the_order_of_the_operations() {
        let paths = ["/thing/a/b", "/thing/a-b", "/thing/a_b", "/thing/a/{b}"];
        let names = |paths: &[&str]| {
            let items = paths.iter().map(|path| {
                let operation = json!({"get": {"tags": ["Things"]}});
                ((*path).to_owned(), operation)
            });
            let document = json!({"paths": items.collect::<serde_json::Map<_, _>>()});
            let vocabulary = Vocabulary::of(&document);
            let names = operations(&document).map(|operation| {
                let words = vocabulary.operation(&operation.pointer).unwrap();
                (operation.path.to_owned(), words.id.clone())
            });
            names.collect::<BTreeMap<String, String>>()
        };
        let mut turned = paths;
        turned.reverse();
        assert_eq!(names(&paths), names(&turned));
    }
}
