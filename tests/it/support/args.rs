//! The arguments of a run of the tool.

use std::ffi::OsString;

/// Arguments: a text as it is typed, in which `'…'` is one word, words one by one, or both
/// in a tuple.
pub trait Args {
    /// One by one.
    fn words(&self) -> Vec<OsString>;
}

impl Args for str {
    fn words(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        // Every second part stands between quotes.
        for (idx, part) in self.split('\'').enumerate() {
            match idx % 2 {
                0 => words.extend(part.split_whitespace().map(OsString::from)),
                _ => words.push(part.into()),
            }
        }
        words
    }
}

impl Args for String {
    fn words(&self) -> Vec<OsString> {
        self.as_str().words()
    }
}

impl Args for [&str] {
    fn words(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

impl<const N: usize> Args for [&str; N] {
    fn words(&self) -> Vec<OsString> {
        self.as_slice().words()
    }
}

impl Args for Vec<&str> {
    fn words(&self) -> Vec<OsString> {
        self.as_slice().words()
    }
}

impl Args for Vec<String> {
    fn words(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

impl<A: Args + ?Sized> Args for &A {
    fn words(&self) -> Vec<OsString> {
        (**self).words()
    }
}

impl<A: Args, B: Args> Args for (A, B) {
    fn words(&self) -> Vec<OsString> {
        [self.0.words(), self.1.words()].concat()
    }
}

impl<A: Args, B: Args, C: Args> Args for (A, B, C) {
    fn words(&self) -> Vec<OsString> {
        [self.0.words(), self.1.words(), self.2.words()].concat()
    }
}

/// Switches of a served sandbox as its arguments.
pub fn switched<S: AsRef<str>>(switches: &[S]) -> Vec<String> {
    each("--switch", switches)
}

/// Troubles of a served sandbox as its arguments.
pub fn troubled<S: AsRef<str>>(troubles: &[S]) -> Vec<String> {
    each("--trouble", troubles)
}

fn each<S: AsRef<str>>(option: &str, values: &[S]) -> Vec<String> {
    let one = |value: &S| [option.to_owned(), value.as_ref().to_owned()];
    values.iter().flat_map(one).collect()
}

#[test]
fn arguments_are_typed_as_in_a_shell() {
    let typed = "export --where 'subject = \"a  b\"' -o ''";
    let expected = ["export", "--where", "subject = \"a  b\"", "-o", ""];
    assert_eq!(typed.words(), expected.words());
    assert_eq!(("a b", ["c d"], String::new()).words(), ["a", "b", "c d"]);
}
