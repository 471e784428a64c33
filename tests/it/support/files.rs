//! What stands in files: rows of CSV and Parquet, files below a folder, files of the project.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};

/// A row of a CSV file by its column names.
pub type Row = BTreeMap<String, String>;

/// The rows of a CSV file.
#[track_caller]
pub fn rows_of(path: &Path) -> Vec<Row> {
    let mut reader = match csv::Reader::from_path(path) {
        Ok(reader) => reader,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    reader
        .deserialize()
        .map(|row| row.expect("a row of a file of the tool"))
        .collect()
}

/// Writes rows with the columns of `like`, in its order.
pub fn write_rows(path: &Path, like: &Path, rows: &[Row]) {
    let headers = csv::Reader::from_path(like)
        .and_then(|mut reader| reader.headers().cloned())
        .expect("a file with a header");
    let mut writer = csv::Writer::from_path(path).expect("a file to write");
    writer.write_record(&headers).expect("written");
    for row in rows {
        let cells = headers
            .iter()
            .map(|name| row.get(name).map_or("", String::as_str));
        writer.write_record(cells).expect("written");
    }
    writer.flush().expect("written");
}

/// A file of the project.
pub fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The rows of a Parquet file, values in the words of its own reader.
pub fn parquet_rows(path: &std::path::Path) -> Vec<Row> {
    let reader = SerializedFileReader::try_from(path).expect("Parquet");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| {
        let row = row.expect("a row");
        let cells = row.get_column_iter();
        cells
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect()
    })
    .collect()
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return files;
    };
    for entry in entries {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}
