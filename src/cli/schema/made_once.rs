//! Definitions are made once, however many replies are lost: a portal has only one of a name, so
//! reading it shows whether a lost call did its work.

use std::time::Duration;

use crate::hubspot::CallError;

/// How often a definition is posted if its replies are lost.
const POSTS: u32 = 5;

/// The wait after the first post; each later one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Makes a definition, of which a portal has only one by its name: if a reply is lost, `there` says
/// whether it was made. If a lost post is carried out late, the next post is refused.
pub(super) async fn made_once<T>(
    make: impl AsyncFn() -> Result<T, CallError>,
    there: impl AsyncFn() -> Result<Option<T>, CallError>,
) -> Result<T, CallError> {
    let (mut posts, mut wait, mut is_unclear) = (1, FIRST_WAIT, false);
    loop {
        let error = match make().await {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        let is_lost = matches!(error, CallError::Ambiguous(_));
        is_unclear |= is_lost;
        if !is_unclear || !(is_lost || matches!(error, CallError::Refused(_))) {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
        if let Some(made) = there().await? {
            return Ok(made);
        }
        if posts >= POSTS || !is_lost {
            return Err(error);
        }
        (posts, wait) = (posts + 1, wait * 2);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::hubspot::records::ApiError;

    fn lost() -> CallError {
        CallError::Ambiguous("no reply".to_owned())
    }

    fn refused() -> CallError {
        CallError::Refused(Box::new(ApiError {
            status: 409,
            ..ApiError::default()
        }))
    }

    /// The result of `made_once` for these outcomes of posts and what is there after each of them,
    /// and how many of both are left over.
    async fn made(
        posts: Vec<Result<u8, CallError>>,
        reads: Vec<Option<u8>>,
    ) -> (Result<u8, CallError>, usize, usize) {
        let (posts, reads) = (Mutex::new(posts.into_iter()), Mutex::new(reads.into_iter()));
        let post = async || posts.lock().expect("a post").next().expect("a post");
        let read = async || Ok(reads.lock().expect("a read").next().expect("a read"));
        let made = made_once(post, read).await;
        let posts = posts.lock().expect("posts").len();
        let reads = reads.lock().expect("reads").len();
        (made, posts, reads)
    }

    #[tokio::test(start_paused = true)]
    async fn a_definition_whose_reply_was_lost_is_looked_for_and_made_again() {
        for (posts, reads, expected) in [
            (vec![Ok(1)], vec![], Some(1)),
            (vec![Err(lost()), Ok(2)], vec![None], Some(2)),
            (vec![Err(lost())], vec![Some(3)], Some(3)),
            // The first post was carried out late: the second one was refused for it.
            (
                vec![Err(lost()), Err(refused())],
                vec![None, Some(4)],
                Some(4),
            ),
            (vec![Err(lost()), Err(refused())], vec![None, None], None),
            (vec![Err(refused())], vec![], None),
            ((0..5).map(|_| Err(lost())).collect(), vec![None; 5], None),
        ] {
            let (made, posts, reads) = made(posts, reads).await;
            assert_eq!((made.ok(), posts, reads), (expected, 0, 0));
        }
    }
}
