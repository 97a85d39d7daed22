//! Swaps two responses that are on their way at the same time.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test stops at the first surprise"
)]

use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::oneshot;

/// Holds a response until it is swapped with the next one.
#[derive(Debug)]
pub struct Swap<T>(Mutex<Option<(T, oneshot::Sender<T>)>>);

impl<T> Default for Swap<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Swap<T> {
    /// Swaps the response `own` with the next one, if the next one arrives within `soon`. Otherwise, returns
    /// `own`.
    pub async fn exchange(&self, own: T, soon: Duration) -> T {
        let receiver = {
            let mut held = self.0.lock().unwrap();
            if let Some((other, sender)) = held.take() {
                return match sender.send(own) {
                    Ok(()) => other,
                    Err(own) => own,
                };
            }
            let (sender, receiver) = oneshot::channel();
            *held = Some((own.clone(), sender));
            receiver
        };
        let swapped = tokio::time::timeout(soon, receiver).await;
        if let Ok(Ok(other)) = swapped {
            return other;
        }
        *self.0.lock().unwrap() = None;
        own
    }
}
