//! Long work on all processors, with a progress bar.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A bar for `count` functions, of which it says what is done with them.
pub(crate) fn bar(doing: &str, count: usize) -> ProgressBar {
    let style = format!("{{spinner}} {doing:<11} {{bar:40}} {{pos}}/{{len}} functions, {{eta}} left");
    let style = ProgressStyle::with_template(&style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count as u64).with_style(style)
}

/// Does `work` for each number below `count`; the answers are in order.
pub(crate) fn each<T: Send>(doing: &str, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let progress = bar(doing, count);
    let next = AtomicUsize::new(0);
    let worker = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let done = numbers.take_while(|number| *number < count).map(|number| {
            progress.inc(1);
            (number, work(number))
        });
        done.collect::<Vec<(usize, T)>>()
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("translating does not panic")).collect()
    });
    progress.finish_and_clear();
    all.sort_unstable_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, done)| done).collect()
}
