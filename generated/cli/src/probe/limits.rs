//! Searches for limits of the service, by bisection. Every request only reads.

use super::account::Account;
use super::experiment::{Halt, LimitSearch, Variation};
use funnelflux::ext::AssetGroup;
use funnelflux::id;
use funnelflux_fake::{Action, Document};

/// Largest size of path and query that is sent, in bytes.
const URL_LENGTH: usize = 16_384;
/// Largest number of IDs that is sent.
const IDS: usize = 500;

/// Searches for the largest path and query, by finding longer and longer unknown IDs.
pub(super) async fn url_length(account: &mut Account<'_>, group: AssetGroup) -> Result<LimitSearch, Halt> {
    let unknown = account.unknown.clone();
    let short = account
        .send(group, &Action::Find(&unknown), Variation::None)
        .await?;
    let own = fixed_length(account.base_url(), group);
    let mut smallest = own + unknown.len();
    let mut largest = URL_LENGTH;
    let mut refused = None;
    let mut size = largest;
    loop {
        let long = "x".repeat(size.saturating_sub(own));
        let answer = account.send(group, &Action::Find(&long), Variation::None).await?;
        match answer.status {
            status if status == short.status => smallest = size,
            414 => {
                largest = size;
                refused = Some(414);
            }
            status => return Ok(LimitSearch::Unexpected { size, status }),
        }
        match refused {
            None => return Ok(LimitSearch::NoneUpTo(size)),
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

/// Number of bytes of path and query without the ID.
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

/// Searches for the largest number of IDs in one call, by finding more and more unknown IDs.
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
            // The URL is too long before there are too many IDs.
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
