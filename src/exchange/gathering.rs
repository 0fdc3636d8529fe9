//! Works that come at the same time are done together, so that a transaction, or a way to the database and back,
//! carries many of them. One that comes alone is done at once: nothing waits for others to come.

use crate::domain::problem::{ErrorCode, Problem};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How many works may wait. Past it a caller is told to come back.
const QUEUE: usize = 1024;
/// How many works are done together.
const TOGETHER: usize = 64;
/// How long a caller waits before it is told to come back: as long as one for a single write. It may be done all the
/// same, where it was begun.
const PATIENCE: Duration = Duration::from_secs(8);

/// Where works are handed in; `W` is one, `D` what comes of it.
pub struct Gathering<W, D> {
    queue: mpsc::Sender<Waiting<W, D>>,
}

struct Waiting<W, D> {
    work: W,
    reply: oneshot::Sender<Result<D, Problem>>,
}

impl<W, D> Clone for Gathering<W, D> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<W: Send + 'static, D: Send + 'static> Gathering<W, D> {
    /// Starts the task that does them, until the last handle is dropped. `do_all` does some, and returns what came of
    /// each in the same order, or one problem for all; `at_once` of these run at a time, and whatever comes meanwhile
    /// gathers.
    pub fn start<F, R>(at_once: usize, do_all: F) -> Self
    where
        F: Fn(Vec<W>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<Result<D, Problem>>, Problem>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(at_once, Arc::new(do_all), waiting));
        Self { queue }
    }

    /// Has a work done with those that come at the same time.
    pub async fn add(&self, work: W) -> Result<D, Problem> {
        self.add_within(work, PATIENCE).await
    }

    async fn add_within(&self, work: W, patience: Duration) -> Result<D, Problem> {
        let (reply, done) = oneshot::channel();
        let waiting = Waiting { work, reply };
        self.queue.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Problem::of(ErrorCode::Overloaded),
            mpsc::error::TrySendError::Closed(_) => Problem::of(ErrorCode::StorageUnavailable),
        })?;
        match tokio::time::timeout(patience, done).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) | Err(_) => Err(Problem::of(ErrorCode::StorageUnavailable)),
        }
    }
}

async fn run<W, D, F, R>(at_once: usize, do_all: Arc<F>, mut waiting: mpsc::Receiver<Waiting<W, D>>)
where
    W: Send + 'static,
    D: Send + 'static,
    F: Fn(Vec<W>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Vec<Result<D, Problem>>, Problem>> + Send + 'static,
{
    let rounds = Arc::new(Semaphore::new(at_once));
    while let Ok(round) = Arc::clone(&rounds).acquire_owned().await {
        let mut taken = Vec::new();
        if waiting.recv_many(&mut taken, TOGETHER).await == 0 {
            return;
        }
        // A caller that has gone away before anything was begun needs nothing.
        taken.retain(|one| !one.reply.is_closed());
        if taken.is_empty() {
            continue;
        }
        let do_all = Arc::clone(&do_all);
        tokio::spawn(async move {
            let (works, replies): (Vec<W>, Vec<_>) =
                taken.into_iter().map(|one| (one.work, one.reply)).unzip();
            match do_all(works).await {
                Ok(done) => {
                    for (reply, done) in replies.into_iter().zip(done) {
                        let _ = reply.send(done);
                    }
                }
                Err(problem) => {
                    for reply in replies {
                        let _ = reply.send(Err(problem.clone()));
                    }
                }
            }
            drop(round);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::sync::watch;

    /// How many were done together.
    type Rounds = Arc<Mutex<Vec<usize>>>;

    /// A gathering that doubles numbers once it is allowed to, and notes its rounds.
    fn doubling() -> (Gathering<usize, usize>, watch::Sender<bool>, Rounds) {
        let (allow, allowed) = watch::channel(false);
        let rounds = Rounds::default();
        let noted = Arc::clone(&rounds);
        let gathering = Gathering::start(1, move |numbers: Vec<usize>| {
            let (mut allowed, noted) = (allowed.clone(), Arc::clone(&noted));
            async move {
                allowed.wait_for(|allowed| *allowed).await.unwrap();
                noted.lock().unwrap().push(numbers.len());
                if numbers.contains(&13) {
                    return Err(Problem::of(ErrorCode::StorageUnavailable));
                }
                Ok(numbers.into_iter().map(|number| Ok(number * 2)).collect())
            }
        });
        (gathering, allow, rounds)
    }

    #[tokio::test]
    async fn what_comes_while_others_are_done_is_done_together_and_each_gets_its_own() {
        let (gathering, allow, rounds) = doubling();
        let first = tokio::spawn({
            let gathering = gathering.clone();
            async move { gathering.add(1).await }
        });
        tokio::task::yield_now().await;
        let adding = [2, 3, 4].map(|number| gathering.add(number));
        let others = futures_util::future::join_all(adding);
        allow.send(true).unwrap();
        let others: Vec<usize> = others.await.into_iter().map(Result::unwrap).collect();
        assert_eq!((first.await.unwrap().unwrap(), others), (2, vec![4, 6, 8]));
        assert_eq!(*rounds.lock().unwrap(), [1, 3]);
    }

    #[tokio::test]
    async fn a_problem_of_all_is_told_to_each_and_the_next_ones_are_done() {
        let (gathering, allow, _) = doubling();
        allow.send(true).unwrap();
        assert_eq!(
            gathering.add(13).await.unwrap_err().code,
            ErrorCode::StorageUnavailable
        );
        assert_eq!(gathering.add(14).await.unwrap(), 28);
    }

    #[tokio::test]
    async fn a_panic_is_told_to_its_callers_and_the_next_ones_are_done() {
        let gathering = Gathering::start(1, |numbers: Vec<usize>| async move {
            assert!(!numbers.contains(&13), "unlucky");
            Ok(numbers.into_iter().map(Ok).collect())
        });
        assert!(gathering.add(13).await.is_err());
        assert_eq!(gathering.add(14).await.unwrap(), 14);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so_and_what_was_not_begun_is_not_done() {
        let (gathering, allow, rounds) = doubling();
        for number in [1, 2] {
            let waiting = gathering.add_within(number, Duration::from_millis(1));
            let refused = waiting.await.unwrap_err();
            assert_eq!(refused.code, ErrorCode::StorageUnavailable);
        }
        allow.send(true).unwrap();
        assert_eq!(gathering.add(3).await.unwrap(), 6);
        assert_eq!(*rounds.lock().unwrap(), [1, 1], "the second one was not begun");
    }

    #[tokio::test]
    async fn where_too_many_wait_the_next_one_is_told_to_come_back() {
        let (gathering, allow, _) = doubling();
        let add = |number: usize| {
            let gathering = gathering.clone();
            tokio::spawn(async move { gathering.add(number).await })
        };
        let first = add(100);
        tokio::task::yield_now().await;
        let many: Vec<_> = (0..QUEUE).map(|number| add(200 + number)).collect();
        for _ in 0..QUEUE {
            tokio::task::yield_now().await;
        }
        let refused = gathering.add(1).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Overloaded);
        allow.send(true).unwrap();
        for one in many.into_iter().chain([first]) {
            one.await.unwrap().unwrap();
        }
    }
}
