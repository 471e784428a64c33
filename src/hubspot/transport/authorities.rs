//! Certificate authorities from the files and folders that the environment names, as
//! OpenSSL's tools read them, instead of the system's.

use std::fs;
use std::path::Path;

use reqwest::Certificate;

use crate::hubspot::connect::route::Authorities;
use crate::hubspot::connect::settings::ConnectError;

/// Every certificate that is named.
///
/// # Errors
/// When a file or folder can't be read, or there is no certificate anywhere.
pub(super) fn read(named: &Authorities) -> Result<Vec<Certificate>, ConnectError> {
    let mut found = Vec::new();
    if let Some(file) = &named.file {
        let refuse = |reason: String| bad("SSL_CERT_FILE", file, reason);
        let bytes = fs::read(file).map_err(|error| refuse(error.to_string()))?;
        let certificates = of_pem(&bytes);
        if certificates.is_empty() {
            return Err(refuse("it holds no certificate in PEM".to_owned()));
        }
        found.extend(certificates);
    }
    for folder in &named.folders {
        let refuse = |reason: String| bad("SSL_CERT_DIR", folder, reason);
        let entries = fs::read_dir(folder).map_err(|error| refuse(error.to_string()))?;
        // Other files in the folder are ignored.
        let files = entries
            .flatten()
            .filter_map(|entry| fs::read(entry.path()).ok());
        found.extend(files.flat_map(|bytes| of_pem(&bytes)));
    }
    match (found.is_empty(), named.folders.first()) {
        (true, Some(folder)) => {
            let reason = "it holds no certificate in PEM".to_owned();
            Err(bad("SSL_CERT_DIR", folder, reason))
        }
        _ => Ok(found),
    }
}

fn bad(variable: &'static str, path: &Path, reason: String) -> ConnectError {
    ConnectError::BadAuthorities {
        variable,
        path: path.to_owned(),
        reason,
    }
}

fn of_pem(bytes: &[u8]) -> Vec<Certificate> {
    Certificate::from_pem_bundle(bytes).unwrap_or_default()
}
