//! How long something took, as a distribution.

use std::time::Duration;

/// The upper bounds of the buckets, in milliseconds; the last bucket has none.
const BOUNDS: [u64; 12] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// How often something took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BOUNDS.len() + 1],
    sum: Duration,
}

impl Histogram {
    /// How many times there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All times together.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The buckets, the shortest times first: up to how long (`None`: any longer time), and how many times of that length
    /// there are that are in no bucket before.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> + '_ {
        let bounds = BOUNDS.into_iter().map(|bound| Some(Duration::from_millis(bound))).chain([None]);
        bounds.zip(self.buckets)
    }

    pub(super) fn add(&mut self, took: Duration) {
        let place = BOUNDS.partition_point(|&bound| Duration::from_millis(bound) < took);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket += 1;
        }
        self.sum += took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_the_first_bucket_that_it_fits() {
        let mut histogram = Histogram::default();
        for took in [0, 1_000, 1_001, 10_000_000, 10_000_001, 99_000_000] {
            histogram.add(Duration::from_micros(took));
        }
        let filled: Vec<_> = histogram.buckets().filter(|(_, count)| *count > 0).collect();
        let of = |ms| Some(Duration::from_millis(ms));
        assert_eq!(filled, [(of(1), 2), (of(5), 1), (of(10_000), 1), (None, 2)]);
        assert_eq!((histogram.count(), histogram.sum()), (6, Duration::from_micros(119_002_002)));
    }
}
