//! The file manager (C2 §2): uploads, duplicates and name clashes, finding files by path,
//! id and search, signed addresses, folders, deleting.
//!
//! Not modelled: imports from addresses, files that expire, changing a file, public addresses.
//! Hidden files, which forms and inboxes create, are served, but nothing here creates one.

mod find;
mod folders;
mod form;
mod limit;
mod names;
mod route;
mod shapes;
mod signed;
mod upload;

pub(super) use find::FileQuery;
pub(super) use form::{Form, boundary};
pub(crate) use limit::FileLimit;
pub(super) use route::{FileRoute, SIGNED};
pub(super) use upload::Upload;
