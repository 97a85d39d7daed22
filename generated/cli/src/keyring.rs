//! Tokens in the keyring of the operating system: the keychain of macOS, the credential manager of Windows,
//! or the Secret Service of other systems.

use crate::exit::Failure;
use crate::profile::ProfileName;
use funnelflux::Credentials;
use funnelflux::auth::{FileTokenStore, StoreError, StoreGuard, TokenStore};
use funnelflux::transport::BoxFuture;
use keyring::{Entry, Error};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// Name of the program in the keyring.
const SERVICE: &str = "funnelflux";
/// Maximum time to wait for the keyring, which may ask the user to unlock it.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Function that opens the entry in the keyring. It blocks the thread.
type Open = Arc<dyn Fn() -> Result<Entry, String> + Send + Sync>;

/// Hint in the error message if the tokens cannot be read or removed.
const FIX: &str =
    "use the session in which you logged in, or keep the tokens in a file: funnelflux auth login --file";

/// Store for the tokens of a profile in the keyring.
#[derive(Clone)]
pub(crate) struct KeyringTokenStore {
    /// User name of the entry in the keyring.
    user: String,
    open: Open,
    /// File store that provides only the lock, because keyrings have no locks. It never stores tokens.
    lock: FileTokenStore,
    timeout: Duration,
}

impl KeyringTokenStore {
    pub(crate) fn new(profile: &ProfileName) -> Result<Self, Failure> {
        let user = profile.keyring_user();
        let name = user.clone();
        Ok(Self {
            user,
            open: Arc::new(move || {
                let opened = Entry::new(SERVICE, &name);
                match Entry::store_status() {
                    // This error is more specific than the error of the entry, which only says that there is
                    // no store.
                    Err(error) => Err(one_line(error)),
                    Ok(()) => opened.map_err(|error| one_line(&error)),
                }
            }),
            lock: FileTokenStore::new(profile.token_file()?),
            timeout: TIMEOUT,
        })
    }

    /// Removes the tokens. Returns false if there were none.
    pub(crate) async fn remove(&self) -> Result<bool, StoreError> {
        let removed = self.with_entry(Entry::delete_credential).await;
        Ok(removed.map_err(|error| format!("{error}; fix: {FIX}"))?.is_some())
    }

    /// Runs `work` with the entry. Uses a thread for blocking calls, because the keyring may ask the user a
    /// question, and then blocks until the answer. Returns `None` if the keyring does not have the entry.
    async fn with_entry<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let open = Arc::clone(&self.open);
        let blocking = tokio::task::spawn_blocking(move || match work(&open()?) {
            Ok(result) => Ok(Some(result)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(one_line(&error)),
        });
        let problem = match tokio::time::timeout(self.timeout, blocking).await {
            Ok(Ok(Ok(result))) => return Ok(result),
            Ok(Ok(Err(problem))) => problem,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it did not answer within {} s; unlock it", self.timeout.as_secs()),
        };
        Err(format!("the keyring of the system cannot be used: {problem}").into())
    }
}

/// Returns the text of an error of the keyring in one line, without the details of the operating system.
fn one_line(error: &Error) -> String {
    crate::text::one_line(&error.to_string()).into_owned()
}

impl TokenStore for KeyringTokenStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        Box::pin(async move {
            let loaded = self.with_entry(|entry| entry.get_secret().map(SecretSlice::from));
            let Some(secret) = loaded.await.map_err(|error| format!("{error}; fix: {FIX}"))? else {
                return Ok(None);
            };
            let invalid = |problem: &dyn std::fmt::Display| {
                format!(
                    "{} contains no tokens: {problem}; log in again",
                    self.description()
                )
            };
            let text = std::str::from_utf8(secret.expose_secret()).map_err(|error| invalid(&error))?;
            let credentials = Credentials::from_json(&SecretString::from(text));
            Ok(Some(credentials.map_err(|error| invalid(&error))?))
        })
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let json = credentials.to_json();
            let saved = self.with_entry(move |entry| entry.set_secret(json.expose_secret().as_bytes()));
            match saved.await? {
                Some(()) => Ok(()),
                None => Err("the keyring of the system has lost the entry".into()),
            }
        })
    }

    fn lock(&self) -> BoxFuture<'_, Result<StoreGuard, StoreError>> {
        self.lock.lock()
    }

    fn description(&self) -> String {
        format!("the entry {:?} of {SERVICE} in the keyring", self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyring_core::{Entry as CoreEntry, mock};
    use std::time::{Instant, SystemTime};
    use tempfile::TempDir;

    /// Returns a store whose keyring is in memory, the entry in this keyring, and the folder of the store's
    /// lock.
    fn mocked() -> (KeyringTokenStore, Entry, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let keyring: Arc<keyring_core::CredentialStore> = mock::Store::new().unwrap();
        let open = move || {
            let inner = CoreEntry::new_in_store(&keyring, SERVICE, "work");
            inner
                .map(|inner| Entry { inner })
                .map_err(|error| error.to_string())
        };
        let entry = open().unwrap();
        let store = KeyringTokenStore {
            user: "work".to_owned(),
            open: Arc::new(open),
            lock: FileTokenStore::new(folder.path().join("work.json")),
            timeout: Duration::from_millis(200),
        };
        (store, entry, folder)
    }

    fn tokens() -> Credentials {
        Credentials::new("canary-access")
            .with_refresh_token("canary-refresh")
            .with_expires_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_001))
            .with_base_url("https://example.com")
    }

    fn fail(entry: &Entry, error: Error) {
        let mock: &mock::Cred = entry.inner.as_any().downcast_ref().unwrap();
        mock.set_error(error);
    }

    #[tokio::test]
    async fn tokens_are_stored_loaded_and_removed() {
        let (store, _, folder) = mocked();
        assert!(store.load().await.unwrap().is_none());
        assert!(!store.remove().await.unwrap());
        store.save(&tokens()).await.unwrap();
        let loaded = store.load().await.unwrap().unwrap();
        assert_eq!(
            loaded.to_json().expose_secret(),
            tokens().to_json().expose_secret()
        );
        assert_eq!(loaded.base_url(), Some("https://example.com"));
        assert!(store.remove().await.unwrap());
        assert!(store.load().await.unwrap().is_none());
        // The lock prevents two processes from renewing the tokens at the same time. The folder contains no
        // token.
        let guard = store.lock().await.unwrap();
        let second = store.clone();
        let waiting = tokio::spawn(async move { second.lock().await.map(drop) });
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!waiting.is_finished());
        drop(guard);
        waiting.await.unwrap().unwrap();
        assert!(!folder.path().join("work.json").exists());
    }

    #[tokio::test]
    async fn errors_name_the_keyring_and_contain_no_token() {
        let (store, entry, _folder) = mocked();
        store.save(&tokens()).await.unwrap();
        fail(&entry, Error::NoStorageAccess("it is\nlocked".into()));
        let locked = store.load().await.unwrap_err().to_string();
        assert!(
            locked.contains("keyring") && locked.contains("it is locked"),
            "{locked}"
        );
        fail(&entry, Error::TooLong("password".to_owned(), 2560));
        let long = store.save(&tokens()).await.unwrap_err().to_string();
        assert!(long.contains("2560"), "{long}");
        for text in [
            "{\"access_token\": \"canary\", \"expires_at\": \"canary\"}",
            "canary",
        ] {
            entry.set_secret(text.as_bytes()).unwrap();
            let invalid = store.load().await.unwrap_err().to_string();
            assert!(
                invalid.contains("line 1") && invalid.contains("\"work\""),
                "{invalid}"
            );
            assert!(!invalid.contains("canary"), "{invalid}");
        }
        entry.set_secret(b"canary\xff").unwrap();
        let invalid = store.load().await.unwrap_err().to_string();
        assert!(
            invalid.contains("utf-8") && !invalid.contains("canary"),
            "{invalid}"
        );
    }

    #[tokio::test]
    async fn a_keyring_that_does_not_answer_is_not_waited_for() {
        let (store, _, _folder) = mocked();
        let silent = KeyringTokenStore {
            open: Arc::new(|| {
                std::thread::sleep(Duration::from_secs(1));
                Err("silent".to_owned())
            }),
            ..store
        };
        let begin = Instant::now();
        let error = silent.load().await.unwrap_err().to_string();
        assert!(
            error.contains("did not answer") && begin.elapsed() < Duration::from_millis(900),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_client_uses_and_renews_tokens_of_a_keyring() {
        let (store, _, _folder) = mocked();
        let fake = funnelflux_fake::Fake::default();
        fake.seed_many(2);
        let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let credentials = Credentials::new(fake.access_token())
            .with_refresh_token(fake.refresh_token().unwrap())
            .with_base_url(server.base_url());
        store.save(&credentials).await.unwrap();
        fake.expire_access_token();
        let client = funnelflux::Client::builder()
            .base_url(server.base_url())
            .token_store(store.clone())
            .build()
            .unwrap();
        let group = funnelflux::ext::AssetGroup::named("offer-sources").unwrap();
        assert_eq!(group.list(&client).await.unwrap().len(), 2);
        assert_eq!(fake.renewals(), 1);
        let renewed = store.load().await.unwrap().unwrap();
        assert_eq!(renewed.access_token().expose_secret(), &fake.access_token());
    }
}
