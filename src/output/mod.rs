//! Where commands write. One rule holds for every file that a user names, whatever the
//! command: `target` applies it before anything is done, `place` says what a name leads
//! to, and `part` writes a file beside its place and renames it at the end. `regular`
//! opens files in run folders, which may come from anywhere, `private` makes what only its
//! owner may read, and `temporary` knows what goes with the process.
//!
//! - An ending must name a format that the command writes, unless a format was given.
//! - Devices and pipes are written to, never replaced; they need no ending.
//! - A folder where a file is meant is refused.
//! - A file that is there is replaced only where it can be told that we wrote it, or
//!   with `--force`.

mod part;
mod place;
mod private;
mod regular;
mod target;
mod temporary;

pub use part::{PartFile, Privacy, part_of};
pub use place::{Place, parent_of, resolved};
pub use private::{new_private_file, private_folder};
pub use regular::{open_regular, read_regular, write_anew};
pub use target::{Owner, Stdout, Target, Wish, Writer, open_device};
pub use temporary::{Temporary, remove_temporary};
