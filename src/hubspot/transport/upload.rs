//! The body of an upload: a form around a file that is streamed, never whole in memory.

use std::io;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{Stream, once, try_unfold};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, Take};

use crate::hubspot::exchange::{TransportError, Upload};

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// The body, from its beginning.
pub(super) async fn body(upload: &Upload) -> Result<reqwest::Body, TransportError> {
    let around = |bytes: &Bytes| {
        let bytes = bytes.clone();
        once(async move { Ok::<Bytes, io::Error>(bytes) })
    };
    let (before, after) = (around(&upload.before), around(&upload.after));
    let Some((path, size)) = &upload.file else {
        return Ok(reqwest::Body::wrap_stream(before.chain(after)));
    };
    let file = File::open(path).await.map_err(|error| {
        TransportError::NotSent(format!("can't read {}: {error}", path.display()))
    })?;
    let whole = before.chain(chunks(file.take(*size), *size)).chain(after);
    Ok(reqwest::Body::wrap_stream(whole))
}

/// The file's bytes; if it has become shorter meanwhile, the body breaks off.
fn chunks(file: Take<File>, size: u64) -> impl Stream<Item = io::Result<Bytes>> {
    try_unfold((file, size), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut buffer = BytesMut::with_capacity(CHUNK);
        let read = file.read_buf(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let left = left.saturating_sub(u64::try_from(read).unwrap_or(left));
        Ok(Some((buffer.freeze(), (file, left))))
    })
}
