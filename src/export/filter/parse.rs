//! Reads an expression: `priority in (HIGH, MEDIUM) and (createdate >= 2026-01-01 or subject has
//! "printer*")`. Keywords may be in any case; a value with blanks or special characters is quoted.
//! There is no `not` for a whole expression: search has none.

use winnow::Parser;
use winnow::ascii::{Caseless, alpha1, digit1, multispace0};
use winnow::combinator::{
    alt, cut_err, delimited, fail, not, peek, preceded, separated, terminated,
};
use winnow::error::{ContextError, ErrMode, StrContext, StrContextValue};
use winnow::token::{any, one_of, take_till, take_while};

use super::{Asks, Condition, Expression};
use crate::hubspot::Comparison;

/// An expression that can't be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {character}: {expected} is expected{found}")]
pub struct Syntax {
    /// Counted from 1.
    character: usize,
    expected: String,
    found: String,
}

type Parsed<T> = Result<T, ErrMode<ContextError>>;

/// Limit of nested brackets. The parser recurses for each; its stack suffices for a few thousand.
const DEEPEST: usize = 100;

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expression, Syntax> {
    if let Some(offset) = too_deep(text) {
        return Err(Syntax {
            character: text[..offset].chars().count() + 1,
            expected: format!("no bracket inside {DEEPEST} others"),
            found: String::new(),
        });
    }
    preceded(multispace0, any_of).parse(text).map_err(|error| {
        let rest: String = text[error.offset()..].chars().take(20).collect();
        Syntax {
            character: text[..error.offset()].chars().count() + 1,
            expected: expected(error.inner()),
            found: match rest.is_empty() {
                true => ", but the filter ends there".to_owned(),
                false if is_doubled(text, error.offset()) => {
                    format!(", not `{rest}`: write one `=` to compare")
                }
                false => format!(", not `{rest}`"),
            },
        }
    })
}

/// Whether there is a second `=`, as in programming languages.
fn is_doubled(text: &str, offset: usize) -> bool {
    text[offset..].starts_with('=') && text[..offset].trim_end().ends_with('=')
}

/// Where brackets are nested too deeply; those in quotes don't count.
fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (offset, c) in text.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '(') if depth == DEEPEST => return Some(offset),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn expected(error: &ContextError) -> String {
    let described = error.context().find_map(|context| match context {
        StrContext::Expected(StrContextValue::Description(words)) => Some(*words),
        _ => None,
    });
    described.unwrap_or("`and`, `or` or the end").to_owned()
}

fn expecting(words: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(words))
}

fn any_of(input: &mut &str) -> Parsed<Expression> {
    let parts: Vec<Expression> = separated(1.., all_of, word("or")).parse_next(input)?;
    Ok(joined(parts, Expression::Any))
}

fn all_of(input: &mut &str) -> Parsed<Expression> {
    let parts: Vec<Expression> = separated(1.., part, word("and")).parse_next(input)?;
    Ok(joined(parts, Expression::All))
}

fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn part(input: &mut &str) -> Parsed<Expression> {
    let inside = delimited(sign("("), any_of, closing);
    cut_err(alt((inside, condition.map(Expression::One))))
        .context(expecting("a property or `(`"))
        .parse_next(input)
}

fn closing(input: &mut &str) -> Parsed<()> {
    cut_err(sign(")"))
        .context(expecting("`,`, `and`, `or` or `)`"))
        .parse_next(input)
}

fn condition(input: &mut &str) -> Parsed<Condition> {
    let property = name.parse_next(input)?;
    let asks = cut_err(alt((is, comparison, list, between)))
        .context(expecting(
            "=, !=, <, <=, >, >=, has, lacks, in (…), not in (…), between … and …, is set or is not set",
        ))
        .parse_next(input)?;
    Ok(Condition { property, asks })
}

fn name(input: &mut &str) -> Parsed<String> {
    not(peek(alt((word("and"), word("or"), word("not"))))).parse_next(input)?;
    let letters = take_while(1.., |c: char| c.is_alphanumeric() || "_.-".contains(c));
    terminated(letters, multispace0)
        .map(str::to_owned)
        .parse_next(input)
}

fn is(input: &mut &str) -> Parsed<Asks> {
    word("is").parse_next(input)?;
    let unset = (word("not"), word("set")).value(Asks::NotSet);
    cut_err(alt((unset, word("set").value(Asks::Set))))
        .context(expecting("`set` or `not set`"))
        .parse_next(input)
}

fn comparison(input: &mut &str) -> Parsed<Asks> {
    let operator = alt((
        sign("!=").value(Comparison::NotEqual),
        sign("<=").value(Comparison::AtMost),
        sign(">=").value(Comparison::AtLeast),
        sign("=").value(Comparison::Equal),
        sign("<").value(Comparison::Less),
        sign(">").value(Comparison::Greater),
        word("has").value(Comparison::HasWord),
        word("lacks").value(Comparison::LacksWord),
    ));
    let (operator, value) = (operator, cut_err(value)).parse_next(input)?;
    Ok(Asks::Is(operator, value))
}

fn list(input: &mut &str) -> Parsed<Asks> {
    let inside = || {
        let values = separated(1.., cut_err(value), sign(","));
        cut_err(delimited(sign("("), values, closing)).context(expecting("`(`"))
    };
    let outside = preceded((word("not"), cut_err(word("in"))), inside()).map(Asks::NotIn);
    alt((outside, preceded(word("in"), inside()).map(Asks::In))).parse_next(input)
}

fn between(input: &mut &str) -> Parsed<Asks> {
    word("between").parse_next(input)?;
    let and = cut_err(word("and")).context(expecting("`and`"));
    let (low, _, high) = (cut_err(value), and, cut_err(value)).parse_next(input)?;
    Ok(Asks::Between(low, high))
}

fn value(input: &mut &str) -> Parsed<String> {
    let bare = take_while(1.., |c: char| {
        !c.is_whitespace() && !"()<>=!,'\"".contains(c)
    });
    let value = alt((
        quoted('"'),
        quoted('\''),
        moment,
        bare.map(str::to_owned),
        fail,
    ));
    terminated(value, multispace0)
        .context(expecting("a value"))
        .parse_next(input)
}

/// `today - 7d`: the only value with blanks in it that needs no quotes.
fn moment(input: &mut &str) -> Parsed<String> {
    let base = alt((Caseless("today"), Caseless("now")));
    let sum = (multispace0, one_of(['-', '+']), multispace0, digit1, alpha1);
    let end = not(one_of(|c: char| c.is_alphanumeric() || c == '_'));
    (base, sum, end).take().map(str::to_owned).parse_next(input)
}

/// A quote inside is written twice.
fn quoted<'a>(quote: char) -> impl Parser<&'a str, String, ErrMode<ContextError>> {
    move |input: &mut &'a str| {
        let _open = one_of(quote).parse_next(input)?;
        let mut text = String::new();
        loop {
            text.push_str(take_till(0.., quote).parse_next(input)?);
            let _close = cut_err(any)
                .context(expecting("a closing quote"))
                .parse_next(input)?;
            if !input.starts_with(quote) {
                return Ok(text);
            }
            text.push(one_of(quote).parse_next(input)?);
        }
    }
}

fn sign<'a>(text: &'static str) -> impl Parser<&'a str, (), ErrMode<ContextError>> {
    terminated(text, multispace0).void()
}

/// A keyword, not the beginning of a longer word.
fn word<'a>(text: &'static str) -> impl Parser<&'a str, (), ErrMode<ContextError>> {
    let end = not(one_of(|c: char| c.is_alphanumeric() || c == '_'));
    terminated(Caseless(text), (end, multispace0)).void()
}
