//! The parts in which the inputs of a call are sent, until each has an outcome: a part that is
//! refused as a whole is split until the culprit is alone (protocol S5), and what the portal can't
//! accept now is sent again. For writes of records and of links alike.

use std::time::Duration;

use crate::model::stop::{Delay, Stop};

/// HubSpot: a lock lasts about two seconds.
const PASSING: Duration = Duration::from_secs(2);
/// How often inputs are sent again before the run stops for later.
const REPEATS: u32 = 8;

/// Inputs that are to be sent, in parts that are sent together.
pub struct Parts<T> {
    /// The last part is sent next.
    parts: Vec<Vec<T>>,
    repeats: u32,
    /// What they are, in words.
    what: &'static str,
}

impl<T> Parts<T> {
    /// Everything in these parts; `what` names the inputs, such as `rows`.
    pub fn new(parts: Vec<Vec<T>>, what: &'static str) -> Parts<T> {
        Parts {
            parts,
            repeats: 0,
            what,
        }
    }

    /// The part to send next.
    pub fn next(&mut self) -> Option<Vec<T>> {
        self.parts.pop()
    }

    /// Puts a part before the others.
    pub fn put(&mut self, part: Vec<T>) {
        if !part.is_empty() {
            self.parts.push(part);
        }
    }

    /// Puts the halves of a part before the others; returns its input if it has only one.
    pub fn halve(&mut self, mut part: Vec<T>) -> Option<T> {
        let right = part.split_off(part.len() / 2);
        if part.is_empty() {
            return right.into_iter().next();
        }
        self.parts.extend([right, part]);
        None
    }

    /// Waits as long as a lock lasts, and puts inputs before the others.
    ///
    /// # Errors
    /// When inputs were sent again too often.
    pub async fn again(&mut self, left: Vec<T>) -> Result<(), Stop> {
        if left.is_empty() {
            return Ok(());
        }
        self.repeats += 1;
        if self.repeats > REPEATS {
            return Err(Stop::Later(Delay::Locked(self.what)));
        }
        tokio::time::sleep(PASSING).await;
        self.parts.push(left);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_halves_leave_each_input_alone_and_in_order() {
        let mut parts = Parts::new(vec![(0..7).collect()], "rows");
        let mut alone = Vec::new();
        while let Some(part) = parts.next() {
            alone.extend(parts.halve(part));
        }
        assert_eq!(alone, (0..7).collect::<Vec<_>>());
        assert_eq!(parts.halve(Vec::new()), None);
        assert!(parts.next().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_again_too_often_stops_the_run() {
        let mut parts = Parts::new(Vec::new(), "rows");
        parts.again(Vec::new()).await.expect("nothing goes again");
        for _ in 0..REPEATS {
            parts.again(vec![1]).await.expect("it goes again");
            assert_eq!(parts.next(), Some(vec![1]));
        }
        let stop = parts.again(vec![1]).await.expect_err("too often");
        assert_eq!(
            stop.to_string(),
            "the portal keeps answering that rows are locked or limited"
        );
    }
}
