//! Where the jitter comes from.

use std::hash::{BuildHasher as _, RandomState};

use ring::rand::{SecureRandom, SystemRandom};

/// Numbers to spread attempts with: a small generator, seeded by the operating system. No secret depends on it.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator whose numbers differ from those of all other clients.
    pub(super) fn new() -> Self {
        let mut seed = [0; 8];
        if SystemRandom::new().fill(&mut seed).is_ok() {
            return Self(u64::from_ne_bytes(seed));
        }
        // Where the system has no randomness, the hasher's keys and this value's address still differ between processes.
        Self(RandomState::new().hash_one(seed.as_ptr().addr()))
    }

    /// A generator that repeats itself.
    #[cfg(test)]
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 up to 1, which is left out, all equally likely.
    pub(super) fn unit(&mut self) -> f64 {
        const BITS: u32 = 53;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
        let (numerator, denominator) = ((self.next() >> (64 - BITS)) as f64, (1_u64 << BITS) as f64);
        numerator / denominator
    }

    /// The generator `SplitMix64` (Steele, Lea, Flood 2014): every 64-bit number once in each round of 2^64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the published generator for the seed 1234567.
    #[test]
    fn the_published_sequence() {
        let mut random = Random::seeded(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn two_clients_differ() {
        assert_ne!(Random::new().next(), Random::new().next());
        let mut random = Random::new();
        assert!((0..1000).map(|_| random.unit()).all(|unit| (0.0..1.0).contains(&unit)));
    }
}
