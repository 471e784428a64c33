//! The helper for spreadsheets: workbooks as programs write them, made of a few parts.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A cell.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    /// Nothing.
    No,
    /// A text.
    Text(&'a str),
    /// A number as it is.
    Number(f64),
    /// A number that is shown with five digits.
    Padded(f64),
    /// A day number that is shown as a date.
    Day(f64),
    /// A day number that is shown with its time.
    Time(f64),
}

/// How the numbers are shown, by their place in the styles.
const FORMATS: [&str; 3] = ["00000", "dd/mm/yyyy", "dd/mm/yyyy hh:mm"];

/// A .xlsx of these sheets, their rows from a row on.
pub fn xlsx(sheets: &[(&str, u32, &[Vec<Cell<'_>>])]) -> Vec<u8> {
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"
                .to_owned(),
        ),
        (
            "_rels/.rels".to_owned(),
            relations(&[("officeDocument", "xl/workbook.xml".to_owned())]),
        ),
        ("xl/styles.xml".to_owned(), styles()),
    ];
    let mut texts: Vec<String> = Vec::new();
    let mut names = String::new();
    let mut known = vec![
        ("styles", "styles.xml".to_owned()),
        ("sharedStrings", "sharedStrings.xml".to_owned()),
    ];
    for (idx, (name, first, rows)) in sheets.iter().enumerate() {
        let number = idx + 1;
        known.push(("worksheet", format!("worksheets/sheet{number}.xml")));
        let _ok = write!(
            names,
            "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{}\"/>",
            known.len()
        );
        parts.push((
            format!("xl/worksheets/sheet{number}.xml"),
            sheet(*first, rows, &mut texts),
        ));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!(
            "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATION}\"><sheets>{names}</sheets></workbook>"
        ),
    ));
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relations(&known)));
    let shared: String = texts
        .iter()
        .map(|text| format!("<si><t xml:space=\"preserve\">{}</t></si>", escaped(text)))
        .collect();
    parts.push((
        "xl/sharedStrings.xml".to_owned(),
        format!(
            "<sst xmlns=\"{MAIN}\" uniqueCount=\"{}\">{shared}</sst>",
            texts.len()
        ),
    ));
    packed(&parts)
}

/// A .ods with one table of texts.
pub fn ods(name: &str, rows: &[Vec<&str>]) -> Vec<u8> {
    let mut table = String::new();
    for row in rows {
        table.push_str("<table:table-row>");
        for text in row {
            let _ok = write!(
                table,
                "<table:table-cell office:value-type=\"string\"><text:p>{}</text:p></table:table-cell>",
                escaped(text)
            );
        }
        table.push_str("</table:table-row>");
    }
    let office = "urn:oasis:names:tc:opendocument:xmlns";
    packed(&[
        (
            "mimetype".to_owned(),
            "application/vnd.oasis.opendocument.spreadsheet".to_owned(),
        ),
        (
            "META-INF/manifest.xml".to_owned(),
            format!("<manifest:manifest xmlns:manifest=\"{office}:manifest:1.0\"/>"),
        ),
        (
            "content.xml".to_owned(),
            format!(
                "<office:document-content xmlns:office=\"{office}:office:1.0\" xmlns:table=\"{office}:table:1.0\" \
                 xmlns:text=\"{office}:text:1.0\"><office:body><office:spreadsheet><table:table table:name=\"{name}\">\
                 {table}</table:table></office:spreadsheet></office:body></office:document-content>"
            ),
        ),
    ])
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A zip archive of these parts.
pub fn packed(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in parts {
        zip.start_file(name.as_str(), options).expect("a member");
        zip.write_all(text.as_bytes())
            .expect("memory does not fail");
    }
    zip.finish().expect("memory does not fail").into_inner()
}

fn relations(known: &[(&str, String)]) -> String {
    let mut text =
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
            .to_owned();
    for (idx, (kind, target)) in known.iter().enumerate() {
        let id = idx + 1;
        let _ok = write!(
            text,
            "<Relationship Id=\"rId{id}\" Type=\"{RELATION}/{kind}\" Target=\"{target}\"/>"
        );
    }
    text + "</Relationships>"
}

fn styles() -> String {
    let mut formats = String::new();
    let mut cells = "<xf numFmtId=\"0\"/>".to_owned();
    for (idx, format) in FORMATS.iter().enumerate() {
        let id = 164 + idx;
        let _ok = write!(
            formats,
            "<numFmt numFmtId=\"{id}\" formatCode=\"{format}\"/>"
        );
        let _ok = write!(cells, "<xf numFmtId=\"{id}\" applyNumberFormat=\"1\"/>");
    }
    format!(
        "<styleSheet xmlns=\"{MAIN}\"><numFmts count=\"3\">{formats}</numFmts><fonts count=\"1\"><font/></fonts>\
         <fills count=\"1\"><fill/></fills><borders count=\"1\"><border/></borders>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"0\"/></cellStyleXfs><cellXfs count=\"4\">{cells}</cellXfs></styleSheet>"
    )
}

fn sheet(first: u32, rows: &[Vec<Cell<'_>>], texts: &mut Vec<String>) -> String {
    let mut text = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>");
    for (number, row) in (first..).zip(rows) {
        let _ok = write!(text, "<row r=\"{number}\">");
        for (column, cell) in row.iter().enumerate() {
            let place = format!(
                "{}{number}",
                char::from(b'A' + u8::try_from(column).expect("a letter"))
            );
            let (style, value) = match cell {
                Cell::No => continue,
                Cell::Text(words) => {
                    texts.push((*words).to_owned());
                    let _ok = write!(
                        text,
                        "<c r=\"{place}\" t=\"s\"><v>{}</v></c>",
                        texts.len() - 1
                    );
                    continue;
                }
                Cell::Number(number) => (0, number),
                Cell::Padded(number) => (1, number),
                Cell::Day(number) => (2, number),
                Cell::Time(number) => (3, number),
            };
            let _ok = write!(text, "<c r=\"{place}\" s=\"{style}\"><v>{value}</v></c>");
        }
        text.push_str("</row>");
    }
    text + "</sheetData></worksheet>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
