//! KSUIDs, the ids of syncs: a moment and 16 random bytes as 27 base-62 digits that sort by time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// 2014-05-13T16:53:20Z, where KSUIDs begin to count seconds.
const EPOCH: Duration = Duration::from_secs(1_400_000_000);
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new id; the randomness comes from the caller.
#[must_use]
pub fn ksuid(now: SystemTime, random: [u8; 16]) -> String {
    let seconds = now.duration_since(UNIX_EPOCH + EPOCH).unwrap_or_default().as_secs();
    // The format has 32 bits for the seconds; they wrap in 2150.
    let [_, _, _, _, time @ ..] = seconds.to_be_bytes();
    let mut number = [0_u8; 20];
    number[..4].copy_from_slice(&time);
    number[4..].copy_from_slice(&random);

    let mut text = [0_u8; 27];
    for digit in text.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or_default(); // below 256, because `rest` is below 62
            rest = value % 62;
        }
        *digit = DIGITS[rest as usize];
    }
    text.iter().map(|&b| char::from(b)).collect()
}
