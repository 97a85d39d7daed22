//! Token store in a file that only its owner can read. Each save replaces the file atomically. A lock ensures
//! that only one process at a time renews the tokens.

use super::{
    Credentials,
    token_store::{StoreError, StoreGuard, TokenStore},
};
use crate::{
    runtime::{blocking_work, private_file::PrivateFile},
    transport::BoxFuture,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// Maximum wait for a lock that another process holds.
const LOCK_TIMEOUT: Duration = Duration::from_mins(1);
/// Interval between attempts to take the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);
/// Maximum number of symbolic links to follow. A longer chain is assumed to be a cycle.
const MAX_LINKS: usize = 40;

/// Stores tokens in a JSON file. The folder of the file must exist and be writable. Otherwise,
/// [`ClientBuilder::build`](crate::ClientBuilder::build) fails.
///
/// - The file records the base URL and the account of its tokens. A client for another base URL or account
///   rejects the file. If a file states no base URL, its tokens are assumed to be for the vendor's service.
/// - On Unix the file gets mode 0600, and a file that other users may access is rejected.
/// - Saving writes a temporary file and renames it, so after a crash, either the old or the new file exists.
///   If the path is a symbolic link, the target of the link is replaced, not the link.
/// - During a renewal, the client locks the file `<file>.lock`, so that other processes do not renew at the
///   same time. A process that has to wait for the lock (at most 60 s) uses the new tokens afterwards.
///
/// Within a Tokio runtime, files are read and written on the runtime's threads for blocking work.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

impl FileTokenStore {
    /// Creates a store that uses the file at `path`. The file need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn error(&self, problem: &str, error: impl std::fmt::Display) -> StoreError {
        format!("the token file {} {problem}: {error}", self.path.display()).into()
    }

    /// Runs `work`, which may block, with [`blocking_work::run`]. `work` receives a clone of this store.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let store = self.clone();
        Box::pin(async move { blocking_work::run(move || work(&store)).await? })
    }

    /// Follows symbolic links, and returns the path of the file itself. The file need not exist.
    fn target(&self) -> Result<PathBuf, StoreError> {
        let mut path = self.path.clone();
        for _ in 0..MAX_LINKS {
            match fs::read_link(&path) {
                // An absolute link replaces the whole path.
                Ok(link) => path = folder_of(&path).join(link),
                Err(_) => return Ok(path),
            }
        }
        Err(self.error("cannot be found", "its symbolic links form a circle"))
    }

    fn read(&self) -> Result<Option<Credentials>, StoreError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => SecretString::from(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error("cannot be read", error)),
        };
        self.check_mode()?;
        let credentials = Credentials::from_json(&text).map_err(|error| {
            let fix = "delete the file and enter the tokens again";
            self.error("contains no tokens", format_args!("{error}; {fix}"))
        })?;
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

    fn write(&self, json: &SecretString) -> Result<(), StoreError> {
        let target = self.target()?;
        let write = || -> io::Result<()> {
            let mut new = PrivateFile::beside(&target)?;
            new.file().write_all(json.expose_secret().as_bytes())?;
            new.file().write_all(b"\n")?;
            new.file().sync_all()?;
            new.replace(&target).map(drop)
        };
        write().map_err(|error| self.error("cannot be written", error))
    }

    /// Makes one attempt to take the lock. Returns `None` if another process holds the lock.
    fn try_lock(&self) -> Result<Option<File>, StoreError> {
        let lock = lock_of(&self.target()?);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .map_err(|error| self.error(&format!("cannot be locked by {}", lock.display()), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.error("cannot be locked", error)),
        }
    }

    async fn acquire(&self) -> Result<StoreGuard, StoreError> {
        let deadline = tokio::time::Instant::now() + LOCK_TIMEOUT;
        loop {
            if let Some(file) = self.blocking(Self::try_lock).await? {
                return Ok(StoreGuard::holding(file));
            }
            if tokio::time::Instant::now() >= deadline {
                let lock = lock_of(&self.path);
                let busy = format_args!("another process has held {} for 60 s", lock.display());
                return Err(self.error("cannot be locked", busy));
            }
            tokio::time::sleep(LOCK_INTERVAL).await;
        }
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        self.blocking(Self::read)
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        let json = credentials.to_json();
        self.blocking(move |store| store.write(&json))
    }

    fn lock(&self) -> BoxFuture<'_, Result<StoreGuard, StoreError>> {
        Box::pin(self.acquire())
    }

    fn check(&self) -> Result<(), StoreError> {
        let target = self.target()?;
        let ends_with_separator = target.to_string_lossy().ends_with(std::path::is_separator);
        if target.file_name().is_none() || ends_with_separator {
            return Err(self.error("cannot be written", "its path names no file"));
        }
        if lock_of(&target).exists() {
            self.try_lock()?;
        }
        // The check creates a file, because permission bits do not reveal access control lists or read-only
        // disks.
        match PrivateFile::beside(&target) {
            Ok(_) => self.read().map(drop),
            Err(error) => {
                let problem = if folder_of(&target).is_dir() {
                    "its folder must be writable, because renewed tokens replace the file"
                } else {
                    "its folder must exist"
                };
                Err(self.error("cannot be written", format_args!("{problem}: {error}")))
            }
        }
    }

    fn description(&self) -> String {
        format!("the token file {}", self.path.display())
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn lock_of(path: &Path) -> PathBuf {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    PathBuf::from(lock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

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
            store.check().unwrap_err(),
            store.save(&tokens()).await.unwrap_err(),
            store.lock().await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("missing/tokens.json"), "{error}");
        }
        let error = store.check().unwrap_err().to_string();
        assert!(error.contains("its folder must exist"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_symbolic_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("real.json");
        let links = [folder.path().join("first"), folder.path().join("second")];
        std::os::unix::fs::symlink(&target, &links[0]).unwrap();
        std::os::unix::fs::symlink("first", &links[1]).unwrap();
        let store = FileTokenStore::new(&links[1]);
        // The first save finds a dangling link.
        for _ in 0..2 {
            store.check().unwrap();
            store.save(&tokens()).await.unwrap();
            assert!(links.iter().all(|link| link.is_symlink()));
            assert!(target.is_file() && !target.is_symlink());
            assert!(store.load().await.unwrap().is_some());
        }
        // All paths to the file have the same lock.
        let _guard = store.lock().await.unwrap();
        assert!(FileTokenStore::new(&target).try_lock().unwrap().is_none());
        let circle = folder.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        let error = FileTokenStore::new(&circle).check().unwrap_err().to_string();
        assert!(error.contains("form a circle"), "{error}");
    }

    #[test]
    fn a_path_that_cannot_be_stored_to_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("folder")).unwrap();
        fs::create_dir(path("locked.json.lock")).unwrap();
        for (path, expected) in [
            (PathBuf::new(), "names no file"),
            (path(".."), "names no file"),
            (path("tokens.json/"), "names no file"),
            (path("folder"), "cannot be read"),
            (path("locked.json"), "cannot be locked by"),
        ] {
            let error = FileTokenStore::new(&path).check().unwrap_err().to_string();
            assert!(error.contains(expected), "{path:?}: {error}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_path_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join(std::ffi::OsStr::from_bytes(b"t\xff.json")));
        store.check().unwrap();
        store.save(&tokens()).await.unwrap();
        let _guard = store.lock().await.unwrap();
        assert!(store.load().await.unwrap().is_some());
    }

    #[test]
    fn a_store_works_without_a_runtime() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileTokenStore::new(folder.path().join("tokens.json"));
        let work = async {
            store.save(&tokens()).await.unwrap();
            store.load().await.unwrap().unwrap()
        };
        let loaded = futures_util::FutureExt::now_or_never(work).unwrap();
        assert!(loaded.same(&tokens()));
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
