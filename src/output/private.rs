//! Folders and files for their owner alone: they hold tickets of customers. Each is
//! created with its mode, so that others can't read it at any moment, and a umask can
//! only restrict it further.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a folder and its missing parents; existing ones stay as they are.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    let _same = builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        let _same = builder.mode(0o700);
    }
    builder.create(path)
}

/// The same options, with which a new file is for its owner alone.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let _same = options.mode(0o600);
    }
    options
}

/// Creates a file that must not exist yet.
pub fn new_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(options.read(true).write(true).create_new(true)).open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        let found = fs::metadata(path).expect("there");
        found.permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_owner_and_what_is_there_stays() {
        let around = tempfile::tempdir().expect("a folder");
        let open = around.path().join("open");
        fs::create_dir(&open).expect("a folder");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("set");
        let (above, below) = (open.join("a"), open.join("a").join("b"));
        for _again in 0..2 {
            private_folder(&below).expect("made");
        }
        private_folder(&open).expect("there");
        assert_eq!(
            (mode(&open), mode(&above), mode(&below)),
            (0o755, 0o700, 0o700)
        );
        let file = below.join("file");
        drop(new_private_file(&file).expect("made"));
        assert_eq!(mode(&file), 0o600);
        assert!(new_private_file(&file).is_err());
    }
}
