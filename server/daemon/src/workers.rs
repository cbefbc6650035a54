//! Threads of low priority on which key pairs are made ahead of need (spec 1-entropy §1.5).

use std::sync::Arc;

use photonbox_channel::{ByteSource, KeyStock, Workers};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads at most: a core makes some thousand key pairs a second.
const MOST: usize = 8;
/// The weakest claim to a core that the kernel knows.
const NICE: i32 = 19;

struct Spare(ThreadPool);

impl Workers for Spare {
    fn run(&self, job: Box<dyn FnOnce() + Send>) {
        self.0.spawn(job);
    }
}

/// A stock of at most `bound` keys from this source; none for 0, and none, with a warning, where no threads can be
/// had: each key is then made when it is needed.
pub fn key_stock(source: &Arc<dyn ByteSource>, bound: usize) -> Option<Arc<KeyStock>> {
    if bound == 0 {
        return None;
    }
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST));
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("keys-{number}"))
        .start_handler(|_| {
            let thread = rustix::thread::gettid();
            if let Err(error) = rustix::process::setpriority_process(Some(thread), NICE) {
                tracing::debug!(%error, "a thread that makes keys ahead keeps its priority");
            }
        })
        .build();
    match pool {
        Ok(pool) => Some(KeyStock::new(
            Arc::clone(source),
            Arc::new(Spare(pool)),
            bound,
        )),
        Err(error) => {
            tracing::warn!(%error, "no threads to make keys ahead: each is made when it is needed");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::HostGenerator;
    use std::time::Duration;

    #[test]
    fn the_stock_fills_by_itself_and_zero_means_none() {
        let generator = Arc::new(HostGenerator::new().expect("a generator")) as Arc<dyn ByteSource>;
        assert!(key_stock(&generator, 0).is_none());
        let stock = key_stock(&generator, 16).expect("threads");
        let mut key = stock.take();
        while key.is_none() {
            std::thread::sleep(Duration::from_millis(1));
            key = stock.take();
        }
        assert!(stock.ready() <= 16);
    }
}
