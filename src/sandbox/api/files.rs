//! Calls on files and folders (C2 §2).

use axum::http::Method;

use super::answer::{Portal, created, ok};
use super::call::Call;
use super::problem::Problem;
use super::reply::Reply;
use crate::sandbox::files::{FileQuery, FileRoute, Upload};
use crate::sandbox::records::shapes;

impl Portal {
    pub(super) fn files(&self, call: &Call, route: FileRoute) -> Result<Reply, Problem> {
        let origin = call.origin();
        match (&call.method, route) {
            (&Method::POST, FileRoute::Files) => {
                let form = call.form.as_ref();
                let form = form.ok_or_else(|| Problem::unsupported("an upload is a form"))?;
                self.with(|state| {
                    let upload = Upload::of(form, state)?;
                    state.upload(&upload, (call.arrived, call.now), origin)
                })
                .map(|(status, file)| Reply::json(status, &file))
            }
            (&Method::GET, FileRoute::File(id)) => {
                self.with(|state| state.one_file(&id, origin)).and_then(ok)
            }
            (&Method::DELETE, FileRoute::File(id)) => self
                .with(|state| state.delete_file(&id, call.now))
                .map(|()| Reply::empty()),
            (&Method::GET, FileRoute::Stat(path)) => self
                .with(|state| state.stat(&path, call.now, origin))
                .and_then(ok),
            (&Method::GET, FileRoute::Search) => {
                let limit = call.limit_of_files(&self.switches)?;
                let query = FileQuery::of(call, limit)?;
                self.with(|state| state.find_files(&query, call.now, origin))
                    .and_then(ok)
            }
            (&Method::GET, FileRoute::SignedUrl(id)) => self.signed_url(call, &id),
            (&Method::GET, FileRoute::Signed(id)) => {
                let part = |name| call.one(name).unwrap_or_default();
                let signed = (part("expires"), part("signature"));
                self.with(|state| state.signed_bytes(&id, signed, call.now))
                    .map(|bytes| Reply::bytes(&bytes))
            }
            (&Method::GET, FileRoute::Download(id)) => self
                .with(|state| state.file_bytes(&id))
                .map(|bytes| Reply::bytes(&bytes)),
            (_, route) => self.folders(call, route),
        }
    }

    fn signed_url(&self, call: &Call, id: &str) -> Result<Reply, Problem> {
        let seconds = match call.one("expirationSeconds") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                Problem::validation(format!("'{text}' is not a number of seconds"))
            })?),
        };
        self.with(|state| state.signed_url(id, seconds, (call.now, call.origin())))
            .and_then(ok)
    }

    fn folders(&self, call: &Call, route: FileRoute) -> Result<Reply, Problem> {
        match (&call.method, route) {
            (&Method::POST, FileRoute::Folders) => {
                let asked = shapes::read(&call.body)?;
                self.with(|state| state.new_folder(&asked, call.now))
                    .and_then(created)
            }
            (&Method::GET, FileRoute::Folder(named)) => {
                self.with(|state| state.one_folder(&named)).and_then(ok)
            }
            (&Method::DELETE, FileRoute::Folder(named)) => self
                .with(|state| state.delete_folder(&named, call.now))
                .map(|()| Reply::empty()),
            _ => Err(Problem::method_not_allowed()),
        }
    }
}
