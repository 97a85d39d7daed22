//! Finds the list of assets in a response. The list may be inside objects.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::transform::Operation;

use super::fields::{Field, Fields, argument_of, ident};

/// Maximum depth of nested objects in which a list is looked for.
const DEPTH: usize = 4;

/// Place of the rows in a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListPlace {
    /// Names of the properties that lead to the list. Empty if the response itself is the list.
    properties: Vec<String>,
    /// `true` if one of the properties may be absent.
    may_be_absent: bool,
}

pub(super) struct Rows<'a> {
    /// Name of the type of the rows.
    pub(super) row: String,
    pub(super) fields: Fields<'a>,
    /// Field of a row that contains the ID.
    pub(super) id: Field,
    pub(super) place: ListPlace,
}

impl ListPlace {
    /// Renders the method call that reads the rows of a list inside an object. `row` is the type of the rows.
    /// Returns `None` if the response itself is the list.
    pub(crate) fn step(&self, row: &TokenStream) -> Option<TokenStream> {
        let (properties, may_be_absent) = (&self.properties, self.may_be_absent);
        (!properties.is_empty()).then(|| {
            quote! {
                .list_in::<#row>(crate::runtime::call::ListPlace {
                    properties: &[#(#properties),*],
                    may_be_absent: #may_be_absent,
                })
            }
        })
    }

    fn inside(&self, field: &Field) -> Self {
        let mut place = self.clone();
        place.properties.push(field.name.clone());
        place.may_be_absent |= field.is_option;
        place
    }
}

/// Function that returns the fields of a struct, or `None` for another type.
type FieldsOf<'r, 'a> = &'r dyn Fn(&Type) -> Option<Fields<'a>>;

/// Names of parameters that select a part of a list. The names are in lower case and without separators.
const PAGING: &str = "after before cursor limit maxresults nextcursor nexttoken offset page pagecursor \
    pageindex pageno pagenum pagenumber pagesize pagetoken perpage skip start startingafter take top";

/// Names of response properties that indicate further parts of a list. The names are in lower case and
/// without separators.
const REST: &str = "cursor endcursor hasmore hasnext hasnextpage lastpage next nextcursor nextpage \
    nextpagetoken nexttoken pagecount pagetoken totalpages";

/// Returns an error with the reason if the response of an operation may contain only a part of the list.
pub(super) fn paging(
    fields_of: FieldsOf<'_, '_>,
    operation: &Operation,
    response: &Type,
) -> Result<(), String> {
    let partial = "the response may contain only a part of the list, and the client reads no further parts";
    let mut arguments = operation.arguments.iter().map(|argument| argument.name.as_str());
    if let Some(name) = arguments.find(|name| is_one_of(PAGING, name)) {
        return Err(format!("with its parameter `{name}`, {partial}"));
    }
    match rest_of_list(fields_of, response, 0) {
        Some(name) => Err(format!("with the property `{name}`, {partial}")),
        None => Ok(()),
    }
}

fn rest_of_list(fields_of: FieldsOf<'_, '_>, ty: &Type, depth: usize) -> Option<String> {
    let fields = fields_of(ty).filter(|_| depth < DEPTH)?;
    let own = fields.all.iter().find(|field| is_one_of(REST, &field.name));
    own.map(|field| field.name.clone()).or_else(|| {
        let mut objects = fields.all.iter().filter(|field| !field.is_list);
        objects.find_map(|field| rest_of_list(fields_of, &field.inner, depth + 1))
    })
}

fn is_one_of(names: &str, name: &str) -> bool {
    let letters = name.chars().filter(|character| character.is_alphanumeric());
    let letters = letters.collect::<String>().to_lowercase();
    names.split(' ').any(|name| name == letters)
}

/// Finds the list whose rows have the property `id_name`. This is the response itself, or the only such list
/// inside the response. Returns an error with the reason if there is no such list, or more than one.
pub(super) fn rows<'a>(
    fields_of: FieldsOf<'_, 'a>,
    response: &Type,
    id_name: &str,
) -> Result<Rows<'a>, String> {
    let mut found = Vec::new();
    match argument_of(response, "Vec") {
        Some(row) => found.extend(rows_of(fields_of, row, id_name, ListPlace::default())),
        None => lists_inside(fields_of, response, id_name, &ListPlace::default(), &mut found),
    }
    let places = found
        .iter()
        .map(|rows| format!("`{}`", rows.place.properties.join(".")));
    let places: Vec<String> = places.collect();
    let objects = format!("objects with the property `{id_name}`");
    match (found.pop(), places.as_slice()) {
        (Some(rows), [_]) => Ok(rows),
        (None, _) => Err(format!("its response has no list of {objects}")),
        (Some(_), places) => {
            let places = places.join(" and ");
            Err(format!("its response has several lists of {objects}: {places}"))
        }
    }
}

fn lists_inside<'a>(
    fields_of: FieldsOf<'_, 'a>,
    ty: &Type,
    id_name: &str,
    place: &ListPlace,
    found: &mut Vec<Rows<'a>>,
) {
    let fields = fields_of(ty).filter(|_| place.properties.len() < DEPTH);
    for field in fields.iter().flat_map(|fields| &fields.all) {
        let place = place.inside(field);
        if field.is_list {
            found.extend(rows_of(fields_of, &field.inner, id_name, place));
        } else {
            lists_inside(fields_of, &field.inner, id_name, &place, found);
        }
    }
}

fn rows_of<'a>(fields_of: FieldsOf<'_, 'a>, row: &Type, id_name: &str, place: ListPlace) -> Option<Rows<'a>> {
    let fields = fields_of(row)?;
    Some(Rows {
        row: ident(row)?,
        id: fields.get(id_name)?.clone(),
        fields,
        place,
    })
}
