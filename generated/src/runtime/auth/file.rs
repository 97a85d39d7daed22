//! Tokens in a file: only the owner can read it, it is replaced as a whole, and a second process waits.

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

/// How long another process may hold the lock.
const LOCK_TIMEOUT: Duration = Duration::from_mins(1);
/// How often the lock is looked at.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// Keeps tokens in a JSON file.
///
/// - On Unix the file has mode 0600, and one that others can read is refused.
/// - Saving writes a new file beside it and renames it: a crash leaves the old or the new one, never a part.
/// - During a renewal a lock (`<file>.lock`) keeps other processes from renewing too; they wait for up to 60 s and then use the new
///   tokens.
///
/// The folder must exist.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

/// The form of the file, the same as that of the service's answer.
#[derive(Deserialize, Serialize)]
struct Stored {
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

impl FileTokenStore {
    /// Tokens in the file at `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn problem(&self, what: &str, error: impl std::fmt::Display) -> StoreError {
        format!("the token file {} {what}: {error}", self.path.display()).into()
    }

    fn read(&self) -> Result<Option<Credentials>, StoreError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => SecretString::from(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.problem("cannot be read", error)),
        };
        self.check_mode()?;
        // The parser's own text could quote a token.
        let stored: Stored = serde_json::from_str(text.expose_secret()).map_err(|error| {
            self.problem(
                "does not hold tokens",
                format_args!(
                    "expected JSON with access_token, refresh_token and expires_at, and failed at line {}, column {}; \
                     delete the file and give the tokens anew",
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
            .map_err(|error| self.problem("cannot be read", error))?
            .permissions()
            .mode();
        // The bits of the group and of all others are the six lowest.
        if mode.trailing_zeros() >= 6 {
            return Ok(());
        }
        Err(self.problem(
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
        reason = "the same signature as where modes exist"
    )]
    fn check_mode(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn write(&self, credentials: &Credentials) -> Result<(), StoreError> {
        let stored = Stored {
            access_token: credentials.access_token.expose_secret().to_owned(),
            refresh_token: credentials
                .refresh_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned()),
            expires_at: credentials
                .expires_at
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                .map(|since| since.as_secs()),
        };
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let write = || -> io::Result<()> {
            // A new temporary file belongs to its owner alone (0600).
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, &stored)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|error| self.problem("cannot be written", error))
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
            .map_err(|error| self.problem("cannot be locked", error))?;
        // A blocking lock would hold up the whole runtime.
        let patience = tokio::time::Instant::now() + LOCK_TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(StoreGuard::holding(file)),
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < patience => {
                    tokio::time::sleep(LOCK_INTERVAL).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let busy = format_args!("another process has held {} for 60 s", path.display());
                    return Err(self.problem("cannot be locked", busy));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(self.problem("cannot be locked", error));
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
    async fn what_is_saved_is_loaded_and_belongs_to_the_owner_alone() {
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
        assert_eq!(files, 1, "no temporary file stays");
    }

    #[tokio::test]
    async fn a_broken_file_says_where_and_quotes_nothing() {
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
    async fn a_folder_that_is_not_there_is_named() {
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
    async fn the_lock_is_waited_for_but_not_for_ever() {
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
