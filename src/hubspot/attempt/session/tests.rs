//! OAuth against a pretended portal in paused time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex as StdMutex};

use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use tokio::time::sleep;

use super::*;
use crate::hubspot::connect::settings::Settings;
use crate::hubspot::exchange::{Headers, Reply, Transport, TransportError};

const SECRETS: [&str; 2] = ["the-client-secret", "the-refresh-token"];

/// Gives out tokens that live for half an hour and takes the latest only.
#[derive(Default)]
struct Portal(StdMutex<State>);

#[derive(Default)]
struct State {
    forms: Vec<String>,
    /// Replies to the next grants instead of a token.
    grants: VecDeque<(u16, &'static str)>,
    calls: usize,
    /// Category of the 401 that every call gets.
    refuses: Option<&'static str>,
    issued: Option<Instant>,
}

impl Portal {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("unpoisoned")
    }

    fn grants(&self) -> usize {
        self.state().forms.len()
    }

    fn answer(&self, request: &Request, token: Option<&Token>) -> (u16, String) {
        let mut state = self.state();
        if request.path == "/oauth/v3/token" {
            assert_eq!(request.content, Content::Form);
            assert!(token.is_none());
            let form = request.body.as_deref().expect("a form");
            state.forms.push(String::from_utf8_lossy(form).into_owned());
            if let Some((status, body)) = state.grants.pop_front() {
                return (status, body.to_owned());
            }
            state.issued = Some(Instant::now());
            let number = state.forms.len();
            return (
                200,
                format!(
                    r#"{{"token_type":"bearer","access_token":"access-{number}",
                        "refresh_token":"the-refresh-token","expires_in":1800}}"#
                ),
            );
        }
        state.calls += 1;
        let latest = format!("access-{}", state.forms.len());
        let good = token.is_some_and(|token| token.expose() == latest)
            && state
                .issued
                .is_some_and(|at| at.elapsed().as_secs() < 1_800);
        match state.refuses.or((!good).then_some(EXPIRED)) {
            Some(category) => (
                401,
                format!(r#"{{"message":"no","category":"{category}"}}"#),
            ),
            None => (200, "7".to_owned()),
        }
    }
}

impl Transport for Portal {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        Box::pin(async move {
            sleep(Duration::from_millis(100)).await;
            let (status, body) = self.answer(request, token);
            Ok(Reply {
                status,
                headers: Headers::default(),
                body: Bytes::from(body),
            })
        })
    }
}

fn open() -> (Arc<Portal>, Session) {
    let portal = Arc::new(Portal::default());
    let secret = |text: &str| Token::new(text.to_owned()).expect("a token");
    let app = OAuthApp {
        client_id: secret("the-client"),
        client_secret: secret(SECRETS[0]),
        refresh_token: secret(SECRETS[1]),
    };
    let caller = Caller::new(portal.clone(), &Settings::default());
    let credentials = Some(Credentials::OAuth(app));
    (portal, Session::new(caller, credentials, ApiVersion::V3))
}

async fn call(session: &Session) -> Result<u64, CallError> {
    let request = Request::get("/x".to_owned());
    let answer = session.call(&request, |body| serde_json::from_slice(body));
    Ok(answer.await?.value)
}

#[tokio::test(start_paused = true)]
async fn many_first_calls_share_one_grant() {
    let (portal, session) = open();
    let all = join_all((0..20).map(|_| call(&session))).await;
    assert!(all.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(
        portal.state().forms,
        ["grant_type=refresh_token&client_id=the-client&\
          client_secret=the-client-secret&refresh_token=the-refresh-token"]
    );
}

#[tokio::test(start_paused = true)]
async fn no_life_of_a_token_is_too_long_to_be_reckoned_with() {
    let (portal, session) = open();
    let endless = r#"{"access_token":"access-1","expires_in":18446744073709551615}"#;
    portal.state().grants.push_back((200, endless));
    portal.state().issued = Some(Instant::now());
    assert_eq!(call(&session).await.expect("an answer"), 7);
    assert_eq!(portal.grants(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_grant_repeats_of_its_form_is_no_secret() {
    let (portal, session) = open();
    let echo = "{\"message\":\"form was client_secret=the-client-secret&refresh_token=the-refresh-token\"}";
    portal.state().grants.push_back((400, echo));
    let said = call(&session).await.expect_err("no grant").to_string();
    assert!(
        said.contains("client_secret=[secret]&refresh_token=[secret]"),
        "{said}"
    );
    let _ = call(&session).await.expect("an answer");
    portal.state().refuses = Some("INVALID");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_a_minute_before_its_end() {
    let (portal, session) = open();
    let _ = call(&session).await.expect("an answer");
    sleep(Duration::from_secs(1_738)).await;
    let _ = call(&session).await.expect("an answer");
    assert_eq!(portal.grants(), 1);
    sleep(Duration::from_secs(3)).await;
    let _ = call(&session).await.expect("an answer");
    assert_eq!((portal.grants(), portal.state().calls), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn calls_that_find_the_token_ended_share_one_new_one() {
    let (portal, session) = open();
    let _ = call(&session).await.expect("an answer");
    // As if the app's tokens had been taken back.
    portal.state().issued = None;
    let all = join_all((0..10).map(|_| call(&session))).await;
    assert!(all.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(portal.grants(), 2);
    assert_eq!(portal.state().calls, 1 + 10 + 10);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_is_refused_as_well_ends_the_call() {
    for (category, grants) in [(EXPIRED, 2), ("INVALID_AUTHENTICATION", 1)] {
        let (portal, session) = open();
        portal.state().refuses = Some(category);
        let outcome = call(&session).await;
        assert!(matches!(outcome, Err(CallError::Denied(_))), "{outcome:?}");
        assert_eq!((portal.grants(), portal.state().calls), (grants, grants));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_refresh_token_is_told_before_anything_is_sent() {
    let (portal, session) = open();
    portal.state().grants.push_back((
        400,
        r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token","correlationId":"4c0b"}"#,
    ));
    let error = call(&session).await.expect_err("no token");
    assert!(matches!(error, CallError::Denied(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the portal does not accept the token (400): missing or invalid refresh token \
         (correlation id 4c0b)"
    );
    assert_eq!(portal.state().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn trouble_with_a_grant_is_waited_out_or_told() {
    let (portal, session) = open();
    portal.state().grants.extend([(502, ""), (200, "{")]);
    assert_eq!(call(&session).await.expect("an answer"), 7);
    assert_eq!(portal.grants(), 3);
    let (portal, session) = open();
    portal.state().grants.extend([(503, ""); 6]);
    let outcome = call(&session).await;
    assert!(
        matches!(outcome, Err(CallError::Unavailable(_))),
        "{outcome:?}"
    );
    assert_eq!(portal.state().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_not_printed() {
    let (portal, session) = open();
    let Bearer::Renewed(renewal) = &session.bearer else {
        panic!("an app expected");
    };
    let mut shown = format!("{:?}", renewal.lock().await.app);
    let odd = r#"{"access_token":"tok en\u0000","expires_in":1800}"#;
    portal.state().grants.extend([(200, odd); 3]);
    let error = call(&session).await.expect_err("no token");
    shown.push_str(&format!("{error} {error:?}"));
    let form = Request::post(
        "/oauth/v3/token?a=b".to_owned(),
        b"secret".to_vec(),
        Effect::Once,
    );
    shown.push_str(&format!("{form:?}"));
    for secret in SECRETS.iter().chain(&["tok en", "a=b"]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
