//! The token store in a file that only its owner can read, with atomic replacement and a lock between
//! processes.

use super::{
    Credentials,
    store::{StoreError, StoreGuard, TokenStore},
};
use crate::transport::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Maximum wait for a lock that another process holds.
const LOCK_TIMEOUT: Duration = Duration::from_mins(1);
/// Interval between attempts to take the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// Stores tokens in a JSON file. Its folder must exist.
///
/// - On Unix the file gets mode 0600, and a file that others can read is rejected.
/// - Saving writes a temporary file and renames it, so a crash leaves the old or the new file.
/// - During a renewal, the lock `<file>.lock` keeps other processes from renewing. They wait up to 60 s and
///   then use the new tokens.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

/// Content of the file, in the format of the service's response.
#[derive(Deserialize, Serialize)]
struct StoredTokens {
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Unix time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl FileTokenStore {
    /// Uses the file at `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn error(&self, problem: &str, error: impl std::fmt::Display) -> StoreError {
        format!("the token file {} {problem}: {error}", self.path.display()).into()
    }

    fn read(&self) -> Result<Option<Credentials>, StoreError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => SecretString::from(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error("cannot be read", error)),
        };
        self.check_mode()?;
        // The parser's message could quote a token.
        let stored: StoredTokens = serde_json::from_str(text.expose_secret()).map_err(|error| {
            self.error(
                "contains no tokens",
                format_args!(
                    "expected JSON with access_token, refresh_token and expires_at, but line {}, column {} \
                     is invalid; delete the file and enter the tokens again",
                    error.line(),
                    error.column()
                ),
            )
        })?;
        let mut credentials = Credentials::new(stored.access_token);
        if let Some(refresh_token) = stored.refresh_token {
            credentials = credentials.with_refresh_token(refresh_token);
        }
        credentials.expires_at = stored
            .expires_at
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        Ok(Some(credentials))
    }

    #[cfg(unix)]
    fn check_mode(&self) -> Result<(), StoreError> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&self.path)
            .map_err(|error| self.error("cannot be read", error))?
            .permissions()
            .mode();
        // The six lowest bits are the permissions of the group and of others.
        if mode.trailing_zeros() >= 6 {
            return Ok(());
        }
        Err(self.error(
            "can be read by others",
            format_args!(
                "its mode is {:o}; run: chmod 600 {}",
                mode & 0o777,
                self.path.display()
            ),
        ))
    }

    #[cfg(not(unix))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "same signature as on Unix"
    )]
    fn check_mode(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn write(&self, credentials: &Credentials) -> Result<(), StoreError> {
        let stored = StoredTokens {
            access_token: credentials.access_token.expose_secret().to_owned(),
            refresh_token: credentials
                .refresh_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned()),
            expires_at: credentials
                .expires_at
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                .map(|duration| duration.as_secs()),
        };
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let write = || -> io::Result<()> {
            // A temporary file is created with mode 0600.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, &stored)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|error| self.error("cannot be written", error))
    }

    async fn acquire(&self) -> Result<StoreGuard, StoreError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| self.error("cannot be locked", error))?;
        // A blocking lock would block the async runtime.
        let deadline = tokio::time::Instant::now() + LOCK_TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(StoreGuard::holding(file)),
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(LOCK_INTERVAL).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let path = path.display();
                    let busy = format_args!("another process has held {path} for 60 s");
                    return Err(self.error("cannot be locked", busy));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(self.error("cannot be locked", error));
                }
            }
        }
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        Box::pin(std::future::ready(self.read()))
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(self.write(credentials)))
    }

    fn lock(&self) -> BoxFuture<'_, Result<StoreGuard, StoreError>> {
        Box::pin(self.acquire())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Credentials {
        Credentials::new("canary-access")
            .with_refresh_token("canary-refresh")
            .with_expires_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_001))
    }

    #[tokio::test]
    async fn saved_tokens_are_loaded_and_only_the_owner_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        assert!(store.load().await.unwrap().is_none());
        for _ in 0..2 {
            store.save(&tokens()).await.unwrap();
        }
        let loaded = store.load().await.unwrap().unwrap();
        assert_eq!(loaded.access_token().expose_secret(), "canary-access");
        assert_eq!(loaded.refresh_token().unwrap().expose_secret(), "canary-refresh");
        assert_eq!(loaded.expires_at(), tokens().expires_at());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&store.path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            fs::set_permissions(&store.path, fs::Permissions::from_mode(0o644)).unwrap();
            let error = store.load().await.unwrap_err().to_string();
            assert!(error.contains("chmod 600") && error.contains("644"), "{error}");
        }
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "no temporary file is left");
    }

    #[tokio::test]
    async fn the_error_of_an_invalid_file_has_a_position_and_quotes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        store.save(&tokens()).await.unwrap();
        fs::write(&store.path, r#"{"access_token": 1, "refresh_token": "canary"}"#).unwrap();
        let error = store.load().await.unwrap_err().to_string();
        assert!(
            error.contains("tokens.json") && error.contains("line 1"),
            "{error}"
        );
        assert!(!error.contains("canary"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("missing/tokens.json"));
        for error in [
            store.save(&tokens()).await.unwrap_err(),
            store.lock().await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("missing/tokens.json"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_the_lock_has_a_time_limit() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        let guard = store.lock().await.unwrap();
        let second = store.clone();
        let waiting = tokio::spawn(async move { second.lock().await.map(drop) });
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(!waiting.is_finished());
        drop(guard);
        waiting.await.unwrap().unwrap();
        let _guard = store.lock().await.unwrap();
        let error = store.lock().await.unwrap_err().to_string();
        assert!(error.contains("another process"), "{error}");
    }
}
