//! Tells the user of a command about a call that stays without an answer.

use std::{cell::RefCell, pin::pin, time::Duration};

use tokio::time::timeout;

use super::error::Place;

/// After so long without an answer the user is told.
const SILENCE: Duration = Duration::from_secs(8);

tokio::task_local! {
    /// The listener, and the text that it got last.
    static LISTENER: (fn(&str), RefCell<String>);
}

/// Runs the work, and tells `listener` of each of its calls that stays without an answer. The same text is not repeated.
pub async fn tell_silence<T>(listener: fn(&str), work: impl Future<Output = T>) -> T {
    LISTENER.scope((listener, RefCell::default()), work).await
}

/// Makes a call within its [`Place`].
pub(super) async fn heard<T>(operation: &str, call: impl Future<Output = T>) -> T {
    if LISTENER.try_with(|_| ()).is_err() {
        return call.await;
    }
    let mut call = pin!(call);
    if let Ok(answer) = timeout(SILENCE, &mut call).await {
        return answer;
    }
    let text = Place::awaited(operation, SILENCE);
    LISTENER.with(|(listener, last)| {
        if last.replace(text.clone()) != text {
            listener(&text);
        }
    });
    call.await
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::sleep;

    use super::*;

    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[tokio::test(start_paused = true)]
    async fn a_silent_call_is_told_once_and_only_to_who_listens() -> Result<(), String> {
        let call = async |seconds| Place::of(heard("sqs.SendMessage", sleep(Duration::from_secs(seconds)))).await;
        call(60).await;
        let listener = |text: &str| TOLD.lock().map(|mut told| told.push(text.to_owned())).unwrap_or_default();
        tell_silence(listener, async {
            call(7).await;
            call(60).await;
            call(60).await;
        })
        .await;
        let told = TOLD.lock().map_err(|error| error.to_string())?;
        let [text] = told.as_slice() else { return Err(format!("{told:?}")) };
        assert!(text.starts_with("no answer to sqs.SendMessage from ") && text.contains("for 8 s"), "{text}");
        Ok(())
    }
}
