//! The mappings that ship with the tool, for the systems whose exports it knows: all files
//! of `mappings/`, as `build.rs` lists them.

include!(concat!(env!("OUT_DIR"), "/presets.rs"));
