//! One parsed request: the parts of HTTP that the portal's answers depend on, and no more. Reads
//! query parameters in the forms in which clients send them.

use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;

use super::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::files::Form;
use crate::sandbox::links::PairsPage;
use crate::sandbox::records::objects::{PageQuery, Which};
use crate::sandbox::records::show::View;
use crate::sandbox::schema::people::OwnerQuery;
use crate::sandbox::switches::{OverLimit, Switches};

/// A request that has been let in.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) body: Bytes,
    /// The form, if one was sent instead of a body.
    pub(crate) form: Option<Form>,
    /// When it arrived, in milliseconds since the epoch.
    pub(crate) arrived: i64,
    pub(crate) now: Moment,
    uri: Uri,
    query: Vec<(String, String)>,
    /// Scheme and authority as the client wrote them.
    origin: String,
}

/// Records per page of a list (C1 §2.5), or files of a search (C2 §2.3).
const PAGE: Limit = Limit {
    default: 10,
    most: 100,
};

/// Owners per page (C1 §7.2).
const OWNERS: Limit = Limit {
    default: 100,
    most: 500,
};

/// Associations of one record per page (C1 §8.2).
const PAIRS: Limit = Limit {
    default: 500,
    most: 500,
};

struct Limit {
    default: u32,
    most: u32,
}

impl Call {
    pub(crate) fn new(method: Method, uri: Uri, host: &str, body: Bytes, now: Moment) -> Call {
        let query = Query::try_from_uri(&uri)
            .map(|Query(pairs)| pairs)
            .unwrap_or_default();
        Call {
            method,
            body,
            form: None,
            arrived: now.millis(),
            now,
            uri,
            query,
            origin: format!("http://{host}"),
        }
    }

    /// The same call with a form.
    pub(crate) fn with_form(self, form: Form) -> Call {
        Call {
            form: Some(form),
            ..self
        }
    }

    /// Scheme and authority as the client wrote them.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The same call at another time.
    pub(crate) fn at(self, now: Moment) -> Call {
        Call { now, ..self }
    }

    /// The path's segments, decoded; empty ones do not count.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.uri
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decoded)
            .collect()
    }

    /// What a read requests to be shown.
    pub(crate) fn view(&self) -> View {
        View {
            properties: self.list("properties"),
            history: self.list("propertiesWithHistory"),
            associations: self.list("associations"),
            origin: self.origin.clone(),
        }
    }

    /// The record that a path with this id means.
    pub(crate) fn which(&self, id: String) -> Result<Which, Problem> {
        let id_property = self.one("idProperty").map(str::to_owned);
        Ok(Which {
            id,
            id_property,
            archived: self.archived()?,
        })
    }

    /// The page of a list of records.
    pub(crate) fn page(&self, switches: &Switches) -> Result<PageQuery, Problem> {
        Ok(PageQuery {
            limit: self.limit(&PAGE, switches.over_limit)?,
            after: self.one("after").map(str::to_owned),
            archived: self.archived()?,
            link: self.link(),
        })
    }

    /// The page of a list of owners.
    pub(crate) fn owners(&self, switches: &Switches) -> Result<OwnerQuery, Problem> {
        Ok(OwnerQuery {
            limit: self.limit(&OWNERS, switches.over_limit)? as usize,
            after: self.one("after").map(str::to_owned),
            email: self
                .one("email")
                .filter(|email| !email.is_empty())
                .map(str::to_owned),
            archived: self.archived()?,
            link: self.link(),
        })
    }

    /// How many files a page of a search has.
    pub(crate) fn limit_of_files(&self, switches: &Switches) -> Result<u32, Problem> {
        self.limit(&PAGE, switches.over_limit)
    }

    /// The page of one record's associations.
    pub(crate) fn pairs(&self) -> Result<PairsPage, Problem> {
        let after = self.one("after").unwrap_or("0");
        Ok(PairsPage {
            limit: self.limit(&PAIRS, OverLimit::Refused)? as usize,
            after: after
                .parse()
                .map_err(|_| Problem::validation(format!("'{after}' is not a cursor")))?,
            link: self.link(),
        })
    }

    /// The names of all parameters.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.query.iter().map(|(name, _)| name.as_str())
    }

    /// `archived`, false by default. HubSpot's Python client sends `True`.
    pub(crate) fn archived(&self) -> Result<bool, Problem> {
        match self.one("archived") {
            None | Some("false" | "False" | "") => Ok(false),
            Some("true" | "True") => Ok(true),
            Some(other) => Err(Problem::validation(format!(
                "'{other}' is not true or false"
            ))),
        }
    }

    /// The first value of a parameter.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a list parameter: repeated, joined by commas, or both.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let given = self.query.iter().filter(|(key, _)| key == name);
        let parts = given.flat_map(|(_, value)| value.split(','));
        parts
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect()
    }

    fn limit(&self, limit: &Limit, over: OverLimit) -> Result<u32, Problem> {
        let Some(text) = self.one("limit") else {
            return Ok(limit.default);
        };
        match text.parse() {
            Ok(asked) if (1..=limit.most).contains(&asked) => Ok(asked),
            Ok(asked) if asked > limit.most && over == OverLimit::Clamped => Ok(limit.most),
            _ => Err(Problem::validation(format!(
                "'{text}' is not a limit between 1 and {}",
                limit.most
            ))),
        }
    }

    /// This call's address without `after`, ready for another `after` to follow.
    pub(crate) fn link(&self) -> String {
        format!("{}{}?{}", self.origin, self.uri.path(), self.rest())
    }

    fn rest(&self) -> String {
        let pairs = self.uri.query().unwrap_or_default().split('&');
        let kept = pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("after="));
        kept.map(|pair| format!("{pair}&")).collect()
    }
}

/// A percent-decoded path segment. Invalid UTF-8 is replaced.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::clock::Clock;

    fn call(uri: &str) -> Call {
        let uri = uri.parse().expect("a uri");
        Call::new(
            Method::GET,
            uri,
            "127.0.0.1:1",
            Bytes::new(),
            Clock::start().now(),
        )
    }

    #[tokio::test]
    async fn lists_come_joined_repeated_or_both() {
        let view = call("/x?properties=a,b&properties=c&associations=contacts").view();
        assert_eq!(view.properties, ["a", "b", "c"]);
        assert_eq!(view.associations, ["contacts"]);
    }

    #[tokio::test]
    async fn pages_have_limits() {
        let page = call("/x?limit=100&properties=a%2Cb&after=7")
            .page(&Switches::default())
            .expect("a page");
        assert_eq!(
            (page.limit, page.after.as_deref(), page.link.as_str()),
            (
                100,
                Some("7"),
                "http://127.0.0.1:1/x?limit=100&properties=a%2Cb&"
            )
        );
        let page = |uri: &str| call(uri).page(&Switches::default());
        assert_eq!(page("/x").expect("a page").limit, 10);
        let clamps = ["over_limit=clamp".parse().expect("a switch")];
        let clamps: Switches = clamps.into_iter().collect();
        let clamped = call("/x?limit=500").page(&clamps).expect("a page");
        assert_eq!(clamped.limit, 100);
        for wrong in [
            "/x?limit=101",
            "/x?limit=0",
            "/x?limit=ten",
            "/x?archived=maybe",
        ] {
            assert!(page(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn segments_are_decoded() {
        for (given, meant) in [
            ("a%40x.example", "a@x.example"),
            ("100%", "100%"),
            ("%zz%C3%A4", "%zzä"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(decoded(given), meant);
        }
    }
}
