//! Compression of text exports: gzip or zstd, at the default level of each.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::sink::Sink;

/// How a text export is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// Not at all.
    #[default]
    None,
    /// `.gz`
    Gzip,
    /// `.zst`
    Zstd,
}

/// The decompressed text of a file.
pub fn unpacked(packing: Packing, file: File) -> io::Result<Box<dyn Read>> {
    let file = BufReader::new(file);
    Ok(match packing {
        Packing::None => Box::new(file),
        Packing::Gzip => Box::new(MultiGzDecoder::new(file)),
        Packing::Zstd => Box::new(zstd::Decoder::new(file)?),
    })
}

/// A sink with its compression.
pub enum Packed {
    /// Uncompressed.
    Plain(BufWriter<Sink>),
    /// gzip.
    Gzip(GzEncoder<BufWriter<Sink>>),
    /// zstd.
    Zstd(zstd::Encoder<'static, BufWriter<Sink>>),
}

impl Packed {
    /// Puts the compression in front of the sink.
    pub fn new(packing: Packing, sink: Sink) -> io::Result<Packed> {
        let buffered = BufWriter::new(sink);
        Ok(match packing {
            Packing::None => Packed::Plain(buffered),
            Packing::Gzip => Packed::Gzip(GzEncoder::new(buffered, Compression::default())),
            Packing::Zstd => Packed::Zstd(zstd::Encoder::new(buffered, 0)?),
        })
    }

    /// Finishes the compression; returns the sink.
    pub fn finish(self) -> io::Result<Sink> {
        let buffered = match self {
            Packed::Plain(buffered) => buffered,
            Packed::Gzip(encoder) => encoder.finish()?,
            Packed::Zstd(encoder) => encoder.finish()?,
        };
        buffered
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packed::Plain(writer) => writer.write(bytes),
            Packed::Gzip(writer) => writer.write(bytes),
            Packed::Zstd(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packed::Plain(writer) => writer.flush(),
            Packed::Gzip(writer) => writer.flush(),
            Packed::Zstd(writer) => writer.flush(),
        }
    }
}
