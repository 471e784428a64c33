//! Lists the files of `mappings` for `src/mapping/presets.rs`, so that a new preset is
//! a file and nothing else; and says for `--version --verbose` what was built.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo names a build script its folders in the environment"
)]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    for (name, from) in [
        ("TICKETHAUL_TARGET", "TARGET"),
        ("TICKETHAUL_PROFILE", "PROFILE"),
    ] {
        println!(
            "cargo::rustc-env={name}={}",
            env::var(from).unwrap_or_default()
        );
    }
    let root = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let folder = Path::new(&root).join("mappings");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let lines: String = files
        .iter()
        .map(|file| {
            let name = file.file_stem().unwrap_or_default();
            format!("    ({name:?}, include_str!({file:?})),\n")
        })
        .collect();
    let text = format!(
        "/// Each by the name that `-m` and `map init --from` take, with its text.\n\
         pub const PRESETS: [(&str, &str); {}] = [\n{lines}];\n",
        files.len()
    );
    let target = env::var_os("OUT_DIR").unwrap_or_default();
    fs::write(Path::new(&target).join("presets.rs"), text)
}
