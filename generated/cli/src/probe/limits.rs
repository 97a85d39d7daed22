//! Searches for limits of the service, by bisection. The requests read assets or name unknown IDs, so they
//! change nothing.

use super::account::Account;
use super::experiment::{Halt, LimitSearch, Variation};
use funnelflux::ext::AssetGroup;
use funnelflux::id;
use funnelflux_fake::{Action, Children, Document};

/// Maximum length of path and query that a search tries, in bytes.
const URL_LENGTH: usize = 16_384;
/// Maximum number of IDs that a search tries.
const IDS: usize = 500;
/// Maximum size of a body that a search tries, in bytes.
const BODY_BYTES: usize = 2 * 1024 * 1024;

/// Searches for the largest size up to `largest` that gets the status `accepted`. The size `smallest` is
/// known to get this status. All sizes above the result are assumed to get the status `refused`. Any other
/// status ends the search.
async fn search(
    mut smallest: usize,
    mut largest: usize,
    (accepted, refused): (u16, u16),
    mut send: impl AsyncFnMut(usize) -> Result<u16, Halt>,
) -> Result<LimitSearch, Halt> {
    let mut is_refused = false;
    let mut size = largest;
    loop {
        match send(size).await? {
            status if status == accepted => smallest = size,
            status if status == refused => {
                largest = size;
                is_refused = true;
            }
            status => return Ok(LimitSearch::Unexpected { size, status }),
        }
        if !is_refused {
            return Ok(LimitSearch::NoneUpTo(size));
        }
        if largest - smallest <= 1 {
            return Ok(LimitSearch::Found {
                max: smallest,
                status: refused,
            });
        }
        size = usize::midpoint(smallest, largest);
    }
}

/// Searches for the maximum length of path and query. Sends find requests for unknown IDs of different
/// lengths.
pub(super) async fn url_length(account: &mut Account<'_>, group: AssetGroup) -> Result<LimitSearch, Halt> {
    let unknown = account.unknown.clone();
    let own = fixed_length(account.base_url(), group);
    let mut find = async |id: &str| {
        let answer = account.send(group, &Action::Find(id), Variation::None).await?;
        Ok::<u16, Halt>(answer.status)
    };
    let accepted = find(&unknown).await?;
    search(own + unknown.len(), URL_LENGTH, (accepted, 414), async |size| {
        find(&"x".repeat(size.saturating_sub(own))).await
    })
    .await
}

/// Searches for the maximum size of a body. Sends requests that archive an unknown ID, with different amounts
/// of white space in the body.
pub(super) async fn body_bytes(account: &mut Account<'_>, group: AssetGroup) -> Result<LimitSearch, Halt> {
    let unknown = account.unknown.clone();
    let mut archive = async |size| {
        let action = Action::Archive(&[&unknown], Children::Unmentioned);
        let answer = account.send(group, &action, Variation::LargeBody(size)).await?;
        Ok::<u16, Halt>(answer.status)
    };
    let accepted = archive(0).await?;
    search(0, BODY_BYTES, (accepted, 413), archive).await
}

/// Returns the length of path and query of a find request, in bytes. The ID is not counted.
fn fixed_length(base_url: &str, group: AssetGroup) -> usize {
    let after_scheme = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let base_path = after_scheme.find('/').and_then(|start| after_scheme.get(start..));
    let base_path = base_path.unwrap_or_default().trim_end_matches('/').len();
    let request = Document::embedded().request(group.tag(), &Action::Find(""));
    let own = request.map_or(0, |request| {
        let query = request.query.iter().map(|(name, _)| name.len() + 2);
        request.path.len() + query.sum::<usize>()
    });
    base_path + own
}

/// Searches for the maximum number of IDs in one call. Sends find requests for different numbers of unknown
/// IDs.
pub(super) async fn ids(account: &mut Account<'_>, group: AssetGroup) -> Result<LimitSearch, Halt> {
    let unknown: Result<Vec<String>, _> = (0..IDS).map(|_| id::generate()).collect();
    let unknown = unknown.map_err(|error| Halt::Surprise(error.to_string()))?;
    let unknown: Vec<&str> = unknown.iter().map(String::as_str).collect();
    let mut smallest = 1;
    let first = status(account, group, unknown.get(..smallest).unwrap_or_default()).await?;
    if !matches!(first, 200..=299) {
        return Ok(LimitSearch::Invisible(first));
    }
    let mut largest = IDS;
    let mut refused = None;
    let mut is_cut = false;
    let mut size = largest;
    loop {
        match status(account, group, unknown.get(..size).unwrap_or_default()).await? {
            200..=299 => smallest = size,
            // The request exceeds the limit of the URL before it exceeds the limit of the IDs.
            414 if refused.is_none() => {
                is_cut = true;
                largest = size;
                size /= 2;
                if size <= smallest {
                    return Ok(LimitSearch::Cut(smallest));
                }
                continue;
            }
            status @ 400..=499 => {
                largest = size;
                refused = Some(status);
            }
            status => return Ok(LimitSearch::Unexpected { size, status }),
        }
        match refused {
            None if is_cut => return Ok(LimitSearch::Cut(smallest)),
            None => return Ok(LimitSearch::NoneUpTo(smallest)),
            Some(status) if largest - smallest <= 1 => {
                return Ok(LimitSearch::Found {
                    max: smallest,
                    status,
                });
            }
            Some(_) => size = usize::midpoint(smallest, largest),
        }
    }
}

async fn status(account: &mut Account<'_>, group: AssetGroup, ids: &[&str]) -> Result<u16, Halt> {
    let answer = account
        .send(group, &Action::FindMany(ids), Variation::None)
        .await?;
    Ok(answer.status)
}
