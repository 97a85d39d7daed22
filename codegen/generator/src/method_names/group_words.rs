//! Words for the assets of a group, in the singular and in the plural.

use super::{
    inflection::{plural, singular, snake, spaced},
    title::Title,
};

/// Words for the assets of a group. The default matches every noun in a title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupWords {
    /// Singular in snake case, such as `offer_source`.
    pub(crate) singular: String,
    /// Plural in snake case, such as `offer_sources`.
    pub(crate) plural: String,
    /// Singular as written in the titles of operations, such as `AI node settings`.
    pub(crate) singular_text: String,
    /// Plural as written in the titles of operations.
    pub(crate) plural_text: String,
}

impl GroupWords {
    /// Derives the words of a group from its tag and the titles of its operations.
    pub(super) fn of(tag: &str, titles: &[(String, String)]) -> Self {
        let tag_plural = snake(tag);
        let tag_singular = singular(&tag_plural);
        // A title may be more specific than the tag, such as *user settings* in the group *User*.
        let extends = |noun: &[&str]| {
            let noun = snake(&noun.join(" "));
            let begins_with = |words: &String| noun == *words || noun.starts_with(&format!("{words}_"));
            begins_with(&tag_plural) || begins_with(&tag_singular)
        };
        let nouns = |verbs: &[(&str, &str)]| {
            let nouns = titles.iter().filter_map(|(method, title)| {
                let title = Title::of(title)?;
                let is_verb = verbs.contains(&(method, &title.verb));
                let is_plain = title.preposition.as_deref().is_none_or(|preposition| {
                    preposition == "by" && title.rest.join(" ").eq_ignore_ascii_case("id")
                });
                (is_verb && is_plain && extends(&title.noun)).then(|| title.noun.join(" "))
            });
            nouns.collect::<Vec<String>>()
        };
        let singulars = nouns(&[
            ("GET", "find"),
            ("GET", "get"),
            ("PUT", "save"),
            ("PUT", "update"),
            ("POST", "create"),
            ("POST", "add"),
            ("POST", "duplicate"),
            ("DELETE", "delete"),
        ]);
        let counted = |noun: &String| singulars.iter().filter(|other| *other == noun).count();
        let of_tag = |noun: &&String| snake(noun) == tag_singular;
        let longer = || {
            let repeated = singulars.iter().filter(|noun| counted(noun) > 1);
            repeated.max_by_key(|noun| counted(noun))
        };
        let singular_text = singulars.iter().find(of_tag).or_else(longer).cloned();
        let singular_text = singular_text.unwrap_or_else(|| spaced(&tag_singular));
        let singular_word = snake(&singular_text);
        let plurals = nouns(&[("GET", "list")]);
        let is_plural =
            |noun: &&String| singular(&snake(noun)) == singular_word || snake(noun) == plural(&singular_word);
        let plural_text = plurals.iter().find(is_plural).cloned();
        let plural_text = plural_text.unwrap_or_else(|| {
            if singular_word == tag_singular && tag_plural != tag_singular {
                spaced(&tag_plural)
            } else {
                spaced(&plural(&singular_word)).replacen(&spaced(&singular_word), &singular_text, 1)
            }
        });
        let plural_word = snake(&plural_text);
        Self {
            singular: singular_word,
            plural: plural_word,
            singular_text,
            plural_text,
        }
    }

    /// Returns the singular with its article, such as `an offer source`. If the singular equals the plural,
    /// returns the singular without an article.
    pub(crate) fn with_article(&self) -> String {
        if self.singular == self.plural {
            return self.singular_text.clone();
        }
        let starts_with_vowel = self
            .singular_text
            .to_lowercase()
            .starts_with(['a', 'e', 'i', 'o', 'u']);
        let article = if starts_with_vowel { "an" } else { "a" };
        format!("{article} {}", self.singular_text)
    }
}
