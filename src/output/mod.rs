//! Where commands write. One rule applies to every file that a user names, whatever the
//! command: `target` applies it before anything is done, `place` says what a name refers
//! to, and `part` writes a file next to its place and renames it at the end. `durable`
//! replaces small files in one step, `regular` opens files in run folders, which may have
//! come from anywhere, `private` creates files and folders for their owner alone, and
//! `temporary` knows what is removed with the process.
//!
//! - An extension must name a format that the command writes, unless a format was given.
//! - Devices and pipes are written to, never replaced; they need no extension.
//! - A folder where a file is expected is refused.
//! - An existing file is replaced only if we can know that we wrote it, or with
//!   `--force`.

mod durable;
mod part;
mod place;
mod private;
mod regular;
mod target;
mod temporary;

pub use durable::{rename_durably, replace_file, replace_shared_file};
pub use part::{PartFile, Privacy, part_of};
pub use place::{Place, parent_of, resolved};
pub use private::{new_private_file, private_folder};
pub use regular::{open_regular, read_regular, write_anew};
pub use target::{Owner, Stdout, Target, Wish, Writer, open_device};
pub use temporary::{Temporary, remove_temporary};
