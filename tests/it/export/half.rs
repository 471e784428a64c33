//! Exports that were killed while they replaced the files at their target: the next export takes
//! what is there for its own, whichever of the files had been replaced.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::{FilledPortal, OF_EXPORT};

/// What an export with a table leaves at its target.
const FILES: [&str; 4] = [
    "a.csv",
    "a.contacts.csv",
    "a.csv.schema.json",
    "a.csv.manifest.json",
];

const NIGHTLY: &str = "--properties subject --with contacts --link-tables -o a.csv --run-dir night";

/// Ends an export by its time.
const STOPPED: &str = "--rate 3/1s --max-duration 0.8";

/// The files of a folder by name, those of folders left out.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let files = entries.filter(|path| path.is_file()).map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.into_owned(), fs::read(&path).expect("readable"))
    });
    files.collect()
}

/// Puts a folder's files back as they were.
fn restore(folder: &Path, before: &[(String, Vec<u8>)]) {
    for (name, _) in files(folder) {
        fs::remove_file(folder.join(name)).expect("removed");
    }
    for (name, bytes) in before {
        fs::write(folder.join(name), bytes).expect("written");
    }
}

#[test]
fn whichever_files_were_replaced_the_next_export_takes_them() {
    let desk = FilledPortal::new("--rate off");
    let ids = desk.create(1_500, |n| json!({"subject": format!("Ticket {n}")}));
    let _contacts = desk.link_contacts(&ids[..40], 3);
    let kept = |name: &str| fs::read(desk.here.path(name)).expect("a file of the export");
    desk.export(NIGHTLY).expect(0);
    let old = FILES.map(kept);
    let _more = desk.create(20, |n| json!({"subject": format!("More {n}")}));
    desk.export(NIGHTLY).expect(0);
    let new = FILES.map(kept);
    // The tickets and the manifest; nothing else has changed.
    assert!(old[0] != new[0] && old[3] != new[3]);
    desk.export((NIGHTLY, STOPPED)).expect(5);
    desk.here.write("night/publishing", "");
    let night = desk.here.path("night");
    let stopped = files(&night);
    for replaced in 0..1_u32 << FILES.len() {
        for was_there in [false, true] {
            restore(&night, &stopped);
            for (place, name) in FILES.iter().enumerate() {
                let path = desk.here.path(name);
                match (replaced >> place & 1 == 1, was_there) {
                    (true, _) => fs::write(path, &new[place]).expect("written"),
                    (false, true) => fs::write(path, &old[place]).expect("written"),
                    (false, false) => {
                        let _gone = fs::remove_file(path);
                    }
                }
            }
            desk.export(NIGHTLY).expect(0);
            let story = format!("replaced {replaced:04b}, was there: {was_there}");
            assert_eq!(FILES.map(kept)[..2], new[..2], "{story}");
            assert_eq!(desk.names("night"), OF_EXPORT, "{story}");
        }
    }
    // Without that an export there is nobody's.
    fs::remove_file(desk.here.path("a.csv.manifest.json")).expect("removed");
    desk.export(NIGHTLY).expect(64).says("is not an export of");
}

#[test]
fn of_exports_that_stop_one_after_another_each_knows_it() {
    let desk = FilledPortal::new("--rate off");
    let _ids = desk.create(1_500, |n| json!({"subject": format!("Ticket {n}")}));
    let nightly = "--properties subject -o a.csv";
    desk.export((nightly, STOPPED)).expect(5);
    let run = desk.names("tickethaul-runs").remove(0);
    desk.here
        .write(&format!("tickethaul-runs/{run}/publishing"), "");
    desk.here.write("a.csv", "id,subject\n");
    for _night in 0..3 {
        desk.export((nightly, STOPPED)).expect(5);
    }
    assert_eq!(desk.names("tickethaul-runs").len(), 2);
    desk.export(nightly).expect(0);
    assert_eq!(desk.here.rows("a.csv").len(), 1_500);
    desk.exports_left_reports(1);
}
