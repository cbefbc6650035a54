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
    answers: impl FnMut(&Request) -> Vec<Answer> + Send + 'static,
    rest: Vec<Answer>,
) -> Upstream {
    moving(parent, answers, rest).0
}

/// The same, and where to tell of another parent, who answers likewise.
pub(crate) fn moving(
    parent: Parent,
    mut answers: impl FnMut(&Request) -> Vec<Answer> + Send + 'static,
    rest: Vec<Answer>,
) -> (Upstream, watch::Sender<Option<Parent>>) {
    let (commands, mut asked) = mpsc::channel(16);
    let (told, parent) = watch::channel(Some(parent));
    let mover = told.clone();
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
                Command::Pull { .. }
                | Command::Forget { .. }
                | Command::Boxes { .. }
                | Command::Say { .. } => continue,
            };
            for answer in answers {
                assert_eq!(open[&id].give(0, answer), Given::Taken);
            }
        }
        drop(told);
    });
    let upstream = Upstream {
        commands,
        parent,
        next_id: Arc::new(AtomicU64::new(1)),
        last_word: Arc::default(),
    };
    (upstream, mover)
}
