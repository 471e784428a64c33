//! Truth values in the spellings that exports use.

use crate::model::issue::Reason;

/// `true` or `false` for true/false, yes/no, t/f, y/n, 1/0, whatever their case.
pub(crate) fn boolean(text: &str) -> Result<&'static str, Reason> {
    const YES: [&str; 5] = ["true", "yes", "t", "y", "1"];
    const NO: [&str; 5] = ["false", "no", "f", "n", "0"];
    let text = text.trim();
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_one_of(&YES) {
        Ok("true")
    } else if is_one_of(&NO) {
        Ok("false")
    } else {
        Err(Reason::InvalidBool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spellings_are_read_and_no_other() {
        for text in ["true", "TRUE", "Yes", "y", "T", " 1 "] {
            assert_eq!(boolean(text), Ok("true"), "{text}");
        }
        for text in ["false", "No", "N", "f", "0"] {
            assert_eq!(boolean(text), Ok("false"), "{text}");
        }
        for text in ["", "on", "2", "ja", "truee"] {
            assert_eq!(boolean(text), Err(Reason::InvalidBool), "{text}");
        }
    }
}
