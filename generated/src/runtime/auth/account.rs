//! The account of an access token, if the token states its account.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// Account of an access token, as stated in the token.
///
/// The value is the claim `sub` of a JWT. If the JWT also has the claim `org_id`, the value consists of
/// `org_id`, a slash and `sub`. Equal values mean the same account. A token that is not a JWT, or has no
/// `sub`, has no `AccountId`. The format of the service's tokens is not documented.
///
/// An `AccountId` is not a secret and can be stored as text:
///
/// ```
/// use funnelflux::{Credentials, auth::AccountId};
///
/// // {"alg":"none"} and {"sub":"auth0|4711"}
/// let credentials = Credentials::new("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhdXRoMHw0NzExIn0.");
/// let account = credentials.account();
/// assert_eq!(account, Some(AccountId::from("auth0|4711".to_owned())));
/// assert_eq!(Credentials::new("opaque").account(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// The account as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the account from the claims of a JWT. The signature is not verified, because the client only
    /// compares accounts. The service decides which tokens are valid.
    pub(super) fn of_token(token: &SecretString) -> Option<Self> {
        let claims = claims(token)?;
        let text = |name: &str| claims.get(name)?.as_str().filter(|text| !text.is_empty());
        let subject = text("sub")?;
        Some(Self(match text("org_id") {
            Some(organization) => format!("{organization}/{subject}"),
            None => subject.to_owned(),
        }))
    }
}

impl From<String> for AccountId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Expiry that a JWT states in its claim `exp`.
pub(super) fn expiry_of_token(token: &SecretString) -> Option<SystemTime> {
    let seconds = claims(token)?.get("exp")?.as_f64()?;
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// Claims of a JWT in the compact form of JWS, which has three parts. The second part contains the claims as
/// JSON in base64url.
fn claims(token: &SecretString) -> Option<Value> {
    let mut parts = token.expose_secret().split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> SecretString {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)).into()
    }

    #[test]
    fn only_a_jwt_with_a_subject_names_an_account() {
        for (claims, account) in [
            (r#"{"sub":"auth0|1"}"#, Some("auth0|1")),
            (r#"{"sub":"auth0|1","org_id":"org_2"}"#, Some("org_2/auth0|1")),
            (r#"{"sub":"auth0|1","org_id":7}"#, Some("auth0|1")),
            (r#"{"sub":""}"#, None),
            (r#"{"sub":1}"#, None),
            ("[]", None),
            ("{", None),
        ] {
            let found = AccountId::of_token(&token(claims));
            assert_eq!(found.as_ref().map(AccountId::as_str), account, "{claims}");
        }
        for text in [
            "",
            "opaque",
            "a.b.c",
            "..",
            "e30.eyJzdWIiOiJhIn0",
            "e30.eyJzdWIiOiJhIn0.s.t",
        ] {
            assert_eq!(AccountId::of_token(&text.into()), None, "{text}");
        }
    }

    #[test]
    fn the_expiry_of_a_jwt_is_read() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_001);
        assert_eq!(expiry_of_token(&token(r#"{"exp":1800000001}"#)), Some(at));
        for claims in [r#"{"exp":-1}"#, r#"{"exp":1e300}"#, r#"{"exp":"soon"}"#, "{}"] {
            assert_eq!(expiry_of_token(&token(claims)), None, "{claims}");
        }
    }
}
