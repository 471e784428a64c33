//! The status table (C1 §4.4 to §4.6), row by row.

use bytes::Bytes;

use super::*;
use crate::hubspot::exchange::Headers;

const HTML: &str = "<html><head><title>Attention Required!</title></head></html>";

fn read(body: &[u8]) -> serde_json::Result<u64> {
    serde_json::from_slice(body)
}

fn judge(status: u16, headers: Headers, body: &str) -> Verdict<u64> {
    let reply = Reply {
        status,
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    classify(&Ok(reply), read)
}

/// One word for a verdict.
fn word(verdict: &Verdict<u64>) -> String {
    match verdict {
        Verdict::Answered(_) => "Answered".to_owned(),
        Verdict::Final(CallError::Refused(_)) => "Refused".to_owned(),
        Verdict::Final(CallError::Denied(_)) => "Denied".to_owned(),
        Verdict::Final(CallError::Paused(_)) | Verdict::Spent(_) => "Paused".to_owned(),
        Verdict::Final(other) => format!("{other:?}"),
        Verdict::Trouble(trouble) => format!("{:?}", trouble.kind),
    }
}

#[test]
fn every_status_has_its_meaning() {
    let json = r#"{"status":"error","message":"no"}"#;
    let limit = |policy: &str| format!(r#"{{"message":"no","policyName":"{policy}"}}"#);
    let (ten, one, day) = (
        limit("TEN_SECONDLY_ROLLING"),
        limit("SECONDLY"),
        limit("DAILY"),
    );
    let table = [
        (200, "7", "Answered"),
        (201, "7", "Answered"),
        (207, "7", "Answered"),
        (200, "", "Garbled"),
        (201, "7 and", "Garbled"),
        (201, HTML, "Garbled"),
        (200, "[", "Garbled"),
        (302, "", "Strange"),
        (400, json, "Refused"),
        (400, HTML, "Strange"),
        (401, json, "Denied"),
        (401, HTML, "Denied"),
        (403, json, "Denied"),
        (403, HTML, "Refused"),
        (404, json, "Refused"),
        (404, HTML, "Strange"),
        (405, HTML, "Strange"),
        (408, "", "Failing"),
        (409, json, "Refused"),
        (409, "[]", "Strange"),
        (413, HTML, "Refused"),
        (413, json, "Refused"),
        (414, "", "Refused"),
        (415, json, "Refused"),
        (423, json, "Locked"),
        (429, &ten, "Limited"),
        (429, &one, "Secondly"),
        (429, &day, "Paused"),
        (429, HTML, "Limited"),
        (477, json, "Paused"),
        (500, json, "Failing"),
        (502, HTML, "Failing"),
        (503, "", "Failing"),
        (504, HTML, "Failing"),
        (521, HTML, "Failing"),
        (522, HTML, "Cut"),
        (523, HTML, "Failing"),
        (524, HTML, "Failing"),
        (525, HTML, "Cut"),
        (526, HTML, "Cut"),
    ];
    for (status, body, wanted) in table {
        let verdict = judge(status, Headers::default(), body);
        assert_eq!(word(&verdict), wanted, "{status} {body}");
    }
}

#[test]
fn transport_errors_say_whether_anything_was_sent() {
    let judge = |error| word(&classify(&Err(error), read));
    let words = "no".to_owned();
    assert_eq!(judge(TransportError::NotSent(words.clone())), "NotSent");
    assert_eq!(judge(TransportError::Ambiguous(words)), "Lost");
}

#[test]
fn trouble_carries_words_and_the_portals_wait() {
    let headers = Headers::default()
        .with("Retry-After", "7")
        .with("X-HubSpot-Correlation-Id", "4c0b");
    let Verdict::Trouble(trouble) = judge(503, headers, HTML) else {
        panic!("trouble expected");
    };
    assert_eq!(trouble.delay, Some(Duration::from_secs(7)));
    assert_eq!(
        trouble.words,
        "status 503: a web page instead of JSON, titled \"Attention Required!\" \
         (correlation id 4c0b)"
    );
}

#[test]
fn a_moving_portal_says_for_how_long() {
    let asked = |seconds| Headers::default().with("Retry-After", seconds);
    let Verdict::Final(error) = judge(477, asked("3600"), "") else {
        panic!("an end expected");
    };
    assert!(
        error.to_string().ends_with("asks to wait 3600 s"),
        "{error}"
    );
    assert_eq!(word(&judge(477, asked("60"), "")), "Moving");
    assert_eq!(word(&judge(477, asked("61"), "")), "Paused");
}
