//! KSUIDs: 27 base-62 characters that sort by the second they were made in; the form of sync, task and action ids.

use std::time::{Duration, SystemTime};

/// The epoch of KSUIDs, 2014-05-13 16:53:20 UTC.
const EPOCH: Duration = Duration::from_secs(1_400_000_000);
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 27;

/// A new id: 32 bits of time, 128 bits of chance.
#[must_use]
pub fn ksuid(now: SystemTime) -> String {
    encode(now, rand::random())
}

fn encode(now: SystemTime, chance: u128) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(EPOCH).saturating_sub(EPOCH);
    let seconds = u32::try_from(since.as_secs()).unwrap_or(u32::MAX);
    // 160 bits as five 32-bit words, divided by 62 until nothing is left.
    let mut words =
        [seconds, (chance >> 96) as u32, (chance >> 64) as u32, (chance >> 32) as u32, chance as u32];
    let mut text = [b'0'; LENGTH];
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u64;
        for word in &mut words {
            let value = (rest << 32) | u64::from(*word);
            *word = (value / 62) as u32;
            rest = value % 62;
        }
        *digit = DIGITS[rest as usize];
    }
    text.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_moment_and_chance_give_the_known_id() {
        // 0x0669F7EF is 2017-05-17 01:43:27 UTC; the published example of the format.
        let now = SystemTime::UNIX_EPOCH + EPOCH + Duration::from_secs(0x0669_F7EF);
        assert_eq!(encode(now, 0xB5A1_CD34_B5F9_9D11_54FB_6853_345C_9735), "0ujtsYcgvSTl8PAuAdqWYSMnLOv");
    }

    #[test]
    fn the_least_and_the_greatest_fill_the_width() {
        assert_eq!(encode(SystemTime::UNIX_EPOCH, 0), "0".repeat(27));
        let end = SystemTime::UNIX_EPOCH + EPOCH + Duration::from_secs(u32::MAX.into());
        assert_eq!(encode(end, u128::MAX), "aWgEPTl1tmebfsQzFP4bxwgy80V");
    }
}
