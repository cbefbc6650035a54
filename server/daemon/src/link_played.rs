//! A parent that a test plays.

use super::*;

/// An upstream whose parent gives `answers` to each request, whatever it asks for.
pub(crate) fn upstream(
    parent: Parent,
    answers: impl FnMut(&Request) -> Vec<Answer> + Send + 'static,
) -> Upstream {
    cancellable(parent, answers, Vec::new())
}

/// The same; to the first cancel of a request it gives `rest`.
pub(crate) fn cancellable(
    parent: Parent,
    mut answers: impl FnMut(&Request) -> Vec<Answer> + Send + 'static,
    rest: Vec<Answer>,
) -> Upstream {
    let (commands, mut asked) = mpsc::channel(16);
    let (told, parent) = watch::channel(Some(parent));
    tokio::spawn(async move {
        let (mut open, mut rest) = (HashMap::new(), Some(rest));
        while let Some(command) = asked.recv().await {
            let (id, answers) = match command {
                Command::Open {
                    id,
                    request,
                    answers: to,
                    ..
                } => {
                    open.insert(id, to);
                    (id, answers(&request))
                }
                Command::Cancel { id } => (id, rest.take().unwrap_or_default()),
                Command::Pull { .. } | Command::Forget { .. } => continue,
            };
            for answer in answers {
                assert_eq!(open[&id].give(0, answer), Given::Taken);
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
