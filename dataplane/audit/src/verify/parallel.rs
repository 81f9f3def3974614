//! The same work on many things, over all cores.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Answers in the order of the work. Each worker keeps a `Scratch` of its own.
pub(super) fn map<Work: Sync, Scratch: Default, Done: Send>(
    work: &[Work],
    each: impl Fn(&Work, &mut Scratch) -> Done + Sync,
) -> Vec<Done> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut scratch = Scratch::default();
        let mut done = Vec::new();
        while let at = next.fetch_add(1, Ordering::Relaxed)
            && let Some(work) = work.get(at)
        {
            done.push((at, each(work, &mut scratch)));
        }
        done
    };
    if let [work] = work {
        return vec![each(work, &mut Scratch::default())];
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(work.len());
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.flat_map(|done| done.expect("judging never panics")).collect()
    });
    done.sort_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, done)| done).collect()
}
