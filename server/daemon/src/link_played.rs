//! A parent that a test plays.

use super::*;

/// An upstream whose parent gives `answers` to each request, whatever it asks for.
pub(crate) fn upstream(
    parent: Parent,
    mut answers: impl FnMut(&Request) -> Vec<Answer> + Send + 'static,
) -> Upstream {
    let (commands, mut asked) = mpsc::channel(16);
    let (told, parent) = watch::channel(Some(parent));
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Some(command) = asked.recv().await {
            if let Command::Open {
                request,
                answers: to,
                ..
            } = command
            {
                for answer in answers(&request) {
                    assert_eq!(to.give(0, answer), Given::Taken);
                }
                open.push(to);
            }
        }
        drop(told);
    });
    Upstream {
        commands,
        parent,
        next_id: Arc::new(AtomicU64::new(1)),
        last_word: Arc::default(),
    }
}
